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
from checkout.gateways.base import Charge, Reference
from checkout.gateways.rest import Options, Rest
from checkout.model.browser import Browser
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import Outcome, Reason
from checkout.model.status import Status
from checkout.model.steps import PostForm, Redirect
from checkout.sandbox.app import create_sandbox
from checkout.sandbox.signing import SigningKey
from tests.sandbox.conftest import Mailbox
from tests.sandbox.requests import CHALLENGE, DECLINED, PAID
from tests.sandbox.rest_requests import KEY, sent_form

ORIGIN = "http://localhost:8002"
EUR = Money(1999, "EUR")


class Both:
    """The sandbox, an adapter's account there, and a browser."""

    def __init__(self, app: Litestar, notify_url: str) -> None:
        self.transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=self.transport, base_url=ORIGIN, trust_env=False)
        self.notify_url = notify_url
        self.made = 0
        self.gateway = self.account()

    def account(self, **changes: str) -> Rest:
        settings = {
            "base_url": ORIGIN,
            "partner_id": "195",
            "username": "shop",
            "member_id": "11344",
            "terminal_id": "1",
            "secure_key": KEY,
        }
        options = msgspec.convert({**settings, **changes}, Options)
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
            card=Card(number, 9, 2040, "123", "ANN LEE") if number else None,
            browser=Browser(accept_header="text/html", user_agent="Mozilla/5.0"),
            **more,
        )

    async def asked(self, charge: Charge, paid: Outcome | None = None) -> Outcome:
        return await self.gateway.status(self.reference(charge, paid))

    def reference(self, charge: Charge, paid: Outcome | None = None) -> Reference:
        return Reference(
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
    notifier = app.state.world.notifier
    notifier.start()
    found = Both(app, mailbox.url)
    async with found.http:
        yield found
    await notifier.stop()


async def letters(mailbox: Mailbox, count: int) -> list[tuple[dict[str, str], bytes]]:
    """The notifications, once there are so many; the sandbox sends them meanwhile."""
    return await asyncio.to_thread(mailbox.wait, count)


async def test_paid(both: Both) -> None:
    charge = both.charge()
    paid = await both.gateway.pay(charge)
    assert (paid.status, paid.step, paid.reason) == (Status.PAID, None, None)
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
        (DECLINED, Reason.DO_NOT_HONOUR),
        ("4000000000000119", Reason.INSUFFICIENT_FUNDS),
        ("4000000000000069", Reason.CARD_EXPIRED),
        ("4000000000000127", Reason.SECURITY_CODE),
        ("4000000000000101", Reason.DUPLICATE),
        ("4000000000000259", Reason.CURRENCY),
        ("4000000000000341", Reason.LIMIT),
        ("4100000000000019", Reason.SUSPECTED_FRAUD),
        ("4012000000001014", Reason.AUTHENTICATION),
        ("4000000000000390", Reason.UNKNOWN),
    ],
)
async def test_declined(both: Both, number: str, reason: Reason) -> None:
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
    assert said.status is Status.ACTION
    assert isinstance(said.step, PostForm)
    assert (await both.asked(charge, said)).status is Status.ACTION
    where, fields = await both.at_the_bank(said.step, **given)
    assert where == charge.return_url
    assert fields["paymentId"] == said.id
    assert (await both.asked(charge, said)).status is status
    [(headers, body)] = await letters(mailbox, 1)
    told = both.gateway.notification(headers, body)
    assert (told.status, told.id, told.facts.key) == (status, said.id, charge.key)


async def test_three_d_secure_in_the_other_spelling(both: Both) -> None:
    await both.control("rest/behaviour", list_name="listofParameters", pending_code="10004")
    charge = both.charge(CHALLENGE)
    said = await both.gateway.pay(charge)
    assert isinstance(said.step, PostForm)
    await both.at_the_bank(said.step, password="1111")
    await both.control("rest/behaviour", trailing_blanks=True)
    assert (await both.asked(charge, said)).status is Status.PAID


@pytest.mark.parametrize("answers", ["json", "xml"])
@pytest.mark.parametrize("mode", ["NB", "EW", "PV"])
async def test_methods_without_a_card(both: Both, mode: str, answers: str) -> None:
    both.gateway = both.account(answers=answers)
    method = Method("netbanking", "acquirer", mode=mode, brand="EXAMPLEBANK")
    charge = both.charge(None, method=method)
    said = await both.gateway.pay(charge)
    assert said.status is Status.ACTION
    if mode == "PV":
        assert isinstance(said.step, PostForm)
        arrived = await both.http.post(said.step.url, data=dict(said.step.fields))
        url = arrived.headers["location"]
    else:
        assert isinstance(said.step, Redirect)
        url = said.step.url
    assert (await both.asked(charge, said)).status is Status.ACTION
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
    charge = both.charge(kind="authorization")
    said = await both.gateway.pay(charge)
    lost = both.reference(charge)  # its id was never heard
    assert (await both.gateway.void(lost, EUR, "op-1")).status is Status.REFUNDED
    assert (await both.asked(charge, said)).status is Status.REFUNDED
    # Two letters on the wire at once arrive in either order.
    told = {both.gateway.notification(*letter).status for letter in await letters(mailbox, 2)}
    assert told == {Status.PENDING, Status.REFUNDED}


async def test_the_card_is_kept(both: Both) -> None:
    said = await both.gateway.pay(both.charge(order={"contract": ("recurring",)}))
    assert said.facts.card is not None
    assert len(said.facts.card.token or "") == 32


async def test_a_series(both: Both) -> None:
    first = await both.gateway.pay(both.charge(order={"contract": ("recurring",)}))
    alone = {"alone": True, "series": True}
    nexts = [both.charge(None, after=first.id, order=alone, money=Money(700, "EUR")) for _ in "12"]
    for charge in nexts:
        said = await both.gateway.pay(charge)
        assert (said.status, said.facts.money) == (Status.PAID, Money(700, "EUR"))
        assert (await both.asked(charge)).id == said.id != first.id
    plain = await both.gateway.pay(both.charge())
    refused = await both.gateway.pay(both.charge(None, after=plain.id, order=alone))
    assert refused.status is Status.DECLINED


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
    [(headers, body)] = await letters(mailbox, 1)
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
    [(headers, body)] = await letters(mailbox, 1)
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
    assert said == Outcome(Status.LOST, reason=Reason.CREDENTIALS)
    assert (await both.books())["charges"] == 1


async def test_credentials(both: Both) -> None:
    merchant = {"partner_id": "195", "username": "shop", "member_id": "11344"}
    await both.control("rest/merchants", secure_key=KEY, **merchant)
    assert (await both.gateway.pay(both.charge())).status is Status.PAID
    for changes in ({"secure_key": "other"}, {"partner_id": "1"}, {"member_id": "1"}):
        gateway = both.account(**changes)
        charge = both.charge()
        assert await gateway.pay(charge) == Outcome(Status.LOST, reason=Reason.CREDENTIALS)
        asked = await gateway.status(both.reference(charge))
        assert asked == Outcome(Status.PENDING, reason=Reason.CREDENTIALS)
    assert (await both.books())["charges"] == 1


async def test_never_heard_of(both: Both) -> None:
    assert await both.asked(both.charge()) == Outcome(Status.LOST)


@pytest.mark.parametrize("fault", ["502_after", "html_after"])
async def test_a_lost_answer_is_found_by_our_key(both: Both, fault: str) -> None:
    await both.control("faults", faults=[fault])
    charge = both.charge()
    assert await both.gateway.pay(charge) == Outcome(Status.PENDING)
    found = await both.asked(charge)
    assert (found.status, found.facts.key) == (Status.PAID, charge.key)
    assert (await both.books())["charges"] == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("429", Status.LOST), ("500_before", Status.PENDING)]
)
async def test_nothing_happened(both: Both, fault: str, status: Status) -> None:
    await both.control("faults", faults=[fault])
    charge = both.charge()
    assert (await both.gateway.pay(charge)).status is status
    assert (await both.asked(charge)).status is Status.LOST


async def test_a_wrong_amount_is_told_as_stated(both: Both) -> None:
    await both.control("faults", faults=["wrong_amount"])
    said = await both.gateway.pay(both.charge())
    assert said.facts.money == Money(2000, "EUR")
