"""Text without what nobody sees, as every reader of what people type begins.

Pages, mails and keyboards leave marks in what is copied from them: blanks without width, marks of
a text's direction, a file's first mark, hyphens that only a line's end would show.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MARKS: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
# Letters of Latin, Greek and Cyrillic are never joined or kept apart by a mark; Persian and the
# scripts of India are, and signs are made of several by one.
_JOINS: Final = "(?<![\u0530-\U0010ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0530-\U0010ffff])"
_INVISIBLE: Final = re.compile(f"[{_MARKS}]|{_JOINS}")


def visible(text: str) -> str:
    """The text in Unicode's composed form (NFC), without invisible characters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
