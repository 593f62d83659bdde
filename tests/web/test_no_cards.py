"""A mode without a card form: no method takes a card here, so no page asks for one, and a form
that sends one all the same is refused."""

from __future__ import annotations

import re

import pytest

from checkout.model.card_form import SENSITIVE
from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Server
from tests.web.test_app_payments import pay as pay_in_app

TYPED = ("number", "expiry", "exp_month", "exp_year", "code", "holder")


async def no_card_form(server: Server, made: CreatedPayment) -> Page:
    async with server.customer() as customer:
        page = await customer.open(made.path())
    inputs = page.form("pay").inputs
    assert not set(inputs) & set(TYPED)
    assert not page.all("fieldset", data_card_fields="")
    assert not re.search(r"autocomplete=.cc-", page.html)
    return page


async def test_no_page_asks_for_a_card(server: Server) -> None:
    made = await server.create(payment_method={"types": ["bank_transfer", "sbp", "erip"]})
    await no_card_form(server, made)


@pytest.mark.parametrize("name", SENSITIVE)
async def test_a_card_that_is_sent_is_refused(server: Server, name: str) -> None:
    """Nothing of it goes anywhere, and the payment stands as it was."""
    made = await server.create(payment_method={"types": ["sbp"]})
    form = (await no_card_form(server, made)).form("pay")
    before, charges = made.books(), len(server.line.charges)
    async with server.customer() as customer:
        for method in ("sbp", "credit_card", ""):
            sent = {"method": method, name: CARD[name]}
            answer = await customer.submit(form, **sent)
            assert answer.status_code == 400
            assert CARD["number"] not in answer.text
    assert (made.books(), len(server.line.charges)) == (before, charges)


async def test_what_has_no_card_is_paid(server: Server) -> None:
    made = await server.create(payment_method={"types": ["sbp"]})
    form = (await no_card_form(server, made)).form("pay")
    async with server.customer() as customer:
        answer = await customer.submit(form, **dict.fromkeys(TYPED, ""))
    assert answer.headers["location"] == made.path("redirect")


async def test_an_app_is_refused_too(server: Server) -> None:
    made = await server.create(payment_method={"types": ["sbp"]})
    before, charges = made.books(), len(server.line.charges)
    async with server.customer() as customer:
        for method in ("sbp", "credit_card"):
            answer = await pay_in_app(customer, made, request_payment_method=method)
            assert answer.status_code in (400, 422)
            assert CARD["number"] not in answer.text
    assert (made.books(), len(server.line.charges)) == (before, charges)
