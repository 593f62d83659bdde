"""The key that notifications are signed with.

`Content-Signature` is the base64 of an RSA PKCS#1 v1.5 signature with SHA-256 over the raw body;
the public key is given out as base64 of its DER SubjectPublicKeyInfo, without a PEM header.
"""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class SigningKey:
    """An RSA 2048 key made at start and kept in memory alone."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, body: bytes) -> str:
        """The value of `Content-Signature` for this raw body."""
        return b64encode(self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()

    @property
    def public(self) -> str:
        """What a shop enters as the gateway's public key."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b64encode(der).decode()
