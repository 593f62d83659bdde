"""Who gets a challenge: addresses that are near their limit, and everybody at a shop where cards
are being tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkout.errors import TooMany
from checkout.payments.card_testing import AddressStanding
from checkout.payments.metrics import LIMITED
from checkout.web.challenge import About, ChallengeFields
from checkout.web.pages.payment_request import PaymentRequest

AN_APP_WAITS: Final = 60  # seconds
IN_APPS: Final = "Too many attempts from this address: open the payment page"


def challenge_fields(page: PaymentRequest, fields: Mapping[str, str]) -> ChallengeFields | None:
    """The page's challenge, decided by this worker's own counts, without a read of the ledger."""
    guard, challenge = page.app.context.guard, page.app.challenge
    if challenge is None or guard.calm:
        return None
    if not guard.known(page.shop.id, page.app.context.address_mark(page.address)).suspect:
        return None
    return challenge.ask(_about(page), fields)


async def address_standing(page: PaymentRequest) -> AddressStanding | None:
    """The standing of the customer's address, read once for this attempt; None where there is no
    challenge."""
    context = page.app.context
    if page.app.challenge is None:
        return None
    return await context.guard.standing_of(page.shop.id, context.address_mark(page.address))


def challenge_met(
    page: PaymentRequest, address: AddressStanding | None, fields: Mapping[str, str]
) -> bool:
    """Whether the form is accepted: its challenge is solved, or none was needed."""
    challenge = page.app.challenge
    if challenge is None or address is None or not address.standing.suspect:
        return True
    met = challenge.met(_about(page), fields)
    LIMITED.labels("challenge", "met" if met else "challenged").inc()
    return met


def no_challenge(address: AddressStanding | None) -> None:
    """An app can't show a challenge: where its address would get one, the app must open the payment
    page. Raises TooMany."""
    if address is not None and address.standing.near:
        LIMITED.labels("challenge", "refused").inc()
        raise TooMany(AN_APP_WAITS, IN_APPS, limit="challenge")


def _about(page: PaymentRequest) -> About:
    payment = page.payment
    return About(payment.uid, payment.next_number, page.lang, page.app.context.clock())
