"""Lines and sums of an order, as pages, receipts and mails show them."""

from __future__ import annotations

import pytest

from checkout.model.money import Money
from checkout.model.order import Breakdown, Order, OrderLine
from checkout.web.pages.order_lines import lines_view, order_lines

SOCKS = OrderLine("Socks", 1000, 2)
SHIRT = OrderLine("Shirt", 1999)


def order(minor: int = 2999, **breakdown: object) -> Order:
    return Order(
        money=Money(minor, "EUR"),
        description="Clothes",
        transaction_type="payment",
        expires_at=0.0,
        breakdown=Breakdown(**breakdown),  # type: ignore[arg-type]
    )


def test_an_order_of_one_sum_has_none() -> None:
    assert lines_view(order(), "en") is None
    assert order_lines(order(), "en") == ()


def test_lines_and_the_total() -> None:
    assert order_lines(order(lines=(SOCKS, SHIRT)), "en") == (
        ("2 × Socks", "€10.00"),
        ("Shirt", "€19.99"),
        ("Total", "€29.99"),
    )


def test_what_is_added_and_taken_off() -> None:
    full = order(
        3200, lines=(SOCKS, SHIRT), shipping=400, tax=301, discount=500, promo_code="SUMMER"
    )
    assert order_lines(full, "de")[2:] == (
        ("Zwischensumme", "29,99\u00a0€"),
        ("Rabatt (SUMMER)", "-5,00\u00a0€"),
        ("Versand", "4,00\u00a0€"),
        ("Steuer", "3,01\u00a0€"),
        ("Gesamtbetrag", "32,00\u00a0€"),
    )


def test_tax_that_is_in_the_prices_stands_below_the_total() -> None:
    found = order_lines(order(lines=(SOCKS, SHIRT), tax=479, tax_included=True), "en")
    assert found[2:] == (("Total", "€29.99"), ("Tax included", "€4.79"))


def test_without_lines_the_subtotal_is_what_remains() -> None:
    assert order_lines(order(shipping=400), "en") == (
        ("Subtotal", "€25.99"),
        ("Shipping", "€4.00"),
        ("Total", "€29.99"),
    )


def test_free_delivery_is_said() -> None:
    assert ("Shipping", "€0.00") in order_lines(order(lines=(SOCKS, SHIRT), shipping=0), "en")


@pytest.mark.parametrize(("quantity", "title"), [(1, "1 товар"), (2, "2 товара"), (5, "5 товаров")])
def test_how_many_things(quantity: int, title: str) -> None:
    view = lines_view(order(lines=(OrderLine("Носки", 2999, quantity),)), "ru")
    assert view is not None
    assert view.title == title
