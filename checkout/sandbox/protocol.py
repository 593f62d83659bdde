"""What a simulated gateway brings: its addresses and the letter that tells of a result.

Each protocol is a module with one `PROTOCOL`; `app.py` lists them. Faults, latency, the ledger,
settlement and delivery are the same for all and stay outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litestar.types import ControllerRouterHandler

if TYPE_CHECKING:
    from checkout.sandbox.transaction import Transaction
    from checkout.sandbox.world import World

RETRIES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *(60.0,) * 8)
"""Seconds before each of the 15 tries of a notification: the real schedule (37 h), shortened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One notification, ready to send: `body` is signed already, so it is never built again."""

    uid: str
    url: str
    headers: dict[str, str]
    body: bytes
    waits: tuple[float, ...] = RETRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """`letter` gives the notification of a transaction in its present state, None without one;
    `after` is what follows by itself once a transaction is final."""

    name: str
    handlers: Sequence[ControllerRouterHandler]
    letter: Callable[[World, Transaction], Letter | None]
    after: Callable[[World, Transaction], None] | None = None
