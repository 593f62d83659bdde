"""Status queries that a waiting page makes due, behind it: a poll is answered from what is known
and waits for no gateway.

Each account has a line. Whenever queries may start, those of the line that were due first are taken
in one write for all of them, and sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Final, NamedTuple

from checkout.ledger import attempts
from checkout.ledger.rows import Payment
from checkout.payments import status_query, transitions
from checkout.payments.context import Context
from checkout.payments.schedule import POLL_INTERVALS

AT_ONCE: Final = 64  # queries of a worker to one account; charges need connections too
GATHER: Final = 0.03  # seconds in which those gather that one write takes
MOST: Final = 16  # that one write takes of an account: their answers come together, too
YIELDS: Final = 4.0  # times as long as the event loop is late, queries let others go first


class DueQuery(NamedTuple):
    """An attempt's place in line."""

    key: str
    payment: str
    number: int
    account: str


class DueQueries:
    """The lines of one worker. An attempt stands in them once, however many pages wait for it; that
    all workers together send one query in an interval is the ledger's to decide."""

    def __init__(self, context: Context, *, at_once: int = AT_ONCE) -> None:
        self._context = context
        self._at_once = at_once
        # By account; by key, the longest due first.
        self._lines = defaultdict[str, dict[str, DueQuery]](dict)
        self._querying = Counter[str]()  # by account
        self._under_way = set[str]()  # keys of those in line and being queried
        self._ends: dict[str, asyncio.Event] = {}  # by key, where somebody waits for the end
        self._starting: asyncio.Task[None] | None = None

    def notice(self, payment: Payment) -> bool:
        """Have the gateway queried where the payment's live attempt is due for it. Whether a query
        is under way, or about to be; False where it waits in a long line."""
        attempt = payment.live
        if attempt is None:
            return False
        if attempt.key not in self._under_way:
            if not status_query.is_due(self._context, payment):
                return False
            due = DueQuery(attempt.key, attempt.payment, attempt.number, attempt.account)
            self._under_way.add(due.key)
            self._lines[due.account][due.key] = due
            self._start()
        return attempt.key not in self._lines[attempt.account] or self._has_room(attempt.account)

    async def look(self, payment: Payment, seconds: float) -> Payment:
        """The payment, after the query that is due if it ends in that time. In a long line it is
        not waited for."""
        attempt = payment.live
        if not self.notice(payment) or attempt is None:
            return payment
        ended = self._ends.setdefault(attempt.key, asyncio.Event())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
        return await self._context.ledger.read(transitions.read, payment.uid)

    def clear(self) -> None:
        """Nobody is in line any longer: they are due again with their next poll, or recovery
        queries them."""
        for line in self._lines.values():
            for key in line:
                self._end(key)
            line.clear()

    def _has_room(self, account: str) -> bool:
        """Whether all in line may be queried at once."""
        return len(self._lines[account]) <= self._at_once - self._querying[account]

    def _start(self) -> None:
        if self._starting is None:
            self._starting = self._context.run(self._start_all())

    async def _start_all(self) -> None:
        """Start queries as long as any may start; where none may, the next that ends goes on."""
        try:
            await _gathered()
            while found := self._next():
                await self._take(found)
                await _gathered()
        except BaseException:  # the ledger is away
            self.clear()
            raise
        finally:
            self._starting = None

    def _next(self) -> list[DueQuery]:
        """Those of each line that may start now; they count as being queried from here on."""
        found = []
        for account, line in self._lines.items():
            for key in list(line)[: min(self._at_once - self._querying[account], MOST)]:
                found.append(line.pop(key))
                self._querying[account] += 1
        return found

    async def _take(self, found: list[DueQuery]) -> None:
        """Take the right to query all of them, and send those that no other worker has taken."""
        taken = set[str]()
        try:
            taken = await self._context.ledger.write_unsynced(
                attempts.take_queries,
                [due.key for due in found],
                now=self._context.clock(),
                intervals=POLL_INTERVALS,
            )
        finally:
            for due in found:
                self._context.forget(due.payment)
                if due.key in taken:
                    self._context.run(self._query(due))
                else:
                    self._leave(due)

    async def _query(self, due: DueQuery) -> None:
        try:
            await status_query.query_gateway(self._context, due.payment, due.number)
        finally:
            self._leave(due)

    def _leave(self, due: DueQuery) -> None:
        self._querying[due.account] -= 1
        self._end(due.key)
        if self._lines[due.account]:
            self._start()

    def _end(self, key: str) -> None:
        self._under_way.discard(key)
        ended = self._ends.pop(key, None)
        if ended is not None:
            ended.set()


async def _gathered() -> None:
    """Let some gather; and more where the worker has too much to do: of all that it does, queries
    are what can wait."""
    loop = asyncio.get_running_loop()
    until = loop.time() + GATHER
    await asyncio.sleep(GATHER)
    late = loop.time() - until
    if late > GATHER:
        await asyncio.sleep(late * YIELDS)
