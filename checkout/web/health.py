"""For the operator: liveness, readiness, metrics."""

from __future__ import annotations

from contextlib import suppress
from math import nan
from typing import Any, Final

from litestar import MediaType, Response, get, route
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from checkout.errors import CheckoutError, NotFound
from checkout.ledger import outbox
from checkout.payments.context import Context
from checkout.payments.metrics import OLDEST, WAITING
from checkout.payments.readiness import Readiness
from checkout.web.api.authentication import authenticate_operator
from checkout.web.context import app_of
from checkout.web.request import READ, AppRequest


@route("/health/live", http_method=READ, include_in_schema=False)
async def live() -> Response[Any]:
    return Response({"status": "ok"})


@route("/health/ready", http_method=READ, include_in_schema=False)
async def ready(request: AppRequest) -> Response[Any]:
    """200 when the ledger is writable and the background tasks run; else 503 with what fails."""
    readiness: Readiness = request.app.state.readiness
    failing = await readiness.failing()
    if not failing:
        return Response({"status": "ok"})
    body = {"status": "unavailable", "failing": failing}
    return Response(body, status_code=503, headers={"retry-after": "5"})


@get("/metrics", include_in_schema=False)
async def metrics(request: AppRequest) -> Response[bytes]:
    """Prometheus text, with the operator's token; 404 without one in the settings."""
    app = app_of(request)
    token = app.settings.operator_token
    if token is None:
        raise NotFound
    authenticate_operator(request, token)
    await _count_webhooks(app.context)
    return Response(
        generate_latest(), media_type=MediaType.TEXT, headers={"content-type": CONTENT_TYPE_LATEST}
    )


async def _count_webhooks(context: Context) -> None:
    """NaN where the ledger can't be read: the other metrics are still shown."""
    now, count, since = context.clock(), nan, nan
    with suppress(CheckoutError):
        found = await context.ledger.read(outbox.waiting, now)
        count, since = found.count, now if found.since is None else found.since
    WAITING.set(count)
    OLDEST.set(now - since)


HANDLERS: Final = (live, ready, metrics)
