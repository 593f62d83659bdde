"""The parts of the documents that are made from the code, between marks that name them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[1] / "docs"

Written = Callable[[str], str]


def marked(kind: str) -> re.Pattern[str]:
    """A part of that kind: its first mark, its name, what is between, its last mark."""
    return re.compile(rf"(<!-- {kind}: (\w+) -->\n).*?(<!-- end of {kind} -->)", re.DOTALL)


def filled(text: str, mark: re.Pattern[str], make: Written) -> str:
    """The document with each part of that kind as `make` makes it of its name."""
    return mark.sub(lambda found: found[1] + make(found[2]) + found[3], text)


def rewrite(written: Written) -> None:
    """Every document as `written` has it; the names of those that changed are printed."""
    for path in DOCS.glob("*.md"):
        before = path.read_text()
        if (after := written(before)) != before:
            path.write_text(after)
            print(path.name)
