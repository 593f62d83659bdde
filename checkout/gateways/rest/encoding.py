"""The REST gateway's bodies: form-urlencoded out, JSON or XML in.

JSON and XML are both read to objects, lists and texts. No number becomes a float, since checksums
are over the exact digits ("50.00"). Some answers have blanks at the end of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]

from checkout.gateways.parsing import decode_exact

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEEPEST: Final = 16  # objects within each other; the documents have three
FORM: Final = "application/x-www-form-urlencoded"
ACCEPT: Final = {"json": "application/json", "xml": "application/xml"}  # by `Options.answers`


def encoded(fields: Mapping[str, Any]) -> bytes:
    """A form of dotted names, in UTF-8."""
    return urlencode(list(fields.items()), errors="replace").encode()


def decoded(raw: bytes) -> Any:
    """What a body says, JSON or XML, whatever was asked for; None where it can't be read."""
    start = raw.lstrip()[:1]
    try:
        if start == b"<":
            return _object(fromstring(raw, forbid_dtd=True))
        return _tidy(decode_exact(raw))
    except (ParseError, ValueError, LookupError, RecursionError):
        return None  # among them what defusedxml forbids


def _tidy(data: Any, depth: int = 0) -> Any:
    """Keys without blanks at their ends; where that makes two keys one, the exact one counts."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(data, dict):
        ordered = sorted(data, key=lambda key: key == key.strip())
        return {key.strip(): _tidy(data[key], depth + 1) for key in ordered}
    if isinstance(data, list):
        return [_tidy(item, depth + 1) for item in data]
    return data


def _object(element: Element, depth: int = 0) -> Any:
    """An element's children as an object, its text where it has none. Repeated children, which
    is how lists are written, become a list."""
    if depth > DEEPEST:
        raise RecursionError
    found: dict[str, Any] = {}
    repeated: dict[str, list[Any]] = {}
    for name, child in _children(element):
        value = _object(child, depth + 1)
        if name in repeated:
            repeated[name].append(value)
        elif name in found:
            repeated[name] = found[name] = [found[name], value]
        else:
            found[name] = value
    return found or (element.text or "")


def _children(element: Element) -> Iterator[tuple[str, Element]]:
    for child in element:
        if isinstance(child.tag, str):  # comments have a function there
            yield child.tag.rpartition("}")[2].strip(), child
