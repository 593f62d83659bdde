"""For the operator: liveness, readiness, metrics."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from litestar import MediaType, Response, get, route
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from checkout import shared_metrics
from checkout.errors import NotFound
from checkout.payments.ledger_metrics import ledger_metrics
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
    waits = await ledger_metrics(app.context)
    text = await asyncio.to_thread(lambda: _shown(shared_metrics.registry(), waits))
    return Response(text, media_type=MediaType.TEXT, headers={"content-type": CONTENT_TYPE_LATEST})


def _shown(*registries: CollectorRegistry) -> bytes:
    return b"".join(generate_latest(each) for each in registries)


HANDLERS: Final = (live, ready, metrics)
