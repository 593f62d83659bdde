"""Invoices: made by one key once, cancelled for good, and never while money is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from checkout.errors import Cancelled, Gone, NotFound, Unprocessable
from checkout.identifiers import new_payment_secret
from checkout.ledger.invoices import Standing
from checkout.ledger.rows import Payment, PaymentRow
from checkout.model.status import Status
from checkout.payments import create, customer_actions, invoices
from checkout.shop_api.checkout_request import read_link_order
from checkout.shop_api.invoices import read_invoice
from checkout.signing import read_link
from tests.support import samples
from tests.support.fake_gateway import AUTHORIZED, DECLINED, PAID, PENDING, REQUIRES_ACTION
from tests.support.harness import Harness, open_harness
from tests.support.ledgers import WrappedLedger

BODY: dict[str, Any] = {
    "amount": 1250, "currency": "EUR", "description": "Chairs", "send": False, "attempts": 2,
    "notification_url": samples.NOTIFIED,
}  # fmt: skip


@pytest.fixture
async def harness(url: str) -> AsyncIterator[Harness]:
    shop = samples.shop(link_keys=(new_payment_secret() * 2, new_payment_secret() * 2))
    async with open_harness(url, settings=samples.settings(shop)) as opened:
        yield opened


async def make(harness: Harness, key: str | None = None, **changes: Any) -> Standing:
    draft = read_invoice(BODY | changes, harness.shop, harness.settings, harness.clock())
    return await invoices.make(
        harness.context, draft, harness.shop, idempotency_key=key, digest="d"
    )


async def opened(harness: Harness, made: Standing) -> PaymentRow:
    """As the link's page opens it: by what the link says, and nothing else."""
    link = read_link(made.invoice.signed, harness.settings.shops)
    order = read_link_order(link.data, harness.shop, sandbox=False, now=harness.clock())
    return await create.open_link(harness.context, link.digest, order, harness.shop)


async def payment(harness: Harness, made: Standing) -> Payment:
    return await harness.payment((await opened(harness, made)).uid)


async def test_its_payment_is_found_by_its_link(harness: Harness) -> None:
    made = await make(harness)
    assert made.payment is None
    payment = await opened(harness, made)
    standing = await invoices.find(harness.context, made.invoice.id, harness.shop)
    assert standing.payment is not None
    assert standing.payment.uid == payment.uid
    # What was read at once is what the link says.
    assert payment.order == made.invoice.order
    assert payment.expires_at == made.invoice.expires_at


async def test_twice_at_once_by_one_key(harness: Harness) -> None:
    made = await asyncio.gather(*(make(harness, "k") for _ in range(10)))
    assert len({each.invoice.id for each in made}) == 1


async def test_it_ends_at_its_time(harness: Harness) -> None:
    made = await make(harness)
    harness.clock.move(7 * 24 * 3600)
    with pytest.raises(Gone):
        await opened(harness, made)


async def test_nobody_elses(harness: Harness) -> None:
    made = await make(harness)
    other = samples.shop(id="999")
    for verb in (invoices.find, invoices.cancel):
        with pytest.raises(NotFound):
            await verb(harness.context, made.invoice.id, other)
    with pytest.raises(NotFound):
        await invoices.send_again(harness.context, made.invoice.id, other, None)


# --- Cancelling --------------------------------------------------------------------------------


async def test_an_unopened_one_is_shut(harness: Harness) -> None:
    made = await make(harness)
    standing = await invoices.cancel(harness.context, made.invoice.id, harness.shop)
    assert standing.invoice.cancelled_at == harness.clock()
    with pytest.raises(Cancelled):
        await opened(harness, made)
    found = await invoices.find(harness.context, made.invoice.id)
    assert found.payment is None
    assert found.status(harness.clock()) is Status.CANCELLED


async def test_an_opened_one_is_shut_with_its_payment(harness: Harness) -> None:
    made = await make(harness)
    before = await payment(harness, made)
    await invoices.cancel(harness.context, made.invoice.id, harness.shop)
    with pytest.raises(Cancelled):
        await opened(harness, made)
    assert await harness.status(before) is Status.CANCELLED
    assert "invoice_cancelled" in await harness.kinds(before)
    assert await harness.told(before) == [], "the shop knows: it was the shop"
    after = await harness.pay(before)
    assert after.attempts == ()
    assert harness.gateway.charges == []


async def test_a_customer_who_gives_up_is_told_of(harness: Harness) -> None:
    """Without asking: what gives up an invoice is no plugin's checkout."""
    left = await payment(harness, await make(harness))
    await customer_actions.cancel(harness.context, left)
    assert await harness.told(left) == ["canceled"]


async def test_a_second_time_changes_nothing(harness: Harness) -> None:
    made = await make(harness)
    first = await invoices.cancel(harness.context, made.invoice.id)
    harness.clock.move(60)
    assert await invoices.cancel(harness.context, made.invoice.id) == first


async def test_a_declined_one_is_shut(harness: Harness) -> None:
    made = await make(harness)
    harness.gateway.will_answer(DECLINED)
    declined = await harness.pay(await payment(harness, made))
    assert await harness.status(declined) is Status.OPEN, "one more try is left"
    await invoices.cancel(harness.context, made.invoice.id)
    assert await harness.status(declined) is Status.CANCELLED


@pytest.mark.parametrize(
    ("answer", "word"),
    [(PAID, "successful"), (AUTHORIZED, "successful"), (PENDING, "pending"),
     (REQUIRES_ACTION, "incomplete")],
)  # fmt: skip
async def test_money_on_its_way_is_not_cancelled(harness: Harness, answer: Any, word: str) -> None:
    made = await make(harness)
    harness.gateway.will_answer(answer)
    before = await harness.pay(await payment(harness, made))
    with pytest.raises(Unprocessable) as refused:
        await invoices.cancel(harness.context, made.invoice.id)
    assert f"is {word}" in refused.value.fields["status"][0]
    found = await invoices.find(harness.context, made.invoice.id)
    assert found.invoice.cancelled_at is None
    assert (await opened(harness, made)).uid == before.uid
    assert await harness.payment(before) == before


async def test_late_money_counts_before_the_cancelling(harness: Harness) -> None:
    """A decline that was none: the customer sees that it is paid, and the shop too."""
    made = await make(harness)
    harness.gateway.will_answer(DECLINED)
    before = await harness.pay(await payment(harness, made))
    await invoices.cancel(harness.context, made.invoice.id)
    harness.gateway.news = PAID
    harness.gateway.will_state(PAID)
    await harness.notify(before.attempts[0])
    await harness.context.finish()
    await harness.sweep(5)
    found = await invoices.find(harness.context, made.invoice.id)
    assert found.status(harness.clock()) is Status.PAID
    assert (await opened(harness, made)).uid == before.uid
    assert await harness.told(before) == ["successful"]


async def test_cancelled_while_it_is_being_opened(harness: Harness) -> None:
    """Whoever is first: no cancelled invoice can be paid."""
    for _ in range(10):
        made = await make(harness)
        await asyncio.gather(
            opened(harness, made), invoices.cancel(harness.context, made.invoice.id),
            opened(harness, made), return_exceptions=True,
        )  # fmt: skip
        found = await invoices.find(harness.context, made.invoice.id)
        assert found.invoice.cancelled_at is not None
        assert found.payment is None or found.payment.status_at(harness.clock()) is Status.CANCELLED


async def test_cancelled_between_the_read_and_the_writing(harness: Harness) -> None:
    made = await make(harness)
    invoice = made.invoice

    class Between(WrappedLedger):
        """The ledger, at which the shop cancels just before the opening is written."""

        async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
            if verb.__name__ == "add_for_link":
                await invoices.cancel(harness.context, invoice.id)
            return await super().write(verb, *args, **kwargs)

    context = harness.restarted()
    context.ledger = Between(harness.ledger)
    with pytest.raises(Cancelled):
        await create.open_link(context, invoice.link, invoice.order, harness.shop)
    found = await invoices.find(harness.context, invoice.id)
    assert found.payment is None


# --- Sending again -----------------------------------------------------------------------------


async def test_nothing_is_sent_of_what_is_not_open(harness: Harness) -> None:
    made = await make(harness, email="ann@example.com")
    harness.gateway.will_answer(PAID)
    await harness.pay(await payment(harness, made))
    with pytest.raises(Unprocessable) as refused:
        await invoices.send_again(harness.context, made.invoice.id, harness.shop, None)
    assert refused.value.fields == {"status": ["is successful: nothing is left to pay"]}


async def test_without_an_address(harness: Harness) -> None:
    made = await make(harness)
    with pytest.raises(Unprocessable) as refused:
        await invoices.send_again(harness.context, made.invoice.id, harness.shop, None)
    assert list(refused.value.fields) == ["email"]
