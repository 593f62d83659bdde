"""The other acquirer's registrations, through the whole server: a card kept by itself, payments by
it with its code and without, series, payouts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from checkout.sandbox.rest.transaction import RestTransaction
from tests.web.conftest import Opened
from tests.web.server import CARD, CHALLENGE, PAID, CreatedPayment, Customer, Server, ordered
from tests.web.settings import acquired_shop

SHOP = "acquired"


def settings(*more: str) -> str:
    return acquired_shop('token_by = "member"', *more)


@pytest.fixture
async def acquired(opened: Opened) -> AsyncIterator[Server]:
    async with opened(top=settings()) as server:
        yield server


@pytest.fixture
async def payer(acquired: Server) -> AsyncIterator[Customer]:
    async with acquired.customer() as customer:
        yield customer


def made_there(server: Server) -> list[RestTransaction]:
    return [
        each for each in server.world.transactions.values() if isinstance(each, RestTransaction)
    ]


async def kept(server: Server, customer: Customer, number: str = PAID) -> str:
    """The token of a card that was saved by itself."""
    made = await server.create(shop=SHOP, transaction_type="tokenization")
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("pay"), **(CARD | {"number": number}))
    assert answer.headers["location"] == made.path("result")
    checkout = await made.told()
    assert checkout["status"] == "successful"
    token: str = checkout["credit_card"]["token"]
    return token


async def by(server: Server, token: str, **changes: Any) -> CreatedPayment:
    methods = {"types": ["credit_card"], "credit_card": {"token": token}}
    return await server.create(shop=SHOP, payment_method=methods, **changes)


async def asked(server: Server, http: Customer, kind: str, **request: Any) -> httpx.Response:
    order = {"amount": 700, "currency": "EUR", "description": "May", "tracking_id": "sub-5"}
    return await http.post(
        f"/transactions/{kind}", json={"request": order | request}, headers=server.basic(SHOP)
    )


async def test_a_card_saved_by_itself(acquired: Server, payer: Customer) -> None:
    token = await kept(acquired, payer)
    (row,) = made_there(acquired)
    assert (row.type, row.charged, row.registration) == ("tokenization", False, token)


async def test_paid_by_its_code(acquired: Server, payer: Customer) -> None:
    made = await by(acquired, token := await kept(acquired, payer))
    page = await payer.open(made.path())
    assert "Visa •••• 0000" in page.text
    answer = await payer.submit(page.form("pay"), code="123")
    assert answer.headers["location"] == made.path("result")
    checkout = await made.told()
    assert (checkout["status"], checkout["credit_card"]["token"]) == ("successful", token)
    row = made_there(acquired)[-1]
    assert (row.charged, row.facts["by_token"], row.amount) == (True, True, 1999)


async def test_with_three_d_secure(acquired: Server, payer: Customer) -> None:
    made = await by(acquired, await kept(acquired, payer, CHALLENGE))
    page = await payer.open(made.path())
    answer = await payer.submit(page.form("pay"), code="123")
    assert answer.headers["location"] == made.path("redirect")
    assert made_there(acquired)[-1].status == "incomplete"


async def test_at_once_without_its_code(acquired: Server, payer: Customer) -> None:
    made = await by(acquired, await kept(acquired, payer), settings={"auto_pay": True})
    page = await payer.open(made.path())
    answer = await payer.submit(page.form("pay"))
    assert answer.headers["location"] == made.path("result")
    assert made_there(acquired)[-1].facts["recurring"] is None


async def test_a_token_that_nobody_knows(acquired: Server, payer: Customer) -> None:
    for token in ("0" * 32, "no/such/token"):
        made = await by(acquired, token)
        page = await payer.open(made.path())
        await payer.submit(page.form("pay"), code="123")
        page = await payer.open(made.path())
        assert "The saved card can't be used any more" in page.text
        answer = await payer.submit(page.form("pay"), **CARD)
        assert answer.headers["location"] == made.path("result")
    assert [row.charged for row in made_there(acquired)] == [True, True]


async def test_a_series(acquired: Server, payer: Customer) -> None:
    """By the payment that began it, and by its registration."""
    made = await acquired.create(
        shop=SHOP,
        order={"additional_data": {"contract": ["recurring"]}},
        settings={"save_card_toggle": {"customer_contract": False}},
    )
    await payer.pay(made, PAID)
    first = made_there(acquired)[-1]
    token = (await made.told())["credit_card"]["token"]
    assert (first.facts["recurring"], first.registration) == ("INITIAL", token)
    for request in ({"parent_uid": made.uid}, {"credit_card": {"token": token}}):
        answer = await asked(acquired, payer, "payments", **request)
        assert answer.json()["transaction"]["status"] == "successful", answer.text
    by_payment, by_token = made_there(acquired)[-2:]
    assert by_payment.facts == {"series": first.uid, "recurring": "REPEATED"}
    assert (by_token.facts["recurring"], by_token.facts["by_token"]) == ("REPEATED", True)


async def test_a_payout(acquired: Server, payer: Customer) -> None:
    token = await kept(acquired, payer)
    request = {"recipient_credit_card": {"token": token}}
    answer = await asked(acquired, payer, "payouts", **request)
    body = answer.json()["transaction"]
    assert (body["status"], body["type"], body["amount"]) == ("successful", "payout", 700)
    row = made_there(acquired)[-1]
    assert (row.type, row.amount, row.status_words.long) == ("payout", 700, "payoutsuccessful")
    assert token not in json.dumps([str(line) for line in acquired.books()["events"]])


@pytest.mark.parametrize("setting", ["registrations", "payouts"])
async def test_what_is_switched_off_is_not_offered(opened: Opened, setting: str) -> None:
    async with opened(top=settings(f"{setting} = false")) as server, server.customer() as customer:
        if setting == "payouts":
            request = {"recipient_credit_card": {"token": "0" * 32}}
            answer = await asked(server, customer, "payouts", **request)
        else:
            body = {
                "checkout": {
                    "transaction_type": "tokenization",
                    "order": {"amount": 1999, "currency": "EUR", "description": "A card"},
                }
            }
            answer = await customer.post(
                "/ctp/api/checkouts", json=body, headers=server.basic(SHOP)
            )
        assert answer.status_code == 422, answer.text
        assert made_there(server) == []


async def test_an_amount_of_0(acquired: Server, payer: Customer) -> None:
    """A registration states no amount; an authorization of 0 this protocol does not know."""
    made = await acquired.create(shop=SHOP, transaction_type="tokenization", order={"amount": 0})
    page = await payer.open(made.path())
    await payer.submit(page.form("pay"), **CARD)
    told = await made.told()
    assert (told["status"], told["order"]["amount"]) == ("successful", 0)
    body = {"checkout": ordered(transaction_type="authorization", order={"amount": 0})}
    answer = await payer.post("/ctp/api/checkouts", json=body, headers=acquired.basic(SHOP))
    assert answer.status_code == 422
    assert "can take an amount of 0" in answer.text
