"""An order of the exchanger: a transaction with a status of its own words."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from checkout.sandbox.exchanger.codes import AWAITING_PAYMENT, ORDER_STATUS
from checkout.sandbox.exchanger.routes import ROUTES, Route
from checkout.sandbox.transaction import Transaction

PROTOCOL = "exchanger"

_ALPHABET = string.ascii_lowercase + string.digits


def _random(length: int, alphabet: str) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


@dataclass(slots=True, kw_only=True)
class Order(Transaction):
    """`order_status` is in the exchanger's own words. Whoever knows `uid` and `secret` may do with
    it what its customer may."""

    order_status: str
    route_id: str
    given: Decimal
    got: Decimal
    fields: list[dict[str, str]]
    hidden: bool
    callback: str | None
    ipn_secret: str = field(repr=False)
    secret: str = field(
        default_factory=lambda: _random(24, string.ascii_letters + string.digits), repr=False
    )
    object_id: str = field(default_factory=lambda: secrets.token_hex(12))
    rid: str = field(default_factory=lambda: _random(11, string.ascii_uppercase + string.digits))
    wallet: str = field(default_factory=lambda: "sandbox1q" + _random(33, _ALPHABET))

    @property
    def route(self) -> Route:
        return ROUTES[self.route_id]

    @property
    def in_amount(self) -> str:
        return f"{self.route.source.rounded(self.given):f}"

    @property
    def out_amount(self) -> str:
        return f"{self.got:f}"

    def receive(self, amount: Decimal) -> None:
        """What has really come: what the shop gets is reckoned anew."""
        self.given, self.got = amount, max(self.route.got_for(amount), Decimal(0))

    @property
    def account(self) -> str:
        """Where the customer sends it; a made-up one of no network."""
        return f"SANDBOX-{self.uid}" if self.route.kind == "text" else self.wallet

    @property
    def link(self) -> str:
        """What a wallet's app opens; empty where there is none."""
        if self.route.kind != "wallet":
            return ""
        return f"bitcoin:{self.account}?amount={self.in_amount}"

    @property
    def outcome(self) -> Literal["success", "error"] | None:
        """What is put behind `clientCallbackUrl`; None until the order is over."""
        if not self.final:
            return None
        return "success" if self.status == "successful" else "error"

    def callback_with_status(self) -> str | None:
        """The address of the button: the exchanger simply writes the query behind it."""
        if self.callback is None or self.outcome is None:
            return None
        return f"{self.callback}?status={self.outcome}"

    def may_become(self, status: str) -> bool:
        if status == "refunded" and not self.final:
            return True  # the money came and is sent back, without ever being paid out
        # Not super(): a dataclass with slots is another class than the one that was written.
        return Transaction.may_become(self, status)

    def become(self, status: str, code: str, at: float) -> None:
        Transaction.become(self, status, code, at)
        self.order_status = self.code = ORDER_STATUS[status]

    def overdue(self, at: float) -> bool:
        """Only the customer's time can run out."""
        return self.order_status in AWAITING_PAYMENT and Transaction.overdue(self, at)

    def row(self) -> dict[str, object]:
        return Transaction.row(self) | {
            "word": self.order_status,
            "route": self.route_id,
            "in_amount": self.in_amount,
            "out_amount": self.out_amount,
        }
