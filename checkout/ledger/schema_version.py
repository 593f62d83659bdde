"""Which schema a database has, and whose code may run on it.

Two tables of one row each say so: `schema_version` the last migration that was made, and
`alembic_version` the contract level, which is the oldest checkout that may run, by the last
migration that it knows. The second has the name where a checkout looks that knows of no levels
(0.1.0): it runs on as long as its own schema is named there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, inspect, text

from checkout.errors import Unavailable

MIGRATIONS: Final = Path(__file__).with_name("migrations")
VERSION: Final = "schema_version"
CONTRACT: Final = "alembic_version"
FIRST_CONTRACT: Final = "0013"  # what 0.1.0 knows: nothing older is promised
TO_DO: Final = "run `checkout migrate`"


class SchemaVersion(NamedTuple):
    """Numbers of migrations; None where there is no ledger."""

    version: str | None
    contract: str | None


def numbers() -> list[str]:
    """Of the migrations that this code knows, in order."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def newest() -> str:
    return numbers()[-1]


def read(conn: Connection) -> SchemaVersion:
    contract = _value(conn, CONTRACT)
    return SchemaVersion(_value(conn, VERSION) or contract, contract)


def refuse_other(found: SchemaVersion) -> None:
    """Raises Unavailable, which says what is to be done, where this code can't run."""
    refuse_newer(found)
    if found.version is None:
        raise Unavailable(message=f"The database holds no ledger yet: {TO_DO}")
    if found.version < newest():
        raise Unavailable(
            message=f"The database's schema is {found.version}, and this checkout needs {newest()}:"
            f" {TO_DO}"
        )


def refuse_newer(found: SchemaVersion) -> None:
    """Raises Unavailable where the schema is one that this code must not use."""
    if found.contract is not None and found.contract > newest():
        latest = max(found.version or "", found.contract)
        raise Unavailable(
            message=f"The database's schema is {latest}, of a newer checkout: this one knows"
            f" those up to {newest()}, and {found.contract} is the oldest that may run there."
            " Install the newer checkout"
        )


def write_contract(conn: Connection, contract: str) -> None:
    """In the transaction of the migration that brings it."""
    if not inspect(conn).has_table(CONTRACT):
        conn.execute(text(_TABLE.format(name=CONTRACT)))
    conn.execute(text(f"DELETE FROM {CONTRACT}"))  # noqa: S608
    conn.execute(text(f"INSERT INTO {CONTRACT} VALUES (:value)"), {"value": contract})  # noqa: S608


def adopt(conn: Connection, found: SchemaVersion) -> None:
    """A database that was made before there were levels gets its version where it belongs."""
    if found.version is not None and not inspect(conn).has_table(VERSION):
        conn.execute(text(_TABLE.format(name=VERSION)))
        conn.execute(text(f"INSERT INTO {VERSION} VALUES (:value)"), {"value": found.version})  # noqa: S608


_TABLE: Final = "CREATE TABLE {name} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def _value(conn: Connection, table: str) -> str | None:
    if not inspect(conn).has_table(table):
        return None
    found: str | None = conn.scalar(text(f"SELECT max(version_num) FROM {table}"))  # noqa: S608
    return found
