"""Reading what a gateway says, tolerantly: the words, objects and addresses in its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from checkout.model.checks import Wrong, repeated
from checkout.model.urls import is_app, web_url

Object = Mapping[str, Any]

LONGEST: Final = 255  # characters kept of a word of the gateway's
LONGEST_READ: Final = 4096  # characters looked at for them
LONGEST_ADDRESS: Final = 8192
MOST_INPUTS: Final = 100
LARGEST_FORM: Final = 64 * 1024  # characters of names and values
_APP: Final = re.compile(r"([a-z][a-z0-9+.-]{1,31})://[!-~]+", re.ASCII | re.IGNORECASE)
LIKE_A_CARD: Final = re.compile(r"\d(?:[ -]?\d){11,18}", re.ASCII)


def section(fields: Object, name: str) -> Object:
    """The object in a field; an empty one where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def text(fields: Object, name: str, longest: int = LONGEST) -> str | None:
    """The words in a field, cut; None where there are none. Control characters are dropped."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
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
    except Wrong:
        return None


def app_link(fields: Object, name: str) -> str | None:
    """What opens an app of the customer's that pays (sbolpay://...), byte for byte: nothing that
    runs a script, reads a file or is for another program of theirs."""
    value = fields.get(name)
    match = _APP.fullmatch(value) if isinstance(value, str) else None
    if match is None or len(match[0]) > LONGEST_ADDRESS or "\\" in match[0]:
        return None
    return match[0] if is_app(match[1]) else None


def safe(words: str | None) -> str | None:
    """The gateway's sentence without anything that could be the card number it was sent."""
    return LIKE_A_CARD.sub("…", words) if words else None


def told_once(raw: bytes, data: Any) -> Any:
    """What was read; None where `raw` says one member twice, and not the same: nobody can tell
    which of the two is meant, and what a gateway means by no word is unknown."""
    return data if repeated(raw, data, differing=True) is None else None
