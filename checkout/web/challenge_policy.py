"""Who is asked to show that they are no robot: addresses on their way to their limit, and all at a
shop where cards are being tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkout.errors import TooMany
from checkout.payments.card_testing import AddressStanding
from checkout.payments.metrics import LIMITED
from checkout.web.challenge import About, ChallengeFields
from checkout.web.pages.payment_request import PaymentRequest

AN_APP_WAITS: Final = 60  # seconds
IN_APPS: Final = "Too many tries from this address: open the payment page"


def challenge_fields(page: PaymentRequest, fields: Mapping[str, str]) -> ChallengeFields | None:
    """What the page asks beside the card; by what this worker knows, as it is asked of few."""
    guard, challenge = page.app.context.guard, page.app.challenge
    if challenge is None or guard.calm:
        return None
    if not guard.known(page.shop.id, page.app.context.address_mark(page.address)).suspect:
        return None
    return challenge.ask(_about(page), fields)


async def address_standing(page: PaymentRequest) -> AddressStanding | None:
    """How the visitor's address stands, for all that asks of it at this Pay; None where there is
    no challenge."""
    context = page.app.context
    if page.app.challenge is None:
        return None
    return await context.guard.look(page.shop.id, context.address_mark(page.address))


def challenge_met(
    page: PaymentRequest, look: AddressStanding | None, fields: Mapping[str, str]
) -> bool:
    """Whether the form may be taken: it answers the challenge, or nothing was to be asked."""
    challenge = page.app.challenge
    if challenge is None or look is None or not look.standing.suspect:
        return True
    met = challenge.met(_about(page), fields)
    LIMITED.labels("challenge", "met" if met else "challenged").inc()
    return met


def no_challenge(look: AddressStanding | None) -> None:
    """An app shows no challenge: where one would be asked of its address, it is to open the page.
    Raises TooMany."""
    if look is not None and look.standing.near:
        LIMITED.labels("challenge", "refused").inc()
        raise TooMany(AN_APP_WAITS, IN_APPS, limit="challenge")


def _about(page: PaymentRequest) -> About:
    payment = page.payment
    return About(payment.uid, payment.next_number, page.lang, page.app.context.clock())
