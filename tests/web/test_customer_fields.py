"""What the customer says of themselves: each country's own rules, and no card numbers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Customer, Server
from tests.web.traces import number, on_disk

ADDRESS = ("country", "state", "zip", "first_name", "last_name", "address", "phone", "email")
SAID = {
    "country": "US",
    "state": "NY",
    "zip": "10001",
    "first_name": "Anna",
    "last_name": "Lee",
    "address": "1 Main St",
    "phone": "+1 212 555 0100",
    "email": "anna@example.com",
}


async def asking(
    server: Server, customer: dict[str, str] | None = None, **fields: Any
) -> CreatedPayment:
    fields = fields or {"visible": list(ADDRESS)}
    return await server.create(settings={"customer_fields": fields}, customer=customer or {})


def errors(page: Page) -> dict[str, str]:
    """What stands in the summary, by field."""
    return {
        found["href"].removeprefix("#f-"): found["href"]
        for found in page.all("a")
        if found.get("href", "").startswith("#f-")
    }


async def test_an_address_that_fits_arrives(server: Server, customer: Customer) -> None:
    made = await asking(server)
    typed = SAID | {"state": " ny ", "zip": "10001-1234"}
    assert (await customer.pay(made, **typed)).status_code == 303
    sent = server.line.sent()["billing_address"]
    assert (sent["country"], sent["state"], sent["zip"]) == ("US", "NY", "10001-1234")


@pytest.mark.parametrize(
    ("typed", "wrong", "says"),
    [
        ({"state": "New York"}, {"state"}, "Enter the state as two letters, like NY"),
        ({"country": "CA", "state": "Ontario", "zip": "K1A 0B1"}, {"state"}, "two letters"),
        ({"zip": "1000"}, {"zip"}, "Enter the postal code like 10001 or 10001-1234"),
        ({"zip": "1000", "state": "N"}, {"zip", "state"}, "Check 2 fields"),
        ({"first_name": "x" * 31}, {"first_name"}, "Shorten the first name"),
        ({"email": "anna@example"}, {"email"}, "Check the e-mail address"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "",
)
async def test_what_does_not_fit_is_asked_again(
    server: Server, customer: Customer, typed: dict[str, str], wrong: set[str], says: str
) -> None:
    made = await asking(server)
    before = len(server.line.charges)
    answer = await customer.pay(made, **SAID | typed)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert set(errors(page)) == wrong
    assert says in page.text
    for name in wrong:  # and what was typed is still there
        assert page.form("pay").fields[name] == typed[name]
    assert len(server.line.charges) == before
    assert made.attempts() == []


async def test_elsewhere_a_region_is_free(server: Server, customer: Customer) -> None:
    made = await asking(server)
    typed = SAID | {"country": "LV", "state": "Rīgas rajons", "zip": "LV-1050"}
    assert (await customer.pay(made, **typed)).status_code == 303
    assert server.line.sent()["billing_address"]["state"] == "Rīgas rajons"


async def test_a_region_of_another_country_is_left_out(server: Server, customer: Customer) -> None:
    """The shop knew an address; the customer chooses another country and is not asked for more."""
    known = {"country": "DE", "state": "Bayern", "zip": "80331", "city": "München"}
    made = await asking(server, known, visible=["country"])
    assert (await customer.pay(made, country="US")).status_code == 303
    sent = server.line.sent()["billing_address"]
    assert sent == {"country": "US", "zip": "80331", "city": "München"}


@pytest.mark.parametrize("name", ["first_name", "last_name", "address", "zip", "state", "email"])
async def test_a_card_number_in_another_field(
    server: Server, customer: Customer, name: str
) -> None:
    pan = number("52174", 16)
    made = await asking(server)
    before = len(server.line.charges)
    typed = f"{pan}@example.com" if name == "email" else f"{pan[:4]} {pan[4:8]} {pan[8:]}"
    answer = await customer.pay(made, **SAID | {name: typed})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert set(errors(page)) == {name}
    assert "Do not enter the card number here" in page.text
    for writing in (pan, typed, pan[8:]):
        assert writing not in answer.text
        assert writing not in str(answer.headers.raw)
    assert page.form("pay").fields[name] == ""
    assert page.form("pay").fields["country"] == "US"  # the rest stays
    assert len(server.line.charges) == before
    for writing in (pan, typed):
        assert writing.encode() not in on_disk(server.folder)


@pytest.mark.parametrize("name", ["phone", "taxpayer_id"])
async def test_a_number_where_it_belongs_is_taken(
    server: Server, customer: Customer, name: str
) -> None:
    """By chance one in ten passes the check of a card's number. It is shown again beside errors."""
    typed = number("5219", 15)
    made = await asking(server, visible=["email", name])
    answer = await customer.pay(made, email="", **{name: typed})
    assert (answer.status_code, Page(answer.text).form("pay").fields[name]) == (422, typed)
    assert (await customer.pay(made, email="anna@example.com", **{name: typed})).status_code == 303
    sent = server.line.sent()
    assert (sent["customer"] | sent.get("billing_address", {}))[name] == typed


async def test_a_card_number_from_the_shop_is_not_kept(server: Server, customer: Customer) -> None:
    pan = number("52175", 16)
    made = await server.create(customer={"first_name": pan, "last_name": int(pan)})
    await customer.pay(made)
    assert server.line.sent()["billing_address"] == {
        "first_name": f"{pan[:6]}******{pan[-4:]}",
        "last_name": f"{pan[:6]}******{pan[-4:]}",
    }
    order = {"amount": 100, "currency": "EUR", "description": "x"}
    method = {"credit_card": {"number": pan}}
    body = {"transaction_type": "payment", "order": order, "payment_method": method}
    answer = await customer.post(
        "/ctp/api/checkouts", json={"checkout": body}, headers=server.basic()
    )
    assert answer.status_code == 422
    assert pan not in answer.text
    assert pan.encode() not in on_disk(server.folder)


async def test_a_tokenization_charges_nothing_and_says_so(
    server: Server, customer: Customer
) -> None:
    made = await server.create(transaction_type="tokenization")
    page = await customer.open(made.path())
    assert "Save your card" in page.headline
    assert "Save card" in page.text
    assert "19.99" not in page.html
    answer = await customer.pay(made)
    page = await customer.open(answer.headers["location"])
    assert page.headline == "Card saved"
    assert "Nothing was charged" in page.text
    assert "19.99" not in page.html
    assert "19.99" not in (await customer.open(made.path(kind="order"))).html
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"]) == ("successful", True)
    token = checkout["credit_card"]["token"]
    assert len(token) == 64
    refund = {"request": {"parent_uid": made.uid, "reason": "x"}}
    for kind in ("refunds", "voids", "captures"):
        response = await customer.post(f"/transactions/{kind}", json=refund, headers=server.basic())
        assert response.status_code == 422
        assert "no money has moved" in response.text


async def test_an_app_is_told_neither_travellers_nor_findings(
    server: Server, customer: Customer
) -> None:
    """It has the publishable key alone; the server of the shop is told both."""
    travel = {"airline": {"passengers": [{"last_name": "SECRETIVE"}]}}
    made = await server.create(travel=travel)
    assert (await customer.pay(made)).status_code == 303
    checkout = await made.told()
    assert checkout["travel"] == travel
    assert checkout["gateway_response"]["payment"]["avs_cvc_verification"]
    key = server.settings.shops["361"].publishable_key
    answer = await customer.get(
        f"/ctp/api/checkouts/{made.token}", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.text
    assert "SECRETIVE" not in answer.text
    assert "avs_cvc_verification" not in answer.text


async def test_what_nobody_types_is_not_shown_again(server: Server) -> None:
    made = await server.create(settings={"customer_fields": {"visible": ["first_name"]}})
    async with server.customer() as customer:
        for typed, shown in (("A" * 1024, True), ("A" * 1025, False)):
            page = await customer.open(made.path())
            answer = await customer.submit(page.form("pay"), **CARD, first_name=typed)
            assert answer.status_code == 422
            assert "Shorten the first name" in answer.text
            assert (typed in answer.text) is shown
