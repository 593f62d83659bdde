"""Whether a server may have a port. Workers share theirs, so a second server would share it too,
and half of all customers would meet the wrong one.

Known to the parent of the workers: it imports nothing but sockets.
"""

from __future__ import annotations

import errno
import socket
import time
from typing import Final

from checkout.cli.basics import FAILED, fail

PROBE: Final = b"GET /health/live HTTP/1.1\r\nHost: checkout\r\nConnection: close\r\n\r\n"
PROBE_SECONDS: Final = 2.0
LIVE: Final = b'{"status":"ok"}'
OURS: Final = "a checkout that runs already"
OTHERS: Final = "another program"
PATIENCE: Final = 4.0  # seconds
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
# Windows lets SO_REUSEADDR take a port from who has it.
ALONE: Final = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)


def require_free(host: str, port: int, option: str = "--port") -> None:
    """Ends the command with a sentence where the port stays taken, or can't be had. Workers whose
    parent was killed give it up in a second or two."""
    until = time.monotonic() + PATIENCE
    while (error := _refusal(host, port)) is not None:
        if error.errno != errno.EADDRINUSE or time.monotonic() > until:
            fail(_reason(error, host, port, option), FAILED)
        time.sleep(0.1)


def _refusal(host: str, port: int) -> OSError | None:
    """Why nobody can listen there alone, now."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, ALONE, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _reason(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is taken by {_owner(host, port)}: end it, or name another"
            f" port with {option}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is only for root: name one above 1023 with {option}"
    return f"Nobody can listen at port {port} of {host}: {error.strerror}"


def _owner(host: str, port: int) -> str:
    try:
        peer = (ANYWHERE.get(host, host), port)
        with socket.create_connection(peer, timeout=PROBE_SECONDS) as line:
            line.sendall(PROBE)
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    except OSError:
        return OTHERS
    return OURS if LIVE in answer else OTHERS
