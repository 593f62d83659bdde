"""Who calls the shop's API: the shop's server by its id and secret, or its app by a publishable
key.

The publishable key is in every copy of the app, and the public key can be computed from signatures:
neither is a secret. Where the shop allows apps, either key may create a plain payment, and read or
pay a payment whose token is known, as anybody may who has its address.
"""

from __future__ import annotations

import base64
import re
import secrets
from typing import Final, NamedTuple

from checkout.errors import Forbidden, NotFound, Unauthorized, Unprocessable
from checkout.ledger import payments
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Payment
from checkout.settings import Settings, Shop
from checkout.web.api.password_throttle import same
from checkout.web.concurrency_limits import count_as
from checkout.web.context import app_of
from checkout.web.request import AppRequest, header
from checkout.web.security import client_address

NOBODYS: Final = secrets.token_hex(32).encode()  # compared with where there is no such shop
TOKEN: Final = re.compile(r"[0-9a-f]{64}")  # of a payment
PUBLIC_KEYS: Final = ("MI", "-----BEGIN")  # how base64 of DER, and a PEM, begin
ARMOUR: Final = re.compile(r"-----(?:BEGIN|END) PUBLIC KEY-----")
SHARED_KEY: Final = "several shops have this public key: call with the shop's id and secret_key"
APPS_OFF = "Payments by apps are off: shops.ID.apps is not true in the settings"
NOT_THIS_KEY = (
    "Apps call with shops.ID.publishable_key: apps_public_key is not true in the settings"
)


def authenticated(request: AppRequest, settings: Settings) -> Shop:
    """The shop of the Basic credentials. Raises Unauthorized, in the same time whether there is
    such a shop; TooMany after wrong passwords for it from the same network."""
    scheme, encoded = _authorization(request)
    if scheme != "basic":
        raise Unauthorized
    try:
        plain = base64.b64decode(encoded, validate=True)
    except ValueError:  # no base64, or not even ASCII
        plain = b""
    user, _, password = plain.partition(b":")
    name = user.decode("utf-8", "replace")
    shop = settings.shops.get(name)
    known = [secret.encode() for secret in shop.secret_keys] if shop else [NOBODYS]
    equal = [same(secret, password) for secret in known]
    right = any(equal)
    _throttle(request, "shop", name, right=right, shop=shop)
    if shop is None or not right:
        raise Unauthorized
    count_as(request, f"shop {shop.id}")
    return shop


def actor_of(request: AppRequest, shop: Shop) -> Actor:
    """The shop's server, for the audit log."""
    address = client_address(request, app_of(request).settings.trusted_proxies)
    return Actor(shop.id, "api", address)


class KeyHolder(NamedTuple):
    """The caller's shops: one, or several that share a public key. `token`: of the one payment that
    the caller may have, where its token was all that proved anything."""

    shops: tuple[Shop, ...]
    token: str | None = None

    def of(self, payment: Payment, shop: Shop) -> Shop:
        """The payment's `shop`, where the key is its. Raises NotFound."""
        if shop not in self.shops or self.token not in (None, payment.token):
            raise NotFound
        return shop

    def one(self) -> Shop:
        """The shop to make a payment for. Raises Unprocessable where the key names several."""
        if len(self.shops) > 1:
            raise Unprocessable({"base": [SHARED_KEY]})
        return self.shops[0]


def key_holder(request: AppRequest, settings: Settings) -> KeyHolder:
    """The shops of `Authorization: Bearer <publishable key>`, or of the bare key, as one of the
    SDKs sends it. Raises Unauthorized; Forbidden where a shop has the key, but allows no apps, or
    not this key; TooMany after wrong ones. A right key is never throttled: it is public, and a
    network may have many phones."""
    key = _key(request) or ""
    shops, refusal = [], None
    for shop in settings.shops.with_key(key):
        if shop.apps and (key == shop.publishable_key or shop.apps_public_key):
            shops.append(shop)
        refusal = NOT_THIS_KEY if shop.apps else APPS_OFF
    if shops:
        return KeyHolder(tuple(shops))
    if refusal:
        raise Forbidden(refusal)
    if key:
        _throttle(request, "app", "", right=False)
    raise Unauthorized


async def payer(request: AppRequest) -> KeyHolder:
    """Who pays or reads one payment: the holder of a key, or of that payment's token.

    The public Flutter SDK sends the token as `Authorization` when it pays, and nothing when it
    reads: the token is in the address then. The first Android SDK pays and reads by it, behind
    `Bearer`. It is as good as the key, which anybody may have; it is taken where the SDKs' own key,
    the public one, is. Raises as `key_holder` does.
    """
    app = app_of(request)
    scheme, credentials = _authorization(request)
    bare = header(request, b"authorization") or request.path_params.get("token", "")
    given = credentials if scheme == "bearer" else bare
    if not TOKEN.fullmatch(given):
        return key_holder(request, app.settings)
    payment = await app.context.ledger.read(payments.by_token, given)
    shop = app.settings.shops.get(payment.shop) if payment else None
    if shop is None or not (shop.apps and shop.apps_public_key):
        _throttle(request, "app", "", right=False)
        raise Unauthorized
    return KeyHolder((shop,), given)


def by_server(request: AppRequest) -> bool:
    """Whether the caller sends a shop's id and secret."""
    return _authorization(request)[0] == "basic"


def by_key(request: AppRequest) -> bool:
    """Whether the caller sends a key as apps do."""
    return _key(request) is not None


def _key(request: AppRequest) -> str | None:
    """The key behind Bearer, or bare. A public key as people paste it: in lines, which arrive as
    blanks or written as \\n, and between the lines of its PEM."""
    scheme, given = _authorization(request)
    bare = (header(request, b"authorization") or "").strip()
    if scheme == "bearer":
        found = given
    elif bare and scheme != "basic" and (not given or bare.startswith(PUBLIC_KEYS)):
        found = bare
    else:
        return None
    for written in ("\\r", "\\n"):
        found = found.replace(written, " ")
    return "".join(ARMOUR.sub("", found).split())


def authenticate_operator(request: AppRequest, token: str) -> None:
    """`Authorization: Bearer <operator_token>`. Raises Unauthorized, TooMany."""
    scheme, given = _authorization(request)
    if scheme != "bearer":
        raise Unauthorized
    _throttle(request, "operator", "", right=same(token.encode(), given.encode()))


def _throttle(
    request: AppRequest, kind: str, name: str, *, right: bool, shop: Shop | None = None
) -> None:
    app = app_of(request)
    address = client_address(request, app.settings.trusted_proxies)
    of = shop.id if shop else ""
    app.password_throttle.check(kind, name, address, app.context.clock(), right=right, shop=of)


def _authorization(request: AppRequest) -> tuple[str, str]:
    """(scheme in small letters, credentials)"""
    scheme, _, given = (header(request, b"authorization") or "").partition(" ")
    return scheme.lower(), given.strip()
