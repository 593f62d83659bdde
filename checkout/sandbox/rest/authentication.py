"""Who calls: tokens by partner id and user name, or by member id.

Until merchants are registered any credentials get a token, and their key is the one that the
checksums of its calls are held against: a merchant who signs with another is noticed all the same.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec

from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.state import SandboxState

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One that may call; with the first one, all others are refused."""

    member_id: Text
    secure_key: Text
    partner_id: Text
    username: Text


class Merchants(msgspec.Struct, frozen=True):
    """The registered ones."""

    by_member_id: dict[str, Merchant] = {}


class Caller(NamedTuple):
    """Whom a token was given to, and when: a partner's user, or a member."""

    at: float
    partner_id: str
    username: str
    member_id: str
    secure_key: str

    def matches(self, merchant: Merchant) -> bool:
        if self.member_id:
            return same_secret(self.member_id, merchant.member_id)
        named = same_secret(self.username, merchant.username)
        return named and same_secret(self.partner_id, merchant.partner_id)


def token_for(state: SandboxState, fields: Mapping[str, str]) -> str | None:
    """A new token, for partner id and user name or, as some deployments do, for the member id; with
    the secure key. None for credentials that nobody has."""
    caller = Caller(
        state.now(),
        fields.get("authentication.partnerId", ""),
        fields.get("merchant.username", ""),
        fields.get("authentication.memberId", ""),
        fields.get("authentication.sKey", ""),
    )
    if not caller.secure_key or not (caller.member_id or (caller.partner_id and caller.username)):
        return None
    registered = state.settings_for(Merchants).by_member_id.values()
    known = (each for each in registered if caller.matches(each))
    if registered and not any(same_secret(each.secure_key, caller.secure_key) for each in known):
        return None
    name = caller.username or caller.member_id
    claims = {"sub": name, "role": "merchant", "iss": "PZ", "jti": secrets.token_hex(8)}
    token = _jwt(
        state.salt,
        claims | {"exp": int(caller.at + settings_of(state).token_seconds)},
    )
    state.memory["rest", "token", token] = caller
    return token


def caller_of(state: SandboxState, token: str) -> Caller | None:
    """Whose token it is; None where it is nobody's or past its time."""
    found = state.memory.pop(("rest", "token", token), None)
    if not isinstance(found, Caller):
        return None
    if state.now() - found.at >= settings_of(state).token_seconds:
        return None
    state.memory["rest", "token", token] = found  # at the young end again
    return found


def key_of(state: SandboxState, caller: Caller, member_id: str) -> str | None:
    """The secure key that this member's checksums are made with; None if the caller isn't it."""
    registered = state.settings_for(Merchants).by_member_id
    if not registered:
        return caller.secure_key
    merchant = registered.get(member_id)
    if merchant is None or not caller.matches(merchant):
        return None
    return merchant.secure_key


def _jwt(salt: bytes, claims: dict[str, object]) -> str:
    parts = ({"typ": "JWT", "alg": "HS256"}, claims)
    body = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{body}.{_base64(hmac.new(salt, body.encode(), 'sha256').digest())}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
