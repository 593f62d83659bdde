"""Who calls the shop's API: the shop's server by its id and secret, or its app by the public key.

The public key stands in every copy of the app and is no secret: with it alone one may make a
payment, and read or pay one whose token one knows, as anybody may who has its address.
"""

from __future__ import annotations

import base64
import hmac
from typing import NamedTuple

from checkout.errors import NotFound, Unauthorized, Unprocessable
from checkout.settings import Settings, Shop
from checkout.web.visit import Web_Request

SHARED_KEY = "several shops have this public key: call with the shop's id and secret_key"


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
    """Somebody with the public key of these shops, most often of one."""

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
    """The shops of `Authorization: Bearer <public key>`. Raises Unauthorized."""
    scheme, given = _authorization(request)
    key = "".join(given.split())
    shops = tuple(shop for shop in settings.shops.values() if shop.public_key == key)
    if scheme != "bearer" or not shops:
        raise Unauthorized
    return KeyHolder(shops)


def by_key(request: Web_Request) -> bool:
    """Whether the caller shows a public key."""
    return _authorization(request)[0] == "bearer"


def _authorization(request: Web_Request) -> tuple[str, str]:
    """(scheme in small letters, credentials)"""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), given.strip()
