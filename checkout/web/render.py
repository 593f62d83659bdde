"""Templates and static files: joined, hashed and compressed once at start, served from memory."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.bccache import Bucket
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from checkout.assets import STATIC, TEMPLATES
from checkout.bounded_cache import BoundedCache
from checkout.i18n import SOURCE, Gettext, translations
from checkout.web.compressed_page import FilledPage, KeptPage, kept_page

PAGES: Final = 16 * 1024 * 1024  # bytes of cached pages that are filled in
MEDIA_TYPES: Final = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}


# Removed: a page is sent uncompressed, and its size has a limit.
_INDENTATION: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_REMARK: Final = re.compile(r"/\*[^*]*(?:\*(?!/)[^*]*)*\*/\n?")  # of a style sheet
_NO_CODE: Final = re.compile(r"^[ \t]*(//.*\n)?", re.MULTILINE)

_BLANK_LINES: Final = re.compile(r"[ \t]*\n\s*")

# The stylesheet's rule for dark devices, and what replaces it where the shop has chosen a scheme.
_DARK: Final = b"screen and (prefers-color-scheme: dark)"
_BOTH: Final = b"color-scheme: light dark"
SCHEMES: Final[dict[str, dict[bytes, bytes]]] = {
    "light": {_DARK: b"not all", _BOTH: b"color-scheme: light"},
    "dark": {_DARK: b"screen", _BOTH: b"color-scheme: dark"},
}


def integrity(body: bytes) -> str:
    """The hash of a script or stylesheet as the `integrity` attribute wants it."""
    return f"sha384-{base64.b64encode(hashlib.sha384(body).digest()).decode()}"


def squeezed(source: str) -> str:
    """A script of ours without its lines of comment and its indentation."""
    return _NO_CODE.sub("", source)


def bundles(folder: Path = STATIC) -> dict[str, list[str]]:
    """The files that each joined script is made of, by its name without the ending: those of
    `js/bundles.json`, where a name without an ending stands for another one's files."""
    found: dict[str, list[str]] = {}
    for name, parts in json.loads((folder / "js" / "bundles.json").read_text()).items():
        found[name] = [file for part in parts for file in found.get(part, [part])]
    return found


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    gzipped: bytes
    media_type: str
    integrity: str


class Assets:
    """`css/*.css` as app.css and the groups of `js/bundles.json`, under hashed names."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.files: dict[str, StaticFile] = {}
        self._names: dict[str, str] = {}
        styles = sorted((folder / "css").glob("*.css"))
        joined = "\n".join(path.read_text(encoding="utf-8") for path in styles)
        sheet = _INDENTATION.sub("", _REMARK.sub("", joined)).encode()
        self.add("app.css", sheet)
        for scheme, changes in SCHEMES.items():
            changed = sheet
            for written, instead in changes.items():
                changed = changed.replace(written, instead)
            self.add(f"app-{scheme}.css", changed)
        for name, parts in bundles(folder).items():
            scripts = [squeezed((folder / "js" / part).read_text("utf-8")) for part in parts]
            self.add(f"{name}.js", "\n;".join(scripts).encode())

    def add(self, name: str, body: bytes) -> str:
        """Serve `body` as `name` with its hash in it; the address. Never changed, so cacheable."""
        stem, _, ending = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{ending}"
        self.files[hashed] = StaticFile(
            body, gzip.compress(body, 9, mtime=0), MEDIA_TYPES[ending], integrity(body)
        )
        self._names[name] = f"/static/{hashed}"
        return self._names[name]

    def __call__(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that does not exist."""
        return self._names[name]

    def integrity(self, name: str) -> str:
        """The `integrity` attribute of a file: a browser refuses a changed one."""
        return self.files[self(name).removeprefix("/static/")].integrity


# Marks the place of a hole in a page that is being made; no text contains it, as it is random.
_HOLE: Final = f"\ue000{secrets.token_hex(8)}:"


class Part(str):
    """HTML of a template of ours: a page that shows it escapes nothing of it any more."""

    def __html__(self) -> Part:
        return self


class Renderer:
    """One Jinja environment a language, with its catalogue installed, made at its first use."""

    def __init__(self, assets: Assets, folder: Path = TEMPLATES) -> None:
        self.assets = assets
        self._pages = BoundedCache[Hashable, tuple[KeptPage, list[str]]](PAGES)
        self._folder = folder
        self._environments: dict[str, Environment] = {}

    def __call__(self, template: str, language: str, **context: Any) -> str:
        """The text of `templates/<template>`."""
        return self._environment(language).get_template(template).render(context)

    def _environment(self, language: str) -> Environment:
        found = self._environments.get(language)
        if found is None:
            found = environment(language, self.assets, self._folder)
            self._environments[language] = found
        return found

    def part(self, template: str, language: str, **context: Any) -> Part:
        """The same, for a place in another page."""
        return Part(self(template, language, **context))

    def fill(
        self,
        key: Hashable,
        texts: Mapping[str, str],
        make: Callable[[Mapping[str, str]], str],
    ) -> FilledPage:
        """A page that is the same for every equal `key` but for `texts`, by their names. It is made
        once, of holes in their places, and filled in with the texts, escaped but for a `part`."""
        page = self._pages.get(key)
        if page is None:
            made = make({name: f"{_HOLE}{name}\ue000" for name in texts})
            # Text, name of a hole, text, ...: a split by a pattern with one group.
            parts = re.split(f"{_HOLE}([a-z0-9_]+)\ue000", made)
            page = kept_page(part.encode() for part in parts[::2]), parts[1::2]
            self._pages.put(key, page)
        kept, names = page
        escaped = {
            name: (text if isinstance(text, Part) else html.escape(text)).encode()
            for name, text in texts.items()
        }
        return FilledPage(kept, [escaped[name] for name in names])

    def compile(self) -> None:
        """Compile every template now, so that a broken one stops the start and not a customer."""
        english = self._environment(SOURCE)
        for name in english.list_templates(extensions=["html"]):
            english.get_template(name)


class _Translated(Environment):
    """`_("...")` with a constant text and nothing to fill in is looked up in `_Texts`: quickly, and
    so that one compiled template serves every language. A line's indentation becomes one blank,
    which may separate two attributes."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(_INDENTATION.sub(" ", source), name, filename)
        return cast(nodes.Template, _LookUp().visit(parsed))


class _Texts(dict[str, Markup]):
    """The translations that templates have asked for, by their English."""

    def __init__(self, gettext: Gettext) -> None:
        self._gettext = gettext

    def __missing__(self, text: str) -> Markup:
        found = self[text] = Markup(self._gettext(text))  # noqa: S704 - a catalogue has no markup
        return found


class _LookUp(NodeTransformer):
    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        node.data = _BLANK_LINES.sub("\n", node.data)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's own name for it
        self.generic_visit(node)
        called = isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext")
        if not called or node.kwargs or len(node.args) != 1:
            return node
        text = node.args[0]
        if not isinstance(text, nodes.Const):
            return node
        return nodes.Getitem(nodes.Name("_texts", "load"), text, "load")


class _Compiled(BytecodeCache):
    """The templates' code, compiled once for all languages: that takes a quarter of a second."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Compiled()


def environment(language: str, assets: Any, folder: Path = TEMPLATES) -> Environment:
    """Autoescaped, strict about undefined names, texts by gettext."""
    built = _Translated(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_COMPILED,
    )
    catalogue = translations(language)
    built.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    more: dict[str, Any] = {"asset": assets, "_texts": _Texts(catalogue.gettext)}
    if assets is not None:  # mails have no files
        more["integrity"] = assets.integrity
    built.globals.update(more)
    return built
