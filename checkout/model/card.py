"""A card that pays: a typed one, or one that the gateway keeps; never shown, logged or stored."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.model.outcome import PaidCard
from checkout.model.pan import brand_of

WALLET_MARK: Final = "$begateway_"  # what a wallet's token begins with


class _Unshown(Struct, frozen=True):
    """A struct whose repr is its class name only."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Card(_Unshown, frozen=True, tag="new"):
    """Digits only; `month` 1 to 12, `year` four digits. Lives for one request."""

    number: str
    month: int
    year: int
    code: str
    holder: str

    @property
    def brand(self) -> str | None:
        found = brand_of(self.number)
        return found.name if found else None

    def without_secrets(self) -> PaidCard:
        """The part of the card that may be stored."""
        return PaidCard(brand=self.brand, last_4=self.number[-4:], first_1=self.number[0])

    @property
    def range(self) -> str:
        """The beginning of the number, by which card testing is recognised."""
        return self.number[:6]


class SavedCard(_Unshown, frozen=True, tag="saved"):
    """A card that the gateway keeps under a token: the customer adds only its code, "" where none
    is needed. `known`: what we know of the card. The code lives for one request."""

    token: str
    code: str = ""
    known: PaidCard = PaidCard()

    def without_secrets(self) -> PaidCard:
        """The part of the card that may be stored."""
        return msgspec.structs.replace(self.known, token=self.token)

    @property
    def range(self) -> str:
        return self.token


class WalletCard(_Unshown, frozen=True, tag="wallet"):
    """What Apple Pay, Google Pay or another wallet of the customer's device gave an app for one
    payment. `token` has the card in it, encrypted for the gateway or not: nothing of it is stored,
    and it lives for one request."""

    token: str

    def without_secrets(self) -> PaidCard:
        """The part of the card that may be stored: what it is, the gateway says."""
        return PaidCard()

    @property
    def range(self) -> str:
        return self.token


AnyCard = Card | SavedCard | WalletCard
