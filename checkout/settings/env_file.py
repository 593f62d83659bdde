"""`.env` beside the settings file: what `env:NAME` finds where the environment lacks it.

The same file serves systemd (`EnvironmentFile=`) and Docker (`env_file:`), so that the server and a
command in a shell read the same secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ENV_FILE: Final = ".env"
LARGEST: Final = 256 * 1024  # bytes
_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.ASCII)
# What systemd, Docker and shells all read as it stands.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+", re.ASCII)
_QUOTES: Final = ("'", '"')


def with_env_file(environ: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """The environment, with the variables of the folder's `.env` that it lacks or has empty."""
    found = {name: value for name, value in read_env_file(folder).items() if not environ.get(name)}
    return {**environ, **found}


def read_env_file(folder: Path) -> dict[str, str]:
    """The variables of `.env`; none where there is no such file, or it isn't ours to read: whoever
    started us has read it then. Lines of another shape are passed over."""
    try:
        with (folder / ENV_FILE).open("rb") as file:
            content = file.read(LARGEST).decode("utf-8-sig")
    except (OSError, ValueError):
        return {}
    lines = (_LINE.fullmatch(line.strip()) for line in content.splitlines())
    return {line[1]: _unquoted(line[2]) for line in lines if line}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]:
        return value[1:-1]
    return value


def env_line(name: str, value: str) -> str:
    """A line for `.env`, without its end. Raises ValueError for what can't stand in one."""
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if not value.isprintable() or "'" in value:
        raise ValueError(f"{name} can't stand in {ENV_FILE}: put it into a file")
    return f"{name}='{value}'"
