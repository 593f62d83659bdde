"""Which files of the settings other users can read or write: the settings file where it contains a
secret, the files of its `file:` references, and `.env` beside it."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from checkout.settings.env_file import ENV_FILE

SECRETS: Final = frozenset({
    "secret_key", "secrets", "link_keys", "private_key", "operator_token", "ipn_secret",
    "secure_key", "shops_key",
})  # fmt: skip
WITH_PASSWORDS: Final = frozenset({"url", "database"})


def exposed_files(source: Path) -> list[str]:
    """A sentence for each, of settings that were loaded before."""
    data = tomllib.loads(source.read_text("utf-8-sig"))
    found = dict.fromkeys(_files(data, source))
    return [why for path in found for why in _exposed(path)]


def _files(data: Any, source: Path, key: str = "") -> Iterator[Path]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _files(value, source, name)
    elif isinstance(data, list):
        for item in data:
            yield from _files(item, source, key)
    elif isinstance(data, str) and _is_secret(key, data):
        kind, _, name = data.partition(":")
        places = {"env": source.parent / ENV_FILE, "file": source.parent / name}
        yield places.get(kind, source)


def _is_secret(key: str, text: str) -> bool:
    return key in SECRETS or (key in WITH_PASSWORDS and ("@" in text or text.startswith("file:")))


def _exposed(path: Path) -> Iterator[str]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield f"{path}: others than its owner can write it (chmod 600)"
    elif mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{path}: others than its owner can read it (chmod 600)"
