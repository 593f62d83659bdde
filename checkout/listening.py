"""How the server listens: the limits before a request reaches the application.

HTTP/1.1 only, unless the operator enables more; no web sockets. A head that doesn't come and a
connection that is idle between two requests are closed in time. Granian can't limit connections by
address, and answers what is no HTTP with a bare 400: both are a proxy's task (going-live.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings

from checkout import log_lines

# Seconds for a head to come in, and between two requests of a connection: Granian has one bound
# for both. Longer than the usual proxies keep one (60 s, nginx and ALB alike), as a request
# that meets the end of one is lost, and no proxy may send a POST again.
KEEP_ALIVE: Final = 75
PING_SECONDS: Final = 10  # HTTP/2: who doesn't answer in time is gone
LARGEST_HEAD: Final = 64 * 1024  # bytes; a larger one is answered 431
MOST_CONNECTIONS: Final = 32_768  # of a worker, at some 10 kB each; others wait in the queue
QUEUE: Final = 4096  # connections that the system keeps for us, where it lets us
OTHER_FILES: Final = 2048  # open files that are not customers': the ledger, gateways, shops
MOST_STREAMS: Final = 100  # requests at once in one connection of HTTP/2
FILES: Final = 65_536  # open files of a process, where the system has no limit


def listen(
    target: str,
    *,
    host: str,
    port: int,
    http2: bool = False,
    workers: int = 1,
    grace: int = 35,
    keep_alive: int = KEEP_ALIVE,
    server: Callable[..., Any] = Granian,
) -> None:
    """Serve an application's factory ("module:name") until SIGTERM. `grace`: seconds that requests
    under way get at its end; `keep_alive`: seconds that a connection may be idle. `server` makes
    what serves, of Granian's own options."""
    server(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto if http2 else HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=keep_alive * 1000, max_buffer_size=LARGEST_HEAD
        ),
        # Its headers are compressed: 4 kB may stand for 16 MB, in each of the streams.
        http2_settings=HTTP2Settings(
            max_headers_size=LARGEST_HEAD,
            max_concurrent_streams=MOST_STREAMS,
            keep_alive_interval=PING_SECONDS * 1000,
            keep_alive_timeout=PING_SECONDS,
        ),
        workers=workers,
        log_access=False,
        log_dictconfig=log_lines.CONFIG,
        respawn_failed_workers=workers > 1,
        workers_kill_timeout=grace,
        backlog=QUEUE,
        backpressure=connections(open_files()),
    ).serve()


def connections(files: int) -> int:
    """How many connections a worker takes: a customer who waits keeps one. Those to the ledger and
    the gateways remain possible."""
    return min(MOST_CONNECTIONS, max(files - OTHER_FILES, files // 2))


def open_files() -> int:
    """How many files and connections a process may have open, after asking for as many as the
    system lets us have; the workers inherit it."""
    try:
        import resource
    except ImportError:  # no Unix
        return FILES
    now, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if limit == resource.RLIM_INFINITY else limit
    if now == resource.RLIM_INFINITY or now >= wanted:
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, limit))
    return wanted
