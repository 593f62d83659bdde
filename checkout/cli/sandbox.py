"""`checkout sandbox`: the simulated gateways. An installation may leave them out."""

from __future__ import annotations

from collections.abc import Callable

import click

from checkout.cli.basics import UNUSABLE, fail
from checkout.cli.ports import require_free

ABSENT = "The sandbox is not part of this installation."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8002, show_default=True, type=click.IntRange(1, 65535))
def sandbox(host: str, port: int) -> None:
    """Run the simulated gateways alone, all on one port."""
    run = require_sandbox()
    require_free(host, port)
    run(host, port)


def require_sandbox() -> Callable[[str, int], None]:
    """The function that serves the sandbox; where it is not installed, exit code 2."""
    try:
        from checkout.sandbox.serve import run
    except ModuleNotFoundError:
        fail(ABSENT, UNUSABLE)
    return run
