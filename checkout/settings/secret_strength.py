"""Whether a secret is strong: long enough, no pattern, no placeholder."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import Any, Final

from checkout.model.validation.reader import Invalid, Rule
from checkout.model.validation.rules import text

SIGNING: Final = 32  # characters of a signing key: 128 bits in hex
FEWEST: Final = 7  # different characters; 32 random digits have fewer once in 60,000 times
PASSWORD_BITS: Final = 80  # of a shop's API password, which signs webhooks too
FEWEST_OF_OTHERS: Final = 4  # different characters of a secret that a gateway has chosen
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
        secret = written(value).strip()
        if len(secret) < least:
            raise Invalid(f"must have {least} characters or more: {ADVICE}")
        if weak(secret):
            raise Invalid(f"is too easy to guess: {ADVICE}")
        return secret

    return rule


def password(value: Any) -> str:
    """A rule: a shop's API password. It has no least length, as the family's gateways issue
    their own, but must have 80 bits."""
    secret = text(LONGEST)(value).strip()
    if bits(secret) < PASSWORD_BITS or weak(secret):
        raise Invalid(f"is too easy to guess: {ADVICE}")
    return secret


def weak(secret: str) -> bool:
    return len(set(secret)) < FEWEST or _patterned(secret)


def guessable(secret: str) -> bool:
    """Of a gateway's secret, whose length and characters are the gateway's to choose: whether it
    is a placeholder or a pattern."""
    secret = secret.strip()
    return len(set(secret)) < FEWEST_OF_OTHERS or _patterned(secret)


def bits(secret: str) -> float:
    """The Shannon entropy of the characters, in bits. 32 random hex
    digits have some 113, a sentence of 40 letters 150, "aaaaaaaa" none."""
    size = len(secret)
    return sum(count * math.log2(size / count) for count in Counter(secret).values())


def _patterned(secret: str) -> bool:
    return (
        _repeats(secret)
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
