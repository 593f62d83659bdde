"""A payment's saved card: whether its code is needed, and how the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from msgspec import Struct

from checkout.i18n import gettext
from checkout.model.outcome import PaidCard
from checkout.model.pan import BRAND_OF
from checkout.payments.offered_methods import OfferedMethod
from checkout.web.pages import messages
from checkout.web.pages.payment_request import PaymentRequest

SAVED, NEW = "saved", "new"  # the values of the form's radio `card`


class SavedCardView(Struct, frozen=True):
    """The saved card, above the card form. Radio `card`: "saved" or "new"; without `other` there is
    no choice."""

    name: str  # "Visa"
    last_4: str | None
    expiry: str | None  # "08/29"
    mark: str | None  # the brand's drawing
    digits: int | None  # of its security code, where that is known
    chosen: bool
    coded: bool  # the code is needed
    other: bool


class SavedCardOffer(NamedTuple):
    """`coded`: its code is needed; `other`: another card may be used."""

    token: str
    known: PaidCard
    coded: bool
    other: bool

    def chosen(self, fields: Mapping[str, str]) -> bool:
        """Whether the form pays with it."""
        return not self.other or fields.get("card", SAVED) == SAVED


def today(page: PaymentRequest) -> date:
    return datetime.fromtimestamp(page.app.context.clock(), UTC).date()


def saved_card(page: PaymentRequest, methods: tuple[OfferedMethod, ...]) -> SavedCardOffer | None:
    payment, order = page.payment, page.order
    if order.card_token is None:
        return None
    known = next((each.saved_card for each in methods if each.saved_card is not None), None)
    if known is None:
        return None
    # Only the customer's first attempt is charged without the code: any other needs it.
    coded = not order.auto_pays or bool(payment.attempts) or not page.is_customer
    return SavedCardOffer(order.card_token, known, coded, order.page_settings.another_card)


def saved_card_view(
    offer: SavedCardOffer | None, fields: Mapping[str, str], language: str, *, is_customer: bool
) -> SavedCardView | None:
    """A stranger (not `is_customer`) sees nothing of the card."""
    if offer is None:
        return None
    known = offer.known if is_customer else PaidCard()
    unknown = gettext(language)(messages.SAVED_CARD)
    brand = BRAND_OF.get(known.brand or "")
    dated = known.exp_month and known.exp_year
    return SavedCardView(
        name=messages.BRAND.get(known.brand or "", unknown),
        last_4=known.last_4,
        expiry=f"{known.exp_month:02d}/{known.exp_year % 100:02d}" if dated else None,  # type: ignore[operator]
        mark=known.brand,
        digits=brand.code if brand else None,
        chosen=offer.chosen(fields),
        coded=offer.coded,
        other=offer.other,
    )
