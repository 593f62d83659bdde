"""How much is too much: submits of one payment, tries from one address, of one card range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from checkout.errors import TooMany
from checkout.ledger.store import open_ledger
from checkout.model.card import Card
from checkout.model.status import Status
from checkout.payments import charge, create
from checkout.payments.context import Context
from checkout.settings import Limits
from tests.support import samples
from tests.support.fake_gateway import (
    AUTHORIZED,
    DECLINED,
    PAID,
    REQUIRES_ACTION,
    UNREACHABLE,
    Held,
)
from tests.support.harness import PACE, PATIENT, Harness, open_harness, submission
from tests.support.ledgers import WrappedLedger

TIGHT = Limits(
    submits_per_payment=3,
    declines_per_address_10min=4,
    declines_per_bin_10min=6,
    payments_per_address_10min=12,
    declines_per_shop_10min=20,
    slow_seconds=0,
)
OTHER_RANGE = Card("5555555555554444", 12, 2040, "123", "ANN LEE")
SAME_RANGE = Card("4200000000000018", 12, 2040, "123", "BOB RAY")


def card_of(number: int) -> Card:
    """Each of another range."""
    return Card(f"4{number:05d}0000000000", 12, 2040, "123", "ANN LEE")


@pytest.fixture
async def tight(url: str) -> AsyncIterator[Harness]:
    async with open_harness(url, settings=samples.settings(limits=TIGHT)) as opened:
        yield opened


async def test_submits_of_one_payment_a_minute(tight: Harness) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    payment = await tight.new_payment()
    for _ in range(3):
        payment = await tight.pay(payment)
        tight.clock.move(10)
    with pytest.raises(TooMany) as refused:
        await tight.pay(payment)
    assert refused.value.status == 429
    assert refused.value.retry_after == 31  # the first one is a minute old then
    assert len(tight.gateway.charges) == 3
    tight.clock.move(refused.value.retry_after - 1.5)
    with pytest.raises(TooMany):
        await tight.pay(payment)
    tight.clock.move(1.5)
    tight.gateway.will_answer(PAID)
    assert (await tight.pay(payment)).status is Status.PAID


async def test_a_repeat_of_one_form_counts_once(tight: Harness) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    payment = await tight.new_payment()
    first = submission(payment)
    for _ in range(10):
        await asyncio.gather(*(charge.pay(tight.context, payment, first) for _ in range(3)))
    payment = await tight.payment(payment)
    assert len(payment.attempts) == 1
    for _ in range(2):
        payment = await tight.pay(payment)
    assert len(payment.attempts) == 3


async def test_another_payment_has_its_own_count(tight: Harness) -> None:
    tight.gateway.will_answer(UNREACHABLE)
    payment = await tight.new_payment()
    for _ in range(3):
        payment = await tight.pay(payment)
    assert (await tight.pay(await tight.new_payment())).attempts


async def tries(harness: Harness, answer: Any, count: int, address: str, card: Card) -> None:
    harness.gateway.will_answer(answer)
    who = samples.changed(samples.CUSTOMER, ip=address)
    for _ in range(count):
        await harness.pay(await harness.new_payment(), customer=who, card=card)


async def decline(harness: Harness, count: int, address: str, card: Card) -> None:
    await tries(harness, DECLINED, count, address, card)


async def test_declines_from_one_address(tight: Harness) -> None:
    await decline(tight, 4, "192.0.2.1", OTHER_RANGE)
    payment = await tight.new_payment()
    with pytest.raises(TooMany) as refused:
        await tight.pay(payment, customer=samples.changed(samples.CUSTOMER, ip="192.0.2.1"))
    assert refused.value.retry_after == 600
    assert (await tight.payment(payment)).attempts == ()
    assert len(tight.gateway.charges) == 4
    # Others may pay; and this one too when it is over.
    await decline(tight, 1, "192.0.2.2", samples.CARD)
    tight.clock.move(600)
    tight.gateway.will_answer(PAID)
    who = samples.changed(samples.CUSTOMER, ip="192.0.2.1")
    assert (await tight.pay(payment, customer=who)).status is Status.PAID


@pytest.mark.parametrize("addresses", [1, 5], ids=lambda count: f"{count} addresses")
async def test_what_is_under_way_counts(tight: Harness, url: str, addresses: int) -> None:
    """A hundred and fifty cards at once, on two workers: no more reach the gateway than one by
    one."""
    held = Held(DECLINED)
    tight.gateway.will_answer(held)
    ledger = open_ledger(url, PATIENT)
    other = Context(tight.settings, ledger, tight.gateways, schedule=PACE, clock=tight.clock)
    payments = [await tight.new_payment() for _ in range(150)]
    running = []
    for number, (payment, context) in enumerate(
        zip(payments, cycle((tight.context, other)), strict=False)
    ):
        who = samples.changed(samples.CUSTOMER, ip=f"192.0.2.{number % addresses}")
        sent = submission(payment, customer=who, card=card_of(number))
        running.append(asyncio.create_task(charge.pay(context, payment, sent)))
    done, waiting = await asyncio.wait(running, timeout=20, return_when=asyncio.FIRST_EXCEPTION)
    while len(done) + len(tight.gateway.charges) < len(payments):
        await asyncio.sleep(0.01)
        done, waiting = {t for t in running if t.done()}, {t for t in running if not t.done()}
    assert len(tight.gateway.charges) == len(waiting) == 4 * addresses
    held.let.set()
    ended = await asyncio.gather(*running, return_exceptions=True)
    assert sum(isinstance(each, TooMany) for each in ended) == 150 - 4 * addresses
    await other.finish(5)
    await ledger.close()


async def test_what_was_paid_or_never_sent_counts_no_more(tight: Harness) -> None:
    for answer in (PAID, AUTHORIZED, UNREACHABLE):
        await tries(tight, answer, 3, "192.0.2.1", OTHER_RANGE)
    await decline(tight, 4, "192.0.2.1", OTHER_RANGE)
    assert len(tight.gateway.charges) == 13


async def test_a_card_sent_to_its_bank_is_a_try(tight: Harness) -> None:
    """Who is sent on has learnt that the card lives, whether they go there or not."""
    tight.gateway.will_answer(REQUIRES_ACTION)
    who = samples.changed(samples.CUSTOMER, ip="192.0.2.1")
    for turn in range(4):
        payment = await tight.pay(await tight.new_payment(), customer=who)
        tight.gateway.will_answer(REQUIRES_ACTION)
        if turn % 2:
            await tight.left(payment)
    with pytest.raises(TooMany):
        await tight.pay(await tight.new_payment(), customer=who)


async def test_instructions_without_a_card_are_no_try(tight: Harness) -> None:
    tight.gateway.will_answer(REQUIRES_ACTION)
    who = samples.changed(samples.CUSTOMER, ip="192.0.2.1")
    for _ in range(8):
        await tight.pay(await tight.new_payment(), customer=who, card=None)
    assert len(tight.gateway.charges) == 8


async def test_successes_make_up_for_declines(tight: Harness) -> None:
    """Behind one address of a carrier or a school: many pay, some are declined."""
    for _ in range(5):
        await tries(tight, PAID, 1, "192.0.2.1", OTHER_RANGE)
        await decline(tight, 1, "192.0.2.1", SAME_RANGE)
    assert len(tight.gateway.charges) == 10


async def test_payments_tried_from_one_address(tight: Harness) -> None:
    """Good cards make up for bad ones, and not for ever: of twelve payments six were paid."""
    for _ in range(6):
        await tries(tight, PAID, 1, "192.0.2.1", OTHER_RANGE)
        await decline(tight, 1, "192.0.2.1", OTHER_RANGE)
    with pytest.raises(TooMany) as refused:
        await tries(tight, PAID, 1, "192.0.2.1", OTHER_RANGE)
    assert refused.value.limit == "payments_per_address_10min"
    await tries(tight, PAID, 1, "192.0.2.2", OTHER_RANGE)
    tight.clock.move(600)
    await tries(tight, PAID, 1, "192.0.2.1", OTHER_RANGE)


async def test_an_address_that_many_share(tight: Harness) -> None:
    """A carrier's, say: most of what is tried there is paid."""
    for number in range(40):
        await tries(tight, PAID, 1, "192.0.2.1", OTHER_RANGE)
        if number % 4 == 0:
            await decline(tight, 1, "192.0.2.1", OTHER_RANGE)


async def test_a_network_of_ipv6_is_one_address(tight: Harness) -> None:
    for number in range(4):
        await decline(tight, 1, f"2001:db8:1:2::{number:x}", card_of(number))
    with pytest.raises(TooMany):
        await decline(tight, 1, "2001:db8:1:2:ffff::1", OTHER_RANGE)
    await decline(tight, 1, "2001:db8:1:3::1", OTHER_RANGE)


async def range_declined(harness: Harness) -> None:
    """Six declines of one card range, from as many addresses."""
    for number, card in enumerate((samples.CARD, SAME_RANGE) * 3):
        await decline(harness, 1, f"192.0.2.{number}", card)


async def test_declines_of_one_card_range(tight: Harness) -> None:
    await range_declined(tight)
    with pytest.raises(TooMany) as refused:
        await decline(tight, 1, "192.0.2.3", SAME_RANGE)
    assert refused.value.limit == "declines_per_bin_10min"
    await decline(tight, 1, "192.0.2.3", OTHER_RANGE)


async def test_a_slip_in_a_shut_range_may_be_corrected(tight: Harness) -> None:
    """Once, on the payment where it was made."""
    await range_declined(tight)
    who = samples.changed(samples.CUSTOMER, ip="198.51.100.1")
    payment = await tight.new_payment(attempts=5)
    for _ in range(2):
        tight.gateway.will_answer(DECLINED)
        payment = await tight.pay(payment, customer=who, card=SAME_RANGE)
    with pytest.raises(TooMany):
        await tight.pay(payment, customer=who, card=SAME_RANGE)
    with pytest.raises(TooMany):
        await tight.pay(await tight.new_payment(), customer=who, card=SAME_RANGE)


async def test_nobody_locks_a_banks_customers_out(tight: Harness) -> None:
    """Of a range in which cards are tested, who has not failed pays."""
    await range_declined(tight)
    await tries(tight, PAID, 1, "198.51.100.1", SAME_RANGE)
    await tries(tight, PAID, 1, "198.51.100.2", samples.CARD)


async def test_a_range_is_shut_at_one_shop_alone(url: str) -> None:
    settings = samples.settings(samples.shop(), samples.shop(id="9"), limits=TIGHT)
    async with open_harness(url, settings=settings) as harness:
        await range_declined(harness)
        harness.gateway.will_answer(PAID)
        who = samples.changed(samples.CUSTOMER, ip="192.0.2.3")
        order = samples.order(expires_at=harness.clock() + 3600)
        made = await create.create(harness.context, order, settings.shops["9"])
        payment = await harness.pay(await harness.payment(made.uid), customer=who, card=SAME_RANGE)
        assert payment.status is Status.PAID


async def test_while_cards_are_tested_at_a_shop(tight: Harness) -> None:
    """From many addresses, of many ranges: each may correct itself once; others pay as ever."""
    for number in range(20):
        await decline(tight, 1, f"192.0.2.{number}", card_of(number))
    tight.clock.move(3)
    await decline(tight, 1, "192.0.2.1", OTHER_RANGE)
    with pytest.raises(TooMany):
        await decline(tight, 1, "192.0.2.1", OTHER_RANGE)
    await tries(tight, PAID, 1, "198.51.100.1", SAME_RANGE)
    # It is over when as many pay.
    for number in range(21):
        await tries(tight, PAID, 1, f"198.51.100.{number}", SAME_RANGE)
    tight.clock.move(3)
    await decline(tight, 1, "192.0.2.1", OTHER_RANGE)


class Counted(WrappedLedger):
    """A ledger that counts what is written."""

    written = 0

    async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        self.written += 1
        return await super().write(verb, *args, **kwargs)


async def test_who_goes_on_keeps_no_writer_busy(tight: Harness) -> None:
    """What is refused by the address's limit is refused by a look; and a form that was taken is
    answered as it stands, at the limit too."""
    who = samples.changed(samples.CUSTOMER, ip="192.0.2.1")
    last = await tight.new_payment()
    form = submission(last, customer=who)
    await decline(tight, 3, "192.0.2.1", OTHER_RANGE)
    taken = await charge.pay(tight.context, last, form)
    assert len(taken.attempts) == 1
    ledger = Counted(tight.ledger)
    context = Context(tight.settings, ledger, tight.gateways, schedule=PACE, clock=tight.clock)
    payment = await tight.new_payment()
    for _ in range(10):
        with pytest.raises(TooMany):
            await charge.pay(context, payment, submission(payment, customer=who))
    assert ledger.written == 0
    assert (await charge.pay(context, last, form)).attempts == taken.attempts


async def test_alerts_come_once_in_their_time(tight: Harness) -> None:
    """However many addresses come; each refusal is counted."""
    labels = {"limit": "declines_per_address_10min", "answer": "refused"}
    before = REGISTRY.get_sample_value("checkout_limited_total", labels) or 0.0
    with capture_logs() as said:
        for _ in range(3):
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
                for number in range(4):
                    await decline(tight, 1, address, card_of(number))
                for _ in range(5):
                    with pytest.raises(TooMany):
                        await decline(tight, 1, address, OTHER_RANGE)
            tight.clock.move(600)
    alerts = [each for each in said if each.get("alert")]
    assert [each["event"] for each in alerts] == ["limit.declines"] * 3
    assert alerts[0]["limit"] == "declines_per_address_10min"
    assert "192.0.2.1" not in str(said)
    assert REGISTRY.get_sample_value("checkout_limited_total", labels) == before + 45


async def test_customers_of_no_known_address_do_not_count_together(tight: Harness) -> None:
    nobody = samples.changed(samples.CUSTOMER, ip=None)
    tight.gateway.will_answer(DECLINED)
    for number in range(6):
        await tight.pay(await tight.new_payment(), customer=nobody, card=card_of(number))
    assert len(tight.gateway.charges) == 6


async def test_a_method_without_a_card_has_no_range(tight: Harness) -> None:
    tight.gateway.will_answer(DECLINED)
    payment = await tight.pay(await tight.new_payment(), card=None)
    assert payment.attempts[0].bin_mark is None


async def test_marks_tell_nothing(tight: Harness) -> None:
    """A keyed digest: the same in this server, another one under other secrets."""
    payment = await tight.paid_with(DECLINED)
    mark = payment.attempts[0].bin_mark
    assert mark is not None
    assert "420000" not in mark
    other = tight.restarted(settings=samples.settings(secrets=("another secret " * 3,)))
    again = await tight.new_payment()
    again = await charge.pay(other, again, submission(again))
    assert again.attempts[0].bin_mark not in (None, mark)
