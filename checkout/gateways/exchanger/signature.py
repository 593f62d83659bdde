"""The exchanger's instant payment notification: a form, signed with the secret of its order.

Document: the exchanger's page on payment processing. `sha256` in hex over seven fields and the
secret, with colons between; the page doesn't say which field carries it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from checkout.gateways.exchanger.response import number
from checkout.model.outcome import Exchanged

SIGNED: Final = (
    "orderId", "newStatus", "inAmount", "outAmount", "xml_from", "xml_to", "timestamp",
)  # fmt: skip
# In the body, in the query of our own address (the document says "secure hash in ipn url"), or in
# a header of this name with or without "X-".
CARRIERS: Final = ("hash", "sign", "signature")
MOST_FIELDS: Final = 500


def signature(fields: Mapping[str, str], secret: str) -> str:
    """Over the texts exactly as they came."""
    signed = ":".join((*(fields[name] for name in SIGNED), secret))
    return hashlib.sha256(signed.encode()).hexdigest()


def verified(
    headers: Mapping[str, str], body: bytes, secret: str, query: str = ""
) -> dict[str, str] | None:
    """The fields of a genuine notification; None for any other."""
    fields, added = _fields(body), _fields(query.encode())
    # A colon within a field would let two different notifications have one signature.
    if fields is None or added is None or any(":" in fields.get(name, ":") for name in SIGNED):
        return None
    expected = signature(fields, secret).encode()
    given = [hmac.compare_digest(one, expected) for one in _given(headers, fields, added)]
    return fields if any(given) else None


def sums(fields: Mapping[str, str]) -> Exchanged | None:
    """Both sums as they were written; None where neither is a number."""
    found = Exchanged(number(fields, "inAmount"), number(fields, "outAmount"))
    return None if found == Exchanged() else found


def _given(
    headers: Mapping[str, str], fields: Mapping[str, str], added: Mapping[str, str]
) -> Iterator[bytes]:
    for name in CARRIERS:
        for value in (
            fields.get(name),
            added.get(name),
            headers.get(name),
            headers.get(f"x-{name}"),
        ):
            if value:
                yield value.strip().lower().encode()


def _fields(form: bytes) -> dict[str, str] | None:
    """The fields of a form; None where it is none, or has a field of ours twice."""
    try:
        pairs = parse_qsl(
            form.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in (*SIGNED, *CARRIERS, "orderUID")):
        return None
    return dict(pairs)
