"""`checkout serve`: the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from checkout.cli.basics import config_option
from checkout.listening import listen
from checkout.process import keep_private

# This process only supervises: it imports neither the application nor its libraries.
PREPARATION: Final = "checkout.cli.preparation"


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--migrate", is_flag=True, help="First bring the database's schema up to date.")
def serve(config: Path | None, host: str, port: int, workers: int, migrate: bool) -> None:
    """Run the server. It refuses to start on a bad setting, naming the key and the reason."""
    keep_private()
    if config is not None:
        os.environ["CHECKOUT_CONFIG"] = str(config.resolve())
    listen(
        "checkout.worker:application",
        host=host,
        port=port,
        http2=_prepared(*(["--migrate"] if migrate else [])) == "2",
        workers=workers,
    )


def _prepared(*options: str) -> str:
    """What the preparation answers; or the end of the command, as it ended."""
    done = subprocess.run(  # noqa: S603 - this Python and a module of ours
        [sys.executable, "-P", "-m", PREPARATION, *options],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    click.echo(done.stderr, err=True, nl=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout.strip()
