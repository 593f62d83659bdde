"""`checkout migrate`: the database's schema is made or brought up to date."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checkout.cli.basics import config_option, json_option, print_json
from checkout.cli.common import refused_in_a_sentence, settings_of
from checkout.ledger.migrate import Migration, migrate, pending
from checkout.ledger.store import schema_of
from checkout.process import keep_private


@click.command("migrate")
@config_option
@json_option
def migrate_command(config: Path | None, as_json: bool) -> None:
    """Make the database's schema, or bring it up to date. Servers may run meanwhile; of several
    migrations at once one works and the others wait."""
    keep_private()
    database = settings_of(config).database
    with refused_in_a_sentence():
        done = _with_progress(database)
    if as_json:
        print_json({"from": done.before, "to": done.after, "made": list(done.made)})
    elif done.made:
        click.echo(f"The schema went from {done.before or 'nothing'} to {done.after}.")
    else:
        click.echo(f"The schema is {done.after} already: nothing was changed.")


def _with_progress(database: str) -> Migration:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        wanted = pending(schema_of(database).version)
        task = progress.add_task("migrations", total=len(wanted), visible=bool(wanted))
        return migrate(
            database,
            waiting=partial(click.echo, err=True),
            made=lambda _: progress.advance(task),
        )
