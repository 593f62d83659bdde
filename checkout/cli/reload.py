"""`checkout reload`: the running server takes the settings anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from checkout import control
from checkout.cli.basics import (
    DEFAULT_SETTINGS,
    FAILED,
    UNUSABLE,
    config_option,
    fail,
    json_option,
    print_json,
)

NOWHERE: Final = """\
No server of {source} runs here as this user.
Run this as the user of `checkout serve`, with the same --config, in the same container; or send
SIGHUP to the server's first process."""
NOT_HERE: Final = "This system has no such sockets: send SIGHUP to the process of `checkout serve`."
GONE: Final = {"ok": False, "reason": "The server ended before it had answered."}


@click.command()
@config_option
@json_option
def reload(config: Path | None, as_json: bool) -> None:
    """Let the running server take the settings anew, and wait until it has. Wrong ones change
    nothing: the old ones stay. Exit code 1: they were refused, and why is said."""
    if not control.POSSIBLE:
        fail(NOT_HERE, UNUSABLE)
    source = (config or Path(DEFAULT_SETTINGS)).resolve()
    callers = list(control.servers(source))
    if not callers:
        fail(NOWHERE.format(source=source), FAILED)
    outcomes = [_outcome(caller) for caller in callers]
    if as_json:
        print_json({"servers": outcomes})
    else:
        for outcome in outcomes:
            _print(outcome)
    sys.exit(0 if all(outcome["ok"] for outcome in outcomes) else FAILED)


def _outcome(caller: Any) -> dict[str, Any]:
    found: dict[str, Any] = GONE
    for line in control.lines(caller):
        if "ok" in line:
            found = line
        else:
            click.echo(f"{line['step']} …", err=True)
    return found


def _print(outcome: dict[str, Any]) -> None:
    if not outcome["ok"]:
        click.echo(
            f"{outcome['reason']}\nThe server goes on with the settings that it had.", err=True
        )
        return
    if outcome["remarks"]:
        click.echo(outcome["remarks"], err=True)
    workers = "the worker" if outcome["workers"] == 1 else f"all {outcome['workers']} workers"
    click.echo(f"Reloaded: {workers} in {outcome['seconds']} s.")
