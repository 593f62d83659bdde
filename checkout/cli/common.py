"""Shared by the commands: the settings, who runs a command, how times and errors are printed."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checkout.cli.basics import FAILED, UNUSABLE, fail
from checkout.errors import BadSettings, Unavailable
from checkout.gateways import OPTIONS
from checkout.ledger.audit import Actor
from checkout.settings import Settings, load
from checkout.settings.load import DEFAULT, VARIABLE


def actor() -> Actor:
    """Whoever runs the command, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"uid {os.getuid()}"
    return Actor(name, "cli", socket.gethostname())


def console() -> Console:
    """Standard output; made when it is used, as the terminal may change. No markup: texts of shops
    may contain brackets."""
    return Console(markup=False)


def settings_path(config: Path | None) -> Path:
    return config or Path(os.environ.get(VARIABLE) or DEFAULT)


def settings_of(config: Path | None) -> Settings:
    """The settings, or the end of the command with every problem named (exit code 2)."""
    try:
        return load(config, os.environ, OPTIONS)
    except BadSettings as error:
        fail(bad_settings(error), UNUSABLE)


def bad_settings(error: BadSettings) -> str:
    return f"The settings can't be used:\n{error}"


def reason(error: Exception) -> str:
    """An error in a line; for a database error the driver's message, without the values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return f"{type(cause).__name__}: {cause}"


@contextmanager
def refused_in_a_sentence() -> Iterator[None]:
    """Ends the command where the database can't be used (exit code 1)."""
    try:
        yield
    except Unavailable as refused:
        fail(f"database: {refused.message}", FAILED)
    except (SQLAlchemyError, OSError) as error:
        fail(f"database: {reason(error)}", FAILED)


def moment(seconds: float | None) -> str | None:
    """A time as the commands print it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
