"""The example file, and adapters of its names that stand for the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from msgspec import Struct

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "checkout.toml"


class Stub(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    base_url: str
    decimals: dict[str, int] = {}
    settlement: dict[str, str] = {}


class Overpay(Stub, frozen=True):
    secrets: ClassVar[tuple[str, ...]] = ("secret_key",)

    shop_id: str
    secret_key: str
    public_key: str | None = None

    def __post_init__(self) -> None:
        if self.public_key == "no key":
            raise ValueError("public_key: is not base64 of a DER key")
        if self.shop_id == "0":
            raise ValueError("two of these do not fit together")


class Rest(Stub, frozen=True):
    secrets: ClassVar[tuple[str, ...]] = ("secure_key",)

    partner_id: str
    username: str
    member_id: str
    secure_key: str
    terminal_id: str | None = None

    longest_return_url: ClassVar[int] = 99


class Exchanger(Stub, frozen=True):
    secrets: ClassVar[tuple[str, ...]] = ("ipn_secret",)

    route_id: str
    from_values: dict[str, str] = {}
    to_values: dict[str, str] = {}
    ipn_secret: str | None = None
    terms_url: str | None = None
    page: Literal["own", "exchanger"] = "own"


ADAPTERS: dict[str, type[Struct]] = {
    "overpay_cards": Overpay,
    "overpay_apm": Overpay,
    "rest": Rest,
    "exchanger": Exchanger,
}
VARIABLES = (
    "CHECKOUT_SECRET",
    "OPERATOR_TOKEN",
    "OVERPAY_SECRET",
    "OVERPAY_PUBLIC_KEY",
    "ACQUIRER_KEY",
    "IPN_SECRET",
    "SHOP_SECRET",
    "SHOP_LINK_KEY",
    "CHECKOUT_SHOPS_KEY",
)
