"""What the sandbox remembers: one object in the application's state, lost when it ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from checkout.sandbox import codes
from checkout.sandbox.bounded import CAP, Bounded
from checkout.sandbox.notifications import Notification, Notifier
from checkout.sandbox.overpay.signature import SigningKey
from checkout.sandbox.settings import SandboxSettings
from checkout.sandbox.transaction import Transaction

HttpRequest = Request[object, object, State]
S = TypeVar("S", bound=msgspec.Struct)

TICK = 0.5
"""Seconds between two looks for transactions that are past their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What a simulated gateway brings: each is a module with one `GATEWAY`; `app.py` lists them.

    Faults, latency, the ledger, settlement and delivery are the same for all and stay outside.
    `name` is the `protocol` of its transactions. `notification` gives the notification of a
    transaction in its present state, None without one; `after` is what follows by itself once a
    transaction is final.
    """

    name: str
    handlers: Sequence[ControllerRouterHandler]
    notification: Callable[[SandboxState, Transaction], Notification | None]
    after: Callable[[SandboxState, Transaction], None] | None = None


class SandboxState:
    """The transactions of every simulated gateway, the settings, and what happened.

    `public_url` is the origin that browsers and shops see, without a slash at the end.
    `memory` is for the gateways' own short-lived things (answers to repeat, saved cards), each
    under a key that begins with the gateway's own word.
    """

    def __init__(
        self,
        public_url: str,
        gateways: Iterable[Gateway],
        now: Callable[[], float] = time.time,
        key: SigningKey | None = None,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.gateways = {gateway.name: gateway for gateway in gateways}
        self.now = now
        self.key = key or SigningKey()
        self.salt = secrets.token_bytes(32)
        self.notifier = Notifier(lambda: self.settings, now)
        self.calls: deque[dict[str, object]] = deque(maxlen=CAP)
        self.faults: deque[str] = deque(maxlen=CAP)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the signing key."""
        self.settings = SandboxSettings()
        self._gateway_settings: dict[type[msgspec.Struct], msgspec.Struct] = {}
        self.credentials: Bounded[str, str] = Bounded()
        self.transactions: Bounded[str, Transaction] = Bounded()
        self.memory: Bounded[tuple[str, ...], object] = Bounded()
        self._by_tracking: Bounded[tuple[str, str, str], list[str]] = Bounded()
        self._open: set[str] = set()
        self.faults.clear()
        self.calls.clear()
        self.notifier.forget()

    # Transactions

    def add(self, transaction: Transaction) -> None:
        """Enter a transaction in the ledger; notify the shop if it is final already."""
        self.transactions[transaction.uid] = transaction
        if transaction.tracking_id is not None:
            key = (transaction.protocol, transaction.shop_id, transaction.tracking_id)
            self._by_tracking.setdefault(key, []).append(transaction.uid)
            self._by_tracking[key] = self._by_tracking[key][-CAP:]
        if transaction.final:
            self._notify(transaction)
        else:
            self._open.add(transaction.uid)
            self.expire(transaction)

    def find(self, protocol: str, shop_id: str, uid: str) -> Transaction | None:
        """The transaction of that uid, if it belongs to this shop."""
        transaction = self.transactions.get(uid)
        if transaction is None:
            return None
        owner = (transaction.protocol, transaction.shop_id)
        return self.expire(transaction) if owner == (protocol, shop_id) else None

    def tracked(self, protocol: str, shop_id: str, tracking_id: str) -> list[Transaction]:
        """All transactions of a shop under one tracking id, newest first."""
        uids = self._by_tracking.get((protocol, shop_id, tracking_id), [])
        found = (self.transactions.get(uid) for uid in reversed(uids))
        return [self.expire(transaction) for transaction in found if transaction is not None]

    def settle(self, transaction: Transaction, status: str, code: str | None = None) -> bool:
        """Move a transaction and notify the shop; False, and nothing done, if it may not move."""
        if not transaction.may_become(status):
            return False
        transaction.become(status, code or codes.BY_STATUS[status], self.now())
        self._open.discard(transaction.uid)
        self._notify(transaction)
        return True

    def approve(self, transaction: Transaction) -> None:
        """The customer proved to be the cardholder; the card's bank has the last word."""
        self.settle(transaction, *transaction.issuer_decision(self.now()))

    def expire(self, transaction: Transaction) -> Transaction:
        """The same transaction, moved to `expired` if its time is over."""
        if transaction.overdue(self.now()):
            self.settle(transaction, "expired")
        return transaction

    def open_transactions(self) -> list[Transaction]:
        """Everything that still waits for the customer, newest first."""
        self.expire_overdue()
        found = [self.transactions[uid] for uid in self._open]
        return sorted(found, key=lambda transaction: -transaction.created_at)

    def expire_overdue(self) -> None:
        """Move everything whose time is over."""
        self._open &= self.transactions.keys()  # what was pushed out is nobody's any more
        for uid in list(self._open):
            self.expire(self.transactions[uid])

    async def tick(self) -> None:
        """Expire what is overdue, for ever: nobody may be asking."""
        while True:
            await asyncio.sleep(TICK)
            self.expire_overdue()

    def _notify(self, transaction: Transaction) -> None:
        gateway = self.gateways[transaction.protocol]
        notification = gateway.notification(self, transaction)
        if notification is not None:
            self.notifier.post(notification)
        if gateway.after is not None:
            gateway.after(self, transaction)

    # Settings, faults and latency

    def settings_for(self, kind: type[S]) -> S:
        """The settings of a gateway; its defaults until some are set."""
        found = self._gateway_settings.get(kind)
        return found if isinstance(found, kind) else kind()

    def set_settings(self, settings: msgspec.Struct) -> None:
        self._gateway_settings[type(settings)] = settings

    def next_fault(self) -> str:
        """Take the next fault off the queue; `ok` when there is none."""
        return self.faults.popleft() if self.faults else "ok"

    async def simulate_latency(self) -> None:
        """The network's slowness, as set."""
        if self.settings.latency_ms:
            await asyncio.sleep(self.settings.latency_ms / 1000)


def state_of(request: HttpRequest) -> SandboxState:
    """The state of the sandbox that this request came to."""
    found = request.app.state.sandbox
    if not isinstance(found, SandboxState):
        raise TypeError("the application has no sandbox")
    return found
