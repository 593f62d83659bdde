"""Shared by the commands: reading the settings, a context for one command, printing the result."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import httpx
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checkout.app import open_context
from checkout.errors import BadSettings, CheckoutError, Unprocessable
from checkout.gateways import OPTIONS
from checkout.ledger.audit import Actor
from checkout.payments.context import Context
from checkout.settings import Settings, load
from checkout.settings.load import DEFAULT, VARIABLE

FAILED = 1
UNUSABLE = 2

T = TypeVar("T")

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="CHECKOUT_CONFIG",
    help="The settings file; default checkout.toml.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


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


def fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


def settings_path(config: Path | None) -> Path:
    return config or Path(os.environ.get(VARIABLE) or DEFAULT)


def settings_of(config: Path | None) -> Settings:
    """The settings, or the end of the command with every problem named (exit code 2)."""
    try:
        return load(config, os.environ, OPTIONS)
    except BadSettings as error:
        fail(f"The settings can't be used:\n{error}", UNUSABLE)


def with_context(config: Path | None, work: Callable[[Context], Awaitable[T]]) -> T:
    """Run `work` with a context of its own on the settings' ledger and gateways."""
    settings = settings_of(config)

    async def run() -> T:
        async with open_context(settings) as context:
            found = await work(context)
            await context.finish()
            return found

    try:
        return asyncio.run(run())
    except Unprocessable as error:
        why = (f"{name} {', '.join(reasons)}" for name, reasons in error.fields.items())
        fail("\n".join(why), FAILED)
    except CheckoutError as error:
        fail(error.message, FAILED)
    except (OSError, SQLAlchemyError, httpx.HTTPError) as error:
        fail(reason(error), FAILED)


def reason(error: Exception) -> str:
    """An error in a line; for a database error the driver's message, without the values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return f"{type(cause).__name__}: {cause}"


def moment(seconds: float | None) -> str | None:
    """A time as the commands print it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
