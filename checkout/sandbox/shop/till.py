"""What the shop's routes share: its settings, its orders and its line to checkout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checkout.sandbox.shop.api import Checkout, Failure
from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.news import News, SavedCard
from checkout.sandbox.shop.orders import Order, Orders
from checkout.sandbox.world import HttpRequest


@dataclass(slots=True)
class Till:
    """One per application. `card` is the signed-in buyer's saved one; `product_url` and `sales`
    (uids of payments) belong to the product of `ways.py`."""

    config: ShopConfig
    checkout: Checkout
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
        except Failure:
            self.orders.drop(order)
            raise
        return order

    def receive(self, order: Order, told: News) -> None:
        """A notification for this order; what is proved is learnt."""
        order.receive(told)
        if told.accepted:
            # An order paid by a link of our own has its token from here.
            order.token = order.token or told.token
            self.card = told.card or self.card

    async def verify(self, order: Order) -> dict[str, Any] | Failure:
        """Ask checkout about an order and learn from its answer; nothing is known of a link that
        has told nothing yet."""
        if order.token is None:
            return {}
        try:
            said = await self.checkout.look_up(order)
        except Failure as failure:
            return failure
        asked = said.get("order")
        facts = asked if isinstance(asked, dict) else {}
        if order.agrees(facts.get("amount"), facts.get("currency")):
            order.learn("expired" if said.get("expired") else said.get("status"))
        return said


def till_of(request: HttpRequest) -> Till:
    """The till of this application."""
    till = request.app.state.till
    if not isinstance(till, Till):
        raise TypeError("the application has no till")
    return till
