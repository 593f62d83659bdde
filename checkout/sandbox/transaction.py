"""One transaction at a simulated gateway, whatever protocol made it."""

from __future__ import annotations

from dataclasses import dataclass, field

from checkout.sandbox import clock, codes
from checkout.sandbox.card import Card
from checkout.sandbox.card_results import ThreeDSecure

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
    `three_d_secure` is the part that 3-D Secure plays in a payment by card.
    """

    protocol: str
    uid: str
    shop_id: str
    secret_key: str = field(default="", repr=False)
    type: str
    method: str
    amount: int
    currency: str
    description: str
    tracking_id: str | None = None
    test: bool = False
    language: str = "en"
    return_url: str | None = None
    notification_url: str | None = None
    created_at: float
    updated_at: float
    expires_at: float | None = None
    paid_at: float | None = None
    status: str
    code: str = codes.PENDING
    charged: bool = False
    queries: int = 0
    facts: dict[str, object] = field(default_factory=dict)
    card: Card | None = None
    three_d_secure: ThreeDSecure = "none"

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

    def decide(self, at: float) -> None:
        """What the card's bank says, unless 3-D Secure has failed; without a card all succeeds."""
        if self.three_d_secure == "failed":
            self.become("failed", codes.NOT_AUTHENTICATED, at)
        else:
            self.become(*self.issuer_decision(at), at)

    def issuer_decision(self, at: float) -> tuple[str, str]:
        """(status, code) of the card's bank, once 3-D Secure is over or plays no part."""
        code = codes.SUCCESS
        if self.card is not None:
            code = codes.EXPIRED_CARD if self.card.expired(at) else self.card.result.code
        return ("successful" if code == codes.SUCCESS else "failed"), code

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
            "created_at": clock.iso_8601(self.created_at),
            "updated_at": clock.iso_8601(self.updated_at),
            "paid_at": clock.iso_8601(self.paid_at),
            "expired_at": clock.iso_8601(self.expires_at),
            "queries": self.queries,
            "facts": self.facts,
        }
