"""Tearing down the TCP connection of a request: what no HTTP server offers an application.

The server's sockets are open files of this very process, so the one whose peer is the client of
the request can be found and shut down below the server. It then can send nothing any more, not
even a status line, which is exactly what a crashed gateway looks like.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from typing import Any

_OPEN_FILES = "/dev/fd"
_NO_LINGER = struct.pack("ii", 1, 0)  # closing drops what is unsent and resets the connection


def reset_connection(client: Any) -> bool:
    """Cut the connection to `client`, an ASGI (host, port); False if it was not found."""
    if not client:
        return False
    peer = (str(client[0]), int(client[1]))  # granian states the port as a string
    return any(_cut(int(name), peer) for name in os.listdir(_OPEN_FILES))


def _cut(descriptor: int, peer: tuple[str, int]) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        found = socket.socket(fileno=os.dup(descriptor))
    except OSError:  # closed since it was listed
        return False
    with found:
        try:
            if found.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            if found.getpeername()[:2] != peer:
                return False
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            found.shutdown(socket.SHUT_RDWR)
        except OSError:  # a listening socket has no peer
            return False
    return True
