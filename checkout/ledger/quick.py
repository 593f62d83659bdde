"""Rows by one value, as every page and every step of a payment reads them.

On SQLite the statement goes straight to the driver's connection, inside the same transaction:
SQLAlchemy's way to it and back takes three times as long as the statement. Elsewhere the network
takes longer than either, and SQLAlchemy does it all.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

DIALECT: Final = sqlite.dialect()


class Query:
    """`query` has one parameter, named `value`, and selects columns of one table.

    Rows name their columns; a boolean may be 0 or 1.
    """

    def __init__(self, query: Select[Any]) -> None:
        names = [column.name for column in query.selected_columns]
        self.select = query
        self._sql = str(query.compile(dialect=DIALECT))
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # by the table
        self._row = row._make

    def all(self, conn: Connection, value: str) -> Sequence[Any]:
        if "\0" in value:  # PostgreSQL can't even be asked
            return []
        if conn.dialect.name != DIALECT.name:
            return conn.execute(self.select, {"value": value}).all()
        found = conn.connection.driver_connection.execute(self._sql, (value,))  # type: ignore[union-attr]
        return [self._row(row) for row in found]

    def first(self, conn: Connection, value: str) -> Any | None:
        """For a value that at most one row has."""
        found = self.all(conn, value)
        return found[0] if found else None
