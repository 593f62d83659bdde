"""The signature of a notification."""

from __future__ import annotations

import hashlib

SIGNED = ("orderId", "newStatus", "inAmount", "outAmount", "xml_from", "xml_to", "timestamp")


def signature_of(fields: dict[str, str], secret: str) -> str:
    """SHA-256 in hex over the seven fields and the order's `ipnSecret`, colons between."""
    text = ":".join([*(fields[name] for name in SIGNED), secret])
    return hashlib.sha256(text.encode()).hexdigest()
