"""Card numbers in what shops send: in free text they are masked before it is stored.

In a field of digits (a phone, an account, a ticket, any id) and where each character counts
(tokens, addresses) a number is what the field says: masked it would be another. No order is refused
for it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from checkout.model.pan import mask_card_numbers
from checkout.model.validation.optional_data import CARD
from checkout.model.validation.reader import Reader, drop_nulls

Path = tuple[str, ...]

# What a body stands under; the paths of problems begin below.
ENVELOPES: Final = frozenset({"checkout", "request"})
# Objects whose fields have rules of their own, by where they stand below the envelope: a card's
# data are refused there, and never kept.
APART: Final[frozenset[Path]] = frozenset({
    ("credit_card",), ("recipient_credit_card",), ("encrypted_credit_card",),
    ("payment_method", "credit_card"), ("additional_data", "browser"),
})  # fmt: skip
CODES: Final = frozenset({"verification_value", "cvc", "cvv"})  # anywhere else nobody reads them
# Fields of digits, and those where each character counts, by the last word of their names...
DIGITS: Final = frozenset({
    "id", "ids", "uid", "uuid", "guid", "token", "code", "email", "amount", "account", "session",
    "zip", "postcode", "phone", "mobile", "msisdn", "imei", "ean", "gtin", "isbn", "barcode", "sku",
    "iban", "inn", "unp", "rrn", "url", "picture",
})  # fmt: skip
# ... and where that says nothing but "number", by the word before, which is never a card.
NUMBER: Final = frozenset({"number", "num", "nr", "no"})
NUMBERED: Final = frozenset({
    "account", "ticket", "phone", "order", "invoice", "contract", "booking", "tracking", "tax",
    "taxpayer", "personal", "agreement", "document", "serial", "reference", "customer", "client",
    "service",
})  # fmt: skip
# Free text that is taken as an integer too; in the shop's own object that is anything.
ANYTHING: Final = "meta"
NUMBERS: Final = frozenset({
    "description", "name", "dynamic_billing_descriptor", "receipt_text", "button_text",
    "button_next_text", "text", "hint", "reason", "first_name", "last_name", "address", "city",
    "state",
})  # fmt: skip
SMALLEST, LARGEST = 10**12, 10**19  # of 13 to 19 digits
LONGEST_NAME: Final = 64  # characters of a field's name that are looked at

_WORD: Final = re.compile(r"[A-Z]*[a-z]+|[A-Z]+")
_OURS: Final = re.compile(r"[a-z_]{1,64}")  # the names of the documents' fields


def body_reader(data: Any) -> Reader:
    """Reads what a shop sent: nulls and a card's code are left out, card numbers masked in free
    text, which the reader notes."""
    masked = set[str]()
    found = _without_card_numbers(drop_nulls(data), (), masked)
    reader = Reader(found, tolerant=True)
    for path in sorted(masked):
        reader.drop(path, CARD)
    return reader


def is_of_digits(name: str) -> bool:
    """Whether a field of this name holds digits, or characters that all count: `account_number`,
    `orderId`."""
    words = [word.lower() for word in _WORD.findall(name[:LONGEST_NAME])]
    *_, before, last = ("", "", *words)
    return last in DIGITS or (last in NUMBER and before in NUMBERED)


def _without_card_numbers(data: Any, path: Path, masked: set[str]) -> Any:
    """The same plain data, at most the first six and last four digits of such numbers in it;
    `masked`: where."""
    if isinstance(data, dict):
        return {
            key: _in_field(value, _below(path, key), masked)
            for key, value in data.items()
            if key not in CODES
        }
    if isinstance(data, list):
        return [_without_card_numbers(item, path, masked) for item in data]
    written = _written(data, path)
    if written is None or is_of_digits(path[-1] if path else ""):
        return data
    found = mask_card_numbers(written)
    if found == written:
        return data
    masked.add(_shown(path))
    return found


def _in_field(value: Any, path: Path, masked: set[str]) -> Any:
    return value if path in APART else _without_card_numbers(value, path, masked)


def _below(path: Path, key: str) -> Path:
    return path if not path and key in ENVELOPES else (*path, key)


def _written(data: Any, path: Path) -> str | None:
    """What may be free text."""
    if isinstance(data, str):
        return data
    number = isinstance(data, int) and SMALLEST <= data < LARGEST
    free = ANYTHING in path or (path and path[-1] in NUMBERS)
    return str(data) if number and free else None


def _shown(path: Path) -> str:
    """As far as the names are those of documents: what a shop calls its own may be anything."""
    known = []
    for name in path:
        if not _OURS.fullmatch(name):
            break
        known.append(name)
    return ".".join(known)
