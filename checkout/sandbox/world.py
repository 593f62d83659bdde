"""What the sandbox remembers: one object in the application's state, lost when it ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable

from litestar import Request
from litestar.datastructures import State

from checkout.sandbox import codes
from checkout.sandbox.behaviour import Behaviour
from checkout.sandbox.bounded import CAP, Bounded
from checkout.sandbox.notifier import Notifier
from checkout.sandbox.protocol import Protocol
from checkout.sandbox.signing import SigningKey
from checkout.sandbox.transaction import Transaction

HttpRequest = Request[object, object, State]

TICK = 0.5
"""Seconds between two looks for transactions that are past their time."""


class World:
    """The books of every simulated gateway, the switches, and what happened.

    `public_url` is the origin that browsers and shops see, without a slash at the end.
    `memory` is for the protocols' own short-lived things (answers to repeat, saved cards),
    each under a key that begins with the protocol's own word.
    """

    def __init__(
        self,
        public_url: str,
        protocols: Iterable[Protocol],
        now: Callable[[], float] = time.time,
        key: SigningKey | None = None,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.protocols = {protocol.name: protocol for protocol in protocols}
        self.now = now
        self.key = key or SigningKey()
        self.salt = secrets.token_bytes(32)
        self.notifier = Notifier(lambda: self.behaviour, now)
        self.calls: deque[dict[str, object]] = deque(maxlen=CAP)
        self.faults: deque[str] = deque(maxlen=CAP)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the signing key."""
        self.behaviour = Behaviour()
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
        """Enter a transaction in the books; tell the shop if it is final already."""
        self.transactions[transaction.uid] = transaction
        if transaction.tracking_id is not None:
            key = (transaction.protocol, transaction.shop_id, transaction.tracking_id)
            self._by_tracking.setdefault(key, []).append(transaction.uid)
            self._by_tracking[key] = self._by_tracking[key][-CAP:]
        if transaction.final:
            self._tell(transaction)
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
        """Move a transaction and tell the shop; False, and nothing done, if it may not move."""
        if not transaction.may_become(status):
            return False
        transaction.become(status, code or codes.BY_STATUS[status], self.now())
        self._open.discard(transaction.uid)
        self._tell(transaction)
        return True

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

    def _tell(self, transaction: Transaction) -> None:
        protocol = self.protocols[transaction.protocol]
        letter = protocol.letter(self, transaction)
        if letter is not None:
            self.notifier.post(letter)
        if protocol.after is not None:
            protocol.after(self, transaction)

    # Switches

    def next_fault(self) -> str:
        """Take the next fault off the queue; `ok` when there is none."""
        return self.faults.popleft() if self.faults else "ok"

    async def lag(self) -> None:
        """The network's slowness, as switched."""
        if self.behaviour.latency_ms:
            await asyncio.sleep(self.behaviour.latency_ms / 1000)


def world_of(request: HttpRequest) -> World:
    """The world that this request happens in."""
    world = request.app.state.world
    if not isinstance(world, World):
        raise TypeError("the application has no world")
    return world
