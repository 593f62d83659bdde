"""The REST gateway's checksums: MD5 in lower-case hex over fields joined by `|`, values exactly
as sent. That is the protocol's choice, not ours; it proves that a message knows the secure key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

SEPARATOR: Final = "|"


def checksum(*fields: str) -> str:
    text = SEPARATOR.join(fields).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def is_genuine(message: Mapping[str, Any], secure_key: str) -> bool:
    """Whether a notification's checksum is right, over values exactly as received.

    It covers one of the two status words, which one differs between deployments. The other is
    then anybody's: the customer carries a valid checksum back from the bank.
    """
    proof = exactly(message.get("checksum")).encode()
    names = ("paymentId", "merchantTransactionId", "amount")
    fields = [exactly(message.get(name)) for name in names]
    words = [exactly(message.get(name)) for name in ("transactionStatus", "status")]
    stated = [value for value in (*fields, *words) if value]
    if not all(fields) or any(SEPARATOR in value for value in stated):
        return False
    expected = [checksum(*fields, word, secure_key).encode() for word in words if word]
    return any(hmac.compare_digest(proof, one) for one in expected)


def exactly(value: Any) -> str:
    """A value as it stands in the message; "" for what has no such text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
