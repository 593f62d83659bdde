"""A payment, and the platform's words for where it stands."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field

from checkout.sandbox import codes
from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.money import EXPONENTS
from checkout.sandbox.rest.codes import AUTHORIZED, LONG_STATUS, PAYOUTS, SHORT_STATUS, StatusWords
from checkout.sandbox.transaction import Transaction

PROTOCOL = "rest"
REGISTRATION = "tokenization"
"""The type of a card that was registered alone."""

AWKWARD = 'a b+c/=&"<é>%2f'
"""A parameter that arrives unchanged only if it was escaped well on the way."""


@dataclass(slots=True, kw_only=True)
class RestTransaction(Transaction):
    """`mode` and `brand` as in the request; `authentication_result` is what the issuer's page
    decided, until the gateway is told. `captured` and `refunded` are minor units. `platform_status`
    is the long word that an operation or the back office has left it with. `cres` is what the
    issuer's page posts to `TermUrl`.
    """

    mode: str
    brand: str | None
    origin: str
    registration: str | None = None
    parent_uid: str | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False
    platform_status: str | None = None
    authentication_result: str | None = None
    session: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    cres: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def status_words(self) -> StatusWords:
        long = self._long_status
        at_the_bank = self.status == "incomplete" and long == LONG_STATUS["incomplete"]
        return StatusWords("3D" if at_the_bank else SHORT_STATUS.get(long, "N"), long)

    @property
    def _long_status(self) -> str:
        if self.status == "refunded":
            return LONG_STATUS["refunded"]
        if self.platform_status is not None:
            return self.platform_status
        if self.type == "payout":
            return PAYOUTS[self.status]
        if self.status == "successful" and self.type == "authorization":
            return AUTHORIZED
        if self.code == codes.REJECTED_BY_CUSTOMER:
            return LONG_STATUS["deleted"]
        return LONG_STATUS[self.status]

    @property
    def remark(self) -> str:
        """The bank's own sentence, once there is one."""
        return codes.CODES[self.code].message if self.final else ""

    def is_session(self, given: str) -> bool:
        return same_secret(given, self.session)

    # The way to the bank

    @property
    def acs_url(self) -> str:
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
    def provider_url(self) -> str:
        """The page of the net bank or wallet."""
        return f"{self.origin}/rest/checkout/{self.uid}"

    @property
    def provider_query(self) -> str:
        return f"token={self.session}%2b%2F&trackingId={self.uid}"


def major(amount: int, currency: str) -> str:
    """Minor units as the platform writes them: always two decimals."""
    whole, part = divmod(amount, 10 ** EXPONENTS.get(currency, 2))
    return f"{whole}.{part:02d}"
