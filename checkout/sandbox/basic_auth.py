"""HTTP Basic: the shop's id and its secret key."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import NamedTuple


class Credentials(NamedTuple):
    """Who calls."""

    shop_id: str
    secret_key: str

    @property
    def header(self) -> str:
        """The value of `Authorization`."""
        return "Basic " + b64encode(f"{self.shop_id}:{self.secret_key}".encode()).decode()


def parse(header: str | None) -> Credentials | None:
    """The credentials of an `Authorization` header; None if it has no complete pair."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Credentials(user, password) if user and password else None


def is_registered(caller: Credentials, registered: Mapping[str, str]) -> bool:
    """True if the pair is registered, or nobody registered any."""
    if not registered:
        return True
    secret = registered.get(caller.shop_id, "")
    return same_secret(secret, caller.secret_key)


def same_secret(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
