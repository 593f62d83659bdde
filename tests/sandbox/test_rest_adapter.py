"""The adapter and the simulated gateway, each held against the other, in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from checkout.errors import Unauthorized
from checkout.gateways import open_gateway
from checkout.gateways.base import Charge, OperationReference, PaymentReference
from checkout.gateways.rest.gateway import Rest
from checkout.gateways.rest.options import Options
from checkout.model.browser import Browser
from checkout.model.card import Card, SavedCard
from checkout.model.money import Money
from checkout.model.next_action import PostForm, Redirect
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import DeclineReason, Outcome
from checkout.model.status import Status
from checkout.sandbox.app import create_sandbox
from checkout.sandbox.overpay.signature import SigningKey
from tests.sandbox.conftest import Mailbox, in_process
from tests.sandbox.requests import CHALLENGE, DECLINED, PAID
from tests.sandbox.rest_requests import KEY, sent_form

ORIGIN = "http://localhost:8002"
EUR = Money(1999, "EUR")


class Both:
    """The sandbox, an adapter's account there, and a browser."""

    def __init__(self, app: Litestar, notify_url: str) -> None:
        self.transport = in_process(app)
        self.http = httpx.AsyncClient(transport=self.transport, base_url=ORIGIN, trust_env=False)
        self.notify_url = notify_url
        self.made = 0
        self.gateway = self.account()

    def account(self, **changes: Any) -> Rest:
        settings = {
            "base_url": ORIGIN,
            "partner_id": "195",
            "username": "shop",
            "member_id": "11344",
            "terminal_id": "1",
            "secure_key": KEY,
        }
        given = {name: value for name, value in (settings | changes).items() if value is not None}
        options = msgspec.convert(given, Options)
        gateway = open_gateway("rest", options, self.transport)
        assert isinstance(gateway, Rest)
        return gateway

    def charge(self, number: str | None = PAID, kind: str = "payment", **more: Any) -> Charge:
        self.made += 1
        money = more.pop("money", EUR)
        order = Order(money, "Tea for two", kind, 1893456000.0, **more.pop("order", {}))
        return Charge(
            key=f"5e8b1c07a94d4f62b3d0c6f17a2e9d84-{self.made}",
            money=money,
            order=order,
            method=more.pop("method", Method("credit_card", "acquirer")),
            customer=Customer(
                email="ann@example.com",
                phone="+49 (221) 12-34",
                country="DE",
                birth_date="1993-05-28",
                ip="192.0.2.7",
            ),
            language="en",
            return_url="http://127.0.0.1:8001/return/Zx81kQ0vWm3tYb7nRc5dPa",
            notify_url=self.notify_url,
            card=more.pop("card", Card(number, 9, 2040, "123", "ANN LEE") if number else None),
            browser=Browser(accept_header="text/html", user_agent="Mozilla/5.0"),
            **more,
        )

    async def asked(self, charge: Charge, paid: Outcome | None = None) -> Outcome:
        return await self.gateway.status(self.reference(charge, paid))

    def reference(self, charge: Charge, paid: Outcome | None = None) -> PaymentReference:
        return PaymentReference(
            key=charge.key,
            id=paid.id if paid else None,
            money=charge.money,
            method=charge.method.name,
            transaction_type=charge.order.transaction_type,
        )

    async def control(self, path: str, **body: Any) -> None:
        answer = await self.http.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text

    async def books(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/sandbox/ledger")).json()
        return found

    async def at_the_bank(self, step: PostForm, **given: str) -> tuple[str, dict[str, str]]:
        arrived = await self.http.post(step.url, data=dict(step.fields))
        assert arrived.status_code == 303, arrived.text
        page = await self.http.post(arrived.headers["location"], data=given)
        where, fields = sent_form(page)
        return sent_form(await self.http.post(where, data=fields))


@pytest.fixture(scope="module")
def signing_key() -> SigningKey:
    return SigningKey()


@pytest.fixture
async def both(signing_key: SigningKey, mailbox: Mailbox) -> AsyncIterator[Both]:
    app = create_sandbox(ORIGIN, key=signing_key)
    notifier = app.state.sandbox.notifier
    notifier.start()
    found = Both(app, mailbox.url)
    async with found.http:
        yield found
    await notifier.stop()


async def received(mailbox: Mailbox, count: int) -> list[tuple[dict[str, str], bytes]]:
    """The notifications, once there are so many; the sandbox sends them meanwhile."""
    return await asyncio.to_thread(mailbox.wait, count)


async def test_paid(both: Both) -> None:
    charge = both.charge()
    paid = await both.gateway.pay(charge)
    assert (paid.status, paid.next_action, paid.reason) == (Status.PAID, None, None)
    assert (paid.facts.money, paid.facts.key) == (EUR, charge.key)
    assert paid.facts.card is not None
    assert (paid.facts.card.brand, paid.facts.card.last_4) == ("visa", "0000")
    for asked in (await both.asked(charge), await both.asked(charge, paid)):
        assert (asked.status, asked.id, asked.facts.money) == (Status.PAID, paid.id, EUR)
    row = (await both.books())["transactions"][0]
    assert row["facts"]["customer.phone"] == "492211234"
    assert row["facts"]["deviceDetails.user_Agent"] == "Mozilla/5.0"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (DECLINED, DeclineReason.DO_NOT_HONOUR),
        ("4000000000000119", DeclineReason.INSUFFICIENT_FUNDS),
        ("4000000000000069", DeclineReason.CARD_EXPIRED),
        ("4000000000000127", DeclineReason.SECURITY_CODE),
        ("4000000000000101", DeclineReason.DUPLICATE),
        ("4000000000000259", DeclineReason.CURRENCY),
        ("4000000000000341", DeclineReason.LIMIT),
        ("4100000000000019", DeclineReason.SUSPECTED_FRAUD),
        ("4012000000001014", DeclineReason.AUTHENTICATION),
        ("4000000000000390", DeclineReason.UNKNOWN),
    ],
)
async def test_declined(both: Both, number: str, reason: DeclineReason) -> None:
    charge = both.charge(number)
    said = await both.gateway.pay(charge)
    assert (said.status, said.reason) == (Status.DECLINED, reason)
    asked = await both.asked(charge, said)
    assert (asked.status, asked.reason) == (Status.DECLINED, reason)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"password": "1111"}, Status.PAID),
        ({"password": "1234"}, Status.DECLINED),
        ({"choice": "cancel"}, Status.CANCELLED),
    ],
)
@pytest.mark.parametrize("answers", ["json", "xml"])
async def test_three_d_secure(
    both: Both, mailbox: Mailbox, given: dict[str, str], status: Status, answers: str
) -> None:
    both.gateway = both.account(answers=answers)
    charge = both.charge(CHALLENGE)
    said = await both.gateway.pay(charge)
    assert said.status is Status.REQUIRES_ACTION
    assert isinstance(said.next_action, PostForm)
    assert (await both.asked(charge, said)).status is Status.REQUIRES_ACTION
    where, fields = await both.at_the_bank(said.next_action, **given)
    assert where == charge.return_url
    assert fields["paymentId"] == said.id
    assert (await both.asked(charge, said)).status is status
    [(headers, body)] = await received(mailbox, 1)
    told = both.gateway.notification(headers, body)
    assert (told.status, told.id, told.facts.key) == (status, said.id, charge.key)


async def test_three_d_secure_in_the_other_spelling(both: Both) -> None:
    await both.control("rest/behaviour", list_name="listofParameters", pending_code="10004")
    charge = both.charge(CHALLENGE)
    said = await both.gateway.pay(charge)
    assert isinstance(said.next_action, PostForm)
    await both.at_the_bank(said.next_action, password="1111")
    await both.control("rest/behaviour", trailing_blanks=True)
    assert (await both.asked(charge, said)).status is Status.PAID


@pytest.mark.parametrize("answers", ["json", "xml"])
@pytest.mark.parametrize("mode", ["NB", "EW", "PV"])
async def test_methods_without_a_card(both: Both, mode: str, answers: str) -> None:
    both.gateway = both.account(answers=answers)
    method = Method("netbanking", "acquirer", mode=mode, brand="EXAMPLEBANK")
    charge = both.charge(None, method=method)
    said = await both.gateway.pay(charge)
    assert said.status is Status.REQUIRES_ACTION
    if mode == "PV":
        assert isinstance(said.next_action, PostForm)
        arrived = await both.http.post(said.next_action.url, data=dict(said.next_action.fields))
        url = arrived.headers["location"]
    else:
        assert isinstance(said.next_action, Redirect)
        url = said.next_action.url
    assert (await both.asked(charge, said)).status is Status.REQUIRES_ACTION
    page = await both.http.get(url)
    assert page.status_code == 200
    where, fields = sent_form(page)
    back = await both.http.post(where, data=fields)
    assert sent_form(back)[0] == charge.return_url
    assert (await both.asked(charge, said)).status is Status.PAID


async def test_authorized_captured_refunded(both: Both) -> None:
    charge = both.charge(kind="authorization")
    said = await both.gateway.pay(charge)
    assert said.status is Status.AUTHORIZED
    assert (await both.asked(charge, said)).status is Status.AUTHORIZED
    reference, part = both.reference(charge, said), Money(1000, "EUR")
    refused = await both.gateway.refund(reference, part, "op-0", "too early")
    assert refused.status is Status.DECLINED
    assert (await both.gateway.capture(reference, part, "op-1")).status is Status.PAID
    assert (await both.asked(charge, said)).status is Status.PAID
    assert (await both.gateway.capture(reference, part, "op-2")).status is Status.DECLINED
    assert (await both.gateway.void(reference, EUR, "op-3")).status is Status.DECLINED
    assert (await both.gateway.refund(reference, part, "op-4", "broken")).status is Status.REFUNDED
    assert (await both.gateway.refund(reference, part, "op-5", "more")).status is Status.DECLINED
    assert (await both.asked(charge, said)).status is Status.REFUNDED


async def test_voided(both: Both, mailbox: Mailbox) -> None:
    await both.control("rest/behaviour", signed_status="long")
    charge = both.charge(kind="authorization")
    said = await both.gateway.pay(charge)
    lost = both.reference(charge)  # its id was never heard
    assert (await both.gateway.void(lost, EUR, "op-1")).status is Status.REFUNDED
    asked = await both.asked(charge, said)
    assert (asked.status, asked.facts.taken_back) == (Status.CANCELLED, "void")
    # Two notifications on the wire at once arrive in either order.
    told = {
        both.gateway.notification(*notification).status
        for notification in await received(mailbox, 2)
    }
    assert told == {Status.PENDING, Status.CANCELLED}


async def test_the_card_is_kept(both: Both) -> None:
    said = await both.gateway.pay(both.charge(order={"contract": ("recurring",)}))
    assert said.facts.card is not None
    assert len(said.facts.card.token or "") == 32


async def test_a_series(both: Both) -> None:
    first = await both.gateway.pay(both.charge(order={"contract": ("recurring",)}))
    following = {"merchant_initiated": True, "recurring": True}
    nexts = [
        both.charge(None, after=first.id, order=following, money=Money(700, "EUR")) for _ in "12"
    ]
    for charge in nexts:
        said = await both.gateway.pay(charge)
        assert (said.status, said.facts.money) == (Status.PAID, Money(700, "EUR"))
        assert (await both.asked(charge)).id == said.id != first.id
    plain = await both.gateway.pay(both.charge())
    refused = await both.gateway.pay(both.charge(None, after=plain.id, order=following))
    assert refused.status is Status.DECLINED


async def registered(both: Both, number: str = PAID) -> str:
    """A card kept by itself."""
    said = await both.gateway.pay(both.charge(number, "tokenization"))
    assert (said.status, said.facts.money) == (Status.PAID, None)
    assert said.facts.card is not None
    return said.facts.card.token or ""


async def test_a_card_alone(both: Both, mailbox: Mailbox) -> None:
    token = await registered(both)
    assert len(token) == 32
    books = await both.books()
    assert books["charges"] == 0
    assert PAID not in json.dumps(books)
    declined = await both.gateway.pay(both.charge(DECLINED, "tokenization"))
    assert (declined.status, declined.reason) == (Status.DECLINED, DeclineReason.DO_NOT_HONOUR)
    lost = both.charge(PAID, "tokenization")
    await both.control("faults", faults=["502_after"])
    assert await both.gateway.pay(lost) == Outcome(Status.PENDING)
    assert await both.asked(lost) == Outcome(Status.NOT_SENT)  # another one costs nothing
    assert mailbox.notifications == []


@pytest.mark.parametrize(("kind", "status"), [("payment", "paid"), ("authorization", "authorized")])
async def test_by_a_registration_with_its_code(both: Both, kind: str, status: str) -> None:
    token = await registered(both)
    charge = both.charge(None, kind, card=SavedCard(token, "123"))
    said = await both.gateway.pay(charge)
    assert said.status == status
    assert said.facts.card is not None
    assert (said.facts.card.token, said.facts.card.last_4) == (token, "0000")
    assert (await both.asked(charge)).id == said.id
    row = (await both.books())["transactions"][-1]
    assert (row["charged"], row["facts"]["by_token"]) == (True, True)


async def test_by_a_registration_with_three_d_secure(both: Both) -> None:
    charge = both.charge(None, card=SavedCard(await registered(both, CHALLENGE), "123"))
    said = await both.gateway.pay(charge)
    assert isinstance(said.next_action, PostForm)
    await both.at_the_bank(said.next_action, password="1111")
    assert (await both.asked(charge, said)).status is Status.PAID


async def test_a_series_by_a_registration(both: Both) -> None:
    token = await registered(both)
    recurring: dict[str, Any] = {"contract": ("recurring",)}
    following = recurring | {"merchant_initiated": True}
    early = await both.gateway.pay(both.charge(None, card=SavedCard(token), order=following))
    assert early.status is Status.DECLINED
    first = both.charge(None, card=SavedCard(token, "123"), order=recurring)
    assert (await both.gateway.pay(first)).status is Status.PAID
    for _ in range(2):
        said = await both.gateway.pay(both.charge(None, card=SavedCard(token), order=following))
        assert said.status is Status.PAID
    rows = (await both.books())["transactions"]
    assert [row["facts"]["recurring"] for row in rows] == [None, "INITIAL", "REPEATED", "REPEATED"]


async def test_a_registration_that_nobody_has(both: Both) -> None:
    for asked in (
        both.charge(None, card=SavedCard("0" * 32, "123")),
        both.charge(None, "payout", card=SavedCard("0" * 32), order={"merchant_initiated": True}),
    ):
        said = await both.gateway.pay(asked)
        assert said.status is Status.DECLINED
    by_token = both.charge(None, card=SavedCard("0" * 32, "123"))
    assert (await both.gateway.pay(by_token)).reason is DeclineReason.SAVED_CARD


async def test_payouts(both: Both) -> None:
    token = await registered(both)
    charge = both.charge(None, "payout", card=SavedCard(token), order={"merchant_initiated": True})
    said = await both.gateway.pay(charge)
    assert (said.status, said.facts.money) == (Status.PAID, EUR)
    assert (await both.asked(charge)).status is Status.PAID
    books = await both.books()
    assert (books["charges"], books["transactions"][-1]["type"]) == (0, "payout")
    lost = both.charge(None, "payout", card=SavedCard(token), order={"merchant_initiated": True})
    await both.control("faults", faults=["500_before"])
    assert (await both.gateway.pay(lost)).status is Status.PENDING
    assert (await both.asked(lost)).status is Status.PENDING  # never sent again by itself


async def test_a_payout_that_waits(both: Both) -> None:
    token = await registered(both)
    await both.control("rest/behaviour", operations="accepted")
    charge = both.charge(None, "payout", card=SavedCard(token), order={"merchant_initiated": True})
    said = await both.gateway.pay(charge)
    assert said.status is Status.PENDING
    assert said.id
    assert (await both.asked(charge, said)).status is Status.PENDING
    for word, status in (("payoutfailed", Status.DECLINED), ("payoutsuccessful", Status.PAID)):
        await both.control(f"rest/payments/{said.id}/state", status=word)
        assert (await both.asked(charge, said)).status is status


async def test_operations_that_wait_for_the_back_office(both: Both) -> None:
    await both.control("rest/behaviour", operations="accepted")
    part = Money(500, "EUR")
    for verb, kind, end, done in (
        ("capture", "authorization", "capturesuccess", Status.PAID),
        ("void", "authorization", "authcancelled", Status.REFUNDED),
        ("refund", "payment", "partialrefund", Status.REFUNDED),
        ("refund", "payment", "reversed", Status.REFUNDED),
    ):
        charge = both.charge(kind=kind)
        paid = await both.gateway.pay(charge)
        about = both.reference(charge, paid)
        asked = OperationReference(
            kind=verb, key="op-1", id=None, money=EUR if verb == "void" else part
        )
        match verb:
            case "capture":
                said = await both.gateway.capture(about, part, "op-1")
            case "void":
                said = await both.gateway.void(about, EUR, "op-1")
            case _:
                said = await both.gateway.refund(about, part, "op-1", "broken")
        assert said.status is Status.ACCEPTED
        assert (await both.gateway.operation_status(about, asked)).status is Status.ACCEPTED
        await both.control(f"rest/payments/{paid.id}/state", status=end)
        assert (await both.gateway.operation_status(about, asked)).status is done


@pytest.mark.parametrize("word", ["reversed", "partialrefund", "capturesuccess"])
async def test_what_a_partly_refunded_payment_is_called(both: Both, word: str) -> None:
    await both.control("rest/behaviour", part_refund=word)
    charge = both.charge()
    said = await both.gateway.pay(charge)
    about, part = both.reference(charge, said), Money(500, "EUR")
    assert (await both.gateway.refund(about, part, "op-1", "broken")).status is Status.REFUNDED
    assert (await both.gateway.refund(about, part, "op-2", "more")).status is Status.DECLINED
    asked = OperationReference(kind="refund", key="op-1", id=None, money=part)
    found = await both.gateway.operation_status(about, asked)
    assert found.status is (Status.PENDING if word == "capturesuccess" else Status.REFUNDED)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("reversed", Status.REFUNDED),
        ("chargeback", Status.REFUNDED),
        ("settled", Status.PAID),
        ("setteled", Status.PAID),
        ("markedforreversal", Status.PENDING),
        ("partialrefund", Status.PENDING),
        ("cancelstarted", Status.PENDING),
        ("heldforreview", Status.PENDING),
    ],
)
async def test_what_the_back_office_does(
    both: Both, mailbox: Mailbox, word: str, status: Status
) -> None:
    charge = both.charge()
    said = await both.gateway.pay(charge)
    await received(mailbox, 1)
    await both.control(f"rest/payments/{said.id}/state", status=word)
    assert (await both.asked(charge, said)).status is status
    told = both.gateway.notification(*(await received(mailbox, 2))[1])
    # Signed is the short Y alone: what it doesn't mean is asked for.
    assert told.status is (Status.PAID if status is Status.PAID else Status.PENDING)


async def test_a_token_for_the_member_and_inquiries_elsewhere(both: Both) -> None:
    both.gateway = both.account(
        token_by="member",
        partner_id=None,
        username=None,
        inquiry_path="/transactionServices/REST/v1/inquiry",
    )
    charge = both.charge()
    said = await both.gateway.pay(charge)
    for asked in (await both.asked(charge), await both.asked(charge, said)):
        assert (asked.status, asked.id) == (Status.PAID, said.id)
    assert (await both.asked(both.charge())).status is Status.NOT_SENT
    merchant = {"partner_id": "195", "username": "shop", "member_id": "11344"}
    await both.control("rest/merchants", secure_key=KEY, **merchant)
    both.gateway = both.account(token_by="member", partner_id=None, username=None)
    assert (await both.gateway.pay(both.charge())).status is Status.PAID
    other = both.account(token_by="member", member_id="1", partner_id=None, username=None)
    assert (await other.pay(both.charge())).status is Status.NOT_SENT


async def test_yen(both: Both) -> None:
    money = Money(1999, "JPY")
    said = await both.gateway.pay(both.charge(money=money))
    assert (said.status, said.facts.money) == (Status.PAID, money)
    assert (await both.books())["transactions"][0]["amount"] == 1999


@pytest.mark.parametrize("signed", ["short", "long"])
async def test_notifications(both: Both, mailbox: Mailbox, signed: str) -> None:
    await both.control("rest/behaviour", signed_status=signed)
    charge = both.charge()
    said = await both.gateway.pay(charge)
    [(headers, body)] = await received(mailbox, 1)
    told = both.gateway.notification(headers, body)
    assert (told.status, told.id, told.facts.money) == (Status.PAID, said.id, EUR)
    for forged in (
        {**json.loads(body), "amount": "1999.00"},
        {**json.loads(body), "checksum": ""},
    ):
        with pytest.raises(Unauthorized):
            both.gateway.notification(headers, json.dumps(forged).encode())


async def test_forged_notifications_are_refused(both: Both, mailbox: Mailbox) -> None:
    await both.control("rest/behaviour", checksums="wrong")
    await both.gateway.pay(both.charge())
    [(headers, body)] = await received(mailbox, 1)
    with pytest.raises(Unauthorized):
        both.gateway.notification(headers, body)


async def test_an_expired_token_is_renewed(both: Both) -> None:
    assert (await both.gateway.pay(both.charge())).status is Status.PAID
    await both.control("reset")  # the tokens are forgotten too
    assert (await both.gateway.pay(both.charge())).status is Status.PAID
    books = await both.books()
    assert books["charges"] == 1
    calls = [(call["path"].rpartition("/")[2], call["status"]) for call in books["calls"]]
    assert calls == [("payments", 401), ("authToken", 200), ("payments", 200)]
    await both.control("rest/behaviour", token_seconds=0)
    said = await both.gateway.pay(both.charge())
    assert said == Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)
    assert (await both.books())["charges"] == 1


async def test_credentials(both: Both) -> None:
    merchant = {"partner_id": "195", "username": "shop", "member_id": "11344"}
    await both.control("rest/merchants", secure_key=KEY, **merchant)
    assert (await both.gateway.pay(both.charge())).status is Status.PAID
    for changes in ({"secure_key": "other"}, {"partner_id": "1"}, {"member_id": "1"}):
        gateway = both.account(**changes)
        charge = both.charge()
        assert await gateway.pay(charge) == Outcome(
            Status.NOT_SENT, reason=DeclineReason.CREDENTIALS
        )
        asked = await gateway.status(both.reference(charge))
        assert asked == Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)
    assert (await both.books())["charges"] == 1


@pytest.mark.parametrize("said", ["N", "result"])
async def test_never_heard_of(both: Both, said: str) -> None:
    await both.control("rest/behaviour", not_found=said)
    assert await both.asked(both.charge()) == Outcome(Status.NOT_SENT)


@pytest.mark.parametrize("fault", ["502_after", "html_after"])
async def test_a_lost_answer_is_found_by_our_key(both: Both, fault: str) -> None:
    await both.control("faults", faults=[fault])
    charge = both.charge()
    assert await both.gateway.pay(charge) == Outcome(Status.PENDING)
    found = await both.asked(charge)
    assert (found.status, found.facts.key) == (Status.PAID, charge.key)
    assert (await both.books())["charges"] == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("429", Status.NOT_SENT), ("500_before", Status.PENDING)]
)
async def test_nothing_happened(both: Both, fault: str, status: Status) -> None:
    await both.control("faults", faults=[fault])
    charge = both.charge()
    assert (await both.gateway.pay(charge)).status is status
    assert (await both.asked(charge)).status is Status.NOT_SENT


async def test_a_wrong_amount_is_told_as_stated(both: Both) -> None:
    await both.control("faults", faults=["wrong_amount"])
    said = await both.gateway.pay(both.charge())
    assert said.facts.money == Money(2000, "EUR")
