"""Who calls: tokens by partner id and user name, or by member id; checksums by the same key.

Until merchants are registered any credentials get a token, and their key is the one that the
checksums of its calls are held against: a merchant who signs with another is noticed all the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import NamedTuple

from checkout.sandbox.rest.switches import Merchant, keep_young, merchants_of, switches_of
from checkout.sandbox.world import World


class Caller(NamedTuple):
    """Whom a token was given to, and when: a partner's user, or a member."""

    at: float
    partner_id: str
    username: str
    member_id: str
    secure_key: str

    def matches(self, merchant: Merchant) -> bool:
        if self.member_id:
            return _same(self.member_id, merchant.member_id)
        named = _same(self.username, merchant.username)
        return named and _same(self.partner_id, merchant.partner_id)


def token_for(world: World, fields: Mapping[str, str]) -> str | None:
    """A new token, for partner id and user name or, as some deployments do, for the member id; with
    the secure key. None for credentials that nobody has."""
    caller = Caller(
        world.now(),
        fields.get("authentication.partnerId", ""),
        fields.get("merchant.username", ""),
        fields.get("authentication.memberId", ""),
        fields.get("authentication.sKey", ""),
    )
    if not caller.secure_key or not (caller.member_id or (caller.partner_id and caller.username)):
        return None
    registered = merchants_of(world).values()
    known = (each for each in registered if caller.matches(each))
    if registered and not any(_same(each.secure_key, caller.secure_key) for each in known):
        return None
    name = caller.username or caller.member_id
    claims = {"sub": name, "role": "merchant", "iss": "PZ", "jti": secrets.token_hex(8)}
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
    if merchant is None or not caller.matches(merchant):
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
