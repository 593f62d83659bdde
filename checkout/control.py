"""How `checkout reload` reaches the server of its settings: a socket whose name is made of the
settings file's path, so that nothing is left in a folder and nothing has to be found. Only the same
user and root are heard.

Linux alone has such sockets; elsewhere the signal SIGHUP does the same, and the log has the answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from checkout.supervisor import Answer

POSSIBLE: Final = sys.platform == "linux"
MOST: Final = 16  # servers of the same settings on one machine
ANSWER_SECONDS: Final = 5.0  # for who asks to take a line
CREDENTIALS: Final = struct.Struct("3i")  # process, user, group (SO_PEERCRED)


def listen(config: Path, requests: SimpleQueue[Answer | None]) -> None:
    """Put what `checkout reload` asks among the requests, from now on. Does nothing where there is
    no such socket or no name is left."""
    for name in _names(config):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.bind(name)
        except OSError:  # another server of these settings
            server.close()
            continue
        server.listen()
        os.register_at_fork(after_in_child=server.close)
        threading.Thread(target=_hear, args=(server, requests), daemon=True).start()
        return


def _hear(server: socket.socket, requests: SimpleQueue[Answer | None]) -> None:
    while True:
        caller, _ = server.accept()
        if _user(caller) not in (os.getuid(), 0):
            caller.close()
            continue
        caller.settimeout(ANSWER_SECONDS)
        requests.put(_Caller(caller))


class _Caller:
    """Who has asked: gets a line for each step, and hears no more after the outcome."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def __call__(self, found: dict[str, Any]) -> None:
        with suppress(OSError):  # who asked has gone
            self._connection.sendall(json.dumps(found).encode() + b"\n")
        if "ok" in found:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)  # a worker may have it, too
            self._connection.close()


def servers(config: Path) -> Iterator[socket.socket]:
    """Connections to the running servers of these settings, each of which is a request."""
    for name in _names(config):
        caller = socket.socket(socket.AF_UNIX)
        try:
            caller.connect(name)
        except OSError:
            caller.close()
            continue
        if os.getuid() == 0 or _user(caller) == os.getuid():
            yield caller
        else:  # somebody else has taken the name
            caller.close()


def lines(caller: socket.socket) -> Iterator[dict[str, Any]]:
    """What the server says, until the outcome; no outcome where it ends first."""
    with caller, caller.makefile("rb") as said:
        for line in said:
            found = json.loads(line)
            yield found
            if "ok" in found:
                return


def _names(config: Path) -> Iterator[str]:
    if POSSIBLE:
        digest = hashlib.sha256(os.fsencode(config.resolve())).hexdigest()[:32]
        yield from (f"\0checkout-{digest}-{number}" for number in range(MOST))


def _user(connection: socket.socket) -> int:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(found)[1])
