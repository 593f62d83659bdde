"""What proves a notification: its `Content-Signature`, else the account's own credentials.

The signature is base64 of RSA PKCS#1 v1.5 with SHA-256 over the raw body. Its key is the shop's
public key as the gateway shows it: base64 of the DER SubjectPublicKeyInfo, without a PEM header,
often wrapped.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)


def rsa_key(text: str) -> RSAPublicKey:
    """The key written in `text`. Raises ValueError for all that is not exactly one."""
    try:
        der = _base64(text)
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("must be base64 of a DER public key, without a PEM header") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("must be an RSA key")
    # The loader takes a bare PKCS#1 key as well; nobody hands those out, so it is a mix-up.
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != der:
        raise ValueError("must be a DER SubjectPublicKeyInfo")
    return key


def is_signed(key: RSAPublicKey, signature: str, body: bytes) -> bool:
    """Whether `signature`, a header's value, is this key's over exactly these bytes."""
    try:
        key.verify(_base64(signature), body, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def has_credentials(headers: Mapping[str, str], credentials: bytes) -> bool:
    """Whether a notification comes with the Shop ID and the Secret Key, as our own calls do."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    try:
        found = base64.b64decode(given.strip(), validate=True)
    except ValueError:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(found, credentials)


def _base64(text: str) -> bytes:
    """Wrapped or not. Raises ValueError."""
    return base64.b64decode("".join(text.split()), validate=True)
