"""Landings from gateways and their notifications: both are hints, the gateway's answer counts."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from checkout.sandbox.overpay.card_response import card_response
from checkout.sandbox.overpay.signature import SigningKey
from checkout.sandbox.transaction import Transaction
from tests.support.asgi import asgi_transport
from tests.web.page import Page
from tests.web.server import CHALLENGE, PAID, CreatedPayment, Customer, Server

CROSS_SITE = {
    "Origin": "http://localhost:8002",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Content-Type": "application/x-www-form-urlencoded",
}


async def challenged(
    server: Server, customer: Customer, **changes: Any
) -> tuple[CreatedPayment, Transaction]:
    """A payment whose customer is at the bank, and what the gateway has of it."""
    made = await server.create(**changes)
    answer = await customer.pay(made, CHALLENGE)
    assert answer.headers["location"] == made.path("redirect")
    return made, at_gateway(made)


def at_gateway(made: CreatedPayment) -> Transaction:
    (attempt,) = made.attempts()
    shop = "361" if attempt["account"] == "cards" else "362"
    return made.server.world.tracked("overpay_cards", shop, attempt["key"])[0]


def ticket(made: CreatedPayment, kind: str = "return") -> str:
    found: str = made.attempts()[-1][f"{kind}_ticket"]
    return found


async def due(made: CreatedPayment) -> None:
    """Let the interval between two questions pass."""
    context = made.server.app.state.context.context
    for attempt in made.attempts():
        await context.ledger.write(
            lambda conn, key: (
                conn.exec_driver_sql("UPDATE attempts SET next_query_at = 0 WHERE key = ?", (key,))
                and None
            ),
            attempt["key"],
        )


# --- Landing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_back_from_the_bank(server: Server, customer: Customer, method: str) -> None:
    """From another site, in another browser, without a cookie."""
    made, transaction = await challenged(server, customer)
    server.world.settle(transaction, "successful")
    await due(made)
    async with server.customer("198.51.100.50") as other:
        answer = await other.request(
            method, f"/return/{ticket(made)}", headers=CROSS_SITE, content=b"uid=1&status=failed"
        )
    assert answer.status_code == 303
    assert answer.headers["location"] == made.path("result")
    assert answer.content == b""
    assert "set-cookie" not in answer.headers
    assert [attempt["status"] for attempt in made.attempts()] == ["paid"]


async def test_the_landing_keeps_the_customers_language(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path(lang="de"))
    card = {"number": CHALLENGE, "expiry": "12/39", "code": "123", "holder": "A"}
    await customer.submit(page.form("pay"), **card)
    answer = await customer.get(f"/return/{ticket(made)}", headers={"Accept-Language": "ru"})
    assert answer.headers["location"].startswith("/de/payment/")


async def test_back_before_the_bank_has_decided(server: Server, customer: Customer) -> None:
    made, _ = await challenged(server, customer)
    answer = await customer.get(f"/return/{ticket(made)}")
    assert answer.headers["location"] == made.path("wait")
    page = await customer.open(made.path("wait"))
    assert page.headline == "Waiting for your bank's answer"
    assert made.path("redirect") in page.links  # back to the bank
    assert page.form("cancel").fields["what"] == "attempt"
    assert page.refresh is not None


async def test_choosing_another_way(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    await customer.get(f"/return/{ticket(made)}")
    page = await customer.open(made.path("wait"))
    answer = await customer.submit(page.form("cancel"))
    assert answer.headers["location"] == made.path()
    assert (await customer.pay(made, PAID)).headers["location"] == made.path("result")
    # The one that was left is paid after all: recorded, and the payment stays paid.
    server.world.settle(transaction, "successful")
    attempt = made.attempts()[0]
    assert attempt["status"] == "cancelled"


@pytest.mark.parametrize(
    "claims",
    ["status=successful&uid=1", "status=failed", "uid[]=1&status[]=successful", "%ff=%00",
     "x" * 4000,
     "token=1&status=successful&amount=1", "error=1", ""],
    ids=lambda claims: claims[:20],
)  # fmt: skip
async def test_what_the_landing_claims_is_nothing(
    server: Server, customer: Customer, claims: str
) -> None:
    made, transaction = await challenged(server, customer)
    path = f"/return/{ticket(made)}"
    answers = [
        await customer.get(f"{path}?{claims}"),
        await customer.post(path, content=claims.encode(), headers=CROSS_SITE),
        await customer.post(f"{path}?{claims}", content=b"\xff\x00", headers=CROSS_SITE),
        await customer.post(path, json={"status": "successful"}),
    ]
    for answer in answers:
        assert answer.headers["location"] == made.path("wait")
    assert made.attempts()[0]["status"] == "action"
    assert transaction.status == "incomplete"


async def test_coming_back_twice(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    server.world.settle(transaction, "failed")
    await due(made)
    path = f"/return/{ticket(made)}"
    first = await customer.get(path)
    assert first.headers["location"] == made.path()  # declined: the form is open again
    before = made.books()
    for _ in range(3):
        assert (await customer.get(path)).headers["location"] == made.path()
        assert (await customer.post(path, headers=CROSS_SITE)).status_code == 303
    assert made.books() == before


@pytest.mark.parametrize("unknown", ["x", "A" * 22, "..", "a/b"])
async def test_an_unknown_ticket(server: Server, customer: Customer, unknown: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = await customer.request(method, f"/return/{unknown}", headers=CROSS_SITE)
        assert answer.status_code == 404


async def test_tickets_are_for_their_purpose(server: Server, customer: Customer) -> None:
    made, _ = await challenged(server, customer)
    assert (await customer.get(f"/return/{ticket(made, 'notify')}")).status_code == 404
    answer = await customer.post(f"/notify/cards/{ticket(made, 'return')}", content=b"{}")
    assert answer.status_code == 404


async def test_a_landing_sends_nowhere_else(server: Server, customer: Customer) -> None:
    made, _ = await challenged(server, customer)
    for query in ("next=https://evil.example", "return_url=//evil.example", "url=javascript:1"):
        answer = await customer.get(f"/return/{ticket(made)}?{query}")
        assert answer.headers["location"].startswith(f"/en/payment/{made.uid}/")


async def test_the_return_address_is_short(server: Server, customer: Customer) -> None:
    """Some gateways take 100 characters."""
    await challenged(server, customer)
    sent = server.line.sent()
    assert len(sent["return_url"]) <= 100
    assert sent["return_url"].startswith("https://pay.example.com/return/")
    assert sent["notification_url"].startswith("https://pay.example.com/notify/cards/")


# --- Notifications -----------------------------------------------------------------------------


def news(server: Server, transaction: Transaction, **changes: Any) -> bytes:
    said = card_response(server.world, transaction) | changes
    return json.dumps({"transaction": said}).encode()


async def tell(
    server: Server,
    path: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    key: SigningKey | None = None,
) -> httpx.Response:
    """As the gateway does, from an address and with a client of its own."""
    signature = (key or server.world.key).sign(body)
    async with httpx.AsyncClient(
        transport=asgi_transport(server.app, client=("192.0.2.77", 1)),
        base_url=server.settings.public_url,
    ) as gateway:
        return await gateway.post(
            path,
            content=body,
            headers={"Content-Type": "application/json", "Content-Signature": signature}
            | dict(headers or {}),
        )


async def statuses(made: CreatedPayment) -> list[str]:
    await made.server.settle_down()
    return [attempt["status"] for attempt in made.attempts()]


async def test_a_signed_notification(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    await due(made)
    server.world.settle(transaction, "successful")
    body = news(server, transaction)
    answer = await tell(server, f"/notify/cards/{ticket(made, 'notify')}", body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert await statuses(made) == ["paid"]


async def test_a_notification_is_only_a_hint(server: Server, customer: Customer) -> None:
    """Well signed, and still: what the gateway answers to our question counts."""
    made, transaction = await challenged(server, customer)
    await due(made)
    body = news(server, transaction, status="successful")
    answer = await tell(server, f"/notify/cards/{ticket(made, 'notify')}", body)
    assert answer.status_code == 200
    assert await statuses(made) == ["action"]


async def test_a_repeated_notification(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    await due(made)
    server.world.settle(transaction, "successful")
    body, path = news(server, transaction), f"/notify/cards/{ticket(made, 'notify')}"
    assert (await tell(server, path, body)).status_code == 200
    assert await statuses(made) == ["paid"]
    asked = len(server.line.questions)
    webhooks = made.books()["outbox"]
    for _ in range(5):
        assert (await tell(server, path, body)).status_code == 200
    assert await statuses(made) == ["paid"]
    assert len(server.line.questions) == asked  # it agrees: nobody needs to be asked
    assert made.books()["outbox"] == webhooks


async def test_forged_notifications(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    await due(made)
    server.world.settle(transaction, "successful")
    body, path = news(server, transaction), f"/notify/cards/{ticket(made, 'notify')}"
    right = server.world.key.sign(body)
    basic = base64.b64encode(
        f"361:{server.settings.gateways['cards'].options.secret_key}".encode()
    ).decode()
    before = made.books()
    none = {"Content-Signature": ""}
    for answer in (
        await tell(server, path, body, key=SigningKey()),
        await tell(server, path, body, {"Content-Signature": right[:-4]}),
        await tell(server, path, body + b" ", {"Content-Signature": right}),
        await tell(server, path, body, none),
        await tell(server, path, body, none | {"Authorization": f"Basic {basic}"}),
        await tell(server, path, b"", {"Content-Signature": "x"}),
    ):
        assert answer.status_code == 401
        assert answer.json()["message"] == "Access denied"
    assert made.books() == before


async def test_the_signature_may_be_wrapped(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    body = news(server, transaction)
    signature = server.world.key.sign(body)
    wrapped = " ".join(signature[at : at + 60] for at in range(0, len(signature), 60))
    answer = await tell(
        server, f"/notify/cards/{ticket(made, 'notify')}", body, {"Content-Signature": wrapped}
    )
    assert answer.status_code == 200


async def test_an_account_without_a_key_proves_itself_by_basic(
    server: Server, customer: Customer
) -> None:
    made, transaction = await challenged(
        server, customer, shop="framing", settings={"return_url": None}
    )
    await due(made)
    server.world.settle(transaction, "successful")
    body, path = news(server, transaction), f"/notify/plain/{ticket(made, 'notify')}"
    pair = f"362:{server.settings.gateways['plain'].options.secret_key}"

    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    before = made.books()
    for given in (
        "",
        basic("362:wrong"),
        basic(pair[:-1]),
        f"Bearer {pair}",
        basic(f"361:{pair[4:]}"),
    ):
        assert (await tell(server, path, body, {"Authorization": given})).status_code == 401
    assert made.books() == before
    assert (await tell(server, path, body, {"Authorization": basic(pair)})).status_code == 200
    assert await statuses(made) == ["paid"]


async def test_a_notification_for_nobody(server: Server, customer: Customer) -> None:
    made, transaction = await challenged(server, customer)
    body = news(server, transaction)
    right = ticket(made, "notify")
    for path in (
        "/notify/cards/x",
        f"/notify/cards/{right[:-1]}x",
        f"/notify/local/{right}",
        f"/notify/plain/{right}",
        f"/notify/nobody/{right}",
    ):
        answer = await tell(server, path, body)
        assert answer.status_code == 404
        assert answer.json()["message"] == "Record not found"
    async with server.customer() as http:
        assert (await http.get(f"/notify/cards/{right}")).status_code == 405


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"transaction": {}}', b"[" * 60_000],
    ids=lambda body: repr(body[:20]),
)
async def test_a_signed_notification_that_says_nothing(
    server: Server, customer: Customer, body: bytes
) -> None:
    made, _ = await challenged(server, customer)
    answer = await tell(server, f"/notify/cards/{ticket(made, 'notify')}", body)
    assert answer.status_code == 200
    assert await statuses(made) == ["action"]


async def test_a_notification_that_is_too_large(server: Server, customer: Customer) -> None:
    made, _ = await challenged(server, customer)
    answer = await tell(server, f"/notify/cards/{ticket(made, 'notify')}", b"x" * 70_000)
    assert answer.status_code == 413


async def test_a_notification_about_other_money(server: Server, customer: Customer) -> None:
    """The gateway's own books say another amount: never success, and somebody has to look."""
    made, transaction = await challenged(server, customer)
    await due(made)
    transaction.amount += 1
    server.world.settle(transaction, "successful")
    await tell(server, f"/notify/cards/{ticket(made, 'notify')}", news(server, transaction))
    await server.settle_down()
    (attempt,) = made.attempts()
    assert attempt["mismatch"]
    assert attempt["status"] == "action"
    checkout = await made.told()
    assert checkout["finished"] is False
    page = Page((await customer.get(made.path("wait"))).text or "<p>")
    assert "Paid" not in page.headline
