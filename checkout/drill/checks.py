"""Checks: what the shop should have done after each step, and what it did."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from checkout.drill.customer import Order
from checkout.drill.shop import OrderState, Shop

POLL_INTERVAL: Final = 0.1
"""Seconds between two reads of an order's state."""

TIMES: Final = {0: "not handed over", 1: "handed over once"}


class Check(Struct, frozen=True):
    """After which step (`after`), what the shop `should` have done, what it `did`."""

    after: str
    should: str
    did: str
    passed: bool


class Patience(Struct, frozen=True, kw_only=True):
    """Seconds. `most`: how long a shop may take to come to the right state; `quiet`: how long it
    must keep that state."""

    most: float = 10.0
    quiet: float = 1.0


@dataclass(slots=True)
class Checks:
    """Makes the checks of one scenario; `results`: those made so far."""

    shop: Shop
    patience: Patience
    results: list[Check] = field(default_factory=list)

    async def paid(self, order: Order, after: str, *, handed_over: bool = True) -> None:
        """The order is paid within `most`, stays paid, and is handed over once. Without
        `handed_over` (a late payment) it need not be handed over."""
        right = (None, 1) if handed_over else (None, 0, 1)
        until = time.monotonic() + self.patience.most
        state = await self.shop.order_state(order)
        while not (state.paid and state.fulfilled in right) and time.monotonic() < until:
            if (state.fulfilled or 0) > 1:
                break  # it can't become right any more
            await asyncio.sleep(POLL_INTERVAL)
            state = await self.shop.order_state(order)
        await asyncio.sleep(self.patience.quiet)
        state = await self.shop.order_state(order)
        count = "handed over once" if handed_over else "handed over once at most"
        self._add_state(after, state, "paid", count, state.paid and state.fulfilled in right)

    async def unpaid(self, order: Order, after: str) -> None:
        await asyncio.sleep(self.patience.quiet)
        state = await self.shop.order_state(order)
        right = not state.paid and state.fulfilled in (None, 0)
        self._add_state(after, state, "not paid", "not handed over", right)

    def _add_state(
        self, after: str, state: OrderState, should: str, count: str, passed: bool
    ) -> None:
        if state.fulfilled is None:
            self._add(after, should, state.status, passed)
            return
        times = TIMES.get(state.fulfilled, f"handed over {state.fulfilled} times")
        self._add(after, f"{should}, {count}", f"{state.status}, {times}", passed)

    def _add(self, after: str, should: str, did: str, passed: bool) -> None:
        self.results.append(Check(after, should, did, passed))

    def answered(self, after: str, answer: str) -> None:
        """A webhook should be answered with 2xx: else it is retried for days."""
        self._add(after, "answers 2xx", f"answered {answer}", answer.startswith("2"))

    def page_shown(self, after: str, answer: str) -> None:
        """The customer came back: whatever the address says, the shop should show a page."""
        passed = answer.startswith("2") or (answer.startswith("4") and answer != "404")
        self._add(after, "shows a page", f"answered {answer}", passed)
