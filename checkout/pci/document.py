"""What in a page differs from what it should be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from checkout.pci.inventory import Inventory, Page, Resource
from checkout.pci.markup import Tag, Text, Unexpected, excerpt, parse_page, vocabulary_of
from checkout.web.page_types import BY_NAME

_COLOUR: Final = "#[0-9a-fA-F]{3,8}"
THEME: Final = re.compile(
    rf":root\{{--accent:{_COLOUR};--on-accent:{_COLOUR}(?:;--radius:[0-9]{{1,4}}px)?\}}"
    r"(?:@media screen and \(prefers-color-scheme:dark\)"
    rf"\{{:root\{{--accent:{_COLOUR};--on-accent:{_COLOUR}\}}\}})?",
    re.ASCII,
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_BLANKS: Final = "".join(map(chr, range(33)))  # what browsers drop before an address
# Schemes that no link may have: these run code, or show a page of others as if it were ours.
RUN: Final = frozenset({"javascript", "data", "vbscript", "blob", "filesystem", "about", "file"})
SCHEMES_OF_COLOUR: Final = frozenset({"light", "dark", "light dark"})
MOST: Final = 50
MOST_WRONG: Final = 500  # differences, equal ones included, after which the rest is not read
EMPTY: Final = Text("")
# Asks for the same page in another language: the last form of a page, and without an address.
PICKER: Final = '<form class="language" id="language">'
REFRESH: Final = re.compile(r"[0-9]{1,5}(?:;url=(.*))?", re.ASCII | re.DOTALL)
# Pages that may send the browser elsewhere by themselves: to the bank, back to the shop.
SENDS: Final = frozenset({"redirect", "result"})


class Change(NamedTuple):
    """One difference. `kind`: a word for machines."""

    kind: str
    text: str


class Target(NamedTuple):
    """Where an address leads: "" is our own site."""

    scheme: str
    site: str
    path: str


@dataclass
class Document:
    """A page as it came from `url`, to be compared with what it should be."""

    url: str
    page: Page
    inventory: Inventory
    text: str
    nonce: str  # of the page's policy
    changes: list[Change] = field(default_factory=list)
    files: list[Resource] = field(default_factory=list)  # that it names, of those it should
    picker: bool = False  # its form was seen

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.origin, self.path = f"{parts.scheme}://{parts.netloc}", parts.path
        self._wrong = 0
        self.type = BY_NAME[self.page.name]
        self.vocabulary = vocabulary_of(self.type.template)

    def read(self) -> list[Change]:
        """Its differences, at most `MOST`: a page with more is another page."""
        parts = (each for each in parse_page(self.text, whole=self.type.whole) if each != EMPTY)
        tags = Counter[str]()
        for part, following in pairwise(chain(parts, (EMPTY,))):
            if isinstance(part, Unexpected):
                self._add("markup", f"the page has what we never write: {part.source}")
            elif isinstance(part, Tag) and not part.closes:
                # The text after a script's or a style's tag is all its content.
                self._tag(part, following.text if isinstance(following, Text) else "")
                sheet = part.name == "link" and "stylesheet" in part.get("rel").lower()
                tags["stylesheet" if sheet else part.name] += 1
            if len(self.changes) >= MOST or self._wrong >= MOST_WRONG:
                return self.changes
        self._counts(tags)
        return self.changes

    def _counts(self, tags: Counter[str]) -> None:
        had = {each.path for each in self.files}
        one = any(not each.besides for each in self.page.scripts)
        more = sum(each.besides and each.path in had for each in self.page.scripts)
        self._count("script", tags["script"], one + more)
        self._count("stylesheet", tags["stylesheet"], 1 if self.page.styles else 0)

    def _count(self, name: str, count: int, expected: int) -> None:
        if count != expected:
            kind = name.replace("stylesheet", "style")
            self._add(kind, f"the page has {count} {name}s instead of {expected}")

    def _tag(self, tag: Tag, inside: str) -> None:
        known = self.vocabulary.attributes.get(tag.name)
        if known is None:
            self._add("markup", f"an element that this page never has: {excerpt(tag.source)}")
            return
        for name in tag.attributes:
            if name.startswith("on"):
                self._add("script", f"an event handler: {excerpt(tag.source)}")
            elif name not in known:
                self._add("markup", f"an attribute that is not ours: {excerpt(tag.source)}")
        check = CHECKS.get(tag.name)
        if check is not None:
            check(self, tag, inside)
        if "hx-get" in tag.attributes:
            self._fetches(tag)

    # One for each kind of element that runs, loads or leads somewhere

    def script(self, tag: Tag, inside: str) -> None:
        if inside.strip():
            self._add("script", f"a script in the page itself: {excerpt(inside)}")
        if not tag.get("src"):
            self._add("script", "a script without an address")
            return
        self._nonce(tag)
        self._resource(tag, tag.get("src"), self.page.scripts)

    def style(self, tag: Tag, inside: str) -> None:
        self._nonce(tag)
        if not THEME.fullmatch(inside.strip()):
            self._add("style", f"a style that is not only colours and corners: {excerpt(inside)}")

    def link(self, tag: Tag, inside: str) -> None:
        if tag.source in self.vocabulary.tags:  # the icon
            return
        if tag.get("rel") != "stylesheet":
            kind = "origin" if self.target(tag.get("href")).site else "markup"
            self._add(kind, f"a link that is not ours: {excerpt(tag.source)}")
            return
        self._resource(tag, tag.get("href"), self.page.styles)

    def meta(self, tag: Tag, inside: str) -> None:
        if tag.source in self.vocabulary.tags:
            return
        if tag.get("name") == "color-scheme" and tag.get("content") in SCHEMES_OF_COLOUR:
            return
        refresh = REFRESH.fullmatch(tag.get("content"))
        if tag.get("http-equiv").lower() != "refresh" or refresh is None:
            self._add("policy", f"a meta element that is not ours: {excerpt(tag.source)}")
        elif refresh[1] and self.page.name not in SENDS:
            self._add("address", f"sends the browser elsewhere: {excerpt(tag.source)}")
        elif refresh[1]:
            self._runs(tag, refresh[1])

    def image(self, tag: Tag, inside: str) -> None:
        where = self.target(tag.get("src"))
        if where.scheme == "data" and tag.get("src").startswith("data:image/"):
            return
        if where.site or not where.path.startswith("/static/"):
            self._add("origin", f"an image that is not ours: {excerpt(tag.source)}")

    def use(self, tag: Tag, inside: str) -> None:
        if not tag.get("href").startswith("#"):
            self._add("markup", f"a drawing from elsewhere: {excerpt(tag.source)}")

    def anchor(self, tag: Tag, inside: str) -> None:
        self._runs(tag, tag.get("href"))

    def form(self, tag: Tag, inside: str) -> None:
        if self.picker:  # a form inside another is none: its fields would be the outer one's
            self._add("form", f"a form after the picker of languages: {excerpt(tag.source)}")
        if tag.source == PICKER:
            self.picker = True
            return
        where = self.target(tag.get("action"))
        if where.site and self.type.leaves:
            if where.scheme != "https" and not self.inventory.sandbox:
                self._add("form", f"a form that is sent without TLS: {excerpt(tag.source)}")
        elif where.site or not self._ours(where.path):
            self._add("form", f"a form that is sent elsewhere: {excerpt(tag.source)}")

    # What they have in common

    def _resource(self, tag: Tag, address: str, known: Sequence[Resource]) -> None:
        where = self.target(address)
        found = next((each for each in known if each.path == address), None)
        if found is None:
            kind = "origin" if where.site else tag.name.replace("link", "style")
            self._add(kind, f"a file that this page does not need: {excerpt(tag.source)}")
            return
        self.files.append(found)
        if tag.get("integrity") != found.integrity:
            given = tag.get("integrity") or "no hash"
            self._add("integrity", f"{found.path}: the page says {excerpt(given)}")

    def _nonce(self, tag: Tag) -> None:
        if not self.nonce or tag.get("nonce") != self.nonce:
            self._add("nonce", f"not the nonce of the policy: {excerpt(tag.source)}")

    def _fetches(self, tag: Tag) -> None:
        """What htmx puts into the page."""
        where = self.target(tag.get("hx-get"))
        if where.site or not self._ours(where.path):
            self._add("origin", f"asks elsewhere: {excerpt(tag.source)}")
        if tag.get("hx-nonce") != self.nonce:
            self._add("nonce", f"not the nonce of the policy: {excerpt(tag.source)}")

    def _runs(self, tag: Tag, address: str) -> None:
        if self.target(address).scheme in RUN:
            self._add("script", f"an address that runs: {excerpt(tag.source)}")

    def _ours(self, path: str) -> bool:
        """Whether a path is of this payment or this product."""
        steps, mine = path.split("/"), self.path.split("/")
        if self.page.name == "product":
            return steps[-2:] == ["product", mine[-1]]
        return len(mine) >= 5 and steps[:5] == mine[:5]

    def target(self, address: str) -> Target:
        """As browsers read it: without blanks and line breaks, `\\` as `/`."""
        text = re.sub("[\t\n\r]", "", address).strip(_BLANKS).replace("\\", "/")
        found = _SCHEME.match(text)
        scheme = found[1].lower() if found else ""
        if text.startswith("//"):
            return Target("", text[2:].partition("/")[0] or text, "")
        if scheme not in ("http", "https"):
            return Target(scheme, scheme, "") if scheme else Target("", "", text)
        try:
            parts = urlsplit(text)
        except ValueError:
            return Target(scheme, text, "")
        origin = f"{scheme}://{parts.netloc}"
        return Target(scheme, "" if origin == self.origin else origin, parts.path)

    def _add(self, kind: str, text: str) -> None:
        self._wrong += 1
        change = Change(kind, text)
        if change not in self.changes:
            self.changes.append(change)


CHECKS: Final[dict[str, Callable[[Document, Tag, str], None]]] = {
    "script": Document.script,
    "style": Document.style,
    "link": Document.link,
    "meta": Document.meta,
    "img": Document.image,
    "use": Document.use,
    "a": Document.anchor,
    "form": Document.form,
}
