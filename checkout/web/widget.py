"""The embed script: `/widget.js`, the latest, and `/widget-<version>.js`, which never changes.

`static/widget/widget.js` is the source of the latest. A version that has been released stays in
`static/widget/<version>.js` as it was served, for shops that have pinned it by its hash.

Pages that were written for the script before it ask for `begateway-1-latest.min.js`: the latest
widget, and after it `begateway-1.js`, which gives it their `buildForm`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler

from checkout import __version__
from checkout.assets import STATIC
from checkout.i18n import CATALOGUES, LANGUAGES, N_, SOURCE, chain
from checkout.web.compressed_page import takes_gzip
from checkout.web.render import integrity, squeezed
from checkout.web.request import READ, AppRequest
from checkout.web.static import FOREVER

FOLDER: Final = STATIC / "widget"
SCRIPT: Final = "text/javascript"  # Litestar adds the charset
TYPES: Final = "application/typescript; charset=utf-8"
LATEST_PATHS: Final = ("/widget.js", "/widget/be_gateway.js")
# Plugins name the first; pages made by the older script's readme name a version of it.
_OLDER: Final = "1-latest 1.1.0 1.1.1 1.2.0 1.2.1 1.2.2 1.2.3 1.2.4 1.2.8 1.2.9 1.3.0"
BUILD_FORM_PATHS: Final = tuple(f"/begateway-{version}.min.js" for version in _OLDER.split())
# Cached for a day where a shop's page has not pinned a version; then revalidated by its ETag.
LATEST: Final = "public, max-age=3600, stale-while-revalidate=86400"

# The texts of the script: served in every language, as it can't ask for one.
TEXTS: Final = (
    N_("Payment"),
    N_("Close"),
    N_("The payment opens in a window of its own."),
    N_("Open the payment page"),
)


@dataclass(frozen=True, slots=True)
class Script:
    body: bytes
    gzipped: bytes
    integrity: str  # as the `integrity` attribute wants it
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Script:
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        return cls(body, gzip.compress(body, 9, mtime=0), integrity(body), etag)


_WORDS: Final = re.compile(r"const WORDS = \{.*\};")
_STRINGS: Final = r'((?:"(?:[^"\\\n]|\\.)*"\n)+)'


def _read_texts(language: str) -> dict[str, str]:
    """The script's texts in a catalogue. Catalogues are read when a customer needs them, and stay:
    this looks into the file, and keeps four lines of it."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    source, found = path.read_text("utf-8") + "\n", {}
    for text in TEXTS:
        entry = re.search(rf'^msgid "{re.escape(text)}"\nmsgstr {_STRINGS}', source, re.MULTILINE)
        if entry and (said := "".join(map(json.loads, entry[1].splitlines()))):
            found[text] = said
    return found


def words() -> dict[str, list[str]]:
    """`TEXTS` by language, of those that the first two letters of a page's `lang` name."""
    known = {code: _read_texts(code) for code in LANGUAGES if code != SOURCE}
    known[SOURCE] = {text: text for text in TEXTS}

    def translated(text: str, code: str) -> str:
        return next(known[each][text] for each in chain(code) if text in known[each])

    short = [code for code in LANGUAGES if len(code) == 2]
    return {code: [translated(text, code) for text in TEXTS] for code in short}


def read_latest(folder: Path = FOLDER) -> Script:
    source = squeezed((folder / "widget.js").read_text("utf-8"))
    table = json.dumps(words(), ensure_ascii=False, separators=(",", ":"))
    return Script.of(_WORDS.sub(lambda _: f"const WORDS = {table};", source).encode())


def read_scripts(folder: Path = FOLDER) -> dict[str, Script]:
    """Every version's script, this one's last; before it is released that is the latest."""
    frozen = {path.stem: path.read_bytes() for path in sorted(folder.glob("[0-9]*.js"))}
    ours = frozen.pop(__version__, None)
    found = {version: Script.of(body) for version, body in frozen.items()}
    return found | {__version__: Script.of(ours) if ours else read_latest(folder)}


SCRIPTS: Final[Mapping[str, Script]] = read_scripts()
LATEST_SCRIPT: Final = read_latest()
BUILD_FORM: Final = Script.of(
    LATEST_SCRIPT.body + squeezed((FOLDER / "begateway-1.js").read_text("utf-8")).encode()
)
TYPINGS: Final = Script.of((FOLDER / "widget.d.ts").read_bytes())


def path_of(version: str = __version__) -> str:
    return f"/widget-{version}.js"


def tag(public_url: str, version: str = __version__) -> str:
    """What a shop writes into its page to have this version and no other."""
    return (
        f'<script src="{public_url}{path_of(version)}" integrity="{SCRIPTS[version].integrity}" '
        'crossorigin="anonymous"></script>'
    )


def _serve(path: str | list[str], script: Script, media_type: str, kept: str) -> HTTPRouteHandler:
    @route(path, http_method=READ, include_in_schema=False, name=f"script {path}")
    async def file(request: AppRequest) -> Response[bytes]:
        # Any page may read it: the hash in a shop's page is checked by that (CORS).
        headers = {
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "cache-control": kept,
            "vary": "Accept-Encoding",
            "etag": script.etag,
        }
        if script.etag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, media_type=media_type, headers=headers)
        zipped = takes_gzip(request.headers.get("accept-encoding", ""))
        if zipped:
            headers["content-encoding"] = "gzip"
        body = script.gzipped if zipped else script.body
        return Response(body, media_type=media_type, headers=headers)

    return file


HANDLERS: Final = (
    *(_serve(path_of(version), script, SCRIPT, FOREVER) for version, script in SCRIPTS.items()),
    _serve([*LATEST_PATHS], LATEST_SCRIPT, SCRIPT, LATEST),
    _serve([*BUILD_FORM_PATHS], BUILD_FORM, SCRIPT, LATEST),
    _serve("/widget.d.ts", TYPINGS, TYPES, LATEST),
)
