"""Orders, and the rule that only a verified notification changes them; paid stays paid."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from checkout.sandbox.bounded import Bounded
from checkout.sandbox.shop.notification import Notification

MOST_NOTIFICATIONS = 1000
"""Notifications remembered per order; later ones still count but are not listed."""

RANK = {
    "unpaid": 0,
    "pending": 1,
    "failed": 2,
    "canceled": 2,
    "expired": 2,
    "paid": 3,
    "refunded": 4,
}
"""An order's state never goes down in rank, whatever comes late or twice."""

STATE = {
    "successful": "paid",
    "pending": "pending",
    "incomplete": "unpaid",
    "failed": "failed",
    "canceled": "canceled",
    "expired": "expired",
    "error": "expired",
    "refunded": "refunded",
}
"""checkout's word -> the state of the order; an unknown word says nothing."""

RETURNS = ("refund", "chargeback", "void")
"""What sends money back, all of it or a part."""
OPERATIONS = ("capture", *RETURNS)
"""What is done to a payment: each is notified as a transaction of its own, and is no payment."""

BY_SHOP, BY_LINK = "shop", "link"
"""Who asked for a payment: this shop's server, or whoever opened a link that it signed."""
OTHER_PAYMENT = "about another payment"


@dataclass(slots=True, kw_only=True)
class Order:
    """`amount` is in minor units; `kind`, `test` and `created_by` are what checkout was asked for,
    and by whom; `token` and `redirect_url` come from checkout; `fulfilled` counts how often the
    goods were handed over. `captured` and `returned`: how much each capture took and each refund
    gave back, by its uid."""

    number: str
    amount: int
    currency: str
    description: str
    created_at: float
    kind: str = "payment"
    test: bool = True
    created_by: str = BY_SHOP
    state: str = "unpaid"
    token: str | None = None
    redirect_url: str | None = None
    fulfilled: int = 0
    captured: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    notifications: list[Notification] = field(default_factory=list)
    webhook_ids: set[str] = field(default_factory=set)

    def receive(self, notification: Notification) -> None:
        """Keep a notification; learn from it if it is verified, about this order, and new."""
        if len(self.notifications) < MOST_NOTIFICATIONS:
            self.notifications.append(notification)
        operation = notification.kind in OPERATIONS  # perhaps with a part
        if notification.accepted and not self.is_about_this_payment(notification):
            notification.accepted, notification.reason = False, OTHER_PAYMENT
        whole = self.money_matches(notification.amount, notification.currency)
        if not notification.accepted or not (operation or whole):
            return
        if notification.webhook_id is not None:
            notification.repeated = notification.webhook_id in self.webhook_ids
            if len(self.webhook_ids) < MOST_NOTIFICATIONS:
                self.webhook_ids.add(notification.webhook_id)
        if operation:
            self._record_operation(notification)
        else:
            self.update(notification.status)

    def is_about_this_payment(self, notification: Notification) -> bool:
        """Whether it is about the payment that this shop asked for, and not about somebody else's
        of the same number: the token is known to us and checkout alone, but of a link, whose
        payment has none until somebody opens it."""
        kind = self.kind if notification.kind in OPERATIONS else notification.kind
        ours = (self.kind, self.test, self.created_by)
        alike = (kind, notification.test, notification.created_by) == ours
        if self.token is None and self.created_by == BY_LINK:
            return alike and notification.token is not None
        return alike and self.token is not None and notification.token == self.token

    def _record_operation(self, notification: Notification) -> None:
        """Something was done to the payment: it is refunded once all that was taken has gone."""
        if (
            notification.status != "successful"
            or notification.uid is None
            or notification.currency != self.currency
        ):
            return
        sums = self.captured if notification.kind == "capture" else self.returned
        if len(sums) < MOST_NOTIFICATIONS:
            sums[notification.uid] = notification.amount or 0
        if sum(self.returned.values()) >= (sum(self.captured.values()) or self.amount):
            self.update("refunded")

    def money_matches(self, amount: object, currency: object) -> bool:
        """True if the money stated is the money asked for."""
        return (amount, currency) == (self.amount, self.currency)

    def update(self, status: str | None) -> None:
        """Take a verified status."""
        state = STATE.get(status or "", self.state)
        if RANK[state] > RANK[self.state] or (RANK[state] == RANK[self.state] == 2):
            # However often and in whatever order it is notified: the step to paid is made once.
            self.fulfilled += state == "paid"
            self.state = state

    def to_json(self) -> dict[str, object]:
        """The order as JSON."""
        return {
            "number": self.number,
            "state": self.state,
            "fulfilled": self.fulfilled,
            "returned": sum(self.returned.values()),
            "amount": self.amount,
            "currency": self.currency,
            "description": self.description,
            "token": self.token,
            "redirect_url": self.redirect_url,
            "notifications": [each.to_json() for each in self.notifications],
        }


class Orders:
    """All orders of this shop, in memory; the newest come first when iterated."""

    def __init__(self) -> None:
        self._orders: Bounded[str, Order] = Bounded()
        self._last = 1000

    def open(self, amount: int, currency: str, description: str) -> Order:
        """A new order; its number can be told on the phone but not guessed."""
        self._last += 1
        number = f"{self._last}-{secrets.token_hex(6)}"
        order = Order(
            number=number,
            amount=amount,
            currency=currency,
            description=description,
            created_at=time.time(),
        )
        self._orders[number] = order
        return order

    def drop(self, order: Order) -> None:
        """Forget an order that checkout did not take."""
        self._orders.pop(order.number, None)

    def find(self, number: str) -> Order | None:
        return self._orders.get(number)

    def __iter__(self) -> Iterator[Order]:
        return reversed(list(self._orders.values()))
