"""What comes before the server, and before a reload, in a process of its own that ends: the
settings are checked, and at the start the database is looked at, once; with `--migrate` its schema
is brought up to date.

The process that supervises the workers needs no more than this says on standard output, and never
loads the application for it: that would be a third of the server's memory.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

import click

from checkout.cli.basics import UNUSABLE, config_option, fail
from checkout.cli.common import bad_settings, refused_in_a_sentence, settings_path
from checkout.errors import BadSettings
from checkout.gateways import OPTIONS
from checkout.ledger.migrate import is_empty, migrate
from checkout.ledger.store import require_schema
from checkout.process import keep_private
from checkout.settings import reload
from checkout.settings.file_permissions import exposed_files
from checkout.settings.load import accepted, load_with_text


@click.command()
@config_option
@click.option("--migrate", "told", is_flag=True)
def prepare(config: Path | None, told: bool) -> None:
    """Reads the settings that a running server has from standard input, nothing at the start.
    Prints `{"http2": BOOL}`, then a line for each text that workers take after another, the
    settings with all secrets. Exits as `checkout serve` does."""
    keep_private()
    before = sys.stdin.buffer.read()
    try:
        settings, text = load_with_text(config, os.environ, OPTIONS)
        texts = [text]
        if before:
            running = accepted(before, OPTIONS)
            reload.check(running, settings)
            texts = reload.versions(running, settings, text)
    except BadSettings as error:
        fail(bad_settings(error), UNUSABLE)
    for line in exposed_files(settings_path(config)):
        click.echo(f"warning: {line}", err=True)
    if not before:
        _look_at(settings.database, told=told, sandbox=settings.sandbox)
    head = json.dumps({"http2": settings.http2}).encode()
    sys.stdout.buffer.write(b"\n".join([head, *texts]))


def _look_at(database: str, *, told: bool, sandbox: bool) -> None:
    with refused_in_a_sentence():
        # Whoever tries checkout out need not know of migrations.
        if told or (sandbox and is_empty(database)):
            migrate(database, waiting=partial(click.echo, err=True))
        require_schema(database)


if __name__ == "__main__":
    prepare()
