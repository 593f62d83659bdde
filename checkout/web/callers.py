"""Who calls the shop's API: the shop's server by its id and secret, or its app by a publishable
key.

That key stands in every copy of the app and is no secret, and the public key can be worked out of
what it verifies: where the shop lets apps pay, one may make a plain payment with it, and read or
pay one whose token one knows, as anybody may who has its address.
"""

from __future__ import annotations

import base64
import hmac
from typing import NamedTuple

from checkout.errors import Forbidden, NotFound, Unauthorized, Unprocessable
from checkout.settings import Settings, Shop
from checkout.web.visit import Web_Request

SHARED_KEY = "several shops have this public key: call with the shop's id and secret_key"
APPS_OFF = "Payments by apps are off: shops.ID.apps is not true in the settings"
NOT_THIS_KEY = (
    "Apps call with shops.ID.publishable_key: apps_public_key is not true in the settings"
)


def authenticated(request: Web_Request, settings: Settings) -> Shop:
    """The shop of the Basic credentials, compared in constant time. Raises Unauthorized."""
    scheme, encoded = _authorization(request)
    try:
        plain = base64.b64decode(encoded, validate=True) if scheme == "basic" else b""
    except ValueError:  # no base64, or not even ASCII
        plain = b""
    name, _, password = plain.partition(b":")
    shop = settings.shops.get(name.decode("utf-8", "replace"))
    expected = shop.secret_key.encode() if shop else b"-" * 64
    if not hmac.compare_digest(expected, password) or shop is None:
        raise Unauthorized
    return shop


class KeyHolder(NamedTuple):
    """Somebody with a key of the apps of these shops: of one, or with a public key that several
    have."""

    shops: tuple[Shop, ...]

    def of(self, shop: Shop) -> Shop:
        """A payment's shop, where the key is its. Raises NotFound."""
        if shop not in self.shops:
            raise NotFound
        return shop

    def one(self) -> Shop:
        """The shop to make a payment for. Raises Unprocessable where the key names several."""
        if len(self.shops) > 1:
            raise Unprocessable({"base": [SHARED_KEY]})
        return self.shops[0]


def key_holder(request: Web_Request, settings: Settings) -> KeyHolder:
    """The shops of `Authorization: Bearer <publishable key>`, or of the bare key, as one of the
    SDKs sends it. Raises Unauthorized; Forbidden where a shop has the key, but lets no apps pay, or
    not by this one."""
    key = (_key(request) or "").encode()
    shops, refusal = [], None
    for shop in settings.shops.values():
        named = _same(key, shop.publishable_key)
        if named or _same(key, shop.public_key):
            if shop.apps and (named or shop.apps_public_key):
                shops.append(shop)
            refusal = NOT_THIS_KEY if shop.apps else APPS_OFF
    if shops:
        return KeyHolder(tuple(shops))
    raise Forbidden(refusal) if refusal else Unauthorized()


def by_key(request: Web_Request) -> bool:
    """Whether the caller shows a key as apps do."""
    return _key(request) is not None


def _key(request: Web_Request) -> str | None:
    scheme, given = _authorization(request)
    if scheme == "bearer":
        return "".join(given.split())
    bare = request.headers.get("authorization", "").strip()
    return bare if bare and not given and scheme != "basic" else None


def _same(given: bytes, key: str | None) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given, (key or "-").encode()) and bool(key)


def _authorization(request: Web_Request) -> tuple[str, str]:
    """(scheme in small letters, credentials)"""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), given.strip()
