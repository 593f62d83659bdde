"""What a shop's server does without its customer: the next of a series, credits, payouts; and what
the gateway does to a payment by itself."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import Any

import httpx
import pytest

from checkout.payments.schedule import Schedule
from checkout.sandbox.overpay.cards import notification
from tests.support.asgi import asgi_transport
from tests.web.conftest import Opened
from tests.web.server import PAID, SHOP, CreatedPayment, Customer, Server

NUMBER = "4200000000000000"
CARD = {"payouts": "recipient_credit_card"}
AMOUNTS = count(700)  # each request its own: the same on one card is refused for half a minute


async def saved(server: Server, customer: Customer) -> str:
    """The token of a card that the customer has paid with under a contract."""
    made = await server.create(
        order={"additional_data": {"contract": ["recurring"]}},
        settings={"save_card_toggle": {"customer_contract": False}},
    )
    await customer.pay(made, PAID)
    token: str = json.loads(made.attempts()[0]["facts"])["card"]["token"]
    assert token
    return token


async def asked(
    server: Server, http: Customer, kind: str, token: str, headers: Any = (), **more: Any
) -> httpx.Response:
    card = {CARD.get(kind, "credit_card"): {"token": token}}
    order = {"currency": "EUR", "description": "May", "tracking_id": "sub-5"}
    body = {"request": {"amount": next(AMOUNTS)} | order | card | more}
    return await http.post(
        f"/transactions/{kind}", json=body, headers=server.basic() | dict(headers)
    )


def sent(server: Server, kind: str) -> list[Any]:
    return [t for t in server.world.transactions.values() if t.type == kind]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("payments", "payment"),
        ("authorizations", "authorization"),
        ("credits", "credit"),
        ("payouts", "payout"),
    ],
)
async def test_by_a_token_alone(server: Server, customer: Customer, kind: str, word: str) -> None:
    token = await saved(server, customer)
    before = len(sent(server, word))
    amount = next(AMOUNTS)
    answer = await asked(server, customer, kind, token, amount=amount)
    assert answer.status_code == 200, answer.text
    body = answer.json()["transaction"]
    assert (body["status"], body["type"], body["amount"]) == ("successful", word, amount)
    assert (body["tracking_id"], body["credit_card"]["last_4"]) == ("sub-5", "0000")
    assert body[word]["status"] == "successful"
    found = sent(server, word)[before:]
    assert [each.amount for each in found] == [amount]
    row = server.books(payment=body["uid"])
    assert len(row["attempts"]) == 1
    assert token not in json.dumps([str(each) for each in row["payments"]])
    # Money that was sent is not sent back by our API.
    refund = {"request": {"parent_uid": body["uid"], "reason": "x"}}
    again = await customer.post("/transactions/refunds", json=refund, headers=server.basic())
    assert again.status_code == (200 if word == "payment" else 422)


async def test_the_same_request_is_sent_once(server: Server, customer: Customer) -> None:
    token = await saved(server, customer)
    same, before = {"RequestID": "r-1"}, len(sent(server, "payout"))
    amount = next(AMOUNTS)
    first = await asked(server, customer, "payouts", token, same, amount=amount)
    second = await asked(server, customer, "payouts", token, same, amount=amount)
    assert first.json()["transaction"]["uid"] == second.json()["transaction"]["uid"]
    assert len(sent(server, "payout")) == before + 1
    other = await asked(server, customer, "payouts", token, same)
    assert other.status_code == 422
    another_kind = await asked(server, customer, "credits", token, same, amount=amount)
    assert another_kind.status_code == 422
    assert len(sent(server, "payout")) == before + 1


async def test_an_unclear_answer_is_looked_up(server: Server, customer: Customer) -> None:
    token = await saved(server, customer)
    before = len(sent(server, "payout"))
    server.line.broken.append(httpx.ReadTimeout("slow"))
    request: dict[str, Any] = {"headers": {"RequestID": "r-2"}, "amount": next(AMOUNTS)}
    answer = await asked(server, customer, "payouts", token, **request)
    assert answer.json()["transaction"]["status"] == "pending"
    again = await asked(server, customer, "payouts", token, **request)
    assert again.json()["transaction"]["status"] == "pending"
    assert len(sent(server, "payout")) == before, "never sent again"


async def test_proved_not_sent_it_failed(server: Server, customer: Customer) -> None:
    token = await saved(server, customer)
    server.line.broken.append(httpx.ConnectError("away"))
    answer = await asked(server, customer, "payments", token)
    body = answer.json()["transaction"]
    assert (body["status"], body["message"]) == ("failed", "Not sent, nothing has moved")
    made = server.books(payment=body["uid"])
    assert made["payments"]


@pytest.mark.parametrize("kind", ["payments", "credits", "payouts"])
async def test_a_declined_one(server: Server, customer: Customer, kind: str) -> None:
    answer = await asked(server, customer, kind, "no-such-token")
    assert answer.status_code == 200
    assert answer.json()["transaction"]["status"] == "failed"


@pytest.mark.parametrize("kind", ["payments", "authorizations", "credits", "payouts"])
async def test_what_is_refused(server: Server, customer: Customer, kind: str) -> None:
    section = CARD.get(kind, "credit_card")
    calls = len(server.world.transactions)
    for more, field in (
        ({section: {"number": NUMBER, "exp_month": "12", "holder": "A B"}}, f"{section}.number"),
        ({section: {"token": NUMBER}}, f"{section}.token"),
        ({section: {"token": ""}}, f"{section}.token"),
        ({section: None}, f"{section}.token"),
        ({"encrypted_credit_card": {"number": "x"}}, "encrypted_credit_card"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": -1 if kind == "authorizations" else 0}, "amount"),
        ({"currency": "XYZ"}, "currency"),
        ({"description": ""}, "description"),
        ({"notification_url": "javascript:1"}, "notification_url"),
    ):
        answer = await asked(server, customer, kind, "t", **more)
        assert answer.status_code == 422, (more, answer.text)
        assert NUMBER not in answer.text
        *parents, last = field.split(".")
        told_of = answer.json()["errors"]
        for parent in parents:
            told_of = told_of[parent]
        assert last in told_of
    assert len(server.world.transactions) == calls
    answer = await customer.post(f"/transactions/{kind}", json={"request": {}})
    assert answer.status_code == 401


# By the gateway itself


async def notified(server: Server, http: Customer, uid: str) -> None:
    webhook = notification(server.world, server.world.transactions[uid])
    assert webhook is not None
    path = webhook.url.removeprefix(server.settings.public_url)
    answer = await http.post(path, content=webhook.body, headers=webhook.headers)
    assert answer.status_code == 200


async def follow(server: Server, uid: str, **how: Any) -> str:
    transport = asgi_transport(server.sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http:
        answer = await http.post(f"/sandbox/transactions/{uid}/follow", json=how)
    assert answer.status_code == 200, answer.text
    done: str = answer.json()["uid"]
    return done


async def until(made: CreatedPayment, status: str) -> dict[str, Any]:
    found = await made.told()
    for _ in range(200):
        if found["status"] == status:
            return found
        await asyncio.sleep(0.05)
        found = await made.told()
    raise AssertionError(found["status"])


async def test_charged_back(opened: Opened) -> None:
    async with (
        opened(schedule=Schedule(recovery_interval=0.05)) as server,
        server.customer() as customer,
    ):
        made = await server.create(settings={"notification_url": f"{SHOP}/notify"})
        await customer.pay(made, PAID)
        uid = made.attempts()[0]["gateway_id"]
        part = await follow(server, uid, kind="refund", amount=500)
        await notified(server, customer, part)
        rest = await follow(server, uid, kind="chargeback")
        for _ in range(2):
            await notified(server, customer, rest)
        await until(made, "refunded")
        for _ in range(200):
            if len(server.mailbox.about(made.token)) == 3:
                break
            await asyncio.sleep(0.05)
        webhooks = [(said["type"], said["status"]) for said in server.mailbox.about(made.token)]
        assert sorted(webhooks) == [
            ("chargeback", "successful"),
            ("payment", "successful"),
            ("refund", "successful"),
        ]


# By the payment that began a series


async def test_by_the_payment_that_began_it(server: Server, customer: Customer) -> None:
    made = await server.create(
        order={"additional_data": {"contract": ["recurring"]}},
        settings={"save_card_toggle": {"customer_contract": False}},
    )
    await customer.pay(made, PAID)
    before = len(sent(server, "payment"))
    body: dict[str, Any] = {"currency": "EUR", "description": "May", "parent_uid": made.uid}
    body |= {"amount": next(AMOUNTS)}
    answer = await customer.post(
        "/transactions/payments", json={"request": body}, headers=server.basic()
    )
    assert answer.json()["transaction"]["status"] == "successful", answer.text
    assert len(sent(server, "payment")) == before + 1
    other = await server.create()
    await customer.pay(other, PAID)
    for uid, status in ((other.uid, 422), ("no-such", 404), ("", 422)):
        wrong = await customer.post(
            "/transactions/payments",
            json={"request": body | {"parent_uid": uid}},
            headers=server.basic(),
        )
        assert wrong.status_code == status, wrong.text
    assert len(sent(server, "payment")) == before + 2, "the other customer's own"
