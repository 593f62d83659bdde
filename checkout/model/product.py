"""A product that a shop sells by one link: each customer's POST creates a payment.

Source: Overpay's documents on pay-by-link products; the customer's own amount, several at once and
the text of a product taken off sale are ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from checkout.model.money import LARGEST, Money
from checkout.model.order import STORED, Methods, PageSettings

PREFIX: Final = "prd_"


class Sale(StrEnum):
    """Whether a product can be bought now, and why not."""

    OPEN = "open"
    RESERVED = "reserved"  # the last ones are reserved by customers who have not paid yet
    SOLD_OUT = "sold_out"
    ENDED = "ended"  # its time is over
    INACTIVE = "inactive"  # the shop took it off sale


class Product(Struct, frozen=True, omit_defaults=True, rename=STORED):
    """Amounts in minor units of `currency`, counted with `decimals` (None: ISO's). `amount` is the
    price; where the customer chooses (`least` or `most` is set) it is the field's preset.
    `quantity`: how many there are in all, including those sold and reserved; None: unlimited.
    `expires_at` in seconds since 1970; None: never."""

    name: str
    description: str
    currency: str
    amount: int | None = None
    least: int | None = None
    most: int | None = None
    quantity: int | None = None
    most_at_once: int = 1
    expires_at: float | None = None
    active: bool = True
    inactive_text: str | None = None
    transaction_type: str = "payment"
    attempts: int = 5
    test: bool = False
    tracking_id: str | None = None
    page_settings: PageSettings = PageSettings()
    methods: Methods = Methods()
    decimals: int | None = None
    dropped: dict[str, str] = {}  # of the shop's data: field -> why it was cut or dropped

    @property
    def free(self) -> bool:
        """Whether the customer chooses the amount."""
        return self.least is not None or self.most is not None

    @property
    def bounds(self) -> tuple[Money, Money]:
        """The least and the most that a customer may choose."""
        least = 1 if self.least is None else self.least
        most = LARGEST if self.most is None else self.most
        return self.money(least), self.money(most)

    @property
    def price(self) -> Money | None:
        return None if self.amount is None else self.money(self.amount)

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency, self.decimals)
