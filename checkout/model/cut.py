"""Cuts a text to a length, never inside of what a reader sees as one character."""

from __future__ import annotations

import unicodedata
from typing import Final

JOINER: Final = "\u200d"  # between two signs that are shown as one
_SKIN: Final = range(0x1F3FB, 0x1F400)  # modifiers of the emoji before them
_FLAGS: Final = range(0x1F1E6, 0x1F200)  # letters, of which two make a flag


def cut(text: str, most: int) -> str:
    """The beginning of `text`, of at most so many characters, without blanks at its end. A letter
    keeps its accents, a flag its two halves, or goes as a whole."""
    if len(text) <= most:
        return text
    end = most
    while end > 0 and _belongs_together(text, end):
        end -= 1
    return text[:end].rstrip()


def _belongs_together(text: str, place: int) -> bool:
    """Whether the characters before and after a place are one for the reader."""
    after = text[place]
    return (
        unicodedata.category(after).startswith("M")
        or JOINER in (after, text[place - 1])
        or ord(after) in _SKIN
        or (ord(after) in _FLAGS and _flag_letters(text, place) % 2 == 1)
    )


def _flag_letters(text: str, place: int) -> int:
    """How many letters of flags stand directly before a place."""
    start = place
    while start > 0 and ord(text[start - 1]) in _FLAGS:
        start -= 1
    return place - start
