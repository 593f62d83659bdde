"""Parsing what a gateway says, tolerantly: a field is read as it should be, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from checkout.model.card import WALLET_MARK
from checkout.model.money import Money
from checkout.model.outcome import GatewayFacts
from checkout.model.status import Status
from checkout.model.urls import is_app, web_url
from checkout.model.validation.reader import ANSWER, Invalid, check_bounds, repeated

Object = Mapping[str, Any]
Codes = Mapping[str, Status | Mapping[str | None, Status]]

LONGEST: Final = 255  # characters kept of a word of the gateway's
LONGEST_TOKEN: Final = 1024
LONGEST_READ: Final = 4096  # characters looked at for them
LARGEST_NUMBER: Final = 10**30  # more is no number, and no name of anything
LONGEST_ADDRESS: Final = 8192
LONGEST_VALUE: Final = 16384  # of a form's hidden input
LONGEST_LINE: Final = 1000  # of instructions to the customer
MOST_LINES: Final = 50
LONGEST_QR: Final = 1200  # characters that a phone still reads from a screen; never cut
MOST_INPUTS: Final = 100
LARGEST_FORM: Final = 64 * 1024  # characters of names and values
_APP: Final = re.compile(r"([a-z][a-z0-9+.-]{1,31})://[!-~]+", re.ASCII | re.IGNORECASE)
_CARD_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){11,18}", re.ASCII)  # what could be one
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}", re.ASCII)
_JSON: Final = msgspec.json.Decoder()
_EXACT: Final = msgspec.json.Decoder(float_hook=str)


def decode_json(raw: bytes) -> Any:
    """What the JSON in `raw` says; None where it is none, nests too deeply, or contradicts
    itself."""
    return _decode(_JSON, raw)


def decode_exact(raw: bytes) -> Any:
    """The same with decimals as text, as they were written: none goes through a float."""
    return _decode(_EXACT, raw)


def _decode(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    try:
        data = decoder.decode(raw)
        # One member twice, and not the same: nobody can tell which of the two is meant.
        return data if repeated(raw, data, differing=True) is None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def bounded(data: Any) -> Any:
    """What was read; None where it has more in it than any gateway says."""
    try:
        check_bounds(data, ANSWER)
    except Invalid:
        return None
    return data


def section(fields: Object, name: str) -> Object:
    """The object in a field; an empty one where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def text(fields: Object, name: str, longest: int = LONGEST) -> str | None:
    """The words in a field, cut; None where there are none. Control characters are dropped."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value[:LONGEST_READ]
    if not value.isprintable():
        value = "".join(c for c in value if c.isprintable())
    return value.strip()[:longest] or None


def fits(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether a form to be sent on is no larger than those of banks: it is kept."""
    return len(pairs) <= MOST_INPUTS and sum(map(len, chain(*pairs))) <= LARGEST_FORM


def address(fields: Object, name: str) -> str | None:
    """The https address in a field, byte for byte; http only on loopback, where the sandbox is."""
    value = fields.get(name)
    try:
        return (
            web_url(value, sandbox=True, longest=LONGEST_ADDRESS)
            if isinstance(value, str)
            else None
        )
    except Invalid:
        return None


def app_link(fields: Object, name: str) -> str | None:
    """What opens an app of the customer's that pays (sbolpay://...), byte for byte: nothing that
    runs a script, reads a file or is for another program of theirs."""
    value = fields.get(name)
    match = _APP.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[0]) > LONGEST_ADDRESS or "\\" in match[0]:
        return None
    return match[0] if is_app(match[1]) else None


def meaning(codes: Codes, word: str, kind: str | None = None) -> Status:
    """What a gateway's word means by its table; where that depends on what has the word, by its
    kind. What isn't there is PENDING: only what says success or failure plainly is final."""
    found = codes.get(word, Status.PENDING)
    return found if isinstance(found, Status) else found.get(kind, Status.PENDING)


def identifier(value: str | None) -> str | None:
    """The gateway's name of a payment or an operation, where it can be one: it goes into paths."""
    return value if value and _IDENTIFIER.fullmatch(value) else None


def digits(fields: Object, name: str, length: int) -> str | None:
    """Exactly so many digits: never more of a card's number than the field's name promises."""
    value = text(fields, name)
    return value if value and value.isascii() and value.isdigit() and len(value) == length else None


def could_be_card_number(value: str) -> bool:
    return _CARD_NUMBER.fullmatch(value) is not None


def token(fields: Object, name: str) -> str | None:
    """A card's token, whole or not at all; a number that could be the card's own is none, nor is
    what a wallet gave for one payment."""
    value = text(fields, name, LONGEST_TOKEN + 1)
    if value is None or len(value) > LONGEST_TOKEN:
        return None
    return None if could_be_card_number(value) or value.startswith(WALLET_MARK) else value


def is_sum(facts: GatewayFacts, *sums: Money) -> bool:
    """Whether what is stated is one of these sums, also where it lacks its currency."""
    if facts.money is not None:
        return any(facts.money.same_sum(each) for each in sums)
    return facts.amount is None or facts.amount in [each.minor for each in sums]


def safe(words: str | None) -> str | None:
    """The gateway's sentence without anything that could be the card number it was sent."""
    return _CARD_NUMBER.sub("…", words) if words else None
