"""The settings of the sample shop."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ShopConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who the shop is and where checkout lives.

    `checkout_url` and `public_url` are origins without a slash at the end; `public_key` is base64
    of the DER key that verifies checkout's notifications to this shop. Without it they are
    believed by Basic alone. `link_key` signs the shop's own payment links; without it there are
    none.
    """

    shop_id: str
    secret_key: str
    checkout_url: str
    public_url: str
    public_key: str = ""
    link_key: str = ""

    def __repr__(self) -> str:
        return f"ShopConfig(shop_id={self.shop_id!r}, checkout_url={self.checkout_url!r})"


def load(path: Path) -> ShopConfig:
    """Read a JSON file with the fields of `ShopConfig`."""
    return msgspec.json.decode(path.read_bytes(), type=ShopConfig)
