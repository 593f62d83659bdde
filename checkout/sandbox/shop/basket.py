"""What the sample shop sells, in which currencies, to speakers of which languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Product(NamedTuple):
    """`prices` are minor units by currency."""

    key: str
    name: str
    description: str
    prices: dict[str, int]
    quantity: int


PRODUCTS = (
    Product(
        "tea",
        "Green tea",
        "100 g, spring harvest",
        {"EUR": 1250, "USD": 1390, "JPY": 2100, "KWD": 4150},
        1,
    ),
    Product(
        "cup",
        "Porcelain cup",
        "White, 200 ml",
        {"EUR": 749, "USD": 825, "JPY": 1200, "KWD": 2500},
        1,
    ),
    Product(
        "pot",
        "Cast-iron teapot",
        "Black, 0.8 l",
        {"EUR": 4900, "USD": 5400, "JPY": 8200, "KWD": 16300},
        0,
    ),
)

CURRENCIES = ("EUR", "USD", "JPY", "KWD")

LANGUAGES = {"en": "English", "de": "Deutsch", "ru": "Русский"}

LARGEST_QUANTITY = 99


class Basket(NamedTuple):
    """`quantities` by product key; `total` in minor units of `currency`."""

    currency: str
    quantities: dict[str, int]

    @property
    def total(self) -> int:
        return sum(
            product.prices[self.currency] * self.quantities[product.key] for product in PRODUCTS
        )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """As checkout's API takes them."""
        return [
            {
                "name": product.name,
                "quantity": quantity,
                "amount": product.prices[self.currency] * quantity,
            }
            for product in PRODUCTS
            if (quantity := self.quantities[product.key])
        ]

    @property
    def description(self) -> str:
        """`1 × Green tea, 2 × Porcelain cup`."""
        lines = (
            f"{self.quantities[product.key]} × {product.name}"
            for product in PRODUCTS
            if self.quantities[product.key]
        )
        return ", ".join(lines)


def basket_of(given: Mapping[str, str]) -> Basket:
    """The basket of a form; what is missing or makes no sense falls back to the start."""
    currency = given.get("currency", "")
    return Basket(
        currency if currency in CURRENCIES else CURRENCIES[0],
        {product.key: _quantity(given.get(product.key), product.quantity) for product in PRODUCTS},
    )


def _quantity(text: str | None, default: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 4:
        return default
    return min(int(text), LARGEST_QUANTITY)
