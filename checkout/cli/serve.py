"""`checkout serve`: the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import click

from checkout import control, shared_metrics
from checkout.cli.basics import DEFAULT_SETTINGS, config_option
from checkout.cli.ports import require_free
from checkout.listening import KEEP_ALIVE, listen
from checkout.process import keep_private
from checkout.supervisor import Preparation, Refused, Supervisor
from checkout.worker import application

# This process only supervises: it imports neither the application nor its libraries.
PREPARATION: Final = "checkout.cli.preparation"
SECONDS: Final = 300.0  # for the preparation of a reload
NOT_IN_TIME: Final = "The settings could not be read in time."


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
@click.option("--migrate", is_flag=True, help="First bring the database's schema up to date.")
def serve(
    config: Path | None, host: str, port: int, workers: int, keep_alive: int, migrate: bool
) -> None:
    """Run the server. It refuses to start on a bad setting, naming the key and the reason. SIGHUP
    and `checkout reload` let it take the settings anew."""
    keep_private()
    require_free(host, port)
    source = (config or Path(DEFAULT_SETTINGS)).resolve()
    os.environ["CHECKOUT_CONFIG"] = str(source)
    try:
        prepared = _prepared(b"", *(["--migrate"] if migrate else []))
    except Refused as refused:
        click.echo(str(refused), err=True)
        sys.exit(refused.code)
    if prepared.remarks:
        click.echo(prepared.remarks, err=True)
    (accepted,) = prepared.versions
    with shared_metrics.folder():
        listen(
            "checkout.worker:application",
            host=host,
            port=port,
            http2=prepared.http2,
            workers=workers,
            keep_alive=keep_alive,
            server=partial(
                Supervisor,
                entry=application,
                accepted=accepted,
                prepare=partial(_prepared, seconds=SECONDS),
                started=partial(control.listen, source),
            ),
        )


def _prepared(before: bytes = b"", *options: str, seconds: float | None = None) -> Preparation:
    """What the preparation answers, which is told what the server has. Raises Refused."""
    try:
        done = subprocess.run(  # noqa: S603 - this Python and a module of ours
            [sys.executable, "-P", "-m", PREPARATION, *options],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            input=before,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise Refused(NOT_IN_TIME, 1) from None
    said = done.stderr.decode(errors="replace").rstrip()
    if done.returncode:
        raise Refused(said, done.returncode)
    head, *versions = done.stdout.split(b"\n")
    return Preparation(tuple(versions), bool(json.loads(head)["http2"]), said)
