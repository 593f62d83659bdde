"""One transaction at a simulated gateway, whatever protocol made it."""

from __future__ import annotations

from dataclasses import dataclass, field

from checkout.sandbox import clock

OPEN = frozenset({"incomplete", "pending"})
"""Statuses that wait for the customer or for money."""

MOVES: dict[str, frozenset[str]] = {
    "incomplete": frozenset({"successful", "failed", "expired", "error"}),
    "pending": frozenset({"successful", "failed", "expired", "error", "deleted"}),
    "failed": frozenset({"successful"}),  # money that arrives late
    "expired": frozenset({"successful"}),
    "error": frozenset({"successful"}),
    "deleted": frozenset({"successful"}),
    "successful": frozenset({"refunded"}),
    "refunded": frozenset(),
}
"""Where a transaction may go from each status."""

MOVES_MONEY = frozenset({"payment", "authorization", "charge"})
"""The types whose success takes money from the customer (or holds it)."""


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What every protocol remembers of a transaction.

    Amounts are integers in minor units of `currency`; times are Unix seconds. `charged` is true
    once the customer's money was taken, or held by an authorization. `facts` are the parts of
    the request worth showing in the ledger: never a card number, a security code or a secret.
    """

    protocol: str
    uid: str
    shop_id: str
    secret_key: str = field(repr=False)
    type: str
    method: str
    amount: int
    currency: str
    description: str
    tracking_id: str | None
    test: bool = False
    language: str = "en"
    return_url: str | None = None
    notification_url: str | None = None
    created_at: float
    updated_at: float
    expires_at: float | None = None
    paid_at: float | None = None
    status: str
    code: str = "P.0000"
    charged: bool = False
    queries: int = 0
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        return self.status not in OPEN

    def may_become(self, status: str) -> bool:
        return status in MOVES.get(self.status, frozenset())

    def become(self, status: str, code: str, at: float) -> None:
        """Move to `status`; success is when money moves."""
        self.status = status
        self.code = code
        self.updated_at = at
        if status == "successful":
            self.paid_at = at
            self.charged = self.type in MOVES_MONEY

    def overdue(self, at: float) -> bool:
        return not self.final and self.expires_at is not None and self.expires_at <= at

    def row(self) -> dict[str, object]:
        """The transaction as the ledger shows it."""
        return {
            "uid": self.uid,
            "protocol": self.protocol,
            "shop_id": self.shop_id,
            "tracking_id": self.tracking_id,
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "code": self.code,
            "method": self.method,
            "type": self.type,
            "charged": self.charged,
            "test": self.test,
            "created_at": clock.written(self.created_at),
            "updated_at": clock.written(self.updated_at),
            "paid_at": clock.written(self.paid_at),
            "expired_at": clock.written(self.expires_at),
            "queries": self.queries,
            "facts": self.facts,
        }
