"""Retention: removes personal data after `retention` (paid) or `retention_unpaid` of the settings.
The rows stay, with their money and states.

It works in small batches with pauses, so that payments don't wait for it. Several workers may do it
at once: each row is purged once.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import CheckoutError
from checkout.ledger import invoices, operations, personal_data
from checkout.ledger.operations import OPEN
from checkout.ledger.personal_data import Place
from checkout.ledger.rows import Payment
from checkout.model.status import LIVE, SUCCESSFUL, UNPAID_ENDS, Status
from checkout.payments import transitions
from checkout.payments.context import Context
from checkout.payments.metrics import PURGED

log = structlog.get_logger(__name__)

PAID: Final = SUCCESSFUL | {Status.REFUNDED}
BATCH: Final = 20  # rows in one transaction: some milliseconds
PAUSE: Final = 0.05  # seconds between two batches
MARKS: Final = 200  # digests and keys removed in one transaction
TURN: Final = 600.0  # seconds that it may take in each hour


class Report(Struct, kw_only=True):
    """How many payments and invoices were purged, or would be; `marks`: digests and idempotency
    keys that were removed; `kept`: how many were due but are under way, by the reason."""

    payments: int = 0
    invoices: int = 0
    marks: int = 0
    kept: dict[str, int] = {}


def why_kept(conn: Connection, payment: Payment, now: float) -> str | None:
    """Why a payment's personal data are still needed; None: they are not."""
    status = payment.status_at(now)
    if status is Status.OPEN or payment.status is Status.OPEN:
        return "it is open"
    if status in LIVE or any(attempt.live for attempt in payment.attempts):
        return "it is being paid"
    if any(attempt.sweep_at is not None for attempt in payment.attempts):
        return "its gateway is still asked about it"
    if any(each.status in OPEN for each in operations.of(conn, payment.uid)):
        return "a capture, void or refund is under way"
    if personal_data.webhooks_due(conn, payment.uid):
        return "a notification to the shop is on its way"
    return None


def purge_one(conn: Connection, uid: str, now: float, *, dry: bool = False) -> str | None:
    """Remove a payment's personal data. Returns None when done, "" where it was done before, else
    why they are still needed. `dry`: change nothing."""
    payment = transitions.lock(conn, uid)
    if personal_data.is_purged(conn, uid):
        return ""
    why = why_kept(conn, payment, now)
    if why is None and not dry:
        personal_data.purge_payment(conn, payment, now)
    return why


async def turn(context: Context) -> Report:
    """The background task: purge what is due by the settings, for `TURN` seconds at most."""
    paid, unpaid = context.settings.retention, context.settings.retention_unpaid
    done = await purge(context, paid=paid, unpaid=unpaid, seconds=TURN)
    if done.payments or done.invoices:
        log.info("purge.done", payments=done.payments, invoices=done.invoices, kept=done.kept)
    return done


async def purge(
    context: Context,
    *,
    paid: float,
    unpaid: float,
    dry: bool = False,
    seconds: float = math.inf,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Purge payments that have not changed for `paid` or `unpaid` seconds, and unopened invoices
    that expired so long ago. `dry`: only count them; `seconds`: begin no batch after; `progress`
    gets the number of payments of each batch."""
    until = time.monotonic() + seconds
    now, report = context.clock(), Report()
    found = Counter[str | None]()
    ages = [*((status, paid) for status in PAID), *((status, unpaid) for status in UNPAID_ENDS)]
    for status, age in ages:
        found += await _payments(context, status, now, age, until, dry=dry, progress=progress)
    report.payments = found.pop(None, 0)
    report.kept = {why: count for why, count in found.items() if why}
    report.invoices = await _invoices(context, now, unpaid, until, dry=dry)
    if not dry:
        report.marks = await _marks(context, now, paid, until)
        PURGED.labels("payments").inc(report.payments)
        PURGED.labels("invoices").inc(report.invoices)
        if report.payments or report.invoices:
            await context.ledger.tidy()
    return report


async def _payments(
    context: Context,
    status: Status,
    now: float,
    age: float,
    until: float,
    *,
    dry: bool,
    progress: Callable[[int], None],
) -> Counter[str | None]:
    """How many of one status were purged (None), or kept, by the reason."""
    found, after = Counter[str | None](), None
    while time.monotonic() < until and (
        due := await context.ledger.read(
            personal_data.payments_before, status, now - age, after, BATCH
        )
    ):
        found.update(await _batch(context, [each.name for each in due], now, dry=dry))
        after = due[-1]
        progress(len(due))
        await asyncio.sleep(0 if dry else PAUSE)
    return found


async def _batch(context: Context, uids: list[str], now: float, *, dry: bool) -> list[str | None]:
    def work(conn: Connection) -> list[str | None]:
        return [purge_one(conn, uid, now, dry=dry) for uid in uids]

    try:
        found = await context.ledger.write(work)
    except CheckoutError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
        if len(uids) == 1:
            log.error("purge.fault", payment=uids[0], error=type(error).__name__, alert=True)
            return ["it can't be read"]
        return [why for uid in uids for why in await _batch(context, [uid], now, dry=dry)]
    for uid in uids:
        context.forget(uid)
    return found


async def _invoices(context: Context, now: float, age: float, until: float, *, dry: bool) -> int:
    def work(conn: Connection, ids: list[str]) -> None:
        for name in ids:
            if invoices.lock(conn, name) is not None:
                personal_data.purge_invoice(conn, name, now)

    after: Place | None = None
    count = 0
    while time.monotonic() < until and (
        due := await context.ledger.read(personal_data.invoices_before, now - age, after, BATCH)
    ):
        if not dry:
            await context.ledger.write(work, [each.name for each in due])
            await asyncio.sleep(PAUSE)
        count, after = count + len(due), due[-1]
    return count


async def _marks(context: Context, now: float, paid: float, until: float) -> int:
    count = 0
    while time.monotonic() < until and (
        gone := await context.ledger.write(personal_data.forget_marks, now, now - paid, MARKS)
    ):
        count += gone
        await asyncio.sleep(PAUSE)
    return count
