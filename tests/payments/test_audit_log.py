"""What people and gateways do to a payment is in the audit log, in one transaction with the act."""

from __future__ import annotations

import msgspec
import pytest

from checkout.errors import Unprocessable
from checkout.ledger import audit
from checkout.ledger.audit import Entry
from checkout.ledger.rows import Payment
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from checkout.payments import review
from checkout.payments.operations import resolve_operation, start_operation
from tests.payments.test_gateway_initiated import done, notice, notify
from tests.payments.test_review import LESS
from tests.support import samples
from tests.support.fake_gateway import PAID
from tests.support.harness import Harness


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has("capture", "void", "refund", "operation_status")
    return harness


async def log(harness: Harness) -> list[Entry]:
    """The oldest first."""
    assert (await harness.ledger.read(audit.verify)).wrong == ()
    return (await harness.ledger.read(audit.listed))[::-1]


async def test_payments_are_no_acts_of_the_back_office(office: Harness) -> None:
    await office.paid_with(PAID)
    assert await log(office) == []


@pytest.mark.parametrize("accept", [True, False])
async def test_a_mismatch_that_a_person_ends(office: Harness, accept: bool) -> None:
    payment = await office.paid_with(LESS)
    office.gateway.will_state(LESS)
    office.clock.move(5)
    await review.resolve_mismatch(
        office.context, payment.uid, accept=accept, by=samples.ANN, reason="the bank fee"
    )
    (entry,) = await log(office)
    assert (entry.who, entry.via, entry.origin) == ("ann", "cli", "till-1")
    assert (entry.act, entry.subject) == ("accept" if accept else "refuse", payment.uid)
    assert msgspec.json.decode(entry.data)["reason"] == "the bank fee"
    with pytest.raises(Unprocessable):
        await review.resolve_mismatch(
            office.context, payment.uid, accept=accept, by=samples.ANN, reason="again"
        )
    assert len(await log(office)) == 1


async def test_an_operation_that_a_person_settles(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.gateway.will_answer(UNKNOWN)
    refund = await start_operation(office.context, "refund", payment.uid, by=samples.ANN)
    assert refund.status is Status.PENDING
    office.clock.move(61)
    await resolve_operation(
        office.context, refund.uid, accept=True, by=samples.ANN, reason="it came"
    )
    asked, settled = await log(office)
    assert (asked.act, asked.subject) == ("refund", payment.uid)
    assert (settled.act, settled.subject, settled.who) == ("accept", refund.uid, "ann")


@pytest.mark.parametrize("kind", ["refund", "chargeback"])
async def test_what_the_gateway_does_by_itself(office: Harness, kind: str) -> None:
    payment = await office.paid_with(PAID)
    await notify(office, payment, notice(kind), done())
    await _again(office, payment, kind)
    (entry,) = await log(office)
    assert (entry.who, entry.via, entry.act) == (payment.attempts[0].account, "gateway", kind)
    assert entry.subject == payment.uid
    assert msgspec.json.decode(entry.data)["amount"] == 1250


async def _again(office: Harness, payment: Payment, kind: str) -> None:
    await notify(office, payment, notice(kind))
