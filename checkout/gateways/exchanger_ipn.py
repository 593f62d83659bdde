"""The exchanger's instant payment notification: a form, signed with the secret of its order.

Document: the exchanger's page on payment processing. `sha256` in hex over seven fields and the
secret, with colons between; which field carries it, the page doesn't say.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

SIGNED: Final = (
    "orderId", "newStatus", "inAmount", "outAmount", "xml_from", "xml_to", "timestamp",
)  # fmt: skip
# In the body, or in a header of this name with or without "X-". The query isn't shown to gateways.
CARRIERS: Final = ("hash", "sign", "signature")
MOST_FIELDS: Final = 500


def signature(fields: Mapping[str, str], secret: str) -> str:
    """Over the texts exactly as they came."""
    signed = ":".join((*(fields[name] for name in SIGNED), secret))
    return hashlib.sha256(signed.encode()).hexdigest()


def verified(headers: Mapping[str, str], body: bytes, secret: str) -> dict[str, str] | None:
    """The fields of a genuine notification; None for any other."""
    fields = _fields(body)
    # A colon within a field would let two different notifications have one signature.
    if fields is None or any(":" in fields.get(name, ":") for name in SIGNED):
        return None
    expected = signature(fields, secret).encode()
    given = [hmac.compare_digest(one, expected) for one in _given(headers, fields)]
    return fields if any(given) else None


def _given(headers: Mapping[str, str], fields: Mapping[str, str]) -> Iterator[bytes]:
    for name in CARRIERS:
        for value in (fields.get(name), headers.get(name), headers.get(f"x-{name}")):
            if value:
                yield value.strip().lower().encode()


def _fields(body: bytes) -> dict[str, str] | None:
    """The fields of the form; None where it is none, or has a field of ours twice."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in (*SIGNED, *CARRIERS, "orderUID")):
        return None
    return dict(pairs)
