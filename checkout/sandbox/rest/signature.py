"""Checksums: MD5 over the fields of a message joined by `|`, the secure key last or among them."""

from __future__ import annotations

import hashlib

from checkout.sandbox.basic_auth import same_secret
from checkout.sandbox.rest.settings import settings_of
from checkout.sandbox.rest.transaction import RestTransaction, major
from checkout.sandbox.state import SandboxState


def checksum(*fields: str) -> str:
    return hashlib.md5("|".join(fields).encode(), usedforsecurity=False).hexdigest()


def is_signed(stated: str, *fields: str) -> bool:
    return same_secret(stated, checksum(*fields))


def signed_status(state: SandboxState, payment: RestTransaction) -> str:
    """The status word under a checksum: the one or the other, as deployments differ."""
    words = payment.status_words
    return words.short if settings_of(state).signed_status == "short" else words.long


def checksum_of(state: SandboxState, payment: RestTransaction) -> str:
    """The checksum of the way back and of the notification."""
    right = settings_of(state).checksums == "right"
    return checksum(
        payment.uid,
        payment.tracking_id or "",
        major(payment.amount, payment.currency),
        signed_status(state, payment),
        payment.secret_key if right else "another key",
    )
