"""Reads what an order's amount is made of: its lines, and what is added to them or taken off.

Texts and pictures are optional data, no order is refused for them. Sums are not: a customer who
reads lines that don't add up does not pay, so such an order is refused, with both sums.
"""

from __future__ import annotations

from typing import Final

from checkout.model.money import Money
from checkout.model.order import Breakdown, OrderLine
from checkout.model.validation.optional_data import cut_text, dropped_if_wrong
from checkout.model.validation.reader import Reader, Rule
from checkout.model.validation.rules import integer, loose_flag, minor_units, web_address
from checkout.model.validation.table import Field, FieldTable, ListOf, Scope, Scoped

MOST_LINES: Final = 100
MOST_OF_ONE: Final = 1_000_000
LONGEST_PICTURE: Final = 1024  # characters of its address
UNNAMED: Final = "–"  # of a line whose name was dropped
ADDS_UP: Final = (
    "must add up to the amount, with tax, shipping, surcharge and less the discount: "
    "they are {total}, it is {amount}"
)

_UNITS: Final = minor_units(least=0)


def _picture(scope: Scope) -> Rule[str | None]:
    address = web_address(sandbox=scope.sandbox, longest=LONGEST_PICTURE, ports=scope.ports)
    return dropped_if_wrong(address)


def _added(note: str) -> Field:
    return Field(_UNITS, note)


LINE: Final = FieldTable(
    name=Field(cut_text(255), "what it is", required=True),
    quantity=Field(
        dropped_if_wrong(integer(1, MOST_OF_ONE, digits=True)),
        "how many of it; 1 unless said",
        default=1,
    ),
    amount=Field(_UNITS, "the price of all of them together, not of one", required=True),
    picture=Field(
        Scoped(_picture, "an https address of a PNG, JPEG, WebP, AVIF or GIF, else dropped", {}),
        "shown beside it; at most 100 kB, fetched by the server",
    ),
)
BREAKDOWN: Final = FieldTable(
    lines=Field(ListOf(LINE, MOST_LINES), "what is bought, in the order in which it is shown"),
    tax=_added("what is added for tax"),
    tax_included=Field(
        loose_flag, "`true`: the tax is in the prices already, and is only shown", default=False
    ),
    shipping=_added("what is added for delivery"),
    surcharge=_added("what is added for the way of paying"),
    discount=_added("what is taken off, as a positive number"),
    promo_code=Field(cut_text(64), "by which the discount was given, shown beside it"),
)


def read_breakdown(fields: Reader, money: Money, scope: Scope) -> Breakdown:
    """What the `order` object says of its amount, `money`; sums that are not the amount are a
    problem, which names both."""
    values = BREAKDOWN.read(fields, scope)
    if not (fields.is_object and fields.ok):
        return Breakdown()
    lines = tuple(
        OrderLine(**line | {"name": line["name"] or UNNAMED}) for line in values.pop("lines")
    )
    found = Breakdown(lines=lines, **values)
    total = sum(line.amount for line in lines) + found.beside
    if lines and total != money.minor:
        fields.wrong("lines", ADDS_UP.format(total=total, amount=money.minor))
    elif not lines and total > money.minor:
        fields.wrong("amount", f"must not be less than what is added to it: {total}")
    return found
