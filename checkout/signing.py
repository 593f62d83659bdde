"""What is signed, all by itsdangerous: the forms' tokens, the customer's cookie, offline links.

With HMAC-SHA-256, under a key derived from a salt that names the purpose, and the payment where
its address names that already. Of several keys the last signs and each verifies, so that keys
rotate: add a new one at the end, later drop the old one.

A shop makes an offline link by itself, in any programming language:

    payload   = base64url(JSON object) without its "="    or "." + base64url(zlib(JSON))
    key       = SHA-256("link:" + shop id + "signer" + link key)             32 bytes
    signature = base64url(HMAC-SHA-256(key, payload)) without its "="        43 characters
    address   = public_url + "/pay/" + payload + "." + signature             4 KiB at most

which is `itsdangerous.URLSafeSerializer(link_key, salt="link:" + shop_id,
signer_kwargs={"digest_method": hashlib.sha256}).dumps(payload)`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import itsdangerous
import msgspec
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes
from msgspec import Struct

from checkout.errors import BadRequest, Forbidden, NotFound, Unprocessable
from checkout.identifiers import new_payment_secret
from checkout.model.browser import FIELDS
from checkout.model.validation.reader import decode
from checkout.settings import Shop

COOKIE: Final = "__Host-checkout"
COOKIE_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
LARGEST_COOKIE: Final = 1023  # bytes of the whole Set-Cookie value: browsers and proxies vary
LARGEST_LINK: Final = 4096  # characters of what is signed
LARGEST_PAYLOAD: Final = 16 * 1024  # bytes of a link's JSON, decompressed

OWN: Final = "own"  # in a form's token and the cookie: the customer's own
_LINK: Final = re.compile(r"(\.?[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{43}", re.ASCII)
# What the cookie keeps of a browser's field: no character that JSON would escape.
_KEPT: Final = re.compile(r"[A-Za-z0-9_+/.-]{1,40}", re.ASCII)


class Sha256Signer(itsdangerous.Signer):
    """itsdangerous' signer with SHA-256, which takes one spelling of a signature only: base64
    has several for the same bytes, and a token must have one form only."""

    default_digest_method = staticmethod(hashlib.sha256)

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        genuine = super().verify_signature(value, sig)
        return genuine and base64_encode(base64_decode(sig)) == want_bytes(sig)


# --- Forms and the cookie ----------------------------------------------------------------------


class FormToken(Struct, frozen=True):
    """What a page's form was made for: the attempt's number, and a nonce of that one page. `own`:
    the page was shown to the customer, so that a frame without cookies can send it on."""

    attempt: int
    nonce: str
    own: bool = False


class CustomerCookie(Struct, frozen=True):
    """What the customer's browser keeps for us. A hint, never a proof: the ledger decides.

    `browser` holds the hidden inputs of `model.browser.FIELDS` as they were sent. `own`: this is
    the customer's browser; only that is shown the customer's data.
    """

    uid: str
    lang: str = ""
    method: str = ""
    attempt: int = 0
    browser: dict[str, str] = {}
    own: bool = False


class Signer:
    """Signs what our own pages and the cookie carry. `secrets`: oldest first, newest last."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)
        self._newest = self._secrets[-1].encode()

    def sign_form(
        self, purpose: str, uid: str, attempt: int, nonce: str | None = None, *, own: bool = False
    ) -> str:
        """A form's hidden token, another one for each page: "1.nonce.signature". `nonce`: of
        `new_form_nonce`, for the forms of one page; `own`: a page that is shown to the customer."""
        text = f"{attempt}.{nonce or new_form_nonce()}"
        return self._sign("form", purpose, uid, text=f"{text}.{OWN}" if own else text)

    def read_form(self, purpose: str, uid: str, token: str) -> FormToken:
        """Raises Forbidden for a token of another purpose or payment, or a forged one."""
        text = self._unsign("form", purpose, uid, signed=token)
        if text is None:
            raise Forbidden
        attempt, nonce, *own = text.split(".")
        return FormToken(int(attempt), nonce, bool(own))

    def sign_challenge(self, uid: str, attempt: int, now: float, bits: int) -> str:
        """A challenge's token, for one attempt: "1.seconds.bits.nonce.signature"."""
        text = f"{attempt}.{int(now)}.{bits}.{new_form_nonce()}"
        return self._sign("challenge", uid, text=text)

    def read_challenge(self, uid: str, attempt: int, token: str, bits: int) -> float | None:
        """When it was signed; None for another attempt's, an easier one, or a forged one."""
        text = self._unsign("challenge", uid, signed=token)
        if text is None:
            return None
        for_attempt, seconds, of_bits, _ = text.split(".")
        return float(seconds) if (int(for_attempt), int(of_bits)) == (attempt, bits) else None

    def sign_picture(self, shop: str, url: str) -> str:
        """What stands in our address of a shop's picture: the same each time, so that browsers
        keep it."""
        return self._sign("picture", text=base64_encode(f"{shop}\n{url}"))

    def read_picture(self, signed: str) -> tuple[str, str]:
        """(shop id, its address of the picture). Raises NotFound."""
        text = self._unsign("picture", signed=signed)
        if text is None:
            raise NotFound
        shop, _, url = base64_decode(text).decode().partition("\n")
        return shop, url

    def sign_cookie(self, cookie: CustomerCookie) -> str:
        """The cookie's value. What is too long or has unusual characters is left out, so that the
        whole header stays under 1 KiB."""
        fields = [_kept(cookie.browser.get(name, "")) for name in FIELDS]
        if cookie.own:  # behind those, where older cookies have nothing
            fields.append(OWN)
        data = (cookie.uid, _kept(cookie.lang), _kept(cookie.method), cookie.attempt, fields)
        return self._sign("cookie", cookie.uid, text=base64_encode(msgspec.json.encode(data)))

    def read_cookie(self, uid: str, value: str) -> CustomerCookie | None:
        """None for another payment's cookie and for a broken one."""
        text = self._unsign("cookie", uid, signed=value)
        if text is None:
            return None
        uid, lang, method, attempt, fields = msgspec.json.decode(
            base64_decode(text), type=tuple[str, str, str, int, tuple[str, ...]]
        )
        browser = {name: field for name, field in zip(FIELDS, fields, strict=False) if field}
        return CustomerCookie(uid, lang, method, attempt, browser, fields[len(FIELDS) :] == (OWN,))

    def _sign(self, *salt: str, text: str | bytes) -> str:
        """As `Sha256Signer` signs, at a third of the cost: each page is signed three times."""
        value = want_bytes(text)
        key = hashlib.sha256(":".join(salt).encode() + b"signer" + self._newest).digest()
        signature = base64_encode(hmac.digest(key, value, "sha256"))
        return f"{value.decode()}.{signature.decode()}"

    def _unsign(self, *salt: str, signed: str) -> str | None:
        try:
            return Sha256Signer(self._secrets, ":".join(salt)).unsign(signed).decode()
        except (itsdangerous.BadSignature, UnicodeError):
            return None


def new_form_nonce() -> str:
    """The nonce of one page's forms: 72 random bits in 12 URL-safe characters."""
    return secrets.token_urlsafe(9)


def set_cookie(value: str) -> str:
    """The Set-Cookie header of a cookie's value; without Max-Age it goes with the browser."""
    return f"{COOKIE}={value}; {COOKIE_ATTRIBUTES}"


def _kept(value: str) -> str:
    return value if value and _KEPT.fullmatch(value) else ""


# --- Offline links -----------------------------------------------------------------------------


class LinkPayload(Struct, frozen=True):
    """A verified link. `data` is the shop's object as it came, not yet checked field by field;
    `digest` (64 hex) is the link's own name, the same at each opening."""

    shop: str
    digest: str
    data: dict[str, Any]


def sign_link(shop_id: str, key: str, payload: Mapping[str, Any]) -> str:
    """The signed part of a link. `shop` is set, and a random `id` unless the payload has one:
    two equal invoices are two payments. Raises Unprocessable when it gets longer than 4 KiB."""
    data = {**payload, "shop": shop_id}
    data.setdefault("id", new_payment_secret())
    serializer = itsdangerous.URLSafeSerializer(key, salt=f"link:{shop_id}", signer=Sha256Signer)
    signed = serializer.dumps(data)
    if len(signed) > LARGEST_LINK:
        raise Unprocessable({"base": ["must be shorter: a link has 4096 characters at most"]})
    return signed


def read_link(signed: str, shops: Mapping[str, Shop]) -> LinkPayload:
    """The link that a shop signed. Raises NotFound for anything else, without a reason."""
    match = _LINK.fullmatch(signed) if len(signed) <= LARGEST_LINK else None
    if not match:
        raise NotFound
    # Decoded before it is verified, only to find the shop's keys; hence within all bounds.
    data = _unverified(match[1])
    shop = shops.get(data["shop"]) if isinstance(data.get("shop"), str) else None
    if shop is None or not Sha256Signer(shop.link_keys, f"link:{shop.id}").validate(signed):
        raise NotFound
    return LinkPayload(shop.id, link_digest(signed), data)


def link_digest(signed: str) -> str:
    """64 hex digits: the link's own name."""
    return hashlib.sha256(signed.encode()).hexdigest()


def _unverified(payload: str) -> dict[str, Any]:
    """The payload's object; itsdangerous would decompress without a bound."""
    try:
        raw = base64_decode(payload.removeprefix("."))
        if payload.startswith("."):
            zipped = zlib.decompressobj()
            raw = zipped.decompress(raw, LARGEST_PAYLOAD)
            if not zipped.eof or zipped.unused_data:
                raise NotFound
        data = decode(raw)
    except (itsdangerous.BadData, zlib.error, BadRequest):
        raise NotFound from None
    if not isinstance(data, dict):
        raise NotFound
    return data
