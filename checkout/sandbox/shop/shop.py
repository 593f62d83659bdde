"""What the shop's routes share: its settings, its orders and its client of checkout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checkout.sandbox.shop.checkout_client import CheckoutClient, CheckoutFailure
from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.notification import Notification, SavedCard
from checkout.sandbox.shop.orders import Order, Orders
from checkout.sandbox.state import HttpRequest


@dataclass(slots=True)
class Shop:
    """One per application. `card` is the signed-in buyer's saved one; `product_url` and `sales`
    (uids of payments) belong to the product of `integrations.py`."""

    config: ShopConfig
    checkout: CheckoutClient
    orders: Orders = field(default_factory=Orders)
    card: SavedCard | None = None
    product_url: str | None = None
    sales: set[str] = field(default_factory=set)

    async def sell(
        self, amount: int, currency: str, description: str, more: dict[str, Any]
    ) -> Order:
        """Open an order and ask checkout for its payment; no order is left behind on failure."""
        order = self.orders.open(amount, currency, description)
        try:
            await self.checkout.create(order, more)
        except CheckoutFailure:
            self.orders.drop(order)
            raise
        return order

    def receive(self, order: Order, notification: Notification) -> None:
        """Take a notification for this order; what is verified changes it."""
        order.receive(notification)
        if notification.accepted:
            # An order paid by a link of our own has its token from here.
            order.token = order.token or notification.token
            self.card = notification.card or self.card

    async def refresh(self, order: Order) -> dict[str, Any] | CheckoutFailure:
        """Ask checkout about an order and take its answer; there is nothing to ask about a link
        that nobody has opened yet."""
        if order.token is None:
            return {}
        try:
            answer = await self.checkout.look_up(order)
        except CheckoutFailure as failure:
            return failure
        order_in_answer = answer.get("order")
        facts = order_in_answer if isinstance(order_in_answer, dict) else {}
        if order.money_matches(facts.get("amount"), facts.get("currency")):
            order.update("expired" if answer.get("expired") else answer.get("status"))
        return answer


def shop_of(request: HttpRequest) -> Shop:
    """The shop of this application."""
    shop = request.app.state.shop
    if not isinstance(shop, Shop):
        raise TypeError("the application has no shop")
    return shop
