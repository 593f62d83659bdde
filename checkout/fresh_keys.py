"""Fresh secrets and key pairs, drawn at random."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def new_pair() -> tuple[str, str]:
    """(private key as PEM, public key as base64 of its DER, as shops' plugins want it)."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, "".join(pem.splitlines()[1:-1])


def new_password() -> str:
    """A shop's `secret_key`."""
    return secrets.token_hex(32)


def new_secret() -> str:
    """One that signs or seals: of `secrets`, `link_keys`, `shops_key`."""
    return secrets.token_urlsafe(48)


def new_publishable_key() -> str:
    return f"pk_{secrets.token_urlsafe(32)}"
