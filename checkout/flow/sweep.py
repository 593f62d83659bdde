"""What happens although nobody watches: open attempts are asked about, open forms expire."""

from __future__ import annotations

import asyncio

import structlog

from checkout.errors import CheckoutError
from checkout.flow import record
from checkout.flow.pace import HOUR, next_sweep
from checkout.flow.verbs import Flow
from checkout.ledger import attempts, payments
from checkout.ledger.rows import Attempt, Story
from checkout.model.status import LIVE, Status

log = structlog.get_logger(__name__)


async def sweep(flow: Flow) -> int:
    """One look at what is due, on this machine's share; how many rows it moved."""
    now = flow.clock()
    for uid in await flow.ledger.read(payments.to_expire, now):
        await flow.write(uid, record.expire, flow.book, uid, now)
        flow.letters_waiting.set()
    due = await flow.ledger.read(attempts.to_sweep, now)
    await asyncio.gather(*(_ask(flow, attempt, now) for attempt in due))
    return len(due)


async def _ask(flow: Flow, attempt: Attempt, now: float) -> None:
    story = await flow.ledger.read(record.read, attempt.payment)
    until = next_sweep(attempt.created_at, now, story.payment.expires_at)
    lease = now + HOUR if until is None else until
    if await flow.ledger.write(attempts.take_sweep, attempt, until=lease):
        _, answered = await flow.ask(attempt)
        if until is None:
            await _past_its_time(flow, attempt, lease, answered)


async def _past_its_time(flow: Flow, attempt: Attempt, lease: float, answered: bool) -> None:
    """The last question is asked until it is answered. Time alone never ends an attempt: a person
    has to look."""
    after = await flow.ledger.read(attempts.by_key, attempt.key)
    if after is None:
        return
    if answered and after.sweep_at == lease:
        await flow.ledger.write(attempts.take_sweep, after, until=None)
    if after.status in (Status.CLAIMED, Status.PENDING):
        log.error("sweep.unsettled", payment=attempt.payment, attempt=attempt.number, alert=True)


async def run(flow: Flow) -> None:
    """Sweep until cancelled. A ledger that is away is no reason to stop."""
    while True:
        try:
            await sweep(flow)
        except CheckoutError as error:
            log.warning("sweep.failed", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one bad row must not end the sweep for all
            log.error("sweep.fault", error=type(error).__name__, alert=True)
        await asyncio.sleep(flow.pace.sweep)


async def reconcile(flow: Flow, uid: str) -> Story:
    """Ask about every attempt of a payment that is not ended by the gateway's word, now."""
    story = await flow.ledger.read(record.read, uid)
    for attempt in story.attempts:
        if attempt.status in LIVE or attempt.sweep_at is not None:
            story = await flow.refresh(attempt)
    if story.status(flow.clock()) is not story.payment.status:
        story = await flow.write(uid, record.expire, flow.book, uid, flow.clock())
    return story
