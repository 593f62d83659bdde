"""The context of every function here: settings, ledger, gateways, schedule, clock."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import structlog

from checkout.bounded_cache import BoundedCache
from checkout.errors import CheckoutError, NotFound
from checkout.gateways.base import Gateway
from checkout.ledger.base import Ledger, P, T, Verb
from checkout.ledger.rows import Payment
from checkout.model.client_network import network_of
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments.card_testing import Guard
from checkout.payments.schedule import Schedule
from checkout.settings import Settings, Shop

if TYPE_CHECKING:
    from checkout.ledger.wakeups import Wakeups
    from checkout.payments.ledger_shops import LedgerShops

log = structlog.get_logger(__name__)

MOVED: Final = "moved"  # a word of `Wakeups`
SHOPS: Final = "shops"  # the same: shops of the ledger have changed
SEEN: Final = 8 * 1024 * 1024  # bytes of payments cached for status polling


class Context:
    """One worker's settings, ledger and gateway accounts, and what is under way in it."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        gateways: Mapping[str, Gateway],
        *,
        schedule: Schedule | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.gateways = gateways
        self.schedule = schedule or Schedule()
        self.clock = clock
        self.webhooks_due = asyncio.Event()
        self.mails_due = asyncio.Event()
        self.shops_due = asyncio.Event()
        self.wakeups: Wakeups | None = None  # of servers over one PostgreSQL
        self.ledger_shops: LedgerShops | None = None  # None: the ledger has none
        self.verify: Callable[[Payment], Awaitable[Outcome | None]] | None = None
        self.unreadable: dict[str, float] = {}  # payments that recovery can't read -> its next try
        # When it was read, and the payment itself, where it is looked at often.
        self.seen = BoundedCache[str, tuple[float, Payment | None]](SEEN)
        self.guard = Guard(settings.limits, ledger, clock)
        self._running: set[asyncio.Task[Any]] = set()
        # Attempt key -> set once its answer is recorded.
        self.charging: dict[str, asyncio.Event] = {}
        # Payment that somebody waits for -> set once this worker has tried its webhook.
        self.webhook_tried = WeakValueDictionary[str, asyncio.Event]()

    async def write(self, uid: str, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that changes a payment, and drop the payment from the cache."""
        try:
            return await self.ledger.write(verb, *args, **kwargs)
        finally:
            self.forget(uid)

    async def write_unsynced(
        self, uid: str, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`write`, of what a power cut may undo."""
        try:
            return await self.ledger.write_unsynced(verb, *args, **kwargs)
        finally:
            self.forget(uid)

    def forget(self, uid: str) -> None:
        """Drop a payment from the cache, of this worker and, soon, of other servers: it has
        changed."""
        self.seen.drop(uid)
        if self.wakeups is not None:
            self.wakeups.tell(f"{MOVED}:{uid}")

    def wake(self, word: str) -> None:
        """What another worker tells (`Wakeups`)."""
        kind, _, uid = word.partition(":")
        if kind == MOVED:
            self.seen.drop(uid)
            if tried := self.webhook_tried.get(uid):
                tried.set()
        elif kind in (due := self._due):
            due[kind].set()

    @property
    def _due(self) -> dict[str, asyncio.Event]:
        return {"webhooks": self.webhooks_due, "mails": self.mails_due, SHOPS: self.shops_due}

    async def pass_on(self) -> None:
        """Tell other servers what is due, as this one ends."""
        if self.wakeups is None:
            return
        for word, due in self._due.items():
            if due.is_set():
                self.wakeups.tell(word)
        await self.wakeups.finish()
        await self.wakeups.close()

    def query_interval(self, account: str) -> float | None:
        """`Capabilities.query_interval` of an account's gateway; None for an unknown account."""
        gateway = self.gateways.get(account)
        return gateway.capabilities.query_interval if gateway else None

    def shop(self, payment: Payment) -> Shop:
        shop = self.settings.shops.get(payment.shop)
        if shop is None:
            raise NotFound
        return shop

    def status_of(self, payment: Payment) -> Status:
        return payment.status_at(self.clock())

    def address_mark(self, address: str | None) -> str | None:
        """The mark of an address's network, by which limits count it."""
        return self.mark("address", network_of(address)) if address else None

    def mark(self, *values: str) -> str:
        """A keyed digest: equal values can be counted, but not read back."""
        key = self.settings.secrets[-1].encode()
        return hmac.new(key, ":".join(values).encode(), "sha256").hexdigest()[:32]

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, CheckoutError):  # the caller answers those
            log.error("payments.fault", error=type(error).__name__, alert=True)

    async def finish(self, seconds: float = 30.0) -> None:
        """Wait for what is under way; recovery settles the rest after the next start."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
