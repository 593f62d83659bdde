"""Readiness of this worker: the ledger can be written, and no background task hangs. Failures are
alerted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError

from checkout.ledger import write_check
from checkout.ledger.base import Ledger
from checkout.payments.metrics import LEDGER_WRITABLE

log = structlog.get_logger(__name__)

LEDGER: Final = "ledger"
FRESH: Final = 1.0  # seconds that a result stays valid: at most one write in that time
DEADLINE: Final = 3.0  # seconds for that write
AGAIN: Final = 60.0  # seconds between two alerts of the same


class Readiness:
    """`overdue`: `Background.overdue`."""

    def __init__(
        self,
        ledger: Ledger,
        overdue: Callable[[], list[str]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._overdue = overdue
        self._clock = clock
        self._writable = True
        self._checked = float("-inf")
        self._began = 0.0
        self._probe: asyncio.Task[None] | None = None
        self._alerted: dict[str, float] = {}

    async def failing(self) -> list[str]:
        """What fails: `ledger`, names of background tasks; empty: ready."""
        found = self._overdue()
        if not await self._can_write():
            found.append(LEDGER)
        self._alert(found)
        return found

    async def _can_write(self) -> bool:
        """One write at a time, however many requests need it; while one takes longer than
        `DEADLINE`, the ledger counts as not writable."""
        if self._probe is None:
            if self._clock() < self._checked + FRESH:
                return self._writable
            self._began = self._clock()
            self._probe = asyncio.create_task(self._write())
        probe = self._probe
        left = self._began + DEADLINE - self._clock()
        done, _ = await asyncio.wait({probe}, timeout=max(left, 0.0))
        if not done:
            LEDGER_WRITABLE.set(0)
            return False
        return self._writable

    async def _write(self) -> None:
        written = False
        try:
            await self._ledger.write_unsynced(write_check.beat, time.time())
            written = True
        except IntegrityError:  # another worker inserted the row first
            written = True
        except Exception as error:  # noqa: BLE001 - any error means that it was not written
            log.warning("ledger.unwritable", error=type(error).__name__)
        finally:
            self._writable, self._checked, self._probe = written, self._clock(), None
            LEDGER_WRITABLE.set(written)

    def _alert(self, failing: list[str]) -> None:
        now = self._clock()
        for name in failing:
            if now >= self._alerted.get(name, float("-inf")) + AGAIN:
                self._alerted[name] = now
                log.error("unready", failing=name, alert=True)
        for name in self._alerted.keys() - set(failing):
            del self._alerted[name]
            log.warning("ready.again", recovered=name)
