"""Payments and attempts as values, decoded from their rows."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.bounded_cache import BoundedCache
from checkout.model.next_action import NextAction
from checkout.model.order import BY_APP, BY_LINK, BY_PRODUCT, BY_SHOP, Customer, Order
from checkout.model.outcome import DeclineReason, GatewayFacts
from checkout.model.status import LIVE, UNPAID_ENDS, Status, payment_status

UNPAID: Final = frozenset({Status.NOT_SENT, Status.CANCELLED})
UNPAID_YET: Final = UNPAID_ENDS | {Status.OPEN}
ORDERS: Final = 16 * 1024 * 1024  # bytes of decoded orders that are cached

_order = msgspec.json.Decoder(Order)
_orders: Final = BoundedCache[str, Order](ORDERS)
_next_action = msgspec.json.Decoder(NextAction)
_facts = msgspec.json.Decoder(GatewayFacts)
_customer = msgspec.json.Decoder(Customer)
_words = msgspec.json.Decoder(tuple[str, ...])


class Attempt(Struct, frozen=True, kw_only=True):
    """One authorization requested of a gateway: a row of `schema.attempts`."""

    payment: str
    number: int
    key: str
    account: str
    method: str
    status: Status
    gateway_id: str | None
    next_action: NextAction | None
    reason: DeclineReason | None
    facts: GatewayFacts
    customer: Customer
    contract: tuple[str, ...]
    language: str
    return_ticket: str
    notify_ticket: str
    mismatch: bool
    absences: int
    queries: int
    next_query_at: float
    asked_at: float | None = None
    judged: str | None = None
    sweep_at: float | None
    returned_at: float | None
    shop: str | None = None
    address_mark: str | None
    bin_mark: str | None
    stranger: bool = False
    created_at: float
    updated_at: float

    @property
    def live(self) -> bool:
        return self.status in LIVE


class PaymentRow(Struct, frozen=True, kw_only=True):
    """A payment without its attempts: a row of `schema.payments`, with its order."""

    uid: str
    token: str
    secret: str
    shop: str
    link: str | None
    status: Status
    order: Order
    cancelled: bool
    notified: str | None
    created_at: float
    updated_at: float
    expires_at: float
    opened_at: float | None = None
    adopt_at: float | None = None  # held since a restore: `ledger.restores`

    @property
    def created_by(self) -> str:
        """One of `MAKERS`; derived for older orders, which don't say it."""
        order = self.order
        if order.public:
            return BY_APP
        if order.product is not None:
            return BY_PRODUCT
        return order.created_by or (BY_LINK if self.link else BY_SHOP)


class Payment(PaymentRow, frozen=True, kw_only=True):
    """A payment with its attempts, oldest first."""

    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def live(self) -> Attempt | None:
        return next((a for a in reversed(self.attempts) if a.live), None)

    @property
    def shown(self) -> Attempt | None:
        """The attempt that decides the payment's status: the paid one, the live one, the last."""
        for status in (Status.PAID, Status.AUTHORIZED, Status.REFUNDED):
            if found := next((a for a in self.attempts if a.status is status), None):
                return found
        return self.live or self.last

    @property
    def tried(self) -> bool:
        """Whether there was an attempt; one whose form the gateway refused does not count."""
        return any(attempt.facts.refused is None for attempt in self.attempts)

    @property
    def next_number(self) -> int:
        return len(self.attempts) + 1

    def with_attempt(self, attempt: Attempt) -> Payment:
        """The payment with this attempt replaced or added."""
        at = attempt.number - 1
        attempts = (*self.attempts[:at], attempt, *self.attempts[at + 1 :])
        return msgspec.structs.replace(self, attempts=attempts)

    def status_at(self, now: float) -> Status:
        """The payment's status at `now`, also before recovery has recorded an expiry."""
        ended = self._ended
        status = payment_status(
            [attempt.status for attempt in self.attempts],
            allowed=self.order.attempts,
            expired=now >= self.expires_at or ended is Status.EXPIRED,
            cancelled=self.cancelled or ended in UNPAID,
        )
        # Held: it may have been paid in a time that a restored ledger has lost.
        return Status.PENDING if self.adopt_at is not None and status in UNPAID_YET else status

    @property
    def _ended(self) -> Status | None:
        """The status of a merchant-initiated payment's one attempt: there is no second attempt, the
        shop makes a new payment."""
        last = self.last
        return last.status if self.order.merchant_initiated and last is not None else None


def order_of(terms: str) -> Order:
    """The order, cached and shared: it must not be changed."""
    found = _orders.get(terms)
    if found is None:
        found = _order.decode(terms)
        if found.raw:  # copied, as its parts would keep all of `terms` in memory
            raw = {name: each.copy() for name, each in found.raw.items()}
            found = msgspec.structs.replace(found, raw=raw)
        _orders.put(terms, found)
    return found


def row_of(row: Any) -> PaymentRow:
    return PaymentRow(**_columns(row))


def payment_of(row: Any, attempts: tuple[Attempt, ...]) -> Payment:
    return Payment(**_columns(row), attempts=attempts)


def _columns(row: Any) -> dict[str, Any]:
    return {
        "uid": row.uid,
        "token": row.token,
        "secret": row.secret,
        "shop": row.shop,
        "link": row.link,
        "status": Status(row.status),
        "order": order_of(row.terms),
        "cancelled": bool(row.cancelled),
        "notified": row.told,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "expires_at": row.expires_at,
        "opened_at": row.opened_at,
        "adopt_at": row.adopt_at,
    }


def attempt_of(row: Any) -> Attempt:
    values = row._asdict()
    values["status"] = Status(row.status)
    values["mismatch"] = bool(row.mismatch)
    values["stranger"] = bool(row.stranger)
    step = values.pop("step")
    values["next_action"] = _next_action.decode(step) if step else None
    values["reason"] = DeclineReason(row.reason) if row.reason else None
    values["facts"] = facts_of(row.facts)
    values["customer"] = _customer.decode(row.customer)
    values["contract"] = _words.decode(row.contract)
    return Attempt(**values)


def facts_of(text: str) -> GatewayFacts:
    return _facts.decode(text)


def text(value: object) -> str:
    """JSON text of a struct, as the ledger keeps it."""
    return msgspec.json.encode(value).decode()
