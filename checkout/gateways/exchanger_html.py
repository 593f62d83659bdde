"""The exchanger's texts are HTML for its own page; ours shows them as plain lines.

Nothing of the HTML is passed on, so it needn't be understood, only read past: in one pass over it,
however it is broken.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from checkout.model.checks import Wrong
from checkout.model.urls import web_url

MOST_LINES: Final = 50
LONGEST_LINE: Final = 1000
HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "title", "svg"})
BREAKS: Final = frozenset({
    "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]{0,15})")
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))", re.IGNORECASE)


def plain_lines(written: str) -> tuple[str, ...]:
    """The words, line by line; the address of a link stands behind its words."""
    if "<" not in written:
        return kept(*_unescaped(written).splitlines())
    words = _Words()
    first, *tags = _without_comments(written).split("<")
    words.text(first)
    for piece in tags:
        inside, closed, after = piece.partition(">")
        if tag := _TAG.match(inside):
            if closed:
                words.tag(tag[2].lower(), inside, ends=bool(tag[1]))
            words.text(after)
        else:
            declares = inside.startswith(("!", "?", "/"))
            words.text(after if declares else "<" + piece)
    return kept(*"".join(words.found).splitlines())


def kept(*lines: str | None) -> tuple[str, ...]:
    """Neither too many nor too long; without control characters, and without empty ones."""
    clean = (
        "".join(c for c in " ".join(line.split()) if c.isprintable()) for line in lines if line
    )
    return tuple(line[:LONGEST_LINE] for line in clean if line)[:MOST_LINES]


class _Words:
    def __init__(self) -> None:
        self.found: list[str] = []
        self._hidden: str | None = None
        self._link: str | None = None

    def text(self, written: str) -> None:
        if self._hidden is None:
            # In HTML a line break in the text is a blank.
            self.found.append(re.sub(r"\s+", " ", _unescaped(written)))

    def tag(self, name: str, inside: str, *, ends: bool) -> None:
        if self._hidden is not None:
            self._hidden = None if ends and name == self._hidden else self._hidden
        elif name in HIDDEN:
            self._hidden = None if ends or inside.endswith("/") else name
        elif name in BREAKS:
            self.found.append("\n")
        elif name == "a":
            self._anchor(_site(inside) if not ends else None)

    def _anchor(self, link: str | None) -> None:
        """One begins or ends; the one before ends in either case."""
        if self._link is not None and not self.found[-1].endswith(self._link):
            self.found.append(f" {self._link} ")
        self._link = link


def _unescaped(written: str) -> str:
    """Without `&amp;` and its like; as it is where one is a number that Python would not read."""
    try:
        return unescape(written)
    except ValueError:
        return written


def _site(inside: str) -> str | None:
    """The https address that a link leads to."""
    found = _HREF.search(inside)
    try:
        return web_url(_unescaped(found[1] or found[2] or found[3] or "")) if found else None
    except Wrong:
        return None


def _without_comments(written: str) -> str:
    """A comment that never ends hides the rest, as in a browser."""
    first, *others = written.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)
