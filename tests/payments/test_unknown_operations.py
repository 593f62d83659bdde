"""An operation whose answer is unknown is queried, and blocks later ones no longer than that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.errors import Unprocessable
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from checkout.payments.operations import query_operation, resolve_operation, start_operation
from checkout.payments.recovery import reconcile
from checkout.payments.schedule import HOUR
from tests.support import samples
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID
from tests.support.harness import Harness
from tests.support.samples import changed

DONE = Outcome(Status.REFUNDED, "o-1")
VERBS = frozenset({"capture", "void", "refund", "operation_status"})


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has(*VERBS)
    return harness


async def unknown(harness: Harness, kind: str = "refund") -> tuple[Payment, Operation]:
    payment = await harness.paid_with(
        PAID if kind == "refund" else AUTHORIZED,
        transaction_type="payment" if kind == "refund" else "authorization",
    )
    harness.gateway.will_do(UNKNOWN)
    return payment, await start_operation(harness.context, kind, payment.uid)


async def standing(harness: Harness, payment: Payment) -> Status:
    (operation,) = await harness.ledger.read(operations.of, payment.uid)
    return operation.status


async def test_it_is_settled_by_recovery(office: Harness) -> None:
    payment, operation = await unknown(office)
    office.gateway.will_trace(DONE)
    await office.sweep(5)
    ((reference, asked),) = office.gateway.traced
    assert (reference.id, asked.kind, asked.key, asked.id) == (
        "g-1", "refund", operation.key, None,
    )  # fmt: skip
    assert await standing(office, payment) is Status.REFUNDED
    assert await office.status(payment) is Status.REFUNDED
    assert await office.told(payment) == ["successful", "successful: refund"]
    await office.sweep_for(3 * HOUR, step=60)
    assert len(office.gateway.traced) == 1


@pytest.mark.parametrize("kind", ["capture", "void"])
async def test_a_refusal_frees_the_payment(office: Harness, kind: str) -> None:
    payment, _ = await unknown(office, kind)
    office.gateway.will_trace(DECLINED)
    await office.sweep(5)
    assert await standing(office, payment) is Status.DECLINED
    assert await office.status(payment) is Status.AUTHORIZED
    office.gateway.will_do(Outcome(Status.PAID, "o-2"))
    assert (await start_operation(office.context, "capture", payment.uid)).status is Status.PAID


async def test_absent_counts_after_the_settle_window_and_twice(office: Harness) -> None:
    payment, _ = await unknown(office)
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(60 + 29)
    assert await standing(office, payment) is Status.PENDING
    await office.sweep(1)
    assert await standing(office, payment) is Status.NOT_SENT
    office.gateway.will_do(DONE)
    assert (await start_operation(office.context, "refund", payment.uid)).status is Status.REFUNDED


async def test_with_an_id_it_is_never_absent(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(Outcome(Status.PENDING, "o-1"))
    await start_operation(office.context, "refund", payment.uid)
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(300, step=5)
    assert office.gateway.traced[0][1].id == "o-1"
    assert await standing(office, payment) is Status.PENDING


async def test_a_day_later_a_person_has_to_look(office: Harness) -> None:
    payment, operation = await unknown(office)
    with capture_logs() as said:
        await office.sweep_for(40 * HOUR, step=600)
    alerts = [line["event"] for line in said if line.get("alert")]
    assert alerts == ["operation.unsettled"]
    asked = len(office.gateway.traced)
    assert 20 < asked < 40
    assert await standing(office, payment) is Status.PENDING, "time alone ends nothing"
    office.gateway.will_trace(DONE)
    await reconcile(office.context, payment.uid)
    assert await standing(office, payment) is Status.REFUNDED
    with pytest.raises(Unprocessable):
        await resolve_operation(
            office.context, operation.uid, accept=False, by=samples.ANN, reason="late"
        )


async def test_a_process_that_died_sending_it(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_do(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await start_operation(office.context, "refund", payment.uid)
    office.gateway.will_trace(DONE)
    await office.sweep(29)
    assert office.gateway.traced == []
    await office.sweep(1)
    assert await standing(office, payment) is Status.REFUNDED


async def test_at_most_one_query_a_second(office: Harness) -> None:
    _, operation = await unknown(office)
    office.clock.move(2)
    for _ in range(5):
        await query_operation(office.context, operation.uid)
    assert len(office.gateway.traced) == 1


@pytest.mark.parametrize("accept", [True, False])
async def test_a_person_decides(office: Harness, *, accept: bool) -> None:
    payment, operation = await unknown(office)
    with pytest.raises(Unprocessable):
        await resolve_operation(
            office.context, operation.uid, accept=accept, by=samples.ANN, reason="too early"
        )
    office.clock.move(61)
    done = await resolve_operation(
        office.context, operation.uid, accept=accept, by=samples.ANN, reason="bank says"
    )
    assert done.status is (Status.REFUNDED if accept else Status.DECLINED)
    assert await office.status(payment) is (Status.REFUNDED if accept else Status.PAID)
    last: Any = [e for e in await office.events(payment) if e.kind == f"refund.{done.status}"][-1]
    assert (last.data["by"], last.data["reason"]) == ("ann", "bank says")


# Parts


async def test_a_void_of_a_part_leaves_the_rest_held(office: Harness) -> None:
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    office.gateway.will_do(DONE)
    await start_operation(office.context, "void", payment.uid, amount=1000)
    assert await office.status(payment) is Status.AUTHORIZED
    for kind in ("void", "capture"):
        with pytest.raises(Unprocessable):
            await start_operation(office.context, kind, payment.uid, amount=251)
    office.gateway.will_do(Outcome(Status.PAID, "o-2"))
    assert (await start_operation(office.context, "capture", payment.uid)).amount == 250
    assert await office.status(payment) is Status.PAID


async def test_where_only_all_can_be_voided_a_part_is_refused(office: Harness) -> None:
    office.gateway.capabilities = changed(
        office.gateway.capabilities, full_amount_only=frozenset({"void"})
    )
    payment = await office.paid_with(AUTHORIZED, transaction_type="authorization")
    with pytest.raises(Unprocessable) as wrong:
        await start_operation(office.context, "void", payment.uid, amount=1000)
    assert wrong.value.fields == {"amount": ["must be 1250: its gateway can't void a part"]}
    assert office.gateway.orders == []
    office.gateway.will_do(DONE)
    await start_operation(office.context, "void", payment.uid, amount=1250)
    assert await office.status(payment) is Status.REFUNDED
