"""A card that pays: a typed one, or one that the gateway keeps; never shown, logged or stored."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from checkout.model.outcome import PaidCard
from checkout.model.pan import brand_of


class _Unshown(Struct, frozen=True):
    """What has no repr: it names itself and nothing more."""

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
        """What may be kept of it."""
        return PaidCard(brand=self.brand, last_4=self.number[-4:], first_1=self.number[0])

    @property
    def range(self) -> str:
        """What tries with like numbers have in common."""
        return self.number[:6]


class SavedCard(_Unshown, frozen=True, tag="saved"):
    """A card that the gateway keeps under a token: the customer adds its code alone, "" where
    none is asked. `known`: what we know of it. The code lives for one request."""

    token: str
    code: str = ""
    known: PaidCard = PaidCard()

    def without_secrets(self) -> PaidCard:
        """What may be kept of it."""
        return msgspec.structs.replace(self.known, token=self.token)

    @property
    def range(self) -> str:
        return self.token


AnyCard = Card | SavedCard
