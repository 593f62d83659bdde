"""What happens although nobody watches: open attempts are asked about, open forms expire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Coroutine
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from checkout.errors import CheckoutError
from checkout.ledger import attempts, operations, payments, products
from checkout.ledger.attempts import Due
from checkout.ledger.rows import Attempt, Payment
from checkout.model.status import LIVE, Status
from checkout.payments import reservations, status_query, transitions
from checkout.payments.context import Context
from checkout.payments.operations import query_operation
from checkout.payments.schedule import HOUR, next_recovery
from checkout.payments.status_query import QueryResult

log = structlog.get_logger(__name__)

AT_ONCE: Final = 50  # questions to one account, of a worker
LAPSE_AGAIN: Final = 5.0  # seconds, where the account has no room for a last look


class Sweeper:
    """One worker's. What asks a gateway runs by itself, so many at a time for each account: a turn
    waits for no gateway, and one that hangs keeps its own waiting alone."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asking = Counter[str]()  # by account
        self._running: dict[str, asyncio.Task[None]] = {}  # by what it is about

    async def turn(self) -> None:
        """One look at what is due, on this machine's share."""
        context, now = self._context, self._context.clock()
        read = 100 + len(context.unreadable) + len(self._running)
        for uid in await context.ledger.read(payments.to_expire, now, read):
            if context.unreadable.get(uid, now) <= now:
                await _alone(context, uid, _expire(context, uid, now))
        for uid in await context.ledger.read(products.overdue, now, read):
            if context.unreadable.get(uid, now) <= now:
                self._start(uid, uid, self._lapse(uid))
        for due in await context.ledger.read(attempts.to_sweep, now, free=self._free):
            self._start(due.key, due.payment, _ask(context, due, now), due.account)
        for open_ in await context.ledger.read(operations.to_sweep, now, free=self._free):
            self._start(open_.uid, open_.payment, _look_up(context, open_, now), open_.account)

    async def finish(self) -> None:
        """Wait for what is under way. Raises what it raised."""
        await asyncio.gather(*self._running.values())

    def _free(self, account: str) -> int:
        return AT_ONCE - self._asking[account]

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
        task = self._context.run(_alone(self._context, payment, self._counted(work, account)))
        self._running[about] = task
        task.add_done_callback(partial(self._ended, about))

    async def _counted(self, work: Awaitable[None], account: str | None) -> None:
        if account is None:
            return await work
        self._asking[account] += 1
        try:
            await work
        finally:
            self._asking[account] -= 1

    def _ended(self, about: str, task: asyncio.Task[None]) -> None:
        del self._running[about]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CheckoutError):
            log.warning("sweep.failed", error=type(error).__name__)

    async def _lapse(self, uid: str) -> None:
        """A buyer's time is over: after a last look, as who has paid this moment has bought."""
        context = self._context
        payment = await context.ledger.read(transitions.read, uid)
        if payment.live is not None:
            if self._free(payment.live.account) <= 0:
                later = context.clock() + LAPSE_AGAIN
                await context.ledger.write(products.postpone, uid, later)
                return
            await self._counted(_look(context, payment), payment.live.account)
        await context.write(uid, reservations.lapse, uid, context.clock())


async def sweep(context: Context) -> None:
    """One look, and all that comes of it."""
    sweeper = Sweeper(context)
    await sweeper.turn()
    await sweeper.finish()


async def _look(context: Context, payment: Payment) -> None:
    await status_query.refresh_if_due(context, payment)


async def _alone(context: Context, uid: str, work: Awaitable[None]) -> None:
    """One bad row must not stop the others. It is looked at again in an hour; a person has to."""
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


async def _look_up(context: Context, due: operations.Due, now: float) -> None:
    # Where the row can't be read, it is looked at again in an hour.
    if await context.ledger.write(operations.take_sweep, due, until=now + HOUR):
        await query_operation(context, due.uid)


async def _ask(context: Context, due: Due, now: float) -> None:
    until = _next(context, due, now)
    lease = now + HOUR if until is None else until
    if not await context.ledger.write(attempts.take_sweep, due, until=lease):
        return
    attempt = await context.ledger.read(attempts.by_key, due.key)
    if attempt is None:
        return
    _, heard = await status_query.query_attempt(context, attempt)
    if until is None and heard is not QueryResult.NOT_QUERIED:
        await _past_its_time(context, due, attempt, lease, heard)


def _next(context: Context, due: Due, now: float) -> float | None:
    alive = due.status == Status.PENDING
    slow = context.query_interval(due.account)
    return next_recovery(due.created_at, now, due.expires_at, slow=slow, alive=alive)


async def _past_its_time(
    context: Context, due: Due, attempt: Attempt, lease: float, heard: QueryResult
) -> None:
    """That was the last question, answered or not, unless the answer is that it is under way now.
    Time alone never ends an attempt: a person has to look, and `reconcile` still asks."""
    after = await context.ledger.read(attempts.by_key, attempt.key)
    if after is None or after.sweep_at != lease:
        return
    until = _next(context, msgspec.structs.replace(due, status=after.status), context.clock())
    await context.ledger.write(attempts.take_sweep, after, until=until)
    if until is not None:
        return
    if heard is QueryResult.UNANSWERED or after.status in (Status.SUBMITTING, Status.PENDING):
        log.error("sweep.unsettled", payment=attempt.payment, attempt=attempt.number, alert=True)


async def reconcile(context: Context, uid: str) -> Payment:
    """Ask about every attempt of a payment, now: those that ended too, for late money that the
    sweep got no answer about, and those that were paid, for what the gateway did to them since."""
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
