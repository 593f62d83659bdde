"""What a shop names as the parent (the payment, an authorization, a capture), and what the gateway
is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import NotFound, Unprocessable
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, GatewayFacts, OperationNotice, Outcome
from checkout.model.status import Status
from checkout.payments.operations import start_operation
from checkout.shop_api.responses import operation as shape
from tests.support import samples
from tests.support.fake_gateway import AUTHORIZED, PAID, REQUIRES_ACTION
from tests.support.harness import Harness
from tests.support.samples import changed

REFUNDED = Outcome(Status.REFUNDED, "r-1")


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has("capture", "void", "refund", "operation_status")
    return harness


async def do(harness: Harness, kind: str, uid: str, said: Any, **more: Any) -> Operation:
    harness.gateway.will_do(said)
    return await start_operation(harness.context, kind, uid, **more)


async def captured(harness: Harness, *amounts: int, kind: str = "authorization") -> Payment:
    """By us the first time; again by the gateway's back office."""
    payment = await harness.paid_with(AUTHORIZED, transaction_type=kind)
    first, *rest = amounts
    await do(harness, "capture", payment.uid, Outcome(Status.PAID, "c-1"), amount=first)
    for number, amount in enumerate(rest, 2):
        money = Money(amount, "EUR")
        news = OperationNotice("capture", f"c-{number}", None, money)
        harness.gateway.news = Outcome(Status.PENDING, notice=news)
        harness.gateway.will_trace(Outcome(Status.PAID, news.id, facts=GatewayFacts(money=money)))
        await harness.notify(payment.attempts[0])
        await harness.sweep(1)
    return payment


async def captures(harness: Harness, payment: Payment) -> list[Operation]:
    made = await harness.ledger.read(operations.of, payment.uid)
    return [each for each in made if each.kind == "capture"]


async def refused(harness: Harness, kind: str, uid: str, **more: Any) -> dict[str, Any]:
    before = len(harness.gateway.orders)
    with pytest.raises(Unprocessable) as wrong:
        await start_operation(harness.context, kind, uid, **more)
    assert len(harness.gateway.orders) == before
    return wrong.value.fields


@pytest.mark.parametrize("named", ["payment", "capture"])
async def test_a_refund_after_a_capture_names_the_capture(office: Harness, named: str) -> None:
    payment = await captured(office, 1000)
    (capture,) = await captures(office, payment)
    uid = capture.uid if named == "capture" else payment.uid
    done = await do(office, "refund", uid, REFUNDED, amount=400)
    _, reference, money, _ = office.gateway.orders[-1]
    assert (reference.capture, reference.id, money.minor) == ("c-1", "g-1", 400)
    assert done.capture == capture.uid
    assert shape(done, payment, "")["parent_uid"] == uid, "as the shop has named it"
    assert await refused(office, "refund", uid, amount=601) == {"amount": ["must be from 1 to 600"]}


async def test_queried_it_names_the_capture_too(office: Harness) -> None:
    payment = await captured(office, 1000)
    await do(office, "refund", payment.uid, UNKNOWN)
    office.gateway.will_trace(REFUNDED)
    await office.sweep(5)
    assert office.gateway.traced[-1][0].capture == "c-1"


async def test_captures_and_voids_are_of_the_authorization(office: Harness) -> None:
    payment = await captured(office, 1000)
    (capture,) = await captures(office, payment)
    assert office.gateway.orders[-1][1].capture is None
    assert shape(capture, payment, "")["parent_uid"] == payment.uid
    for kind in ("void", "capture"):
        wrong = await refused(office, kind, capture.uid)
        assert wrong == {"parent_uid": [f"is a capture: can't {kind} it"]}


@pytest.mark.parametrize("kind", ["capture", "void", "refund"])
async def test_nothing_is_done_to_a_refund(office: Harness, kind: str) -> None:
    payment = await office.paid_with(PAID)
    done = await do(office, "refund", payment.uid, REFUNDED, amount=1)
    assert await refused(office, kind, done.uid) == {
        "parent_uid": [f"is a refund: can't {kind} it"]
    }


async def test_nor_to_a_capture_that_is_not_done(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    accepted = await do(office, "capture", payment.uid, Outcome(Status.ACCEPTED, "c-1"), amount=500)
    assert await refused(office, "refund", accepted.uid) == {
        "parent_uid": ["is a capture that is not done"]
    }


async def test_each_capture_has_its_own_money(office: Harness) -> None:
    payment = await captured(office, 500, 700)
    first, second = await captures(office, payment)
    assert (first.amount, second.amount, second.by_gateway) == (500, 700, True)
    assert await refused(office, "refund", first.uid, amount=501) == {
        "amount": ["must be from 1 to 500"]
    }
    # By the payment's uid: of the capture that has as much.
    big = await do(office, "refund", payment.uid, REFUNDED, amount=600)
    assert (office.gateway.orders[-1][1].capture, big.capture) == ("c-2", second.uid)
    assert (await do(office, "refund", second.uid, Outcome(Status.REFUNDED, "r-2"))).amount == 100
    assert await refused(office, "refund", second.uid) == {"amount": ["nothing is left to refund"]}
    rest = await do(office, "refund", payment.uid, Outcome(Status.REFUNDED, "r-3"))
    assert (rest.amount, office.gateway.orders[-1][1].capture) == (500, "c-1")
    assert await office.status(payment) is Status.REFUNDED


async def test_a_charge_is_named_by_its_own_uid(office: Harness) -> None:
    office.gateway.capabilities = changed(
        office.gateway.capabilities, transaction_types=frozenset({"payment", "charge"})
    )
    payment = await office.paid_with(
        changed(PAID, facts=GatewayFacts(money=Money(1250, "EUR"), parent="c-9")),
        transaction_type="charge",
    )
    await do(office, "refund", payment.uid, REFUNDED)
    _, reference, _, _ = office.gateway.orders[-1]
    assert (reference.parent, reference.capture) == ("c-9", None)


async def test_the_attempt_that_has_as_much(office: Harness) -> None:
    """Paid twice: what one attempt has promised already, the other one can give."""
    payment = await office.left(await office.paid_with(REQUIRES_ACTION))
    office.gateway.will_answer(changed(PAID, id="g-2"))
    payment = await office.pay(payment)
    office.gateway.will_state(PAID)
    await office.sweep(30)
    first = await do(office, "refund", payment.uid, Outcome(Status.ACCEPTED, "r-1"))
    second = await do(office, "refund", payment.uid, Outcome(Status.ACCEPTED, "r-2"))
    assert {first.attempt, second.attempt} == {1, 2}
    assert (first.amount, second.amount) == (1250, 1250)


async def test_a_strangers_capture_is_not_found(office: Harness) -> None:
    payment = await captured(office, 1000)
    (capture,) = await captures(office, payment)
    with pytest.raises(NotFound):
        await start_operation(office.context, "refund", capture.uid, shop=samples.shop(id="362"))
    for uid in ("no-such", "", capture.key):
        with pytest.raises(NotFound):
            await start_operation(office.context, "refund", uid)


async def test_once_only(office: Harness) -> None:
    """Where the gateway refunds once, a second refund is not even asked for: its state could not
    tell it from the first."""
    office.gateway.capabilities = changed(
        office.gateway.capabilities, once_only=frozenset({"refund"})
    )
    payment = await office.paid_with(PAID)
    await do(office, "refund", payment.uid, Outcome(Status.DECLINED))
    await do(office, "refund", payment.uid, REFUNDED, amount=500)
    assert await refused(office, "refund", payment.uid) == {
        "parent_uid": ["its gateway can refund a payment once only"]
    }


async def test_the_rest_given_back_leaves_what_was_captured_paid(office: Harness) -> None:
    payment = await captured(office, 250)
    money = Money(1000, "EUR")
    news = OperationNotice("void", "v-1", None, money)
    office.gateway.news = Outcome(Status.PENDING, notice=news)
    office.gateway.will_trace(Outcome(Status.REFUNDED, news.id, facts=GatewayFacts(money=money)))
    await office.notify(payment.attempts[0])
    await office.sweep(1)
    made = await office.ledger.read(operations.of, payment.uid)
    found = sorted((each.kind, each.amount, each.done) for each in made)
    assert found == [("capture", 250, True), ("void", 1000, True)]
    assert await office.status(payment) is Status.PAID
    assert (await do(office, "refund", payment.uid, REFUNDED)).amount == 250
    assert await office.status(payment) is Status.REFUNDED
