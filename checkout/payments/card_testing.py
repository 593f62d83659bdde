"""What a worker knows of who tests cards: whom to slow down, whom to challenge, when to alert.

The limits themselves stand in the ledger, for all workers. Here is only what comes before them: an
address on its way to its limit, or any at a shop where cards are tested, waits and is challenged.
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
from checkout.ledger.rows import Attempt
from checkout.ledger.store import Ledger
from checkout.payments import limits
from checkout.payments.limits import WINDOW, Tally
from checkout.payments.metrics import ALERTS, LIMITED
from checkout.settings import Limits

log = structlog.get_logger(__name__)

FRESH: Final = 0.1  # seconds that a shop's standing is taken for known
MOST_KNOWN: Final = 10_000  # addresses on their way to a limit, and alerts, that are remembered
MOST_WAITING: Final = 32  # customers who are answered late at a time: they hold places meanwhile
ONE_CUSTOMERS: Final = ("submits_per_payment", "slow_seconds")  # limits that alert nobody
MOST_WAITING_EACH: Final = 2  # of one address


class Standing(Struct, frozen=True):
    """`near`: the address is on its way to its limit. `wary`: cards are tested at the shop."""

    near: bool = False
    under_attack: bool = False

    @property
    def suspect(self) -> bool:
        return self.near or self.under_attack


class AddressStanding(Struct, frozen=True):
    """How an address stands at a shop, and what came of its tries."""

    standing: Standing
    tally: Tally


class Recently:
    """What was noted within the window, at most so many; the longest known go first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[tuple[str, ...], float] = {}

    def __contains__(self, what: tuple[str, ...]) -> bool:
        return self._until.get(what, 0.0) > self._clock()

    def note(self, *what: str) -> bool:
        """True: it was not noted yet."""
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
        """Those that are over may be among them."""
        return len(self._until)


class Guard:
    """One a worker."""

    def __init__(self, limits: Limits, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._limits, self._ledger, self._clock = limits, ledger, clock
        self._near = Recently(clock)
        self._alerted = Recently(clock)
        self._shops: dict[str, tuple[float, bool]] = {}  # shop -> when it was looked at, wary
        self._waiting: dict[str, int] = {}  # by address

    async def look(self, shop: str, mark: str | None) -> AddressStanding:
        """How an address (`Flow.address_mark`) stands now, before it tries a card at the shop. One
        look serves all that is asked of one Pay."""
        under_attack = await self._wary(shop)
        if mark is None:
            return AddressStanding(Standing(under_attack=under_attack), Tally())
        found = await self._ledger.read(limits.of_address, mark, self._clock())
        most = limits.most_of(self._limits, under_attack=False)
        near = found.excess * limits.BEGINS >= most or found.crowded(
            self._limits.payments_per_address_10min / limits.BEGINS
        )
        if near:
            self._near.note("address", mark)
        else:
            self._near.forget("address", mark)
        return AddressStanding(Standing(near=near, under_attack=under_attack), found)

    def known(self, shop: str, mark: str | None) -> Standing:
        """What this worker knows of it without a look: what a page may show that costs nothing."""
        at, under_attack = self._shops.get(shop, (float("-inf"), False))
        under_attack = under_attack and self._clock() < at + WINDOW
        return Standing(
            near=mark is not None and ("address", mark) in self._near, under_attack=under_attack
        )

    @property
    def calm(self) -> bool:
        """Nobody is known to test cards."""
        return not self._near and not any(under_attack for _, under_attack in self._shops.values())

    async def admit(self, attempt: Attempt, look: AddressStanding | None = None) -> bool:
        """Lets an address on its way to its limit wait. Whether cards are tested at the shop.
        `look`: made of its address and shop for this try, where one was.

        Raises TooMany where too many wait; and at the limit already: whoever goes on although
        refused is not to keep the ledger's writer busy.
        """
        if attempt.shop is None:
            return False
        look = look or await self.look(attempt.shop, attempt.address_mark)
        standing = look.standing
        limits.check_failed(
            self._limits, look.tally, self._clock(), under_attack=standing.under_attack
        )
        if standing.near and self._limits.slow_seconds:
            await self._wait(attempt.address_mark or "")
        return standing.under_attack

    async def _wait(self, mark: str) -> None:
        """A wait holds a place of the worker's, so that there are few, and fewer for each: who
        comes in crowds is refused at once, and costs nothing."""
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
        """Counts each; alerts once within the window for a limit and a shop, however many come."""
        LIMITED.labels(refused.limit, "refused").inc()
        shop = attempt.shop or ""
        if refused.limit not in ONE_CUSTOMERS and self._alerted.note(refused.limit, shop):
            told = {"limit": refused.limit, "payment": attempt.payment, "shop": attempt.shop}
            ALERTS.labels("card_testing").inc()
            log.warning("limit.declines", **told, alert=True)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Around what opens a payment for a visitor: counts and alerts like `refused`."""
        try:
            yield
        except TooMany as refused:
            LIMITED.labels(refused.limit, "refused").inc()
            if self._alerted.note(refused.limit):
                ALERTS.labels("openings").inc()
                log.warning("limit.openings", limit=refused.limit, alert=True)
            raise

    async def _wary(self, shop: str) -> bool:
        now = self._clock()
        at, under_attack = self._shops.get(shop, (float("-inf"), False))
        if not at <= now < at + FRESH:
            under_attack = await self._ledger.read(limits.tested, self._limits, shop, now)
            self._shops[shop] = (now, under_attack)
            if under_attack and self._alerted.note("shop", shop):
                ALERTS.labels("card_testing").inc()
                log.warning("card_testing", shop=shop, alert=True)
        return under_attack
