"""A copy of an SQLite ledger while its server runs: one moment of it, and a mark that it is a copy.

Whoever opens the copy as a ledger has restored it: what came after it is lost (`ledger.restores`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from checkout.errors import Unavailable
from checkout.ledger.restores import LATE
from checkout.process import make_private

PAGES: Final = 1000  # copied at a time: 4 MB
MARK: Final = "INSERT INTO restores (since) VALUES (?)"
NOT_SQLITE: Final = (
    "PostgreSQL is copied by its own programs, pg_basebackup and the archive of its log:"
    " docs/backup.md has the commands"
)

Progress = Callable[[int, int], None]
"""Is told how many pages are copied, and of how many."""


def copy(url: str, target: Path, now: float, progress: Progress) -> None:
    """Copy the ledger at `url` to a new file, readable for its owner alone, on disk when this
    returns. Readers and writers of the ledger wait for nothing.

    Raises Unavailable for another database than SQLite, and for what is no ledger or has an older
    schema; FileExistsError; OSError.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise Unavailable(message=NOT_SQLITE)
    if target.exists():
        raise FileExistsError(f"{target} is there already: name a new file")
    if not Path(address.database).exists():
        raise Unavailable(message=f"There is no ledger at {address.database}")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    make_private(part)
    try:
        _copy(address.database, part, now, progress)
        os.link(part, target)  # unlike a rename it never replaces a file
    except sqlite3.Error as error:
        raise Unavailable(message=f"The ledger can't be copied: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    _sync(target.parent)


def _copy(source: str, part: Path, now: float, progress: Progress) -> None:
    with closing(sqlite3.connect(source, isolation_level=None)) as ledger:
        # One moment of it, however long copying takes: else each write would begin it anew.
        ledger.execute("BEGIN")
        ledger.execute("SELECT count(*) FROM restores").fetchone()
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            ledger.backup(
                made, pages=PAGES, progress=lambda _, left, whole: progress(whole - left, whole)
            )
            made.execute("PRAGMA journal_mode=DELETE")  # all of it in one file
            made.execute(MARK, (now - LATE,))
            (found,) = made.execute("PRAGMA quick_check").fetchone()
            if found != "ok":
                raise Unavailable(message=f"The copy is not whole: {found}")
    _sync(part)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
