"""The REST gateway's checksums: MD5 in lower-case hex over fields joined by `|`, values exactly
as sent. That is the protocol's choice, not ours; it proves that a message knows the secure key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

SEPARATOR: Final = "|"
SIGNED: Final = ("paymentId", "merchantTransactionId", "amount")
WORDS: Final = ("transactionStatus", "status")


class Proof(NamedTuple):
    """What a request's checksum is over, beside the member id and the secure key: those two come
    first, or the key comes last."""

    fields: tuple[str, ...]
    key_last: bool = False

    def made_with(self, member_id: str, secure_key: str) -> str:
        if self.key_last:
            return checksum(member_id, *self.fields, secure_key)
        return checksum(member_id, secure_key, *self.fields)


def checksum(*fields: str) -> str:
    text = SEPARATOR.join(fields).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def signed_words(message: Mapping[str, Any], secure_key: str) -> frozenset[str]:
    """The status fields that a notification's checksum covers, over values exactly as received;
    none: it isn't the gateway's.

    It covers one of the two, which one differs between deployments. The other can then be
    forged: the customer carries a valid checksum back from the bank.
    """
    proof = exactly(message.get("checksum")).encode()
    fields = [exactly(message.get(name)) for name in SIGNED]
    words = {name: word for name in WORDS if (word := exactly(message.get(name)))}
    if not all(fields) or any(SEPARATOR in value for value in (*fields, *words.values())):
        return frozenset()
    return frozenset(
        name
        for name, word in words.items()
        if hmac.compare_digest(proof, checksum(*fields, word, secure_key).encode())
    )


def exactly(value: Any) -> str:
    """A value as it stands in the message; "" for what has no such text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
