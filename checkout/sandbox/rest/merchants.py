"""Who calls: tokens by partner id, user name and secure key; checksums by the same key.

Until merchants are registered any credentials get a token, and their key is the one that the
checksums of its calls are held against: a merchant who signs with another is noticed all the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from typing import NamedTuple

from checkout.sandbox.rest.switches import keep_young, merchants_of, switches_of
from checkout.sandbox.world import World


class Caller(NamedTuple):
    """Whom a token was given to, and when."""

    at: float
    partner_id: str
    username: str
    secure_key: str


def token_for(world: World, partner_id: str, username: str, secure_key: str) -> str | None:
    """A new token; None for credentials that nobody has."""
    if not (partner_id and username and secure_key):
        return None
    registered = merchants_of(world)
    known = [one for one in registered.values() if _same(one.partner_id, partner_id)]
    known = [one for one in known if _same(one.username, username)]
    if registered and not any(_same(one.secure_key, secure_key) for one in known):
        return None
    caller = Caller(world.now(), partner_id, username, secure_key)
    claims = {"sub": username, "role": "merchant", "iss": "PZ", "jti": secrets.token_hex(8)}
    token = _jwt(world.salt, claims | {"exp": int(caller.at + switches_of(world).token_seconds)})
    world.memory["rest", "token", token] = caller
    return token


def caller_of(world: World, token: str) -> Caller | None:
    """Whose token it is; None where it is nobody's or past its time."""
    keep_young(world)
    found = world.memory.pop(("rest", "token", token), None)
    if not isinstance(found, Caller):
        return None
    if world.now() - found.at >= switches_of(world).token_seconds:
        return None
    world.memory["rest", "token", token] = found  # at the young end again
    return found


def key_of(world: World, caller: Caller, member_id: str) -> str | None:
    """The secure key that this member's checksums are made with; None if the caller isn't it."""
    registered = merchants_of(world)
    if not registered:
        return caller.secure_key
    merchant = registered.get(member_id)
    if merchant is None or merchant.username != caller.username:
        return None
    return merchant.secure_key


def checksum(*fields: str) -> str:
    """MD5 over the fields joined by `|`, as all messages of this protocol are signed."""
    return hashlib.md5("|".join(fields).encode(), usedforsecurity=False).hexdigest()


def is_signed(stated: str, *fields: str) -> bool:
    return _same(stated, checksum(*fields))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _jwt(salt: bytes, claims: dict[str, object]) -> str:
    parts = ({"typ": "JWT", "alg": "HS256"}, claims)
    body = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{body}.{_base64(hmac.new(salt, body.encode(), 'sha256').digest())}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
