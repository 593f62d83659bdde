"""PostgreSQL's server and pgbouncer as processes of a test's own, on Unix sockets in a folder that
nobody else may enter; ended by their ids.

CHECKOUT_POSTGRES names the folder of the server's programs (`tools/postgres` prints it).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from urllib.parse import quote

import psycopg

from tests.support.servers import START_SECONDS, Process

PROGRAMS: Final = os.environ.get("CHECKOUT_POSTGRES")
STOP_SECONDS: Final = 20.0

# Nothing is synced: a killed process loses nothing, a power cut is no test's business but those
# that say so.
FAST: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "autovacuum": "off",  # rows stay where they were written
}
USUAL: Final = {"listen_addresses": "", "max_connections": "200", "max_wal_senders": "0"}


class PostgresServer:
    """Start it, freeze it, kill it, start it again: the folder keeps its data."""

    def __init__(
        self, folder: Path, programs: Path, settings: Mapping[str, str] = FAST, *, tied: bool
    ) -> None:
        """`tied`: it ends with the thread that starts it, however that ends."""
        self.folder = folder
        self._programs = programs
        self._settings = USUAL | {"unix_socket_directories": str(folder)} | dict(settings)
        self._tie = ["setpriv", "--pdeathsig", "INT"] if tied and shutil.which("setpriv") else []
        self._process: Process | None = None
        made = self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                         "--locale=C", "-D", "data")  # fmt: skip
        assert made.wait() == 0, self.log

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def url(self, database: str = "postgres") -> str:
        return socket_url(self.folder, database)

    def start(self) -> None:
        """Until it takes connections. One that was killed leaves sessions that end by and by: it
        is started until none is left."""
        settings = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
        until = time.monotonic() + START_SECONDS
        while not answers(self.url()):
            assert time.monotonic() < until, self.log
            if self._process is None or self._process.poll() is not None:
                self._process = self._run("postgres", "-D", "data", *settings, tie=self._tie)

    def stop(self) -> None:
        """Sessions are ended, what is written is kept."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As kill -9 does, with all its sessions."""
        self._signal(signal.SIGKILL)
        self._end(signal.SIGKILL)

    def kill_session(self) -> None:
        """One of those that serve clients, as kill -9 does: all others end, and it recovers."""
        with psycopg.connect(self.url()) as conn:
            found = conn.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
            ).fetchone()
        assert found
        os.kill(found[0], signal.SIGKILL)

    def freeze(self) -> None:
        """It answers nothing, and its connections stay."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def pids(self) -> list[int]:
        """The server and its sessions, where the system tells."""
        assert self._process is not None
        own = self._process.pid
        sessions = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *map(int, sessions)]

    def _signal(self, how: signal.Signals) -> None:
        for pid in self.pids():
            with suppress(ProcessLookupError):  # a session has ended
                os.kill(pid, how)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _run(self, program: str, *arguments: str, tie: Sequence[str] = ()) -> Process:
        command = [*tie, str(self._programs / program), *arguments]
        return start_as_nobody(self.folder, command)


class Pgbouncer:
    """In front of a server, in transaction mode: each transaction may get another session."""

    def __init__(self, server: PostgresServer, program: str, **settings: Any) -> None:
        self._server = server
        self._program = program
        self._folder = server.folder / "pgbouncer"
        self._settings = settings
        self._process: Process | None = None

    def url(self, database: str = "postgres") -> str:
        return socket_url(self._folder, database)

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def start(self) -> None:
        own_folder(self._folder)
        usual = {
            "pool_mode": "transaction",
            "listen_addr": "",
            "listen_port": 5432,
            "unix_socket_dir": self._folder,
            "auth_type": "any",
            "max_client_conn": 500,
            "default_pool_size": 5,
            "server_login_retry": 0.2,  # seconds that a server which was away is left alone: 15
        }
        lines = [f"{name} = {value}" for name, value in (usual | self._settings).items()]
        known = f"* = host={self._server.folder} user=postgres"
        config = self._folder / "pgbouncer.ini"
        config.write_text("\n".join(["[databases]", known, "[pgbouncer]", *lines, ""]))
        config.chmod(0o644)
        self._process = start_as_nobody(self._folder, [self._program, str(config)])
        until = time.monotonic() + START_SECONDS
        while not answers(self.url()):
            assert time.monotonic() < until, self.log

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def pgbouncer_program() -> str | None:
    """Where it is installed."""
    return shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")


def socket_url(folder: Path, database: str) -> str:
    """Of the server that listens in that folder."""
    return f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}"


@contextmanager
def postgres_server(
    settings: Mapping[str, str] = FAST, programs: str | None = PROGRAMS, *, tied: bool = False
) -> Iterator[PostgresServer]:
    """A new server until the block ends."""
    assert programs, "CHECKOUT_POSTGRES is not set"
    folder = Path(mkdtemp(prefix="checkout-postgres-"))
    own_folder(folder)
    try:
        server = PostgresServer(folder, Path(programs), settings, tied=tied)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def pgbouncer(server: PostgresServer, **settings: Any) -> Iterator[Pgbouncer]:
    """In front of `server` until the block ends."""
    program = pgbouncer_program()
    assert program, "pgbouncer is not installed"
    pooler = Pgbouncer(server, program, **settings)
    pooler.start()
    try:
        yield pooler
    finally:
        pooler.stop()


def answers(url: str) -> bool:
    """Does a server take connections there? A moment is given to one that does not yet."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        time.sleep(0.05)
        return False
    return True


def start_as_nobody(folder: Path, command: Sequence[str]) -> Process:
    """In that folder and with its log there, by the folder's owner: both refuse to be root's."""
    owner = folder.stat()
    others: dict[str, Any] = {}
    if os.geteuid() == 0:
        others = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": ()}
    with (folder / "log").open("ab") as said:
        return subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=said, start_new_session=True, **others
        )


def own_folder(folder: Path) -> None:
    """There, and closed to all but its owner, who is not root."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        found = pwd.getpwnam("nobody")
        os.chown(folder, found.pw_uid, found.pw_gid)
