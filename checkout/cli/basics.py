"""Shared by all commands, also by those that must not load the application: options, exit codes,
answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

FAILED: Final = 1
UNUSABLE: Final = 2
DEFAULT_SETTINGS: Final = "checkout.toml"

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="CHECKOUT_CONFIG",
    help="The settings file; default checkout.toml.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
