"""Which secrets may sign: long enough, no pattern, no word that stands in every example."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

from checkout.model.checks import Rule, Wrong
from checkout.model.rules import text

SIGNING: Final = 32  # characters of a signing key: 128 bits in hex
FEWEST: Final = 7  # different characters; 32 random digits have fewer once in 60,000 times
LONGEST: Final = 4096

_WORDS: Final = re.compile(
    "change|default|deadbeef|dummy|example|foobar|insecure|letmein|password|passwort|"
    "placeholder|qwerty|replace|sample|secret|testing",
    re.IGNORECASE,
)
ADVICE: Final = "make one with `checkout keys`"


def strong(least: int = SIGNING) -> Rule[str]:
    """A secret of `least` characters or more that nobody would guess."""
    written = text(LONGEST)

    def rule(value: Any) -> str:
        secret = written(value)
        if len(secret) < least:
            raise Wrong(f"must have {least} characters or more: {ADVICE}")
        if weak(secret):
            raise Wrong(f"is too easy to guess: {ADVICE}")
        return secret

    return rule


def weak(secret: str) -> bool:
    return (
        len(set(secret)) < FEWEST
        or _repeats(secret)
        or _counts(secret)
        or _WORDS.search(re.sub(r"[\s_.-]", "", secret)) is not None
    )


def _repeats(secret: str) -> bool:
    """Whether it is one part again and again, perhaps cut off: abcdefgabcdefgabc."""
    borders = [0]  # of each beginning: how long the longest end of it is that it begins with, too
    for character in secret[1:]:
        size = borders[-1]
        while size and secret[size] != character:
            size = borders[size - 1]
        borders.append(size + (secret[size] == character))
    return len(secret) - borders[-1] <= len(secret) // 2


def _counts(secret: str) -> bool:
    """Whether most of it goes up or down by one: 0123456789."""
    steps = [abs(ord(one) - ord(two)) for one, two in pairwise(secret)]
    return steps.count(1) > len(steps) / 2
