"""What the exchanger takes: route id -> what the customer gives. The shop gets plain money.

The shop's currency isn't part of the protocol; here the route's own field `currency` says it.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Literal, NamedTuple

from checkout.sandbox.money import EXPONENTS

Kind = Literal["wallet", "memo", "text", "provider", "template"]

EMAIL = "507f191e810c19729de860ea"
"""The key of the field that every route asks for: the customer's e-mail address."""

CURRENCY = "EUR"
"""What shops get where no field says otherwise."""


class Route(NamedTuple):
    """`rate`: how much of it is one unit of the shop's currency, whichever that is; `start`: the
    status of a new order, `waitPayment` where the customer pays beforehand."""

    kind: Kind
    name: str
    symbol: str
    xml: str
    rate: Decimal
    decimals: int
    says: str
    start: str = "new"

    def cost(self, amount: Decimal) -> Decimal:
        """What the customer gives so that the shop gets `amount`."""
        return (amount * self.rate).quantize(Decimal(1).scaleb(-self.decimals), ROUND_UP)


ROUTES: dict[str, Route] = {
    "507f1f77bcf86cd799439011": Route(
        *("wallet", "Bitcoin", "BTC", "BTC", Decimal("0.00001612"), 8),
        says="an account and a payment link",
    ),
    "507f1f77bcf86cd799439012": Route(
        *("memo", "Tether TON", "USDT", "USDTTON", Decimal("1.0931"), 6),
        says="an account and a comment to send with it",
    ),
    "507f1f77bcf86cd799439013": Route(
        *("text", "Example Bank", "RUB", "CARDRUB", Decimal("98.65"), 2),
        says="a text in HTML; paid beforehand",
        start="waitPayment",
    ),
    "507f1f77bcf86cd799439014": Route(
        *("provider", "Litecoin", "LTC", "LTC", Decimal("0.0131"), 8),
        says="a provider's template with its data",
    ),
    "507f1f77bcf86cd799439015": Route(
        *("template", "Monero", "XMR", "XMR", Decimal("0.00691"), 12),
        says="a provider's template alone: only its own page helps",
    ),
}


def smallest(currency: str) -> Decimal:
    """One minor unit."""
    return Decimal(1).scaleb(-EXPONENTS.get(currency, 2))
