"""Keys of a shop that stay the same at every run, in a file for its owner only."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from checkout.cli.basics import UNUSABLE, fail
from checkout.local_servers import Keys, new_keys
from checkout.process import write_private


def saved_keys(file: Path) -> Keys:
    """The keys in the file; made where there is none. Ends the command where it can't be used."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Keys)
    except FileNotFoundError:
        keys = new_keys()
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{file} can't be used ({type(error).__name__}: {error})", UNUSABLE)
    try:
        write_private(file, msgspec.json.format(msgspec.json.encode(keys)).decode())
    except OSError as error:
        fail(f"{file} can't be written ({error.strerror})", UNUSABLE)
    click.echo(f"{file}: made with fresh keys", err=True)
    return keys
