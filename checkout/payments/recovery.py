"""Recovery in the background: query open attempts and operations, expire payments and
reservations."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Coroutine
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import Connection

from checkout.errors import CheckoutError
from checkout.ledger import attempts, events, operations, payments, products
from checkout.ledger.attempts import Due
from checkout.ledger.events import Event
from checkout.ledger.rows import Attempt, Payment
from checkout.model.status import LIVE, SUCCESSFUL, Status
from checkout.payments import reservations, status_query, transitions
from checkout.payments.context import Context
from checkout.payments.operations import query_operation
from checkout.payments.schedule import DAY, HOUR, next_recovery
from checkout.payments.status_query import QueryResult

log = structlog.get_logger(__name__)

AT_ONCE: Final = 50  # queries of a worker to one account
LAPSE_AGAIN: Final = 5.0  # seconds, where too many queries to the account are under way


class Sweeper:
    """Recovery of one worker. Queries run as tasks, at most `AT_ONCE` for each account: a turn
    waits for no gateway, and a gateway that hangs delays only its own payments."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._querying = Counter[str]()  # by account
        # By attempt key, operation uid or payment uid.
        self._running: dict[str, asyncio.Task[None]] = {}

    async def turn(self) -> None:
        """Start everything that is due and leased by no other worker."""
        context, now = self._context, self._context.clock()
        read = 100 + len(context.unreadable) + len(self._running)
        for uid in await context.ledger.read(payments.to_expire, now, read):
            if context.unreadable.get(uid, now) <= now:
                await _isolated(context, uid, _expire(context, uid, now))
        for uid in await context.ledger.read(products.overdue, now, read):
            if context.unreadable.get(uid, now) <= now:
                self._start(uid, uid, self._lapse(uid))
        for due in await context.ledger.read(attempts.to_sweep, now, free=self._free):
            self._start(due.key, due.payment, _query(context, due, now), due.account)
        for open_ in await context.ledger.read(operations.to_sweep, now, free=self._free):
            self._start(
                open_.uid, open_.payment, _query_operation(context, open_, now), open_.account
            )

    async def finish(self) -> None:
        """Wait for the tasks. Raises what they raised."""
        await asyncio.gather(*self._running.values())

    def _free(self, account: str) -> int:
        return AT_ONCE - self._querying[account]

    def _start(
        self,
        about: str,
        payment: str,
        work: Coroutine[Any, Any, None],
        account: str | None = None,
    ) -> None:
        if about in self._running or (account is not None and self._free(account) <= 0):
            work.close()
            return
        task = self._context.run(_isolated(self._context, payment, self._counted(work, account)))
        self._running[about] = task
        task.add_done_callback(partial(self._ended, about))

    async def _counted(self, work: Awaitable[object], account: str | None) -> None:
        if account is None:
            await work
            return
        self._querying[account] += 1
        try:
            await work
        finally:
            self._querying[account] -= 1

    def _ended(self, about: str, task: asyncio.Task[None]) -> None:
        del self._running[about]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CheckoutError):
            log.warning("sweep.failed", error=type(error).__name__)

    async def _lapse(self, uid: str) -> None:
        """A buyer's time is over: query once more, as they may have paid just now, and release."""
        context = self._context
        payment = await context.ledger.read(transitions.read, uid)
        if payment.live is not None:
            if self._free(payment.live.account) <= 0:
                later = context.clock() + LAPSE_AGAIN
                await context.ledger.write_unsynced(products.postpone, uid, later)
                return
            query = status_query.refresh_if_due(context, payment)
            await self._counted(query, payment.live.account)
        await context.write(uid, reservations.lapse, uid, context.clock())


async def sweep(context: Context) -> None:
    """One turn, until everything that it started has ended."""
    sweeper = Sweeper(context)
    await sweeper.turn()
    await sweeper.finish()


async def _isolated(context: Context, uid: str, work: Awaitable[None]) -> None:
    """A row that can't be handled must not stop the others: alert, and retry it in an hour."""
    try:
        await work
    except CheckoutError:
        raise
    except Exception as error:  # noqa: BLE001
        context.unreadable[uid] = context.clock() + HOUR
        log.error("sweep.fault", payment=uid, error=type(error).__name__, alert=True)
    else:
        context.unreadable.pop(uid, None)


async def _expire(context: Context, uid: str, now: float) -> None:
    await context.write(uid, transitions.expire, context, uid, now)
    context.webhooks_due.set()


async def _query_operation(context: Context, due: operations.Due, now: float) -> None:
    # Leased for an hour, which is the delay where the row can't be read.
    if await context.ledger.write_unsynced(operations.take_sweep, due, until=now + HOUR):
        await query_operation(context, due.uid)


async def _query(context: Context, due: Due, now: float) -> None:
    until = await _next(context, due, now)
    lease = now + HOUR if until is None else until
    if not await context.ledger.write_unsynced(attempts.take_sweep, due, until=lease):
        return
    attempt = await context.ledger.read(attempts.by_key, due.key)
    if attempt is None:
        return
    _, result = await status_query.query_attempt(context, attempt)
    if until is None and result is not QueryResult.NOT_QUERIED:
        await _end_of_recovery(context, due, attempt, lease, result)


async def _next(context: Context, due: Due, now: float) -> float | None:
    """When to query after this query; None: it is the last. A notification begins the intervals
    anew where they are over, for a day: queries that fail must not leave late money to a person."""
    alive = due.status == Status.PENDING
    slow = context.query_interval(due.account)
    at = next_recovery(due.created_at, now, due.expires_at, slow=slow, alive=alive)
    if at is not None:
        return at
    said = await context.ledger.read(_last_notification, due.payment, due.number)
    return None if said is None else next_recovery(said.at, now, said.at + DAY)


async def _end_of_recovery(
    context: Context, due: Due, attempt: Attempt, lease: float, result: QueryResult
) -> None:
    """That was the last query, unless its answer gives the attempt more time. Time alone never ends
    an attempt: where its end is unknown a person is alerted, and `reconcile` still queries it."""
    after = await context.ledger.read(attempts.by_key, attempt.key)
    if after is None or after.sweep_at != lease:
        return  # the answer was final
    until = await _next(context, msgspec.structs.replace(due, status=after.status), context.clock())
    await context.ledger.write_unsynced(attempts.take_sweep, after, until=until)
    if until is not None:
        return
    said = await context.ledger.read(_last_notification, due.payment, due.number)
    unconfirmed = said is not None and said.data["says"] in SUCCESSFUL
    if (
        unconfirmed
        or result is QueryResult.UNANSWERED
        or after.status in (Status.SUBMITTING, Status.PENDING)
    ):
        log.error("sweep.unsettled", payment=attempt.payment, attempt=attempt.number, alert=True)


def _last_notification(conn: Connection, payment: str, number: int) -> Event | None:
    """The last notification of an attempt that said something else than we know."""
    found = [
        each
        for each in events.of(conn, payment)
        if (each.kind, each.attempt) == ("notified", number) and not each.data["agrees"]
    ]
    return found[-1] if found else None


async def reconcile(context: Context, uid: str) -> Payment:
    """Query every attempt of a payment now: also those that ended, which may have been paid since,
    and those that were paid, which the gateway may have refunded since."""
    payment = await context.ledger.read(transitions.read, uid)
    for attempt in payment.attempts:
        payment = await status_query.refresh(context, attempt)
    for operation in await context.ledger.read(operations.of, uid):
        if operation.status in LIVE:
            await query_operation(context, operation.uid)
            payment = await context.ledger.read(transitions.read, uid)
    if payment.status_at(context.clock()) is not payment.status:
        payment = await context.write(uid, transitions.expire, context, uid, context.clock())
    return payment
