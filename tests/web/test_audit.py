"""What shops do by the API is in the audit log: who, what, when, from where."""

from __future__ import annotations

from typing import Any

import msgspec

from checkout.ledger import audit
from checkout.ledger.audit import Entry
from tests.web.house import Customer, House
from tests.web.test_operations import asked, done, paid

SERVER = "192.0.2.44"


async def acts(house: House, subject: str) -> list[Entry]:
    """The oldest first."""
    ledger = house.app.state.web.flow.ledger
    found: list[Entry] = await ledger.read(audit.listed, subject=subject)
    assert (await ledger.read(audit.verify)).wrong == ()
    return found[::-1]


async def post(http: Customer, path: str, body: Any, house: House, method: str = "POST") -> Any:
    answer = await http.request(method, path, json=body, headers=house.basic())
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def test_money_collected_and_sent_back(house: House, customer: Customer) -> None:
    made = await paid(house, customer, "authorization")
    assert await acts(house, made.uid) == [], "no payment is an act of the shop's people"
    async with house.customer(SERVER) as server:
        await done(house, server, "capture", made.uid, amount=1500)
        await done(house, server, "refund", made.uid, amount=700)
        refused = await asked(house, server, "refund", made.uid, amount=100_000)
        assert refused.status_code == 422
        again = {"RequestID": "refund-2"}
        for _ in range(2):
            await asked(house, server, "refund", made.uid, again, amount=100)
    capture, refund, second = await acts(house, made.uid)
    assert (capture.who, capture.via, capture.origin) == ("361", "api", SERVER)
    assert [each.act for each in (capture, refund, second)] == ["capture", "refund", "refund"]
    said = msgspec.json.decode(refund.data)
    assert {"amount": 700, "currency": "EUR"}.items() <= said.items()
    assert msgspec.json.decode(second.data)["amount"] == 100, "what is repeated is one act"
    assert refund.shop == "361"
    assert abs(refund.at - house.app.state.web.flow.clock()) < 60


async def test_products_and_invoices(house: House) -> None:
    async with house.customer(SERVER) as server:
        sold = {"name": "Tea", "description": "Green", "currency": "EUR", "amount": 500,
                "infinite": True}  # fmt: skip
        product = (await post(server, "/products", sold, house))["id"]
        await post(server, f"/products/{product}", {"amount": 1}, house, "PUT")
        asked_for = {"amount": 700, "currency": "EUR", "description": "Tea", "send": False,
                     "email": "anna.canary@example.com"}  # fmt: skip
        invoice = (await post(server, "/invoices", asked_for, house))["invoice"]["id"]
        for _ in range(2):
            await post(server, f"/invoices/{invoice}/cancel", None, house)
    made, changed = await acts(house, product)
    assert (made.act, changed.act, changed.origin) == ("product.make", "product.change", SERVER)
    assert msgspec.json.decode(changed.data)["amount"] == 1
    entries = await acts(house, invoice)
    assert [each.act for each in entries] == ["invoice.make", "invoice.cancel"], "once"
    assert "canary" not in repr(entries), "no customer is in it"


async def test_the_api_reads_and_changes_nothing_of_it(house: House, customer: Customer) -> None:
    made = await paid(house, customer)
    await done(house, customer, "refund", made.uid)
    before = await acts(house, made.uid)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in (
            "/audit",
            "/ctp/api/audit",
            "/transactions/audit",
            f"/audit/{before[0].number}",
        ):
            answer = await customer.request(method, path, headers=house.basic(), json={})
            assert answer.status_code in (404, 405), (method, path)
    assert await acts(house, made.uid) == before
