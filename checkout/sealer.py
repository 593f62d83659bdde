"""Seals what the database keeps but must not tell: AES-256-GCM, under keys of the environment.

Of several secrets the last one seals and each opens, so that they rotate: add a new one at the end,
seal everything anew, drop the old one. What is sealed is bound to a name: under another one it does
not open, so nobody who writes to the database can give one shop another one's secrets.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT: Final = "1."  # what a sealed text begins with
NONCE: Final = 12  # bytes
KEY: Final = 32  # bytes


class Unsealable(Exception):
    """It was sealed with another key or for another name, or was changed."""


class Sealer:
    """`secrets`: oldest first, newest last, at least one. `purpose`: what it seals."""

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._purpose = purpose
        self._keys = [AESGCM(_key(secret, purpose)) for secret in reversed(secrets)]

    def seal(self, name: str, content: bytes) -> str:
        nonce = secrets.token_bytes(NONCE)
        sealed = nonce + self._keys[0].encrypt(nonce, content, self._bound(name))
        return FORMAT + base64.urlsafe_b64encode(sealed).decode()

    def open(self, name: str, sealed: str) -> bytes:
        """Raises Unsealable."""
        return self._opened(name, sealed)[1]

    def is_newest(self, name: str, sealed: str) -> bool:
        """Whether the newest secret has sealed it. Raises Unsealable."""
        return self._opened(name, sealed)[0] == 0

    def _opened(self, name: str, sealed: str) -> tuple[int, bytes]:
        try:
            raw = base64.b64decode(sealed.removeprefix(FORMAT), altchars=b"-_", validate=True)
        except ValueError:
            raise Unsealable from None
        for place, key in enumerate(self._keys):
            try:
                return place, key.decrypt(raw[:NONCE], raw[NONCE:], self._bound(name))
            except (InvalidTag, ValueError):
                continue
        raise Unsealable

    def _bound(self, name: str) -> bytes:
        return f"{self._purpose}:{name}".encode()


def _key(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY, salt=None, info=f"checkout {purpose}".encode()).derive(
        secret.encode()
    )
