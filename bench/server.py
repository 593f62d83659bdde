"""The baseline under the bench: a bare asynchronous handler, on the same kind of server."""

from __future__ import annotations

from litestar import Litestar, get


@get("/", include_in_schema=False)
async def answer() -> str:
    return "ok"


def bare() -> Litestar:
    return Litestar([answer], openapi_config=None, logging_config=None)
