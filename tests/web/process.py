"""checkout as `checkout serve` starts it: a process, its folder, and what it writes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkout.gateways import OPTIONS
from checkout.settings import Settings, load
from tests.support.servers import Process, free_ports, kill, start, wait_for
from tests.web.settings import write_usual_settings


@dataclass
class ServerProcess:
    process: Process
    url: str
    folder: Path
    settings: Settings

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    @property
    def auth(self) -> tuple[str, str]:
        return ("361", self.settings.shops["361"].secret_key)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def line(self, *, source: str = "127.0.0.1", timeout: float = 3) -> socket.socket:
        """A connection from an address of this machine."""
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=timeout, source_address=(source, 0)
        )

    @property
    def memory(self) -> int:
        """Bytes that its processes hold, the workers' too."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_resident(each) for each in (str(pid), *workers))


def _resident(pid: str) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(
    folder: Path, pem: str, more: tuple[str, ...] = (), **changes: str
) -> Iterator[ServerProcess]:
    """It runs, ready; `more` are options of the command, `changes` go into its settings."""
    port, sandbox_port = free_ports(2)
    url, sandbox = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    path = write_usual_settings(folder, pem, **{"public_url": url, "sandbox": sandbox} | changes)
    command = ("-m", "checkout", "serve", "--config", str(path), "--port", str(port))
    process = start(*command, *more, log=folder / "output")
    try:
        wait_for(f"{url}/health/ready", process)
        yield ServerProcess(process, url, folder, load(path, {}, OPTIONS))
    finally:
        kill(process)


def spoken(server: ServerProcess, *lines: bytes) -> bytes:
    """A request byte by byte; what came back until the server closed or fell silent."""
    with server.line() as line:
        line.sendall(b"\r\n".join(lines))
        return heard(line)


def heard(line: socket.socket) -> bytes:
    """What comes until the other side closes or falls silent."""
    found = b""
    try:
        while chunk := line.recv(65536):
            found += chunk
    except (TimeoutError, ConnectionError):
        pass
    return found
