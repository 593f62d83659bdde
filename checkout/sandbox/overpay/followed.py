"""What both hosts keep of a transaction that others may follow: captures, voids, refunds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from checkout.sandbox.transaction import Transaction


@dataclass(slots=True, kw_only=True)
class Followed(Transaction, ABC):
    """`captured` and `refunded` are minor units of it; `parent_uid` is what an operation was done
    to."""

    parent_uid: str | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False

    @property
    def stands_for(self) -> str:
        """The type by which others may follow it."""
        return self.type

    @abstractmethod
    def child(self, at: float, kind: str, amount: int, tracking_id: str | None) -> Followed:
        """An operation on it, made at `at` (Unix seconds), not decided yet."""
