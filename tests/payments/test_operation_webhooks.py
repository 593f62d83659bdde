"""Each operation has a webhook of its own, once; the payment's webhook is not repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.order import PageSettings
from checkout.model.outcome import UNKNOWN, GatewayFacts, OperationNotice, Outcome
from checkout.model.status import Status
from checkout.payments import transitions
from checkout.payments.operations import resolve_operation, start_operation
from checkout.shop_api.responses import moment
from tests.support import samples
from tests.support.fake_gateway import ABSENT, AUTHORIZED, DECLINED, PAID, UNREACHABLE
from tests.support.harness import Harness

CAPTURED = Outcome(Status.PAID, "o-1")
REFUNDED = Outcome(Status.REFUNDED, "o-2")
VERBS = ("capture", "void", "refund", "operation_status")


@pytest.fixture
async def office(harness: Harness) -> Harness:
    harness.gateway.has(*VERBS)
    return harness


async def held(harness: Harness) -> Payment:
    return await harness.paid_with(AUTHORIZED, transaction_type="authorization")


async def do(harness: Harness, kind: str, payment: Payment, said: Any, **more: Any) -> Operation:
    harness.gateway.will_do(said)
    return await start_operation(harness.context, kind, payment.uid, **more)


async def bodies(harness: Harness, payment: Payment) -> list[dict[str, Any]]:
    return [json.loads(each.body)["transaction"] for each in await harness.webhooks(payment)]


async def test_a_captures_webhook(office: Harness) -> None:
    payment = await held(office)
    office.clock.move(60)
    facts = GatewayFacts(money=Money(1000, "EUR"), code="S.0000", message="Captured", auth_code="1",
                  paid_at="2027-01-15T08:01:00.000Z", ref_id="77")  # fmt: skip
    done = await do(
        office, "capture", payment, Outcome(Status.PAID, "o-1", facts=facts), amount=1000
    )
    authorized, captured = await bodies(office, payment)
    assert (authorized["type"], authorized["status"]) == ("authorization", "successful")
    assert authorized["uid"] == payment.uid
    assert captured == captured | {
        "type": "capture",
        "uid": done.uid,
        "id": done.uid,
        "parent_uid": payment.uid,
        "token": payment.token,
        "shop_id": 361,
        "status": "successful",
        "message": "Captured",
        "code": "S.0000",
        "amount": 1000,
        "currency": "EUR",
        "tracking_id": "order-1001",
        "reason": None,
        "test": payment.order.test,
        "created_at": moment(office.clock()),
        "updated_at": moment(office.clock()),
        "paid_at": "2027-01-15T08:01:00.000Z",
        "payment_method_type": "credit_card",
        "method_type": "credit_card",
        "three_d_secure_verification": dict.fromkeys(
            ("status", "message", "ve_status", "pa_status", "eci")
        ),
        "additional_data": {
            "receipt_text": [],
            "contract": [],
            "vendor": {"name": "checkout", "token": payment.token},
        },
    }
    assert captured["capture"] == captured["capture"] | {"auth_code": "1", "ref_id": "77"}
    assert "o-1" not in json.dumps(captured), "the gateway's own name is for our queries"


async def test_all_of_a_payments_life_in_webhooks(office: Harness) -> None:
    payment = await held(office)
    await do(office, "capture", payment, CAPTURED)
    for amount in (1000, 250):
        await do(office, "refund", payment, REFUNDED, amount=amount, reason="returned")
    webhooks = await bodies(office, payment)
    assert [(said["type"], said["status"], said["amount"]) for said in webhooks] == [
        ("authorization", "successful", 1250),
        ("capture", "successful", 1250),
        ("refund", "successful", 1000),
        ("refund", "successful", 250),
    ]
    assert webhooks[2]["reason"] == "returned"
    after = await office.payment(payment)
    assert (after.status, after.notified) == (Status.REFUNDED, "refunded")


async def test_a_later_query_of_the_payment_notifies_nothing_again(office: Harness) -> None:
    payment = await held(office)
    await do(office, "capture", payment, CAPTURED)
    for _ in range(2):
        await office.context.write(
            payment.uid, transitions.expire, office.context, payment.uid, office.clock()
        )
        await do(office, "refund", payment, REFUNDED, amount=625)
    assert await office.told(payment) == [
        "successful", "successful: capture", "successful: refund", "successful: refund",
    ]  # fmt: skip


async def test_a_void(office: Harness) -> None:
    payment = await held(office)
    await do(office, "void", payment, REFUNDED)
    assert await office.told(payment) == ["successful", "successful: void"]


@pytest.mark.parametrize("answer", [DECLINED, UNREACHABLE])
async def test_a_refusal_at_once_is_the_answer_alone(office: Harness, answer: Outcome) -> None:
    """The shop has it as the answer; many would take a webhook that says "failed" for the
    payment's."""
    payment = await office.paid_with(PAID)
    assert (await do(office, "refund", payment, answer)).status is answer.status
    assert await office.told(payment) == ["successful"]


@pytest.mark.parametrize("later", [DECLINED, ABSENT])
async def test_what_fails_later_is_notified(office: Harness, later: Outcome) -> None:
    payment = await office.paid_with(PAID)
    await do(office, "refund", payment, UNKNOWN)
    office.gateway.will_trace(later)
    await office.sweep_for(90)
    assert await office.told(payment) == ["successful", "failed: refund"]
    assert (await do(office, "refund", payment, REFUNDED)).amount == 1250
    assert await office.told(payment) == ["successful", "failed: refund", "successful: refund"]


async def test_what_was_taken_for_failed_and_done_after_all(office: Harness) -> None:
    """After the gateway's notification: queried again, notified again, alerted."""
    payment = await office.paid_with(PAID)
    refund = await do(office, "refund", payment, UNKNOWN, amount=500)
    office.gateway.will_trace(ABSENT)
    await office.sweep_for(90)
    (row,) = await office.ledger.read(operations.of, payment.uid)
    assert row.status is Status.NOT_SENT
    office.gateway.will_trace(Outcome(Status.REFUNDED, "b-1"))
    office.gateway.news = told_of("refund", "b-1", refund.key, 500)
    for _ in range(2):
        await office.notify(payment.attempts[0])
        await office.sweep(2)
    (row,) = await office.ledger.read(operations.of, payment.uid)
    assert (row.status, row.by_gateway) == (Status.REFUNDED, False)
    assert await office.told(payment) == ["successful", "failed: refund", "successful: refund"]
    assert (await office.kinds(payment)).count("late_operation") == 1


async def test_what_failed_is_asked_about_in_vain_and_a_person_is_alerted(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    refund = await do(office, "refund", payment, DECLINED)
    office.gateway.will_trace(UNKNOWN)
    office.gateway.news = told_of("refund", "b-1", refund.key, 500)
    with capture_logs() as lines:
        await office.notify(payment.attempts[0])
        await office.sweep_for(60)
    assert len(office.gateway.traced) == 1
    assert [line["event"] for line in lines if line.get("alert")] == ["operation.unsettled"]
    assert await office.told(payment) == ["successful"]


@pytest.mark.parametrize("accept", [True, False])
async def test_what_a_person_decides_is_notified(office: Harness, *, accept: bool) -> None:
    payment = await office.paid_with(PAID)
    refund = await do(office, "refund", payment, UNKNOWN)
    office.clock.move(61)
    await resolve_operation(
        office.context, refund.uid, accept=accept, by=samples.ANN, reason="the bank says"
    )
    word = "successful" if accept else "failed"
    assert await office.told(payment) == ["successful", f"{word}: refund"]


async def test_a_shop_that_wants_none_gets_none(office: Harness) -> None:
    payment = await office.paid_with(PAID, page_settings=PageSettings())
    await do(office, "refund", payment, REFUNDED)
    assert await office.webhooks(payment) == []


async def test_the_webhook_wakes_the_sender(office: Harness) -> None:
    payment = await office.paid_with(PAID)
    office.context.webhooks_due.clear()
    await do(office, "refund", payment, REFUNDED, amount=1)
    assert office.context.webhooks_due.is_set()


def told_of(kind: str, id: str, key: str | None, amount: int) -> Outcome:
    return Outcome(Status.PENDING, notice=OperationNotice(kind, id, key, Money(amount, "EUR")))
