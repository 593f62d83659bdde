"""checkout as `checkout serve` starts it: a process, its folder, and what it writes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from checkout.gateways import OPTIONS
from checkout.settings import Settings, load
from tests.web.house import written

ROOT: Final = Path(__file__).parents[2]


@dataclass
class Server:
    process: subprocess.Popen[bytes]
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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(folder: Path, pem: str, **changes: str) -> Iterator[Server]:
    """It runs, ready; `changes` go into its settings."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    sandbox = f"http://127.0.0.1:{free_port()}"
    path = written(folder, pem, **{"public_url": url, "sandbox": sandbox} | changes)
    command = ["-W", "error", "-m", "checkout", "serve", "--config", str(path)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/health/ready", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)
        yield Server(process, url, folder, load(path, {}, OPTIONS))
    finally:
        process.kill()
        process.wait()


def spoken(server: Server, *lines: bytes) -> bytes:
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
