"""`checkout backup`: a copy of an SQLite ledger while its server runs."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.progress import Progress

from checkout.cli.basics import FAILED, config_option, fail, json_option, print_json
from checkout.cli.common import console, reason, settings_of
from checkout.errors import Unavailable
from checkout.ledger.backup import copy


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@json_option
def backup(file: Path, config: Path | None, as_json: bool) -> None:
    """Copy the SQLite ledger to a new FILE while its server runs. Started on the copy, a server
    knows that it was restored, and asks the gateways about what was paid since."""
    settings, began = settings_of(config), time.time()
    try:
        with Progress(console=console(), disable=as_json or not console().is_terminal) as bar:
            task = bar.add_task("Copying", total=None)
            copy(
                settings.database,
                file,
                began,
                lambda done, whole: bar.update(task, completed=done, total=whole),
            )
    except Unavailable as error:
        fail(error.message, FAILED)
    except OSError as error:
        fail(reason(error), FAILED)
    size, took = file.stat().st_size, time.time() - began
    if as_json:
        print_json({"file": str(file), "bytes": size, "seconds": round(took, 3)})
        return
    console().print(f"{file}  {size} bytes in {took:.1f} s", soft_wrap=True)
