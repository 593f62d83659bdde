"""The exchanger's texts are HTML for its own page; ours shows them as plain lines.

No HTML is passed on, so tags are only skipped: in one linear pass, however broken they are. The
standard library's parser may take seconds for broken HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from checkout.gateways.parsing import LONGEST_LINE, MOST_LINES
from checkout.model.urls import web_url
from checkout.model.validation.reader import Invalid

HIDDEN: Final = frozenset({"script", "style", "template", "noscript", "title", "svg"})
BREAKS: Final = frozenset({
    "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_COMMENT = re.compile(r"<!--(?:.*?-->|.*)", re.DOTALL)  # without an end it hides the rest
# A tag (also one without an end, or a declaration), and the text after it.
_PIECE = re.compile(
    r"(?:<(/?)([a-z][a-z0-9]{0,15})([^<>]*)>|<[a-z!?/][^<>]*>?|(<?))([^<]*)",
    re.ASCII | re.IGNORECASE,
)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))", re.IGNORECASE)


def plain_lines(written: str) -> tuple[str, ...]:
    """The words, line by line; the address of a link stands behind its words."""
    if "<" not in written:
        return kept(*_unescaped(written).splitlines())
    found, link = [""], None
    for ends, name, inside, text in _visible(written):
        if name in BREAKS:
            found.append("\n")
        elif name == "a":  # the one before ends in either case
            if link and not found[-1].endswith(link):
                found.append(f" {link} ")
            link = None if ends else _site(inside)
        # In HTML a line break in the text is a blank.
        found.append(re.sub(r"\s+", " ", _unescaped(text)))
    return kept(*"".join(found).splitlines())


def _visible(written: str) -> Iterator[tuple[str, str, str, str]]:
    """The tags outside of `HIDDEN` elements, each with the text after it: `/` where it closes, its
    name, its attributes, the text."""
    hidden = ""
    for ends, tag, inside, less, text in _PIECE.findall(_COMMENT.sub("", written)):
        name = tag.lower()
        if hidden:
            hidden = "" if ends and name == hidden else hidden
        elif name in HIDDEN:
            hidden = "" if ends or inside.endswith("/") else name
        if not hidden:
            yield ends, name, inside, less + text


def kept(*lines: str | None) -> tuple[str, ...]:
    """The lines within our bounds, without control characters and without empty ones."""
    clean = (
        "".join(c for c in " ".join(line.split()) if c.isprintable()) for line in lines if line
    )
    return tuple(line[:LONGEST_LINE] for line in clean if line)[:MOST_LINES]


def _unescaped(written: str) -> str:
    """With `&amp;` and its like resolved; unchanged where one is a number that Python refuses."""
    try:
        return unescape(written)
    except ValueError:
        return written


def _site(inside: str) -> str | None:
    """The https address that a link leads to."""
    found = _HREF.search(inside)
    try:
        return web_url(_unescaped(found[1] or found[2] or found[3] or "")) if found else None
    except Invalid:
        return None
