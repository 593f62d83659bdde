"""A page taken apart, strictly: as our templates write HTML and no other way.

A browser accepts any markup, and what it accepts can hide from a reader that reads differently. So
nothing else is accepted here: each `<` begins a tag that is written as ours are, or is reported; we
have no comments. What tags and attributes a template can write is read from the template itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from checkout.assets import TEMPLATES
from checkout.web.pages.qr_code import qr_svg

_NAME: Final = r"[A-Za-z][A-Za-z0-9:_-]*"
_VALUE: Final = r"""="[^"<>]*"|='[^'<>]*'"""
_ATTRIBUTE: Final = re.compile(rf"\s+({_NAME})({_VALUE})?", re.ASCII)
_TAG: Final = re.compile(
    rf"<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s+{_NAME}(?:{_VALUE})?)*)\s*/?>", re.ASCII
)
_DOCTYPE: Final = "<!doctype html>"
_JINJA: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_OTHERS: Final = re.compile(r"""\{%-?\s*(?:extends|from|include)\s+"([^"]+)\"""")
# What is made of a template of its own and put whole into another.
PUT_IN: Final = {"macros/components.html": "partials/order_lines.html"}
_FILLED: Final = "\ue000"  # where a template fills something in
EXCERPT: Final = 120  # characters


class Text(NamedTuple):
    text: str


class Tag(NamedTuple):
    name: str
    attributes: dict[str, str]
    closes: bool
    source: str  # on one line: where it breaks is of no importance

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


class Unexpected(NamedTuple):
    """What we never write."""

    source: str


class Vocabulary(NamedTuple):
    """What a template can write: attributes by tag, and whole tags that are always the same."""

    attributes: Mapping[str, frozenset[str]]
    tags: frozenset[str]


def parse_page(page: str, *, whole: bool = True) -> Iterator[Text | Tag | Unexpected]:
    """The page's texts and tags, in their order; `whole`: not a part that a page fetches."""
    place = 0
    if not whole:
        pass
    elif page[: len(_DOCTYPE)].lower() == _DOCTYPE:
        place = len(_DOCTYPE)
    else:
        yield Unexpected(excerpt(page))
    while place < len(page):
        start = page.find("<", place)
        text = page[place:] if start < 0 else page[place:start]
        if ">" in text:
            yield Unexpected(excerpt(text[text.index(">") :]))
        yield Text(text)
        if start < 0:
            return
        tag = _TAG.match(page, start)
        if tag is None:
            yield Unexpected(excerpt(page[start : start + 2 * EXCERPT]))
            place = start + 1
        else:
            yield _tag(tag)
            place = tag.end()


def _tag(found: re.Match[str]) -> Tag:
    closing, name, attributes = found.groups()
    # A name twice: the first counts, as in browsers.
    values: dict[str, str] = {}
    for attribute in _ATTRIBUTE.finditer(attributes):
        value = (attribute[2] or "")[2:-1]
        values.setdefault(attribute[1].lower(), html.unescape(value))
    return Tag(name.lower(), values, bool(closing), " ".join(found[0].split()))


@cache
def vocabulary_of(template: str) -> Vocabulary:
    """What `templates/<template>` can write, with all that it is made of."""
    attributes: dict[str, set[str]] = {}
    tags = set[str]()
    for source in _sources(template):
        filled = _JINJA.sub(lambda block: _FILLED if block[0].startswith("{{") else "", source)
        # Drawings are texts inside Jinja's own blocks: the source as it stands has them.
        for found in (*_TAG.finditer(filled), *_TAG.finditer(source)):
            tag = _tag(found)
            attributes.setdefault(tag.name, set()).update(tag.attributes)
        tags |= {_tag(found).source for found in _TAG.finditer(filled) if _FILLED not in found[0]}
    return Vocabulary(
        {name: frozenset(names) for name, names in attributes.items()}, frozenset(tags)
    )


def _sources(template: str) -> Iterator[str]:
    seen, rest = set[str](), [template]
    while rest:
        name = rest.pop()
        if name not in seen:
            seen.add(name)
            source = (TEMPLATES / name).read_text(encoding="utf-8")
            rest += _OTHERS.findall(source)
            if name in PUT_IN:
                rest.append(PUT_IN[name])
            yield source
    if template == "pages/wait.html":
        yield qr_svg("-")


def excerpt(text: str) -> str:
    """Text of others, safe to show on a terminal."""
    line = " ".join(text[: 2 * EXCERPT].split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)
    return shown if len(shown) <= EXCERPT else f"{shown[:EXCERPT]}…"
