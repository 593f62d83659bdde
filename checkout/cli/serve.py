"""`checkout serve`: the server."""

from __future__ import annotations

import os
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from checkout.cli.common import FAILED, config_option, fail, reason, settings_of, settings_path
from checkout.ledger.store import migrate
from checkout.listening import listen
from checkout.process import keep_private
from checkout.settings.file_permissions import exposed_files


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(config: Path | None, host: str, port: int, workers: int) -> None:
    """Run the server. It refuses to start on a bad setting, naming the key and the reason."""
    keep_private()
    settings = settings_of(config)
    for line in exposed_files(settings_path(config)):
        click.echo(f"warning: {line}", err=True)
    try:
        migrate(settings.database)  # once, before the workers start, so that they don't race
    except (SQLAlchemyError, OSError) as error:
        fail(f"database: {reason(error)}", FAILED)
    if config is not None:
        os.environ["CHECKOUT_CONFIG"] = str(config.resolve())
    listen(
        "checkout.app:from_environment",
        host=host,
        port=port,
        http2=settings.http2,
        workers=workers,
    )
