"""What cards and online payment systems both keep of a transaction: it may be captured, voided or
refunded, and each of these is a transaction of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from checkout.sandbox.codes import PENDING
from checkout.sandbox.transaction import Transaction

T = TypeVar("T", bound="OverpayTransaction")


@dataclass(slots=True, kw_only=True)
class OverpayTransaction(Transaction):
    """`captured` and `refunded` are minor units of it; `parent_uid` is what an operation was done
    to; `echo` are parts of the request that the answer repeats."""

    echo: dict[str, object]
    parent_uid: str | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False

    @property
    def effective_type(self) -> str:
        """The type by which operations are allowed on it."""
        return self.type

    def operation(
        self, at: float, kind: str, amount: int, tracking_id: str | None
    ) -> OverpayTransaction:
        """An operation on it, made at `at` (Unix seconds), not decided yet."""
        return operation_on(self, at, kind, amount, tracking_id)


def operation_on(
    parent: T, at: float, kind: str, amount: int, tracking_id: str | None, **changes: Any
) -> T:
    """A copy of the parent with what is the operation's own; `changes` are of one host alone."""
    own: dict[str, Any] = {
        "uid": str(uuid.uuid4()),
        "parent_uid": parent.uid,
        "type": kind,
        "amount": amount,
        "tracking_id": tracking_id,
        "status": "pending",
        "code": PENDING,
        "charged": False,
        "captured": 0,
        "refunded": 0,
        "voided": False,
        "queries": 0,
        "return_url": None,
        "created_at": at,
        "updated_at": at,
        "paid_at": None,
        "expires_at": None,
        "echo": {},
        "facts": {"parent_uid": parent.uid, "description": parent.description},
    }
    return replace(parent, **own | changes)
