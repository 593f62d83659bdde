"""Card testing defence of one worker: whom to slow down, whom to challenge, when to alert.

The hard limits are in `limits`, counted in the ledger for all workers. This module acts before they
are reached: an address close to its limit is slowed down and challenged, and every address is
challenged at a shop that is under attack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import Final

import structlog
from msgspec import Struct

from checkout.errors import TooMany
from checkout.ledger.base import Ledger
from checkout.ledger.rows import Attempt
from checkout.payments import limits
from checkout.payments.limits import WINDOW, Tally
from checkout.payments.metrics import LIMITED
from checkout.settings import Limits

log = structlog.get_logger(__name__)

FRESH: Final = 0.1  # seconds for which it is remembered whether a shop is under attack
MOST_KNOWN: Final = 10_000  # addresses close to a limit, and alerts, that are remembered
MOST_WAITING: Final = 32  # customers who are slowed down at a time: each occupies a request slot
NOT_ALERTED: Final = ("submits_per_payment", "slow_seconds")  # limits that one customer may meet
MOST_WAITING_EACH: Final = 2  # of them, from one address


class Standing(Struct, frozen=True):
    """`near`: the address is close to its limit. `under_attack`: cards are tested at the shop."""

    near: bool = False
    under_attack: bool = False

    @property
    def suspect(self) -> bool:
        return self.near or self.under_attack


class AddressStanding(Struct, frozen=True):
    """The standing of an address at a shop, and the tally of its tries."""

    standing: Standing
    tally: Tally


class RecentMarks:
    """A set whose entries expire after the window; beyond `MOST_KNOWN` the oldest are dropped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[tuple[str, ...], float] = {}

    def __contains__(self, what: tuple[str, ...]) -> bool:
        return self._until.get(what, 0.0) > self._clock()

    def note(self, *what: str) -> bool:
        """Add an entry. True: it was not in the set."""
        new = what not in self
        if new:
            self._until.pop(what, None)
            self._until[what] = self._clock() + WINDOW
            while len(self._until) > MOST_KNOWN:
                del self._until[next(iter(self._until))]
        return new

    def forget(self, *what: str) -> None:
        self._until.pop(what, None)

    def __len__(self) -> int:
        """Expired entries may be counted."""
        return len(self._until)


class Guard:
    """The card testing defence; one for each worker."""

    def __init__(self, limits: Limits, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._limits, self._ledger, self._clock = limits, ledger, clock
        self._near = RecentMarks(clock)
        self._alerted = RecentMarks(clock)
        self._shops: dict[str, tuple[float, bool]] = {}  # shop -> when it was checked, result
        self._waiting: dict[str, int] = {}  # by address

    async def standing_of(self, shop: str, mark: str | None) -> AddressStanding:
        """The standing of an address (`Context.address_mark`) now, before it tries a card at the
        shop. Read once for each submission."""
        under_attack = await self._is_attacked(shop)
        if mark is None:
            return AddressStanding(Standing(under_attack=under_attack), Tally())
        found = await self._ledger.read(limits.of_address, mark, self._clock())
        most = limits.most_of(self._limits, under_attack=False)
        near = found.excess * limits.NEAR_DIVISOR >= most or found.crowded(
            self._limits.payments_per_address_10min / limits.NEAR_DIVISOR
        )
        if near:
            self._near.note("address", mark)
        else:
            self._near.forget("address", mark)
        return AddressStanding(Standing(near=near, under_attack=under_attack), found)

    def known(self, shop: str, mark: str | None) -> Standing:
        """The standing as this worker remembers it, without reading the ledger."""
        at, under_attack = self._shops.get(shop, (float("-inf"), False))
        under_attack = under_attack and self._clock() < at + WINDOW
        return Standing(
            near=mark is not None and ("address", mark) in self._near, under_attack=under_attack
        )

    @property
    def calm(self) -> bool:
        """Whether no address is close to its limit and no shop under attack, as far as known."""
        return not self._near and not any(under_attack for _, under_attack in self._shops.values())

    async def admit(self, attempt: Attempt, address: AddressStanding | None = None) -> bool:
        """Slow an address down that is close to its limit. Returns whether the shop is under
        attack. `address`: its standing, where it was read for this try already.

        Raises TooMany where too many wait, and where the limit is reached: requests over the limit
        must not keep the ledger's writer busy.
        """
        if attempt.shop is None:
            return False
        address = address or await self.standing_of(attempt.shop, attempt.address_mark)
        standing = address.standing
        limits.check_failed(
            self._limits, address.tally, self._clock(), under_attack=standing.under_attack
        )
        if standing.near and self._limits.slow_seconds:
            await self._wait(attempt.address_mark or "")
        return standing.under_attack

    async def _wait(self, mark: str) -> None:
        """Sleep. Each wait occupies a request slot of the worker, so they are few in all and fewer
        for one address; beyond that requests are refused at once."""
        seconds, each = self._limits.slow_seconds, self._waiting.get(mark, 0)
        if each >= MOST_WAITING_EACH or sum(self._waiting.values()) >= MOST_WAITING:
            raise TooMany(ceil(seconds), limit="slow_seconds")
        LIMITED.labels("slow_seconds", "slowed").inc()
        self._waiting[mark] = each + 1
        try:
            await asyncio.sleep(seconds)
        finally:
            if self._waiting[mark] == 1:
                del self._waiting[mark]
            else:
                self._waiting[mark] -= 1

    def refused(self, refused: TooMany, attempt: Attempt) -> None:
        """Count a refusal; alert once in a window for each limit and shop."""
        LIMITED.labels(refused.limit, "refused").inc()
        shop = attempt.shop or ""
        if refused.limit not in NOT_ALERTED and self._alerted.note(refused.limit, shop):
            data = {"limit": refused.limit, "payment": attempt.payment, "shop": attempt.shop}
            log.warning("limit.declines", **data, alert=True)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Around what opens a payment for a visitor: counts and alerts as `refused` does."""
        try:
            yield
        except TooMany as refused:
            LIMITED.labels(refused.limit, "refused").inc()
            if self._alerted.note(refused.limit):
                log.warning("limit.openings", limit=refused.limit, alert=True)
            raise

    async def _is_attacked(self, shop: str) -> bool:
        """`limits.tested`, read at most every `FRESH` seconds."""
        now = self._clock()
        at, under_attack = self._shops.get(shop, (float("-inf"), False))
        if not at <= now < at + FRESH:
            under_attack = await self._ledger.read(limits.tested, self._limits, shop, now)
            self._shops[shop] = (now, under_attack)
            if under_attack and self._alerted.note("shop", shop):
                log.warning("card_testing", shop=shop, alert=True)
        return under_attack
