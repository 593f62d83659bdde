"""A payment, and the platform's words for where it stands."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from checkout.sandbox import card as cards
from checkout.sandbox import codes
from checkout.sandbox.card import Card
from checkout.sandbox.money import EXPONENTS
from checkout.sandbox.stories import Secure
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import World

PROTOCOL = "rest"
REGISTRATION = "tokenization"
"""The type of a card that was registered alone."""

AWKWARD = 'a b+c/=&"<é>%2f'
"""A parameter that arrives unchanged only if it was escaped well on the way."""


class Words(NamedTuple):
    """`short` is `transactionStatus`, `long` is `status`."""

    short: str
    long: str


WORDS: dict[str, str] = {
    "incomplete": "authstarted",
    "pending": "authstarted",
    "failed": "authfailed",
    "error": "failed",
    "expired": "cancelled",
    "deleted": "cancelled",
    "successful": "capturesuccess",
    "refunded": "reversed",
}
"""What each status of the books is called by the platform."""

SHORT: dict[str, str] = {
    "begun": "P",
    "authstarted": "P",
    "authsuccessful": "Y",
    "authfailed": "N",
    "authcancelled": "Y",
    "cancelled": "C",
    "capturesuccess": "Y",
    "capturefailed": "N",
    "settled": "Y",
    "setteled": "Y",
    "markedforreversal": "Y",
    "reversed": "Y",
    "failed": "N",
    "payoutsuccessful": "Y",
    "payoutfailed": "N",
}
"""Long word -> the short one beside it. Of a word that isn't here the platform says that there is
no such record."""


HELD = "authsuccessful"
PAYOUTS = {"successful": "payoutsuccessful", "failed": "payoutfailed"}
"""The same of money sent to a card."""

METHODS = {
    "CC": "credit_card",
    "DC": "credit_card",
    "NB": "net_banking",
    "EW": "wallet",
    "PV": "voucher",
    "SEPA": "sepa",
}
"""`paymentMode` -> how the ledger calls the method."""


@dataclass(slots=True, kw_only=True)
class RestTransaction(Transaction):
    """`mode` and `brand` as in the request; `verdict` is what the issuer's page decided, until
    the gateway is told. `captured` and `refunded` are minor units. `state` is the long word that an
    operation or the back office has left it with."""

    mode: str
    brand: str | None
    card: Card | None
    secure: Secure
    origin: str
    registration: str | None = None
    parent_uid: str | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False
    state: str | None = None
    verdict: str | None = None
    session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    proof: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def words(self) -> Words:
        long = self._long
        at_the_bank = self.status == "incomplete" and long == WORDS["incomplete"]
        return Words("3D" if at_the_bank else SHORT.get(long, "N"), long)

    @property
    def _long(self) -> str:
        if self.status == "refunded":
            return WORDS["refunded"]
        if self.state is not None:
            return self.state
        if self.type == "payout":
            return PAYOUTS[self.status]
        if self.status == "successful" and self.type == "authorization":
            return HELD
        if self.code == codes.REJECTED_BY_CUSTOMER:
            return WORDS["deleted"]
        return WORDS[self.status]

    @property
    def remark(self) -> str:
        """The bank's own sentence, once there is one."""
        return codes.CODES[self.code].message if self.final else ""

    def decide(self, world: World) -> None:
        """What the card's bank says once 3-D Secure is over (or plays no part)."""
        end = codes.NOT_AUTHENTICATED if self.secure == "failed" else self._word(world)
        self.become("successful" if end == codes.SUCCESS else "failed", end, world.now())

    def approve(self, world: World) -> None:
        """The customer proved to be the cardholder; the bank has the last word."""
        end = self._word(world)
        world.settle(self, "successful" if end == codes.SUCCESS else "failed", end)

    def _word(self, world: World) -> str:
        if self.card is None:
            return codes.SUCCESS
        today = datetime.fromtimestamp(world.now(), UTC)
        if cards.expired(self.card.exp_year, self.card.exp_month, (today.year, today.month)):
            return "F.0111"
        return self.card.story.code

    # The way to the bank

    @property
    def acs(self) -> str:
        """The card issuer's page."""
        return f"{self.origin}/rest/acs/{self.uid}"

    @property
    def term_query(self) -> str:
        """An unusual but correct spelling: an address that was re-encoded is noticed."""
        return f"trackingid={self.uid}&ctoken={self.session}%2f%2B"

    @property
    def term_url(self) -> str:
        """The gateway's own: it takes the result of 3-D Secure itself."""
        return f"{self.origin}/rest/term/{self.uid}?{self.term_query}"

    @property
    def parameters(self) -> dict[str, str]:
        """What the browser has to post to the issuer's page."""
        request = b64encode(f'{{"threeDSServerTransID":"{self.session}"}}'.encode())
        return {
            "creq": request.decode().rstrip("=") + "=",  # whoever strips it, spoils it
            "threeDSSessionData": AWKWARD,
            "TermUrl": self.term_url,
        }

    @property
    def checkout(self) -> str:
        """The page of the net bank or wallet."""
        return f"{self.origin}/rest/checkout/{self.uid}"

    @property
    def checkout_query(self) -> str:
        return f"token={self.session}%2b%2F&trackingId={self.uid}"


def major(amount: int, currency: str) -> str:
    """Minor units as the platform writes them: always two decimals."""
    whole, part = divmod(amount, 10 ** EXPONENTS.get(currency, 2))
    return f"{whole}.{part:02d}"
