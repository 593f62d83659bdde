"""URLs as people write them, made the ASCII that browsers make of them.

Source: the URL Standard (url.spec.whatwg.org), of which only what leads to the same place is done:
hosts by UTS 46 (`https://магазин.бел` is `https://xn--80aairftm.xn--90ais`), blanks and letters of
other scripts percent-encoded as UTF-8, an empty port left out, scheme and host in small letters.
Every other character stays as it was written, a `%` too, so that nothing is encoded twice. What
browsers repair by guessing (backslashes, control characters, `https:example`) is refused.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

import idna

from checkout.model.urls import DEFAULT_PORTS, LONGEST
from checkout.model.validation.reader import Invalid

BLANKS: Final = " \t\n\r\f\v"
LONGEST_HOST: Final = 253
VISIBLE: Final = "".join(map(chr, range(0x21, 0x7F)))  # ASCII that stays
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PARTS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.ASCII)
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?", re.ASCII)


def browser_url(text: str, longest: int = LONGEST) -> str:
    """The same address in ASCII, without blanks around it; unchanged where it is none. `longest`:
    characters, as it was sent and as it is then. Whether it is accepted, `urls` says.

    Raises Invalid for what browsers would have to guess.
    """
    text = text.strip(BLANKS)
    if len(text) > longest:
        raise Invalid(f"must have at most {longest} characters")
    if "\\" in text:
        raise Invalid("must not contain a backslash")
    if _CONTROL.search(text):
        raise Invalid("must not contain control characters")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return text
    scheme, authority, rest = parts.groups()
    if scheme.lower() in DEFAULT_PORTS:
        scheme, authority = scheme.lower(), _authority(authority)
    else:
        authority = quote(authority, safe=VISIBLE + " ")  # a blank there is refused later
    found = f"{scheme}://{authority}{quote(rest, safe=VISIBLE)}"
    if len(found) > longest:
        raise Invalid(f"must have at most {longest} characters once it is percent-encoded")
    return found


def _authority(text: str) -> str:
    """Host and port of a web address; a malformed one in ASCII stays, for `urls.parse` refuses
    it."""
    if "@" in text:
        raise Invalid("must not contain a user name")
    parts = _AUTHORITY.fullmatch(text)
    if parts is None:
        raise Invalid("must have a valid host")
    host, port = parts.groups()
    host = host.lower() if host.isascii() else _ascii_host(host)
    return f"{host}:{port}" if port else host


def _ascii_host(host: str) -> str:
    """A host in other scripts as DNS has it: UTS 46, not transitional, as browsers do."""
    if len(host) > LONGEST_HOST:
        raise Invalid("must have a valid host")
    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise Invalid("must have a valid host") from None
