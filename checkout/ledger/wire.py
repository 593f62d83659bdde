"""A connection to PostgreSQL on which frequent statements go straight to the driver.

SQLAlchemy's way to a row takes seven times as long as libpq's. Statements whose answer nobody needs
are queued and sent with the next one that is waited for: one round trip for all of them, with the
`BEGIN` in front and the `COMMIT` behind. Values travel beside the SQL and never in it, so that no
log of the server has them. Nothing is prepared and nothing outlives a transaction: a pooler may
give the server's side of the connection to somebody else between two.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import errors, generators
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import wait, wait_async
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only

NAME: Final = "wire"  # in the connection's `info`
INTEGRITY: Final = "23"  # the class of the errors of constraints
FLOAT8: Final = 701  # a type; of all others the server finds out which it is
LOOK: Final = 60.0  # seconds after which a wait that is endless anyhow looks around


class Command(NamedTuple):
    """`values` None: it only controls the transaction."""

    sql: bytes
    values: Sequence[bytes | None] | None = None
    types: Sequence[int] | None = None


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

    def __init__(self, connection: psycopg.AsyncConnection[Any] | psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._reader = Transformer(connection)
        self._unread = select.poll()
        self._unread.register(self._pgconn.socket, select.POLLIN)
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
    def busy(self) -> bool:
        """Whether a transaction is under way on the server."""
        return self._pgconn.transaction_status != TransactionStatus.IDLE

    @property
    def alive(self) -> bool:
        """Whether it can be used for a new transaction, as far as is known here already: to one
        that rests a server has nothing to say but that it ends."""
        if self._pgconn.status != ConnStatus.OK or self.busy:
            return False
        return not self._unread.poll(0)

    def _send(self, last: Command) -> PGresult:
        return self._results(last)[-1]

    def _results(self, last: Command) -> list[PGresult]:
        if self._alone and self._heard:
            raise RuntimeError("the verb is `alone`, and has a second statement")
        commands, self._queued = [*self._queued, last], []
        if not (self._connection.autocommit or self.busy or commands[0] is BEGIN):
            commands.insert(0, BEGIN)  # as psycopg does
        exchange, socket = _exchange(self._pgconn, commands), self._pgconn.socket
        try:
            if isinstance(self._connection, psycopg.Connection):
                results = wait(exchange, socket, LOOK)
            else:
                results = await_only(wait_async(exchange, socket, LOOK))
        except psycopg.OperationalError as error:
            harmless = not (self._heard or self._alone or last is COMMIT)
            raise Lost(type(error).__name__, harmless=harmless) from None
        self._heard = True
        self.answered()
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise _error(result, commands)
        return results


def _nothing() -> None:
    pass


def _exchange(connection: Any, commands: Sequence[Command]) -> PQGen[list[PGresult]]:
    """Send all, then read all results: up to the first error there is one for each."""
    if len(commands) == 1:
        connection.send_query_params(*commands[0])
        found: list[PGresult] = yield from generators.execute(connection)
        return found
    results: list[PGresult] = []
    connection.enter_pipeline_mode()
    for command in commands:
        connection.send_query_params(*command)
    connection.pipeline_sync()
    yield from generators.send(connection)
    while True:
        found = yield from generators.fetch_many(connection)
        if found[0].status == ExecStatus.PIPELINE_SYNC:
            break
        results += found
    connection.exit_pipeline_mode()
    return results


def _error(result: PGresult, commands: Sequence[Command]) -> Exception:
    """Without the values, which the detail of the server's message has."""
    state = _field(result, DiagnosticField.SQLSTATE)
    try:
        kind: type[psycopg.Error] = errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError
    error = kind(_field(result, DiagnosticField.MESSAGE_PRIMARY))
    if state.startswith(INTEGRITY):
        return IntegrityError(commands[-1].sql.decode(), None, error)
    return error


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
