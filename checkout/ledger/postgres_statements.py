"""The statements of `statements.Query` and `Change` on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects.postgresql import psycopg as postgresql

from checkout.ledger.wire import Command, wire_of

DIALECT: Final = postgresql.dialect(paramstyle="numeric_dollar")
Statement = Select[*tuple[Any, ...]] | Insert | Update | Delete
Values = dict[str, Any]


def _text(value: str) -> bytes:
    if "\0" in value:  # libpq would cut it off there
        raise psycopg.DataError("a text has a NUL")
    return value.encode()


ENCODERS: Final[dict[type, Callable[[Any], bytes]]] = {
    str: _text,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    float: lambda value: repr(float(value)).encode(),
}
WRITTEN: Final = tuple(ENCODERS)


class CompiledStatement:
    """The SQL, with the order in which it names its values."""

    def __init__(self, statement: Statement, names: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=DIALECT, column_keys=names)
        self._sql = str(compiled).encode()
        self._name = hashlib.sha256(self._sql).hexdigest()[:32].encode()
        given = compiled.params
        self._values = [(name, given[name]) for name in compiled.positiontup or ()]

    def command(self, values: Values) -> Command:
        """Raises psycopg.DataError where no column can hold a value."""
        placed = (values.get(name, given) for name, given in self._values)
        return Command(
            self._sql,
            [None if value is None else _encoder(type(value))(value) for value in placed],
            self._name,
        )


def _encoder(kind: type) -> Callable[[Any], bytes]:
    found = ENCODERS.get(kind)
    if found is None:  # a StrEnum
        found = ENCODERS[kind] = next(ENCODERS[base] for base in WRITTEN if issubclass(kind, base))
    return found


class PostgresQuery:
    def __init__(
        self, select: Select[*tuple[Any, ...]], row: Callable[[Sequence[Any]], Any]
    ) -> None:
        self.compiled = CompiledStatement(select)
        self.row = row

    def all(self, conn: Connection, values: Values) -> list[Any]:
        wire = wire_of(conn)
        return wire.rows(wire.run(self.compiled.command(values)), self.row)

    def queue(self, conn: Connection, values: Values) -> None:
        wire_of(conn).queue(self.compiled.command(values))


class PostgresChange:
    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], CompiledStatement] = {}

    def counts(self, conn: Connection, values: Sequence[Values]) -> list[int]:
        if not values:
            return []
        commands = [self._command(each) for each in values]
        return [found.command_tuples or 0 for found in wire_of(conn).run_all(commands)]

    def queue(self, conn: Connection, values: Values) -> None:
        wire_of(conn).queue(self._command(values))

    def _command(self, values: Values) -> Command:
        names = tuple(values)
        found = self._compiled.get(names)
        if found is None:
            found = self._compiled[names] = CompiledStatement(self._statement, names)
        return found.command(values)


def together(
    conn: Connection, queries: Sequence[PostgresQuery], values: Values
) -> Iterator[list[Any]]:
    wire = wire_of(conn)
    results = wire.run_all([query.compiled.command(values) for query in queries])
    return (wire.rows(found, query.row) for found, query in zip(results, queries, strict=True))
