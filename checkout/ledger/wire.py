"""A connection to PostgreSQL on which frequent statements go straight to the driver.

SQLAlchemy's way to a row takes seven times as long as libpq's. Statements whose answer nobody needs
are queued and sent with the next one that is waited for: one round trip for all of them, with the
`BEGIN` in front and the `COMMIT` behind. Values travel beside the SQL and never in it, so that no
log of the server has them. Nothing outlives a transaction, as a pooler may give the server's side
of the connection to somebody else between two; where there is none, statements are prepared once,
each under a name that only its own SQL has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import errors, generators
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import wait
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only

from checkout.ledger.watch import Watch

NAME: Final = "wire"  # in the connection's `info`
INTEGRITY: Final = "23"  # the class of the errors of constraints
# Errors of statements that were prepared: there is none of that name, there is one already, its
# table has changed. Nothing was done.
STALE: Final = frozenset({"26000", "42P05", "0A000"})
LOOK: Final = 60.0  # seconds after which a wait that is endless anyhow looks around


class Command(NamedTuple):
    """`name`: under which it may be prepared. `values` None: it only controls the transaction."""

    sql: bytes
    values: Sequence[bytes | None] | None = None
    name: bytes = b""


BEGIN: Final = Command(b"BEGIN")
COMMIT: Final = Command(b"COMMIT")
ROLLBACK: Final = Command(b"ROLLBACK")


class Lost(psycopg.OperationalError):
    """The connection was lost. `harmless`: nothing of the transaction can be in the database, and
    its verb has read nothing yet."""

    def __init__(self, reason: str, *, harmless: bool) -> None:
        super().__init__(reason)
        self.harmless = harmless


class Wire:
    """Statements on psycopg's connection: asynchronous, then within SQLAlchemy's greenlet, or not.

    Raises psycopg.Error, and IntegrityError.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any] | psycopg.Connection[Any],
        *,
        prepares: bool = False,
    ) -> None:
        self._connection = connection
        self._prepared = set[bytes]() if prepares else None
        self._pgconn = connection.pgconn
        self._reader = Transformer(connection)
        self._watch: Watch | None = None
        self._queued: list[Command] = []
        self._queues = False  # `queue` need not send at once, as somebody will
        self._heard = False  # whether the database has answered in this transaction
        self._alone = False  # whether that is all there is in it
        self.answered: Callable[[], None] = _nothing  # called after each answer

    def begin(self, settings: Command, *, alone: bool = False) -> None:
        """A transaction of the ledger's, begun on the server with its first statement; `alone`:
        and ended with it."""
        self._queued = [settings] if alone else [BEGIN, settings]
        self._queues, self._heard, self._alone = not alone, False, alone

    def commit(self) -> None:
        self._queues = self._alone = False
        if not self.busy and all(command.values is None for command in self._queued):
            self._queued = []  # there was no statement
            return
        done = self._send(COMMIT)
        if done.command_status != b"COMMIT":  # one has failed, and the verb went on
            raise psycopg.InternalError("the transaction was rolled back")

    def rollback(self) -> None:
        self._queues, self._alone, self._queued = False, False, []
        if self.busy:
            self._send(ROLLBACK)

    def queue(self, command: Command) -> None:
        """Send it with the next that is waited for, which then raises what this one would."""
        self._queued.append(command)
        if not self._queues:
            self.flush()

    def flush(self) -> None:
        if self._queued:
            self._send(self._queued.pop())

    def run(self, command: Command) -> PGresult:
        return self._send(command)

    def run_all(self, commands: Sequence[Command]) -> list[PGresult]:
        """The results of all, in one round trip."""
        self._queued += commands[:-1]
        return self._results(commands[-1])[-len(commands) :]

    def rows(self, found: PGresult, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        self._reader.set_pgresult(found)
        return self._reader.load_rows(0, found.ntuples, make)

    @property
    def watch(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(self._pgconn.socket)
        return self._watch

    @property
    def busy(self) -> bool:
        """Whether a transaction is under way on the server."""
        return self._pgconn.transaction_status != TransactionStatus.IDLE

    @property
    def alive(self) -> bool:
        """Whether it can be used for a new transaction, as far as is known here already: to one
        that rests a server has nothing to say but that it ends."""
        return self.rests and not self.watch.unread

    @property
    def rests(self) -> bool:
        """Whether it is open, and between two transactions."""
        return self._pgconn.status == ConnStatus.OK and not self.busy

    def _send(self, last: Command) -> PGresult:
        return self._results(last)[-1]

    def _results(self, last: Command) -> list[PGresult]:
        if self._alone and self._heard:
            raise RuntimeError("the verb is `alone`, and has a second statement")
        commands, self._queued = [*self._queued, last], []
        if not (self._connection.autocommit or self.busy or commands[0] is BEGIN):
            commands.insert(0, BEGIN)  # as psycopg does
        exchange = _exchange(self._pgconn, commands, self._prepared)
        harmless = not (self._heard or self._alone or last is COMMIT)
        try:
            if isinstance(self._connection, psycopg.Connection):
                results = wait(exchange, self._pgconn.socket, LOOK)
            else:
                results = await_only(self.watch.wait(exchange))
        except psycopg.OperationalError as error:
            raise Lost(type(error).__name__, harmless=harmless) from None
        first, self._heard = not self._heard, True
        self.answered()
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise self._error(result, commands, first=first)
        return results

    def _error(self, result: PGresult, commands: Sequence[Command], *, first: bool) -> Exception:
        """Without the values, which the detail of the server's message has."""
        state = _field(result, DiagnosticField.SQLSTATE)
        if state in STALE and self._prepared is not None:
            self._prepared = None
            return Lost("a prepared statement is stale", harmless=first)
        try:
            kind: type[psycopg.Error] = errors.lookup(state)
        except KeyError:
            kind = psycopg.DatabaseError
        error = kind(_field(result, DiagnosticField.MESSAGE_PRIMARY))
        if state.startswith(INTEGRITY):
            return IntegrityError(commands[-1].sql.decode(), None, error)
        return error


def _nothing() -> None:
    pass


def _exchange(
    connection: Any, commands: Sequence[Command], prepared: set[bytes] | None
) -> PQGen[list[PGresult]]:
    """Send all, then read all results: up to the first error there is one for each, behind those of
    what is prepared for the first time. `prepared`: the names that the server has; None: it is to
    prepare nothing."""
    new = _unprepared(commands, prepared)
    if len(commands) == 1 and not new:
        _put(connection, commands[0], prepared)
        found: list[PGresult] = yield from generators.execute(connection)
        return found
    results: list[PGresult] = []
    connection.enter_pipeline_mode()
    for name, sql in new.items():
        connection.send_prepare(name, sql)
    for command in commands:
        _put(connection, command, prepared)
    connection.pipeline_sync()
    yield from generators.send(connection)
    while True:
        found = yield from generators.fetch_many(connection)
        if found[0].status == ExecStatus.PIPELINE_SYNC:
            break
        results += found
    connection.exit_pipeline_mode()
    if prepared is not None:
        done = zip(new, results, strict=False)
        prepared.update(name for name, made in done if made.status == ExecStatus.COMMAND_OK)
    return results


def _unprepared(commands: Sequence[Command], prepared: set[bytes] | None) -> dict[bytes, bytes]:
    """The SQL of each that is to be prepared, by its name."""
    if prepared is None:
        return {}
    return {each.name: each.sql for each in commands if each.name and each.name not in prepared}


def _put(connection: Any, command: Command, prepared: set[bytes] | None) -> None:
    if prepared is None or not command.name:
        connection.send_query_params(command.sql, command.values)
    else:
        connection.send_query_prepared(command.name, command.values)


def _field(result: PGresult, name: DiagnosticField) -> str:
    return (result.error_field(name) or b"").decode(errors="replace")


def wire_of(conn: Connection) -> Wire:
    """The wire of SQLAlchemy's connection."""
    info = conn.info
    found = info.get(NAME)
    if found is None:
        driver = conn.connection.driver_connection
        found = info[NAME] = Wire(driver)  # type: ignore[arg-type]  # by the dialect
    return found
