"""For the operator: is it alive, can it take payments, what does it count."""

from __future__ import annotations

from typing import Any, Final

from litestar import MediaType, Response, get, route
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from checkout.errors import NotFound
from checkout.web.callers import operator
from checkout.web.visit import READ, Web_Request, web_of


@route("/health/live", http_method=READ, include_in_schema=False)
async def live() -> Response[Any]:
    return Response({"status": "ok"})


@route("/health/ready", http_method=READ, include_in_schema=False)
async def ready(request: Web_Request) -> Response[Any]:
    """200 when the ledger answers; else 503 by its own error."""
    await web_of(request).flow.ledger.read(_alive)
    return Response({"status": "ok"})


@get("/metrics", include_in_schema=False)
async def metrics(request: Web_Request) -> Response[bytes]:
    """Prometheus text, with the operator's token; without one in the settings there is no page."""
    token = web_of(request).settings.operator_token
    if token is None:
        raise NotFound
    operator(request, token)
    return Response(
        generate_latest(), media_type=MediaType.TEXT, headers={"content-type": CONTENT_TYPE_LATEST}
    )


def _alive(conn: Connection) -> None:
    conn.execute(text("SELECT 1"))


HANDLERS: Final = (live, ready, metrics)
