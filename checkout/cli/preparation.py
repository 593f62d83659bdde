"""What comes before the server, in a process of its own that ends: the settings are checked and the
database is looked at, once, before the workers start; with `--migrate` it is brought up to date.

The process that supervises the workers needs no more than this says on standard output, and never
loads the application for it: that would be a third of the server's memory.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from checkout.cli.basics import FAILED, config_option, fail
from checkout.cli.common import reason, settings_of, settings_path
from checkout.errors import Unavailable
from checkout.ledger.migrate import is_empty, migrate
from checkout.ledger.store import require_schema
from checkout.process import keep_private
from checkout.settings.file_permissions import exposed_files


@click.command()
@config_option
@click.option("--migrate", "told", is_flag=True)
def prepare(config: Path | None, told: bool) -> None:
    """Prints how the server listens: a version of HTTP. Exits as `checkout serve` does."""
    keep_private()
    settings = settings_of(config)
    for line in exposed_files(settings_path(config)):
        click.echo(f"warning: {line}", err=True)
    try:
        # Whoever tries checkout out need not know of migrations.
        if told or (settings.sandbox and is_empty(settings.database)):
            migrate(settings.database, waiting=partial(click.echo, err=True))
        require_schema(settings.database)
    except Unavailable as refused:
        fail(f"database: {refused.message}", FAILED)
    except (SQLAlchemyError, OSError) as error:
        fail(f"database: {reason(error)}", FAILED)
    click.echo("2" if settings.http2 else "1")


if __name__ == "__main__":
    prepare()
