"""The simulated gateways as one application.

Another gateway is another module with a `GATEWAY`, added to `GATEWAYS`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from checkout.sandbox import apple_pay, controls, index
from checkout.sandbox.call_log import CallLog
from checkout.sandbox.control_input import InvalidInput
from checkout.sandbox.exchanger import gateway as exchanger
from checkout.sandbox.faults import Faults
from checkout.sandbox.logs import LOGGING
from checkout.sandbox.overpay import apm, cards
from checkout.sandbox.overpay.signature import SigningKey
from checkout.sandbox.pages import UnknownTransaction, asset, not_found
from checkout.sandbox.rest import gateway as rest
from checkout.sandbox.state import Gateway, HttpRequest, SandboxState

GATEWAYS: tuple[Gateway, ...] = (cards.GATEWAY, apm.GATEWAY, exchanger.GATEWAY, rest.GATEWAY)

LARGEST_BODY = 256 * 1024
"""Bytes."""

DEFAULT_URL = "http://localhost:8002"


def create_sandbox(public_url: str = DEFAULT_URL, *, key: SigningKey | None = None) -> Litestar:
    """The sandbox; `public_url` is the origin under which browsers and shops reach it.

    A signing key is made here unless one is given (making one takes a moment; tests share one).
    """
    state = SandboxState(public_url, GATEWAYS, key=key)
    handlers = [handler for gateway in GATEWAYS for handler in gateway.handlers]
    assets = [
        asset("/sandbox/style.css", "style.css", "text/css"),
        asset("/sandbox/leave.js", "leave.js", "text/javascript"),
    ]
    return Litestar(
        route_handlers=[
            *handlers,
            *apple_pay.HANDLERS,
            *index.HANDLERS,
            *controls.HANDLERS,
            *assets,
        ],
        middleware=[CallLog(state), Faults(state)],
        exception_handlers={
            InvalidInput: _invalid_input,
            UnknownTransaction: _unknown_transaction,
            HTTPException: _http_error,
        },
        lifespan=[_running],
        state=State({"sandbox": state}),
        openapi_config=None,
        logging_config=LOGGING,
        request_max_body_size=LARGEST_BODY,
    )


def sandbox_from_environment() -> Litestar:
    """For servers that take a factory: `CHECKOUT_SANDBOX_URL` is the public origin."""
    return create_sandbox(os.environ.get("CHECKOUT_SANDBOX_URL", DEFAULT_URL))


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    state: SandboxState = app.state.sandbox
    state.notifier.start()
    clock = asyncio.create_task(state.tick())
    try:
        yield
    finally:
        clock.cancel()
        await state.notifier.stop()


def _invalid_input(_: HttpRequest, error: InvalidInput) -> Response[dict[str, object]]:
    return Response(error.body, status_code=error.status)


def _unknown_transaction(_: HttpRequest, __: UnknownTransaction) -> Response[str]:
    return not_found()


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
