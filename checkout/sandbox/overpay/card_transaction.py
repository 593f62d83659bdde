"""A card transaction: what the gateway keeps beyond what every protocol keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from checkout.sandbox import card as cards
from checkout.sandbox import codes
from checkout.sandbox.card import Card
from checkout.sandbox.overpay.request import reference
from checkout.sandbox.stories import Secure
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.world import World

PROTOCOL = "overpay_cards"

SAVING_CONTRACTS = frozenset({"recurring", "oneclick", "credit", "card_on_file"})
"""The contracts whose answer brings a token of the card."""


@dataclass(slots=True, kw_only=True)
class CardTransaction(Transaction):
    """`secure` is the part that 3-D Secure plays in it; `echo` are request parts for the answer.

    `avs` and `cvc` are what the bank finds of address and security code, in result codes.
    `captured` and `refunded` are minor units; `parent_uid` is what a capture, void or refund
    belongs to; `saved_as` is the token under which the card was saved.
    """

    card: Card | None
    secure: Secure
    echo: dict[str, object]
    contract: list[str]
    descriptor: str
    expected_bank_code: str | None
    iframe: bool
    avs: str = "1"
    cvc: str = "1"
    saved_as: str | None = None
    parent_uid: str | None = None
    captured: int = 0
    refunded: int = 0
    voided: bool = False
    auth_code: str = field(default_factory=lambda: reference()[:6])
    rrn: str = field(default_factory=reference)
    ref_id: str = field(default_factory=reference)

    def decide(self, world: World) -> None:
        """What the card's bank says once 3-D Secure is over (or plays no part)."""
        end = codes.NOT_AUTHENTICATED if self.secure == "failed" else self._word(world)
        status = "successful" if end == codes.SUCCESS else "failed"
        self.become(status, end, world.now())

    def approve(self, world: World) -> None:
        """The customer proved to be the cardholder; the bank has the last word."""
        end = self._word(world)
        world.settle(self, "successful" if end == codes.SUCCESS else "failed", end)

    @property
    def token(self) -> str | None:
        """The card's token, for those who asked for one and whose payment was made."""
        return self.saved_as if self.status in ("successful", "refunded") else None

    def _word(self, world: World) -> str:
        if self.card is None:
            return codes.SUCCESS
        today = datetime.fromtimestamp(world.now(), UTC)
        if cards.expired(self.card.exp_year, self.card.exp_month, (today.year, today.month)):
            return "F.0111"
        return self.card.story.code
