"""The baseline under the bench: a bare asynchronous handler, on the same kind of server."""

from __future__ import annotations

from litestar import Litestar, get, post


@get("/", include_in_schema=False)
async def answer() -> str:
    return "ok"


@post("/told", status_code=200, include_in_schema=False)
async def told() -> str:
    """Where the gateway's notifications of direct charges go."""
    return "OK"


def bare() -> Litestar:
    return Litestar([answer, told], openapi_config=None, logging_config=None)
