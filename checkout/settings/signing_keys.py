"""Shops' RSA keys: read quickly, proven when they are used.

OpenSSL's own check of a key takes 70 ms, most of it for whether two numbers are primes. A file of a
thousand shops would start for a minute, so a key is only read at the start, and proven by a
signature before its first use and at a reload. `checkout check` does all of it.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from checkout.model.validation.reader import Invalid
from checkout.settings.rules import nonempty_text

SMALLEST_KEY: Final = 2048  # bits
BROKEN: Final = "is no whole key, perhaps of two files: make one with `checkout keys`"
MOST_PROVEN: Final = 4096  # keys that are remembered to be whole
_PROBE: Final = b"checkout"


def private_key(value: Any) -> RSAPrivateKey:
    """A rule: an RSA key of 2048 bits or more as PEM, without a passphrase. Whether its numbers
    belong together is not looked at: `proven` does."""
    pem = nonempty_text(value).encode()
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        raise Invalid("must be without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid("must be an RSA private key as PEM: make one with `checkout keys`") from None
    if not isinstance(key, RSAPrivateKey):
        raise Invalid("must be an RSA key")
    if key.key_size < SMALLEST_KEY:
        raise Invalid(f"must have {SMALLEST_KEY} bits or more")
    return key


def public_half(key: RSAPrivateKey) -> str:
    """Base64 of the DER SubjectPublicKeyInfo, as shops' plugins want it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@lru_cache(maxsize=MOST_PROVEN)
def proven(key: RSAPrivateKey) -> RSAPrivateKey:
    """The key, once its public half has verified a signature by it: a millisecond, once for each
    key. Raises Invalid."""
    try:
        signature = key.sign(_PROBE, PKCS1v15(), SHA256())
        key.public_key().verify(signature, _PROBE, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        raise Invalid(BROKEN) from None
    return key


def check_whole(key: RSAPrivateKey) -> None:
    """All that OpenSSL checks of a key, in 70 ms. Raises Invalid."""
    try:
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        load_der_private_key(der, password=None)
    except ValueError:
        raise Invalid(BROKEN) from None
