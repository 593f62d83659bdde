"""What an order's amount is made of, as pages, receipts and mails show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from checkout.i18n import N_, gettext, translations
from checkout.model.order import Breakdown, Order
from checkout.web.pages.formatting import amount, fill

Sum = tuple[str, str]  # a label and an amount
Picture = Callable[[str], str | None]

DETAILS: Final = N_("Details")
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

    name: str
    quantity: int
    amount: str  # of all of them
    picture: str | None = None


class LinesView(Struct, frozen=True):
    """`title`: how many things are bought, "2 items"; "Details" where only sums are known. `sums`:
    what is added to them and taken off, then the total, which is the one of this place."""

    title: str
    lines: tuple[LineView, ...]
    sums: tuple[Sum, ...]
    total: int


def lines_view(order: Order, language: str, picture: Picture = lambda _: None) -> LinesView | None:
    """None for an order that says nothing of what its amount is made of. `picture`: our address of
    a shop's one."""
    found = order.breakdown
    if found == Breakdown():
        return None
    _, count = gettext(language), sum(line.quantity for line in found.lines)
    title = translations(language).ngettext("%(num)d item", "%(num)d items", count)
    beside, total = _beside(order, language), amount(order.money, language)
    sums = [*beside, (_(TOTAL), total)]
    if found.tax_included and found.tax:
        included = amount(order.money.part(found.tax), language)
        sums.append((_(TAX_INCLUDED), included))
    return LinesView(
        title=fill(title, num=count) if count else _(DETAILS),
        lines=tuple(
            LineView(
                line.name,
                line.quantity,
                amount(order.money.part(line.amount), language),
                picture(line.picture) if line.picture else None,
            )
            for line in found.lines
        ),
        sums=tuple(sums),
        total=len(beside),
    )


def order_lines(order: Order, language: str) -> tuple[Sum, ...]:
    """Lines and sums below each other, as labels and amounts: for receipts and mails."""
    view = lines_view(order, language)
    if view is None:
        return ()
    lines = (
        (f"{line.quantity} × {line.name}" if line.quantity > 1 else line.name, line.amount)
        for line in view.lines
    )
    return (*lines, *view.sums)


def _any_beside(found: Breakdown) -> bool:
    added = (found.shipping, found.surcharge, found.discount, found.tax)
    return any(added[:3] if found.tax_included else added)


def _beside(order: Order, language: str) -> list[Sum]:
    """What is added to the lines and taken off, below the sum of the lines."""
    found, _ = order.breakdown, gettext(language)
    code = found.promo_code
    discount = fill(_(DISCOUNT_BY), code=code) if code else _(DISCOUNT)
    named = (
        (_(SUBTOTAL), order.money.minor - found.beside if _any_beside(found) else None),
        (discount, None if found.discount is None else -found.discount),
        (_(SHIPPING), found.shipping),
        (_(SURCHARGE), found.surcharge),
        (_(TAX), None if found.tax_included else found.tax),
    )
    return [
        (label, amount(order.money.part(minor), language))
        for label, minor in named
        if minor is not None
    ]
