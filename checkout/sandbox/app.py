"""The simulated gateways as one application.

Another gateway is another module with a `PROTOCOL`, added to `PROTOCOLS`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from checkout.sandbox import controls
from checkout.sandbox.calls import CallLog
from checkout.sandbox.controls import BadInput
from checkout.sandbox.exchanger import api as exchanger
from checkout.sandbox.faults import Faults
from checkout.sandbox.logs import LOGGING
from checkout.sandbox.overpay import apm, cards
from checkout.sandbox.pages import asset
from checkout.sandbox.protocol import Protocol
from checkout.sandbox.rest import api as rest
from checkout.sandbox.signing import SigningKey
from checkout.sandbox.world import HttpRequest, World

PROTOCOLS: tuple[Protocol, ...] = (cards.PROTOCOL, apm.PROTOCOL, exchanger.PROTOCOL, rest.PROTOCOL)

LARGEST_BODY = 256 * 1024
"""Bytes."""

DEFAULT_URL = "http://localhost:8002"


def create_sandbox(public_url: str = DEFAULT_URL, *, key: SigningKey | None = None) -> Litestar:
    """The sandbox; `public_url` is the origin under which browsers and shops reach it.

    A signing key is made here unless one is given (making one takes a moment; tests share one).
    """
    world = World(public_url, PROTOCOLS, key=key)
    handlers = [handler for protocol in PROTOCOLS for handler in protocol.handlers]
    assets = [
        asset("/sandbox/style.css", "style.css", "text/css"),
        asset("/sandbox/leave.js", "leave.js", "text/javascript"),
    ]
    return Litestar(
        route_handlers=[*handlers, *controls.HANDLERS, *assets],
        middleware=[CallLog(world), Faults(world)],
        exception_handlers={BadInput: _bad_input, HTTPException: _http_error},
        lifespan=[_running],
        state=State({"world": world}),
        openapi_config=None,
        logging_config=LOGGING,
        request_max_body_size=LARGEST_BODY,
    )


def sandbox_from_environment() -> Litestar:
    """For servers that take a factory: `CHECKOUT_SANDBOX_URL` is the public origin."""
    return create_sandbox(os.environ.get("CHECKOUT_SANDBOX_URL", DEFAULT_URL))


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    world: World = app.state.world
    world.notifier.start()
    clock = asyncio.create_task(world.tick())
    try:
        yield
    finally:
        clock.cancel()
        await world.notifier.stop()


def _bad_input(_: HttpRequest, error: BadInput) -> Response[dict[str, object]]:
    return Response(error.body, status_code=error.status)


def _http_error(
    _: Request[object, object, State], error: HTTPException
) -> Response[dict[str, object]]:
    """No such address, wrong verb, body too large: in the shape of the gateways' own errors."""
    body: dict[str, object] = {"message": error.detail}
    return Response(
        body | {"response": {"status": "error"} | body},
        status_code=error.status_code,
        media_type="application/json",
    )
