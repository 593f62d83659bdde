"""Checking the signed result on the address that a customer came back with.

Who has it needs to ask nobody; who has none, or one that is not believed, asks checkout.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.orders import Order

OLDEST = 3600
"""Seconds that a customer may take from checkout's result page to the shop."""
AHEAD = 60
"""Seconds that checkout's clock may be ahead of the shop's."""
ALGORITHM, TYPE = "RS256", "checkout-result"
FINAL = frozenset({"successful", "failed", "canceled", "expired", "refunded"})
"""What no later answer makes untrue for this customer; the others are worth asking."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` in minor units, `iat` in seconds since 1970."""

    token: str
    uid: str
    type: str
    status: str
    amount: int
    currency: str
    tracking_id: str | None
    test: bool
    created_by: str
    iat: int


def read_result(config: ShopConfig, order: Order, signed: str | None) -> Claims | None:
    """The claims, if checkout signed them for this order, lately, and with the key that we know."""
    if not signed or not config.public_key:
        return None
    try:
        found = jws.deserialize_compact(signed, _key(config.public_key), algorithms=[ALGORITHM])
        claims = msgspec.json.decode(found.payload, type=Claims)
    except (JoseError, ValueError, msgspec.DecodeError):
        return None
    header = found.headers()
    named = (header.get("alg"), header.get("typ"), header.get("kid"))
    if named != (ALGORITHM, TYPE, key_id(config.public_key)):
        return None
    ours = claims.token == order.token and claims.tracking_id == order.number
    same_payment = (claims.type, claims.test, claims.created_by) == (
        order.kind,
        order.test,
        order.created_by,
    )
    fresh = -AHEAD <= time.time() - claims.iat <= OLDEST
    return (
        claims
        if ours and same_payment and fresh and order.money_matches(claims.amount, claims.currency)
        else None
    )


def key_id(public_key: str) -> str:
    """The name of the key that this shop knows: 16 characters of its digest."""
    digest = hashlib.sha256(b64decode(public_key)).digest()
    return urlsafe_b64encode(digest).decode()[:16]


@lru_cache(maxsize=8)
def _key(public_key: str) -> RSAKey:
    return RSAKey.import_key(b64decode(public_key))
