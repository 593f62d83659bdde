"""A worker's entry: the application without what only commands need."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final

from checkout import shared_metrics
from checkout.process import kept_out
from checkout.supervisor import DRAIN, READY

if TYPE_CHECKING:
    from litestar import Litestar

# Libraries load these where they are installed, for terminals: 5 MB of each worker.
UNUSED: Final = ("rich", "pygments")
FIRST, LAST = 3, 256  # where descriptors are that were opened before the worker


def application(accepted: bytes | None = None, parent: Connection | None = None) -> Litestar:
    """`app.from_environment`, for a worker process of its own. The `parent` is told when it serves,
    or why it can't."""
    shared_metrics.join()
    try:
        with kept_out(*UNUSED):
            from checkout.app import from_environment
        app = from_environment(accepted)
    except Exception as error:
        if parent is not None:
            parent.send(_reason(error))
        raise
    if parent is not None:
        app.on_startup.append(partial(_serve, app, parent))
    return app


def _reason(error: Exception) -> str:
    from checkout.errors import CheckoutError

    return str(error) if isinstance(error, CheckoutError) else type(error).__name__


async def _serve(app: Litestar, parent: Connection) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(parent.fileno(), _hear, app, parent, loop)
    parent.send(READY)


def _hear(app: Litestar, parent: Connection, loop: asyncio.AbstractEventLoop) -> None:
    """The parent says that this worker ends soon, or an alert of its own, which is counted here."""
    from checkout.alerts import ALERTS

    try:
        said = str(parent.recv())
    except (EOFError, OSError):  # the parent has gone
        loop.remove_reader(parent.fileno())
        return
    if said != DRAIN:
        ALERTS.labels(said).inc()
        return
    _accept_no_more()
    app.asgi_handler = _closing(app.asgi_handler)


def _accept_no_more() -> None:
    """Leave the socket that all workers listen at to the others. Granian would accept until it
    ends, and cut what it has just accepted: instead its descriptor becomes a socket to which nobody
    connects."""
    nobody = socket.create_server(("127.0.0.1", 0))
    nobody.setblocking(False)
    for descriptor in range(FIRST, LAST):
        if descriptor != nobody.fileno() and _listens(descriptor):
            os.dup2(nobody.fileno(), descriptor)


def _listens(descriptor: int) -> bool:
    try:
        copy = socket.socket(fileno=os.dup(descriptor))
    except OSError:  # not open, or no socket
        return False
    with copy:
        internet = copy.family in (socket.AF_INET, socket.AF_INET6)
        return internet and bool(copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _closing(handler: Any) -> Any:
    """From now on each answer is the last of its connection."""

    async def closing(scope: Any, receive: Any, send: Any) -> None:
        async def send_last(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        old = scope["type"] == "http" and scope["http_version"].startswith("1")
        await handler(scope, receive, send_last if old else send)

    return closing
