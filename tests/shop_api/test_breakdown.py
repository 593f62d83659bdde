"""What an order's amount is made of: lines and what is added to them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.model.order import Breakdown, OrderLine
from checkout.model.redaction import redacted_order
from checkout.shop_api.checkout_request import read_link_order
from tests.shop_api.checkout_requests import NOW, body, read, wrong
from tests.support import samples

SOCKS = {"name": "Socks", "quantity": 2, "amount": 1000}
SHIRT = {"name": "Shirt", "amount": "250.00"}


def breakdown(**changes: Any) -> Breakdown:
    return read(**{f"order.{name}": value for name, value in changes.items()}).breakdown


def test_lines_in_their_order() -> None:
    assert breakdown(lines=[SOCKS, SHIRT]).lines == (
        OrderLine("Socks", 1000, 2),
        OrderLine("Shirt", 250),
    )


@pytest.mark.parametrize(
    "beside",
    [
        {"shipping": 300, "discount": 50},
        {"tax": 250},
        {"tax": 208, "tax_included": True, "surcharge": "250"},
        {"discount": 250, "shipping": 500, "promo_code": "SUMMER"},
    ],
)
def test_what_stands_beside_them_is_added(beside: dict[str, Any]) -> None:
    assert breakdown(lines=[SOCKS], **beside).lines


@pytest.mark.parametrize(
    ("order", "total"),
    [
        ({"lines": [SOCKS]}, 1000),
        ({"lines": [SOCKS, SHIRT], "tax": 1}, 1251),
        ({"lines": [SOCKS, SHIRT], "discount": 1}, 1249),
        ({"lines": [SOCKS], "tax": 250, "tax_included": True}, 1000),
    ],
)
def test_sums_that_are_not_the_amount_are_refused_with_both(
    order: dict[str, Any], total: int
) -> None:
    problems = wrong(**{f"order.{name}": value for name, value in order.items()})
    assert list(problems) == ["order.lines"]
    assert f"they are {total}, it is 1250" in problems["order.lines"][0]


def test_without_lines_they_are_what_remains() -> None:
    assert breakdown(tax=208, shipping=400) == Breakdown(tax=208, shipping=400)
    assert list(wrong(**{"order.shipping": 1251})) == ["order.amount"]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ({"name": "Socks"}, "order.lines[0].amount"),
        ({"amount": 1250}, "order.lines[0].name"),
        ({"name": "Socks", "amount": -1}, "order.lines[0].amount"),
        ({"name": "Socks", "amount": 12.5}, "order.lines[0].amount"),
        ("Socks", "order.lines[0]"),
    ],
)
def test_what_a_line_needs(line: Any, path: str) -> None:
    assert list(wrong(**{"order.lines": [line]})) == [path]


def test_no_sale_is_lost_for_texts_and_pictures() -> None:
    line = {
        "name": "x" * 300,
        "quantity": 1.5,
        "amount": 1250,
        "picture": "http://shop.example.com/a.png",
    }
    order = read(body(**{"order.lines": [line]}))
    assert order.breakdown.lines == (OrderLine("x" * 255, 1250),)
    assert set(order.dropped) == {
        f"order.lines[0].{name}" for name in ("name", "quantity", "picture")
    }


def test_a_cards_number_is_no_name_and_an_address_stays_as_it_is() -> None:
    """A picture's address may have a number in it that looks like a card's."""
    picture = "https://shop.example.com/4111111111111111.png"
    line = {"name": "4111 1111 1111 1111", "amount": 1250, "picture": picture}
    found = breakdown(lines=[line]).lines[0]
    assert "1111 1111" not in found.name
    assert found.picture == picture


def test_a_link_has_them_too() -> None:
    payload = {"amount": 1250, "currency": "EUR", "description": "Invoice 7"}
    payload |= {"lines": [SOCKS], "shipping": 250}
    order = read_link_order(payload, samples.shop(), sandbox=False, now=NOW)
    assert order.breakdown == Breakdown(lines=(OrderLine("Socks", 1000, 2),), shipping=250)


def test_the_ledger_keeps_them_until_the_data_are_erased() -> None:
    order = read(body(**{"order.lines": [SOCKS, SHIRT]}))
    kept = msgspec.json.decode(msgspec.json.encode(order), type=type(order))
    assert kept.breakdown == order.breakdown
    assert redacted_order(order).breakdown == Breakdown()
