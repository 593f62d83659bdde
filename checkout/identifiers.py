"""Identifiers of payments, attempts and addresses: random, or derived from a random one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from typing import NamedTuple

from itsdangerous.encoding import base64_encode


def new_uid() -> str:
    """A payment's or an event's name: UUID 4."""
    return str(uuid.uuid4())


def new_token() -> str:
    """A payment's name in the shop's API: 64 hex digits."""
    return secrets.token_hex(32)


def new_payment_secret() -> str:
    """128 random bits in 22 URL-safe characters: the payment's address."""
    return secrets.token_urlsafe(16)


def receipt_secret(secret: str) -> str:
    """The secret of a payment's receipt, derived from the payment's own, which can't be computed
    from it: a receipt can be passed on without access to the payment."""
    return base64_encode(hmac.digest(secret.encode(), b"receipt", "sha256")[:16]).decode()


def fitting(name: str, longest: int) -> str:
    """A name that others chose, as it is compared: itself up to `longest` characters, else its
    digest. Cut, two long ones would be the same."""
    if len(name) <= longest:
        return name
    return f"sha256:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def new_attempt_key(number: int) -> str:
    """The key that finds an operation at its gateway: 128 random bits and the attempt's number."""
    return f"{secrets.token_hex(16)}-{number}"


def new_ticket() -> str:
    """A random one, as those of `attempt_names`."""
    return secrets.token_urlsafe(16)


class AttemptNames(NamedTuple):
    """`key` finds an attempt at its gateway: 128 bits and the attempt's number. The tickets are its
    return and notification addresses: 22 URL-safe characters."""

    key: str
    return_ticket: str
    notify_ticket: str


def attempt_names(secret: str, payment: str, number: int) -> AttemptNames:
    """The names of a payment's attempt, the same each time: a ledger that was restored and has lost
    the attempt can still ask for it. `secret`: of the settings; `payment`: its link's digest, which
    outlives it, else its uid."""

    def derived(what: str) -> bytes:
        return hmac.digest(secret.encode(), f"{what}:{payment}:{number}".encode(), "sha256")[:16]

    return AttemptNames(
        f"{derived('attempt key').hex()}-{number}",
        base64_encode(derived("return ticket")).decode(),
        base64_encode(derived("notify ticket")).decode(),
    )
