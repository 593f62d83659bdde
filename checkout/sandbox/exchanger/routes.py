"""What the exchanger exchanges: route id -> both ends, the rate between them, limits and fields.

`amount` of an order is what the customer gives, in the currency of the route's beginning; what the
shop gets for it follows by the rate.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from checkout.sandbox.money import EXPONENTS

Kind = Literal["wallet", "memo", "text", "provider", "template"]
Side = Literal["from", "to", "route"]

EMAIL = "507f191e810c19729de860ea"
"""The key of the field that every route asks for: the customer's e-mail address."""

PHONE = "507f191e810c19729de860eb"
WALLET = "wallet"
"""Where the shop is paid out to."""


class Field(NamedTuple):
    """`name` by language; `regexp` as exchangers check what is given."""

    key: str
    name: dict[str, str]
    regexp: str
    required: bool = True


FIELDS: dict[Side, tuple[Field, ...]] = {
    "from": (
        Field(EMAIL, {"en": "E-mail", "ru": "Эл. почта"}, r"^[^@\s]+@[^@\s]+$"),
        Field("nick", {"en": "Telegram", "ru": "Телеграм"}, "^@.+$", required=False),
    ),
    "to": (Field(WALLET, {"en": "Wallet", "ru": "Кошелёк"}, "^.{4,}$"),),
    "route": (),
}
PHONE_TOO: dict[Side, tuple[Field, ...]] = FIELDS | {
    "route": (Field(PHONE, {"en": "<b>Phone</b>", "ru": "Телефон"}, r"^\+?[0-9]{10,15}$"),)
}


class Currency(NamedTuple):
    """One end. `least` and `most`: of one order; 0: no limit."""

    name: str
    symbol: str
    xml: str
    decimals: int
    least: str = "0"
    most: str = "0"

    def rounded(self, amount: Decimal) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)


class Route(NamedTuple):
    """`give` of the one for `get` of the other, less `fee`; `reserve`: what there is of it.
    `start`: the status of a new order, `waitPayment` where the customer pays beforehand."""

    kind: Kind
    source: Currency
    target: Currency
    give: str
    get: str
    description: str
    fee: str = "0"
    reserve: str = "1000000"
    start: str = "new"
    fields: dict[Side, tuple[Field, ...]] = FIELDS

    @property
    def name(self) -> str:
        return f"{self.source.name} -> {self.target.name}"

    def got_for(self, given: Decimal) -> Decimal:
        got = given * Decimal(self.get) / Decimal(self.give) - Decimal(self.fee)
        return self.target.rounded(got)

    def field(self, key: str) -> Field | None:
        return next(
            (each for side in self.fields.values() for each in side if each.key == key), None
        )


EURO = Currency("Bank EUR", "EUR", "BANKEUR", 2)
BITCOIN = Currency("Bitcoin", "BTC", "BTC", 8, least="0.00001", most="2")
TETHER = Currency("Tether TON", "USDT", "USDTTON", 6)

ROUTES: dict[str, Route] = {
    "507f1f77bcf86cd799439011": Route(
        *("wallet", BITCOIN, EURO, "0.0000161193", "1"),
        description="an account and a payment link",
    ),
    "507f1f77bcf86cd799439012": Route(
        *("memo", TETHER, EURO, "1.0931", "1"),
        description="an account and a comment to send with it",
    ),
    "507f1f77bcf86cd799439013": Route(
        *("text", Currency("Example Bank", "RUB", "CARDRUB", 2), EURO, "98.65", "1"),
        description="a text in HTML; paid beforehand",
        start="waitPayment",
    ),
    "507f1f77bcf86cd799439014": Route(
        *("provider", Currency("Litecoin", "LTC", "LTC", 8), EURO, "0.0131", "1"),
        description="a provider's template with its data; a fee",
        fee="0.50",
    ),
    "507f1f77bcf86cd799439015": Route(
        *("template", Currency("Monero", "XMR", "XMR", 12), EURO, "0.00691", "1"),
        description="a provider's template alone: only its own page helps",
    ),
    "507f1f77bcf86cd799439016": Route(
        *("text", EURO._replace(least="10", most="5000"), BITCOIN, "1", "0.0000158"),
        description="the customer gives euros, the shop gets coins; asks for a telephone number",
        fee="0.00002",
        reserve="1.5",
        fields=PHONE_TOO,
    ),
    "507f1f77bcf86cd799439017": Route(
        *("wallet", BITCOIN, TETHER, "0.0000147", "1"),
        description="neither is a currency of shops: another route's rate tells what a price is",
        reserve="20000",
    ),
}


def minor(amount: Decimal, symbol: str) -> int:
    """In minor units, for the ledger."""
    return int(amount.scaleb(EXPONENTS.get(symbol, 2)))
