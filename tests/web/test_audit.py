"""What shops do by the API is in the audit log: who, what, when, from where."""

from __future__ import annotations

from typing import Any

import msgspec

from checkout.ledger import audit
from checkout.ledger.audit import Entry
from tests.web.server import Customer, Server
from tests.web.test_transactions import asked, done, paid

SERVER = "192.0.2.44"


async def acts(server: Server, subject: str) -> list[Entry]:
    """The oldest first."""
    ledger = server.app.state.context.context.ledger
    found: list[Entry] = await ledger.read(audit.listed, subject=subject)
    assert (await ledger.read(audit.verify)).wrong == ()
    return found[::-1]


async def post(http: Customer, path: str, body: Any, server: Server, method: str = "POST") -> Any:
    answer = await http.request(method, path, json=body, headers=server.basic())
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def test_money_collected_and_sent_back(server: Server, customer: Customer) -> None:
    made = await paid(server, customer, "authorization")
    assert await acts(server, made.uid) == [], "no payment is an act of the shop's people"
    async with server.customer(SERVER) as shop_server:
        await done(server, shop_server, "capture", made.uid, amount=1500)
        await done(server, shop_server, "refund", made.uid, amount=700)
        refused = await asked(server, shop_server, "refund", made.uid, amount=100_000)
        assert refused.status_code == 422
        again = {"RequestID": "refund-2"}
        for _ in range(2):
            await asked(server, shop_server, "refund", made.uid, again, amount=100)
    capture, refund, second = await acts(server, made.uid)
    assert (capture.who, capture.via, capture.origin) == ("361", "api", SERVER)
    assert [each.act for each in (capture, refund, second)] == ["capture", "refund", "refund"]
    body = msgspec.json.decode(refund.data)
    assert {"amount": 700, "currency": "EUR"}.items() <= body.items()
    assert msgspec.json.decode(second.data)["amount"] == 100, "what is repeated is one act"
    assert refund.shop == "361"
    assert abs(refund.at - server.app.state.context.context.clock()) < 60


async def test_products_and_invoices(server: Server) -> None:
    async with server.customer(SERVER) as shop_server:
        sold = {"name": "Tea", "description": "Green", "currency": "EUR", "amount": 500,
                "infinite": True}  # fmt: skip
        product = (await post(shop_server, "/products", sold, server))["id"]
        await post(shop_server, f"/products/{product}", {"amount": 1}, server, "PUT")
        asked_for = {"amount": 700, "currency": "EUR", "description": "Tea", "send": False,
                     "email": "anna.canary@example.com"}  # fmt: skip
        invoice = (await post(shop_server, "/invoices", asked_for, server))["invoice"]["id"]
        for _ in range(2):
            await post(shop_server, f"/invoices/{invoice}/cancel", None, server)
    made, changed = await acts(server, product)
    assert (made.act, changed.act, changed.origin) == ("product.make", "product.change", SERVER)
    assert msgspec.json.decode(changed.data)["amount"] == 1
    entries = await acts(server, invoice)
    assert [each.act for each in entries] == ["invoice.make", "invoice.cancel"], "once"
    assert "canary" not in repr(entries), "no customer is in it"


async def test_the_api_reads_and_changes_nothing_of_it(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    await done(server, customer, "refund", made.uid)
    before = await acts(server, made.uid)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in (
            "/audit",
            "/ctp/api/audit",
            "/transactions/audit",
            f"/audit/{before[0].number}",
        ):
            answer = await customer.request(method, path, headers=server.basic(), json={})
            assert answer.status_code in (404, 405), (method, path)
    assert await acts(server, made.uid) == before
