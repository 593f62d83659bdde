"""Whether a PostgreSQL can hold the ledger: asked before its schema is touched."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from checkout.errors import Unavailable

OLDEST: Final = 14  # the oldest version that the tests are run on
MIGRATING: Final = 0x636865636B  # the lock: one process migrates at a time

ASKED: Final = text(
    "SELECT current_setting('server_version_num')::int / 10000 AS version,"
    " current_setting('server_encoding') AS encoding,"
    " pg_is_in_recovery() AS standby,"
    " current_setting('transaction_read_only') = 'on' AS read_only"
)


class Server(NamedTuple):
    """What a server says of itself, and of the database that we are to use there."""

    version: int
    encoding: str
    standby: bool
    read_only: bool


def check(conn: Connection) -> None:
    """Raises Unavailable, which says in a sentence what is wrong."""
    problem = problem_of(Server(*conn.execute(ASKED).one()))
    if problem is not None:
        raise Unavailable(message=problem)


def problem_of(server: Server) -> str | None:
    if server.version < OLDEST:
        return f"The server is PostgreSQL {server.version}, and must be {OLDEST} or newer"
    if server.encoding != "UTF8":
        return f"The database's encoding is {server.encoding}, and must be UTF8"
    if server.standby:
        return "The server is a standby, which can only be read"
    if server.read_only:
        return "The database can only be read: default_transaction_read_only is on"
    return None


def try_lock(conn: Connection) -> bool:
    """Whether this transaction is the one that migrates, until it ends."""
    asked = text("SELECT pg_try_advisory_xact_lock(:lock)")
    return bool(conn.scalar(asked, {"lock": MIGRATING}))


def lock(conn: Connection) -> None:
    """Wait for another that migrates; then it is ours until this transaction ends."""
    conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})
