"""`env:NAME` and `file:PATH` in the settings: any string may be one of them.

Blanks and line breaks around what is there don't count, nor does a byte order mark: editors,
shells and Windows leave them. A problem names the key and the variable or file, never what was
found there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from checkout.model.validation.reader import Problems

LARGEST: Final = 64 * 1024  # bytes of a file
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Missing(Exception):
    """A reference that can't be resolved; the reason is safe to show."""


def resolve(
    data: Any,
    environ: Mapping[str, str],
    folder: Path,
    problems: Problems,
    key: str = "",
) -> Any:
    """The same data with every reference replaced; unresolved ones are added to `problems`."""
    if isinstance(data, dict):
        return {
            name: resolve(value, environ, folder, problems, f"{key}.{name}" if key else name)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [
            resolve(value, environ, folder, problems, f"{key}.{place}")
            for place, value in enumerate(data, 1)
        ]
    if not isinstance(data, str):
        return data
    try:
        return follow(data, environ, folder)
    except Missing as missing:
        problems.add(key, str(missing))
        return None


def follow(text: str, environ: Mapping[str, str], folder: Path) -> str:
    """The value of `text`: itself, a variable's value or a file's content."""
    kind, _, name = text.partition(":")
    if kind == "env":
        return _variable(name, environ)
    if kind == "file":
        return _content(name, folder)
    return text


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if not _NAME.fullmatch(name):
        raise Missing("must name a variable after env:")
    value = environ.get(name)
    found = (value or "").strip()
    if not found:
        state = "not set" if value is None else "empty"
        raise Missing(f"the environment variable {name} is {state}")
    return found


def _content(name: str, folder: Path) -> str:
    if not name.strip() or not name.isprintable():
        raise Missing("must name a file after file:")
    path = folder / name
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        content = raw.decode("utf-8-sig").strip()
    except OSError as error:
        raise Missing(f"the file {name} can't be read: {error.strerror}") from None
    except ValueError:
        raise Missing(f"the file {name} is not UTF-8 text") from None
    if len(raw) > LARGEST:
        raise Missing(f"the file {name} is larger than {LARGEST} bytes")
    if not content:
        raise Missing(f"the file {name} is empty")
    return content
