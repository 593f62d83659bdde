"""What an order's amount is made of, as pages, receipts and mails show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from checkout.i18n import N_, Gettext, gettext, translations
from checkout.model.order import Breakdown, Order
from checkout.web.pages.formatting import amount, fill

Sum = tuple[str, str]  # a label and an amount

SUBTOTAL: Final = N_("Subtotal")
SHIPPING: Final = N_("Shipping")
SURCHARGE: Final = N_("Surcharge")
TAX: Final = N_("Tax")
TAX_INCLUDED: Final = N_("Tax included")
DISCOUNT: Final = N_("Discount")
DISCOUNT_BY: Final = N_("Discount (%(code)s)")
TOTAL: Final = N_("Total")


class LineView(Struct, frozen=True):
    """One line. `picture`: its address, of our own."""

    name: str  # "2 × Socks"
    amount: str
    picture: str | None = None


class LinesView(Struct, frozen=True):
    """`title`: how many things are bought, "2 items"; "" where only sums are known. `sums`: what is
    added to them and taken off, then the total."""

    title: str
    lines: tuple[LineView, ...]
    sums: tuple[Sum, ...]


def lines_view(order: Order, language: str) -> LinesView | None:
    """None for an order that says nothing of what its amount is made of."""
    found = order.breakdown
    if found == Breakdown():
        return None
    count = sum(line.quantity for line in found.lines)
    title = translations(language).ngettext("%(num)d item", "%(num)d items", count)
    return LinesView(
        title=fill(title, num=count) if count else "",
        lines=tuple(
            LineView(
                f"{line.quantity} × {line.name}" if line.quantity > 1 else line.name,
                amount(order.money.part(line.amount), language),
            )
            for line in found.lines
        ),
        sums=tuple(_sums(order, language)),
    )


def order_lines(order: Order, language: str) -> tuple[Sum, ...]:
    """Lines and sums below each other, as labels and amounts: for receipts and mails."""
    view = lines_view(order, language)
    if view is None:
        return ()
    return (*((line.name, line.amount) for line in view.lines), *view.sums)


def _sums(order: Order, language: str) -> Iterator[Sum]:
    found, _ = order.breakdown, gettext(language)
    beside = _beside(found, _)
    rest = order.money.minor - found.beside
    if any(minor for _, minor in beside):
        yield _(SUBTOTAL), amount(order.money.part(rest), language)
    for label, minor in beside:
        yield label, amount(order.money.part(minor), language)
    yield _(TOTAL), amount(order.money, language)
    if found.tax_included and found.tax:
        yield _(TAX_INCLUDED), amount(order.money.part(found.tax), language)


def _beside(found: Breakdown, _: Gettext) -> list[tuple[str, int]]:
    """What is added to the lines, by its label."""
    code = found.promo_code
    discount = fill(_(DISCOUNT_BY), code=code) if code else _(DISCOUNT)
    named = (
        (discount, None if found.discount is None else -found.discount),
        (_(SHIPPING), found.shipping),
        (_(SURCHARGE), found.surcharge),
        (_(TAX), None if found.tax_included else found.tax),
    )
    return [(label, minor) for label, minor in named if minor is not None]
