"""The saved card that a payment was made for: whether its page offers it, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from checkout.model.card_form import oldest_month
from checkout.model.order import CARD_METHOD
from checkout.model.outcome import PaidCard, Reason
from checkout.model.pan import BRAND_OF
from checkout.web.present import BRAND_NAMES
from checkout.web.views import SavedCard
from checkout.web.visit import Visit

SAVED, NEW = "saved", "new"  # what the form says with it, and with any other card


class Offer(NamedTuple):
    """`coded`: its code is asked for; `other`: another card may be used."""

    token: str
    known: PaidCard
    coded: bool
    other: bool

    def chosen(self, fields: Mapping[str, str]) -> bool:
        """Whether the form pays with it."""
        return not self.other or fields.get("card", SAVED) == SAVED


def today(visit: Visit) -> date:
    return datetime.fromtimestamp(visit.web.flow.clock(), UTC).date()


async def saved_card(visit: Visit) -> Offer | None:
    """The saved card, where the gateway takes tokens and this one can still be good."""
    story, order = visit.story, visit.story.payment.order
    if order.card_token is None:
        return None
    methods = visit.web.flow.methods(story)
    method = next((method for method in methods if method.name == CARD_METHOD), None)
    if method is None:
        return None
    if not visit.web.flow.gateways[method.gateway].can.tokens:
        return None
    if any(attempt.reason is Reason.SAVED_CARD for attempt in story.attempts):
        return None
    known = await visit.web.flow.saved_card(story)
    if known.brand in order.methods.excluded_brands or _is_past(known, today(visit)):
        return None
    # A charge without the code is tried once, by the customer: whoever is asked again, is asked
    # for it, and so is a stranger.
    coded = not order.auto_pays or bool(story.attempts) or not visit.own
    return Offer(order.card_token, known, coded, order.ways.another_card)


def shown(offer: Offer, fields: Mapping[str, str], unknown: str, *, own: bool) -> SavedCard:
    """Its view. `unknown`: its name, where we never saw it; to a stranger nothing else is told."""
    known = offer.known if own else PaidCard()
    brand = BRAND_OF.get(known.brand or "")
    dated = known.exp_month and known.exp_year
    return SavedCard(
        name=BRAND_NAMES.get(known.brand or "", unknown),
        last_4=known.last_4,
        expiry=f"{known.exp_month:02d}/{known.exp_year % 100:02d}" if dated else None,  # type: ignore[operator]
        mark=known.brand,
        digits=brand.code if brand else None,
        chosen=offer.chosen(fields),
        coded=offer.coded,
        other=offer.other,
    )


def _is_past(card: PaidCard, day: date) -> bool:
    if not (card.exp_month and card.exp_year):
        return False
    return (card.exp_year, card.exp_month) < oldest_month(day)
