"""`checkout serve`: the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from checkout import shared_metrics
from checkout.cli.basics import config_option
from checkout.cli.ports import require_free
from checkout.listening import KEEP_ALIVE, listen
from checkout.process import keep_private

# This process only supervises: it imports neither the application nor its libraries.
PREPARATION: Final = "checkout.cli.preparation"


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--keep-alive",
    default=KEEP_ALIVE,
    show_default=True,
    type=click.IntRange(5, 3600),
    help="Seconds that a connection may be idle: more than the proxy in front keeps it.",
)
def serve(config: Path | None, host: str, port: int, workers: int, keep_alive: int) -> None:
    """Run the server. It refuses to start on a bad setting, naming the key and the reason."""
    keep_private()
    require_free(host, port)
    if config is not None:
        os.environ["CHECKOUT_CONFIG"] = str(config.resolve())
    http2 = _prepared() == "2"
    with shared_metrics.folder():
        listen(
            "checkout.worker:application",
            host=host,
            port=port,
            http2=http2,
            workers=workers,
            keep_alive=keep_alive,
        )


def _prepared() -> str:
    """What the preparation answers; or the end of the command, as it ended."""
    done = subprocess.run(  # noqa: S603 - this Python and a module of ours
        [sys.executable, "-P", "-m", PREPARATION],
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
