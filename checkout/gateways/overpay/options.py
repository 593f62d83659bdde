"""The settings of an account at Overpay."""

from __future__ import annotations

from typing import Any, ClassVar

from checkout.gateways import base
from checkout.gateways.overpay.signature import rsa_key


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The shop's account. `public_key`: base64 of the DER SubjectPublicKeyInfo; where it is set,
    a notification without a valid signature is refused, whatever else it carries."""

    secrets: ClassVar[tuple[str, ...]] = ("secret_key",)
    asked: ClassVar[tuple[str, ...]] = ("public_key",)

    shop_id: str
    secret_key: str
    public_key: str | None = None

    @property
    def credentials(self) -> bytes:
        return f"{self.shop_id}:{self.secret_key}".encode()

    def __post_init__(self) -> None:
        if not self.shop_id.strip() or ":" in self.shop_id:
            raise ValueError("shop_id must be the Shop ID, without a colon")
        if not self.secret_key.strip():
            raise ValueError("secret_key must not be empty")
        if self.public_key is not None:
            try:
                rsa_key(self.public_key)
            except ValueError as error:
                raise ValueError(f"public_key {error}") from None

    def __repr__(self) -> str:
        return f"Options(base_url={self.base_url!r}, shop_id={self.shop_id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("base_url", self.base_url), ("shop_id", self.shop_id)]
