"""What is signed, and what is drawn at random: offline links, form tokens, the cookie, names.

All is signed by itsdangerous with HMAC-SHA-256, under a key derived from a salt that names the
purpose, and the payment where its address names that already. Of several keys the last signs and
each verifies, so that keys rotate: add a new one at the end, later drop the old one.

An offline link is made by a shop alone, in any language:

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
import os
import re
import secrets
import uuid
import zlib
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import itsdangerous
import msgspec
from itsdangerous.encoding import want_bytes
from msgspec import Struct

from checkout.errors import BadRequest, Forbidden, NotFound, Unprocessable
from checkout.model.browser import FIELDS
from checkout.model.checks import decode
from checkout.settings import Shop

NO_FIELDS: Final = [""] * len(FIELDS)
COOKIE: Final = "__Host-checkout"
COOKIE_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
LARGEST_COOKIE: Final = 1023  # bytes of the whole Set-Cookie value: browsers and proxies vary
LARGEST_LINK: Final = 4096  # characters of what is signed
LARGEST_PAYLOAD: Final = 16 * 1024  # bytes of a link's JSON, decompressed

_FOR_URLS: Final = bytes.maketrans(b"+/", b"-_")
_SIGNED: Final = re.compile(r"(\.?[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{43}", re.ASCII)
_OWN: Final = b".own"
_TOKEN: Final = re.compile(r"([0-9]{1,4})\.([A-Za-z0-9_-]{12})(\.own)?", re.ASCII)
_CHALLENGE: Final = re.compile(
    r"([0-9]{1,4})\.([0-9]{1,12})\.([0-9]{1,2})\.[A-Za-z0-9_-]{12}", re.ASCII
)
# What a browser's field may hold to be kept: no character that JSON would escape.
_KEPT: Final = re.compile(r"[A-Za-z0-9_+/.-]{1,40}", re.ASCII)


# --- Signing -----------------------------------------------------------------------------------


class _Sha256(itsdangerous.Signer):
    """itsdangerous' signer with SHA-256, which takes one spelling of a signature only: base64
    has several for the same bytes, and what is the same must look the same."""

    default_digest_method = staticmethod(hashlib.sha256)

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        value, sig = want_bytes(value), want_bytes(sig)
        return any(
            hmac.compare_digest(sig, self._text(key, value)) for key in reversed(self.secret_keys)
        )

    def _text(self, key: bytes, value: bytes) -> bytes:
        return _base64(self.algorithm.get_signature(self.derive_key(key), value))


class FormToken(Struct, frozen=True):
    """What a page's form was made for: the attempt's number, and a nonce of that one page. `own`:
    the page was shown to the customer, so that a frame without cookies can send it on."""

    attempt: int
    nonce: str
    own: bool = False


class Pocket(Struct, frozen=True):
    """What the customer's browser keeps for us. A help, never a proof: the ledger beats it.

    `browser` holds the hidden inputs of `model.browser.FIELDS` as they were sent. `own`: this is
    the customer's browser, which alone is shown what is known of them.
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

    def sign_form(
        self, purpose: str, uid: str, attempt: int, nonce: bytes | None = None, *, own: bool = False
    ) -> str:
        """A form's hidden token, another one for each page: "1.nonce.signature". `nonce`: of
        `new_form_nonce`, for the forms of one page; `own`: a page that is shown to the customer."""
        text = b"%d.%b%b" % (attempt, nonce or new_form_nonce(), _OWN if own else b"")
        return self._sign("form", purpose, uid, text=text)

    def read_form(self, purpose: str, uid: str, token: str) -> FormToken:
        """Raises Forbidden for a token of another purpose or payment, or of nobody's."""
        text = self._unsign("form", purpose, uid, signed=token)
        match = _TOKEN.fullmatch(text or "")
        if not match:
            raise Forbidden
        return FormToken(int(match[1]), match[2], bool(match[3]))

    def sign_challenge(self, uid: str, attempt: int, now: float, bits: int) -> str:
        """A challenge's token, for one attempt: "1.seconds.bits.nonce.signature"."""
        text = b"%d.%d.%d.%b" % (attempt, now, bits, new_form_nonce())
        return self._sign("challenge", uid, text=text)

    def read_challenge(self, uid: str, attempt: int, token: str, bits: int) -> float | None:
        """When it was signed; None for another attempt's, an easier one, or nobody's."""
        text = self._unsign("challenge", uid, signed=token)
        match = _CHALLENGE.fullmatch(text or "")
        if not match or (int(match[1]), int(match[3])) != (attempt, bits):
            return None
        return float(match[2])

    def sign_pocket(self, pocket: Pocket) -> str:
        """The cookie's value. What is too long or odd to keep is left out, so that the whole
        header stays under 1 KiB."""
        value = self._sign_pocket(pocket)
        if len(set_cookie(value)) > LARGEST_COOKIE:
            value = self._sign_pocket(Pocket(pocket.uid, attempt=pocket.attempt, own=pocket.own))
        return value

    def read_pocket(self, uid: str, value: str) -> Pocket | None:
        """None for another payment's cookie and for a broken one."""
        text = self._unsign("cookie", uid, signed=value)
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if text else b""
            uid_, lang, method, attempt, fields = msgspec.json.decode(
                raw, type=tuple[str, str, str, int, tuple[str, ...]]
            )
        except (ValueError, msgspec.MsgspecError):
            return None
        if uid_ != uid:
            return None
        browser = {name: field for name, field in zip(FIELDS, fields, strict=False) if field}
        own = fields[len(FIELDS) :] == ("own",)
        return Pocket(uid, lang, method, attempt, browser, own)

    def _sign_pocket(self, pocket: Pocket) -> str:
        kept = pocket.browser
        fields = [_kept(kept.get(name, "")) for name in FIELDS] if kept else NO_FIELDS
        if pocket.own:  # behind those, where older cookies have nothing
            fields = [*fields, "own"]
        data = (pocket.uid, _kept(pocket.lang), _kept(pocket.method), pocket.attempt, fields)
        return self._sign("cookie", pocket.uid, text=_base64(msgspec.json.encode(data)))

    def _sign(self, *salt: str, text: str | bytes) -> str:
        value = want_bytes(text)
        return (value + b"." + _signature(self._secrets[-1], ":".join(salt), value)).decode()

    def _unsign(self, *salt: str, signed: str) -> str | None:
        try:
            return _Sha256(self._secrets, salt=":".join(salt)).unsign(signed).decode()
        except (itsdangerous.BadSignature, UnicodeError):
            return None


def _signature(secret: str, salt: str, value: bytes) -> bytes:
    """What `_Sha256` signs (a test holds them together), in a third of its time: a page signs
    three times and verifies nothing."""
    key = hashlib.sha256(salt.encode() + b"signer" + secret.encode()).digest()
    # Not hmac.digest, which lets go of the interpreter's lock: under load some thread of the server
    # always waits for it, and to wake that one takes longer than to sign.
    return _base64(hmac.new(key, value, "sha256").digest())


def _base64(data: bytes) -> bytes:
    """Base64 for URLs without its "=", as itsdangerous writes it."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_FOR_URLS)


def new_form_nonce() -> bytes:
    """What tells one page's forms from another's: 72 random bits in 12 URL-safe characters."""
    return _base64(os.urandom(9))


def set_cookie(value: str) -> str:
    """The Set-Cookie header of a pocket's value; without Max-Age it goes with the browser."""
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
    data.setdefault("id", new_secret())
    signed = itsdangerous.URLSafeSerializer(key, salt=f"link:{shop_id}", signer=_Sha256).dumps(data)
    if len(signed) > LARGEST_LINK:
        raise Unprocessable({"base": ["must be shorter: a link has 4096 characters at most"]})
    return signed


def read_link(signed: str, shops: Mapping[str, Shop]) -> LinkPayload:
    """What a shop signed. Raises NotFound for anything else, without telling what was wrong."""
    match = _SIGNED.fullmatch(signed) if len(signed) <= LARGEST_LINK else None
    if not match:
        raise NotFound
    # Read before it is verified, and only to know whose keys to try; hence with every bound.
    data = _unverified(match[1])
    shop = shops.get(data["shop"]) if isinstance(data.get("shop"), str) else None
    keys = shop.link_keys if shop else ()
    if shop is None or not _Sha256(keys, salt=f"link:{shop.id}").validate(signed):
        raise NotFound
    return LinkPayload(shop.id, link_digest(signed), data)


def link_digest(signed: str) -> str:
    """64 hex digits: the link's own name."""
    return hashlib.sha256(signed.encode()).hexdigest()


def _unverified(payload: str) -> dict[str, Any]:
    """The payload's object; itsdangerous would decompress without a bound."""
    text = payload.removeprefix(".")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if payload.startswith("."):
            zipped = zlib.decompressobj()
            raw = zipped.decompress(raw, LARGEST_PAYLOAD)
            if not zipped.eof or zipped.unused_data:
                raise NotFound
        data = decode(raw)
    except (ValueError, zlib.error, BadRequest):
        raise NotFound from None
    if not isinstance(data, dict):
        raise NotFound
    return data


# --- Random names ------------------------------------------------------------------------------


def new_uid() -> str:
    """A payment's or an event's name: UUID 4."""
    return str(uuid.uuid4())


def new_token() -> str:
    """A payment's name in the shop's API: 64 hex digits."""
    return secrets.token_hex(32)


def new_secret() -> str:
    """128 random bits in 22 URL-safe characters: the payment's address."""
    return secrets.token_urlsafe(16)


def receipt_secret(secret: str) -> str:
    """The secret of a payment's receipt, made of the payment's own: who has this one can't know
    that one, so that a receipt may be handed on and its payment can't be opened by it."""
    return _base64(hmac.digest(secret.encode(), b"receipt", "sha256")[:16]).decode()


def new_key(number: int) -> str:
    """What finds an attempt at its gateway: 128 random bits and the attempt's number."""
    return f"{secrets.token_hex(16)}-{number}"


def new_ticket() -> str:
    """An attempt's landing or notification address: 22 URL-safe characters."""
    return secrets.token_urlsafe(16)
