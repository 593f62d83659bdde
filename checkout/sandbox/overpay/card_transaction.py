"""A card transaction: what the gateway keeps beyond what every protocol keeps."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from checkout.sandbox import card as cards
from checkout.sandbox import codes
from checkout.sandbox.card import Card
from checkout.sandbox.overpay.followed import Followed
from checkout.sandbox.overpay.request import reference
from checkout.sandbox.stories import Secure
from checkout.sandbox.world import World

PROTOCOL = "overpay_cards"

SAVING_CONTRACTS = frozenset({"recurring", "oneclick", "credit", "card_on_file"})
"""The contracts whose answer brings a token of the card."""


@dataclass(slots=True, kw_only=True)
class CardTransaction(Followed):
    """`secure` is the part that 3-D Secure plays in it; `echo` are request parts for the answer.

    `avs` and `cvc` are what the bank finds of address and security code, in result codes.
    `captures_as`: of a charge that becomes an authorization, the uid of the capture that follows
    by itself; `saved_as` is the token under which the card was saved.
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
    captures_as: str | None = None
    auth_code: str = field(default_factory=lambda: reference()[:6])
    rrn: str = field(default_factory=reference)
    ref_id: str = field(default_factory=reference)

    @property
    def stands_for(self) -> str:
        """What a charge became; all else is what it is."""
        if self.type != "charge":
            return self.type
        return "payment" if self.captures_as is None else "authorization"

    def child(self, at: float, kind: str, amount: int, tracking_id: str | None) -> CardTransaction:
        automatic = self.captures_as if kind == "capture" else None
        return CardTransaction(
            uid=automatic or str(uuid.uuid4()),
            parent_uid=self.uid,
            protocol=PROTOCOL,
            type=kind,
            method=self.method,
            status="pending",
            shop_id=self.shop_id,
            secret_key=self.secret_key,
            amount=amount,
            currency=self.currency,
            description=self.description,
            tracking_id=tracking_id,
            test=self.test,
            language=self.language,
            notification_url=self.notification_url,
            created_at=at,
            updated_at=at,
            card=self.card,
            secure="none",
            echo={},
            contract=[],
            descriptor=self.descriptor,
            expected_bank_code=None,
            iframe=self.iframe,
            facts={"parent_uid": self.uid, "description": self.description},
        )

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
