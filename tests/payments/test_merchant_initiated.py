"""The next of a series at a gateway that knows it by the payment which began it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from checkout.errors import Duplicate, NotFound, Unprocessable
from checkout.gateways import open_gateway
from checkout.gateways.overpay.cards import CAPABILITIES
from checkout.ledger import outbox
from checkout.ledger.rows import Payment
from checkout.model.card import SavedCard
from checkout.model.money import Money
from checkout.model.order import Details
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status
from checkout.payments import customer_actions, limits
from checkout.payments.merchant_initiated import start_merchant_initiated
from checkout.shop_api.merchant_initiated import MerchantInitiated
from tests.gateways.rest.side import options as rest_options
from tests.support import samples
from tests.support.fake_gateway import (
    ABSENT,
    CAN_CARDS,
    DECLINED,
    EXPIRED,
    PAID,
    REQUIRES_ACTION,
    UNREACHABLE,
    Held,
)
from tests.support.harness import Harness
from tests.support.samples import changed


@pytest.fixture
async def series(harness: Harness) -> Harness:
    harness.gateway.capabilities = changed(CAN_CARDS, recurring=frozenset({"payment"}))
    return harness


def asked(
    harness: Harness, token: str = "", parent: str | None = None, **changes: Any
) -> MerchantInitiated:
    said = changes.pop("said", frozenset())
    usual = {"merchant_initiated": True, "expires_at": harness.clock() + 86400}
    order = samples.order(**(usual | changes))
    return MerchantInitiated(
        order=order, card=SavedCard(token), parent=parent, browser=None, given=said
    )


async def go_on(
    harness: Harness, uid: str, said: Outcome, request_id: str | None = None, **changes: Any
) -> Payment:
    harness.gateway.will_answer(said)
    wanted = asked(harness, parent=uid, **changes)
    return await start_merchant_initiated(
        harness.context, wanted, harness.shop, request_id=request_id, digest="d"
    )


async def charge(harness: Harness, **changes: Any) -> Payment:
    wanted = asked(harness, "t-1", **changes)
    return await start_merchant_initiated(
        harness.context, wanted, harness.shop, request_id=None, digest="d"
    )


async def test_it_names_the_first(series: Harness) -> None:
    first = await series.paid_with(PAID, contract=("recurring",))
    payment = await go_on(series, first.uid, changed(PAID, id="g-2"), "r-1")
    assert payment.status is Status.PAID
    charge = series.gateway.charges[-1]
    assert (charge.after, charge.card, charge.browser) == ("g-1", None, None)
    assert payment.attempts[0].contract == ("recurring",)
    again = await go_on(series, first.uid, PAID, "r-1")
    assert again.uid == payment.uid
    assert len(series.gateway.charges) == 2


async def test_unclear_it_is_queried_and_unsent_it_ends(series: Harness) -> None:
    first = await series.paid_with(PAID, contract=("recurring",))
    unclear = await go_on(series, first.uid, UNKNOWN)
    assert unclear.status is Status.PENDING
    series.gateway.will_state(changed(PAID, id="g-2"))
    await series.sweep(5)
    assert await series.status(unclear) is Status.PAID
    with pytest.raises(Duplicate):
        await go_on(series, first.uid, PAID)
    unsent = await go_on(series, first.uid, UNREACHABLE, money=Money(1, "EUR"))
    assert unsent.status is Status.CANCELLED
    assert unsent.attempts[0].status is Status.NOT_SENT


async def test_one_that_was_never_sent_is_told_of(series: Harness) -> None:
    """No customer has left, who would be told of on asking alone."""
    first = await series.paid_with(PAID, contract=("recurring",))
    unclear = await go_on(series, first.uid, UNKNOWN)
    series.gateway.will_state(ABSENT)
    await series.sweep_for(90)
    assert await series.status(unclear) is Status.CANCELLED
    assert await series.told(unclear) == ["failed"]


async def test_what_began_no_series(series: Harness) -> None:
    plain = await series.paid_with(PAID)
    unpaid = await series.paid_with(UNKNOWN, contract=("recurring",))
    sent = len(series.gateway.charges)
    for payment in (plain, unpaid):
        with pytest.raises(Unprocessable):
            await go_on(series, payment.uid, PAID)
    with pytest.raises(NotFound):
        await go_on(series, "no-such", PAID)
    assert len(series.gateway.charges) == sent


async def test_a_gateway_that_cannot(harness: Harness) -> None:
    first = await harness.paid_with(PAID, contract=("recurring",))
    with pytest.raises(Unprocessable):
        await go_on(harness, first.uid, PAID)
    with pytest.raises(Unprocessable):
        await charge(harness)
    assert len(harness.gateway.charges) == 1


# Once, unless the shop says otherwise


@pytest.fixture
async def alone(harness: Harness) -> Harness:
    kinds = frozenset({"payment", "authorization", "credit"})
    details = {"payment": frozenset({"test", "travel"})}
    harness.gateway.capabilities = changed(
        CAN_CARDS, merchant_initiated=kinds, merchant_initiated_parameters=details
    )
    return harness


async def test_the_same_again_is_refused_for_half_a_minute(alone: Harness) -> None:
    await charge(alone)
    for kind in ("payment", "authorization"):
        with pytest.raises(Duplicate):
            await charge(alone, transaction_type=kind)
    assert len(alone.gateway.charges) == 1
    alone.clock.move(29.9)
    with pytest.raises(Duplicate):
        await charge(alone)
    alone.clock.move(0.1)
    await charge(alone)
    assert len(alone.gateway.charges) == 2


async def test_what_is_not_the_same(alone: Harness) -> None:
    await charge(alone)
    await charge(alone, money=Money(1251, "EUR"))
    await charge(alone, money=Money(1250, "USD"))
    await charge(alone, transaction_type="credit")
    other = asked(alone, "t-2")
    await start_merchant_initiated(alone.context, other, alone.shop, request_id=None, digest="d")
    await charge(alone, details=Details(duplicate_check=False))
    with pytest.raises(Duplicate):  # after one that was not checked, too
        await charge(alone, details=Details(duplicate_check=True))
    assert len(alone.gateway.charges) == 6


async def test_another_request_id_is_no_excuse(alone: Harness) -> None:
    """The same id is the same answer; another one is another request for the same money."""

    async def ask(request_id: str) -> Payment:
        wanted = asked(alone, "t-1")
        return await start_merchant_initiated(
            alone.context, wanted, alone.shop, request_id=request_id, digest="d"
        )

    first = await ask("r-1")
    with pytest.raises(Duplicate):
        await ask("r-2")
    assert (await ask("r-1")).uid == first.uid
    alone.clock.move(30)
    second = await ask("r-2")  # what was refused left nothing behind
    assert second.uid != first.uid
    assert len(alone.gateway.charges) == 2


async def test_what_was_not_sent_may_be_asked_for_at_once(alone: Harness) -> None:
    alone.gateway.will_answer(UNREACHABLE, PAID)
    assert (await charge(alone)).status is Status.CANCELLED
    assert (await charge(alone)).status is Status.PAID


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("code", "credit_card.verification_value"),
        ("email", "customer.email"),
        ("zip", "billing_address.zip"),
    ],
)
async def test_a_field_that_the_gateway_refuses(alone: Harness, field: str, named: str) -> None:
    """No attempt and no decline: the field is named, no webhook is sent, and it can be requested
    anew."""
    refusal = Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID, field=field)
    alone.gateway.will_answer(refusal, PAID)
    wanted = asked(alone, "t-1")
    for _ in range(2):
        with pytest.raises(Unprocessable) as refused:
            await start_merchant_initiated(
                alone.context, wanted, alone.shop, request_id="r-1", digest="d"
            )
        assert list(refused.value.fields) == [named]
    assert len(alone.gateway.charges) == 1
    assert await alone.ledger.read(outbox.due, alone.clock(), 99) == []
    assert (await charge(alone)).status is Status.PAID


async def test_the_pages_limits_are_not_the_shops(alone: Harness) -> None:
    """A server that charges its subscribers has many declines, whatever address it says."""
    alone.gateway.will_answer(DECLINED)
    for minor in range(1, 131):
        await charge(alone, money=Money(minor, "EUR"))
    assert len(alone.gateway.charges) == 130
    # Nor do they count for its customers' limits.
    assert not await alone.ledger.read(limits.tested, alone.settings.limits, "361", alone.clock())
    payment = await alone.pay(await alone.new_payment())
    assert payment.attempts


async def test_two_at_once_are_one(alone: Harness) -> None:
    held = Held(PAID)
    alone.gateway.will_answer(held)
    both = [asyncio.create_task(charge(alone)) for _ in range(2)]
    await held.asked.wait()
    held.let.set()
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Duplicate", "Payment"]
    assert len(alone.gateway.charges) == 1


# What the gateway has no word for


async def test_what_would_be_dropped_is_refused(alone: Harness) -> None:
    for kind, said, named in (
        ("payment", {"travel", "additional_data.p2p"}, {"additional_data.p2p"}),
        ("authorization", {"travel", "test"}, {"travel", "test"}),
    ):
        with pytest.raises(Unprocessable) as refused:
            await charge(alone, transaction_type=kind, said=frozenset(said))
        assert set(refused.value.fields) == named
    assert not alone.gateway.charges
    await charge(alone, said=frozenset({"travel", "test", "duplicate_check"}))
    assert len(alone.gateway.charges) == 1


async def test_a_series_of_a_gateway_with_few_words(series: Harness) -> None:
    """The other acquirer, as it is: of a series it knows the money alone."""
    first = await series.paid_with(PAID, contract=("recurring",))
    async with httpx.AsyncHTTPTransport() as line:
        series.gateways["cards"] = open_gateway("rest", rest_options(), line)
        sent = {"additional_data.p2p", "credit_card.verification_value"}
        wanted = asked(series, parent=first.uid, said=frozenset({*sent, "customer.email"}))
        with pytest.raises(Unprocessable) as refused, capture_logs() as lines:
            await start_merchant_initiated(
                series.context, wanted, series.shop, request_id=None, digest="d"
            )
    assert set(refused.value.fields) == sent
    noted = [line["fields"] for line in lines if line["event"] == "gateway.unsent"]
    assert noted == [["customer.email"]], "of the customer nothing stops a sale"
    (why,) = refused.value.fields["additional_data.p2p"]
    assert why == "can't be sent: the gateway account cards has no word for it"


async def test_on_the_page_it_is_noted_alone(harness: Harness) -> None:
    """Plugins say the same to every gateway."""
    few = changed(CAN_CARDS, parameters=frozenset({"travel"}))
    said = Details(p2p={"service_id": "17"}, travel={"airline": {"agency_code": "03"}})
    for can, noted in ((few, [["additional_data.p2p", "test"]]), (CAPABILITIES, [])):
        harness.gateway.capabilities = can
        with capture_logs() as lines:
            payment = await harness.paid_with(PAID, details=said, test=True, receipt_text=("a",))
        assert payment.status is Status.PAID
        found = [line["fields"] for line in lines if line["event"] == "gateway.unsent"]
        assert found == noted


# Where the customer is needed after all


async def test_left_at_the_bank_it_is_over(alone: Harness) -> None:
    """Nobody is there to choose another card."""
    alone.gateway.will_answer(REQUIRES_ACTION)
    alone.gateway.will_state(REQUIRES_ACTION)
    payment = await charge(alone)
    assert payment.status is Status.REQUIRES_ACTION
    alone.clock.move(5)
    left = await customer_actions.abandon(alone.context, payment)
    assert left.status is Status.CANCELLED


@pytest.mark.parametrize(
    ("said", "status"), [(DECLINED, Status.DECLINED), (EXPIRED, Status.EXPIRED)]
)
async def test_how_it_ends_at_the_bank(alone: Harness, said: Outcome, status: Status) -> None:
    alone.gateway.will_answer(REQUIRES_ACTION)
    alone.gateway.will_state(said)
    payment = await charge(alone)
    await alone.sweep(5)
    assert await alone.status(payment) is status
