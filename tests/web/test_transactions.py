"""After the payment, by the shop's API against the simulated gateway: what may be named, what is
answered, what is notified."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.web.server import PAID, SHOP, CreatedPayment, Customer, Server

SHAPE = {
    "uid", "id", "parent_uid", "token", "shop_id", "type", "status", "message", "amount",
    "currency", "tracking_id", "reason", "test", "created_at", "updated_at", "paid_at",
    "payment_method_type", "method_type", "receipt_url", "redirect_url", "credit_card", "customer",
    "billing_address", "avs_cvc_verification", "three_d_secure_verification", "additional_data",
}  # fmt: skip


async def paid(server: Server, customer: Customer, kind: str = "payment") -> CreatedPayment:
    made = await server.create(
        transaction_type=kind, settings={"notification_url": f"{SHOP}/notify"}
    )
    await customer.pay(made, PAID)
    return made


async def asked(
    server: Server, http: Customer, kind: str, uid: str, headers: Any = (), **more: Any
) -> httpx.Response:
    body = {"request": {"parent_uid": uid, "reason": "returned", **more}}
    return await http.post(
        f"/transactions/{kind}s", json=body, headers=server.basic() | dict(headers)
    )


async def done(server: Server, http: Customer, kind: str, uid: str, **more: Any) -> dict[str, Any]:
    answer = await asked(server, http, kind, uid, **more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()["transaction"]
    assert body["status"] == "successful", body
    return body


async def webhooks(server: Server, made: CreatedPayment, count: int) -> list[dict[str, Any]]:
    """Those about the payment, once there are so many; and a moment later no more."""
    for _ in range(200):
        if len(server.mailbox.about(made.token)) >= count:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    found = server.mailbox.about(made.token)
    assert len(found) == count, found
    return found


async def test_reserved_collected_and_sent_back(server: Server, customer: Customer) -> None:
    made = await paid(server, customer, "authorization")
    capture = await done(server, customer, "capture", made.uid, amount=1500)
    assert set(capture) >= SHAPE
    assert (capture["type"], capture["parent_uid"]) == ("capture", made.uid)
    first = await done(server, customer, "refund", capture["uid"], amount=400)
    second = await done(server, customer, "refund", made.uid)
    assert (first["parent_uid"], second["parent_uid"]) == (capture["uid"], made.uid)
    assert (second["amount"], second["reason"]) == (1100, "returned")
    # The gateway was told of the capture, whichever the shop named.
    at_gateway = {t.type: t.uid for t in server.world.transactions.values()}
    refunds = [server.line.sent(-1), server.line.sent(-2)]
    assert {each["parent_uid"] for each in refunds} == {at_gateway["capture"]}
    body = await webhooks(server, made, 4)
    assert [(each["type"], each["status"], each["amount"]) for each in body] == [
        ("authorization", "successful", 1999),
        ("capture", "successful", 1500),
        ("refund", "successful", 400),
        ("refund", "successful", 1100),
    ]
    assert len({each["uid"] for each in body}) == 4
    assert (await made.told())["status"] == "refunded"
    for each in body[1:]:
        assert set(each["three_d_secure_verification"].values()) == {None}
        read = await customer.get(f"/transactions/{each['uid']}", headers=server.basic())
        assert read.json()["transaction"] == each, "the same shape, whoever asks"


async def test_a_hold_is_given_back(server: Server, customer: Customer) -> None:
    made = await paid(server, customer, "authorization")
    void = await done(server, customer, "void", made.uid)
    assert (void["type"], void["parent_uid"], void["amount"]) == ("void", made.uid, 1999)
    body = await webhooks(server, made, 2)
    assert [each["type"] for each in body] == ["authorization", "void"]


@pytest.mark.parametrize(
    ("kind", "more", "field", "why"),
    [
        ("refund", {"amount": 2000}, "amount", "must be from 1 to 1999"),
        ("refund", {"amount": 0}, "amount", None),
        ("refund", {"amount": -1}, "amount", None),
        ("capture", {}, "parent_uid", "is paid: can't capture it"),
        ("void", {}, "parent_uid", "is paid: can't void it"),
    ],
)
async def test_what_can_not_be_done(
    server: Server, customer: Customer, kind: str, more: dict[str, Any], field: str, why: str | None
) -> None:
    made = await paid(server, customer)
    sent = len(server.line.charges)
    answer = await asked(server, customer, kind, made.uid, **more)
    assert answer.status_code == 422
    reasons = answer.json()["errors"][field]
    assert why is None or reasons == [why]
    assert len(server.line.charges) == sent


async def test_by_the_wrong_uid(server: Server, customer: Customer) -> None:
    made = await paid(server, customer, "authorization")
    capture = await done(server, customer, "capture", made.uid)
    refund = await done(server, customer, "refund", made.uid, amount=1)
    for kind, uid, why in (
        ("void", capture["uid"], "is a capture: can't void it"),
        ("capture", capture["uid"], "is a capture: can't capture it"),
        ("refund", refund["uid"], "is a refund: can't refund it"),
    ):
        answer = await asked(server, customer, kind, uid)
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"parent_uid": [why]}
    for uid in (made.token[:36], "no-such"):
        answer = await asked(server, customer, "refund", uid)
        assert (answer.status_code, answer.json()["message"]) == (404, "Record not found")
    framing = server.basic("framing")
    stranger = await customer.get(f"/transactions/{capture['uid']}", headers=framing)
    assert stranger.status_code == 404


async def test_the_same_request_id_is_the_same_refund(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    once = {"headers": {"RequestID": "refund-1"}, "amount": 100}
    both = [await asked(server, customer, "refund", made.uid, **once) for _ in range(2)]
    assert both[0].json() == both[1].json()
    assert [each["type"] for each in await webhooks(server, made, 2)] == ["payment", "refund"]


async def test_two_long_request_ids_are_two_refunds(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    found = []
    for end in ("1", "1", "2"):
        once = {"headers": {"RequestID": "r" * 300 + end}, "amount": 100}
        answer = await asked(server, customer, "refund", made.uid, **once)
        found.append(answer.json()["transaction"]["uid"])
    assert found[0] == found[1] != found[2]


async def test_a_refusal_is_the_answer_alone(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    server.line.broken.append(httpx.ConnectError("nobody there"))
    answer = await asked(server, customer, "refund", made.uid)
    body = answer.json()["transaction"]
    assert (body["status"], body["message"]) == ("failed", "Not sent, nothing has moved")
    assert body["paid_at"] is None
    await webhooks(server, made, 1)
    await done(server, customer, "refund", made.uid)
    await webhooks(server, made, 2)
