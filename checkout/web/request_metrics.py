"""How long requests take, by the type of page, and what they are answered with.

The label is a name of ours and never an address: those are secrets, and without number.
"""

from __future__ import annotations

import re
import time
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from checkout import tracing
from checkout.payments.metrics import REQUEST_SECONDS, REQUESTS, REQUESTS_UNDER_WAY

PAYMENT: Final = "payment"
# The first part of a path -> its page; what stands nowhere is `other`.
FIRST: Final = {
    "ctp": "api",
    "beyag": "api",
    "transactions": "api",
    "v2": "api",
    "services": "api",
    "credit_cards": "api",
    "webhooks": "api",
    "invoices": "api",
    "products": "api",
    "product": "product",
    "pay": "link",
    "return": "return",
    "notify": "notification",
    "reports": "reports",
    "static": "static",
    "widget": "widget",
    "widget.js": "widget",
    "health": "health",
    "metrics": "health",
}
SECOND: Final = {"payment": PAYMENT, "order": "order", "product": "product"}  # after the language
# What follows a payment's secret.
STEPS: Final = frozenset({"pay", "status", "wait", "redirect", "result", "confirm", "cancel"})
OTHER: Final = "other"
_UID: Final = re.compile(r"/[^/]{2,7}/(?:payment|order)/([0-9a-f-]{36})/", re.ASCII)
PAGES: Final = (*sorted({*FIRST.values(), *SECOND.values(), *STEPS}), OTHER)
STATUSES: Final = ("2xx", "3xx", "4xx", "5xx")
# Looked up once: a label's values are found by a lock and a dictionary.
_SECONDS: Final = {page: REQUEST_SECONDS.labels(page) for page in PAGES}
_ANSWERED: Final = {
    (page, status[0]): REQUESTS.labels(page, status) for page in PAGES for status in STATUSES
}


def measured(app: ASGIApp) -> ASGIApp:
    """The same application; its requests are counted and timed."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), "5"

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])[0]
            await send(message)

        path = scope["path"]
        page = page_of(path)
        REQUESTS_UNDER_WAY.inc()
        try:
            payment = payment_of(path) if tracing.are_on() else None
            with tracing.span(page, payment) as span:
                await app(scope, receive, sent)
                tracing.state(span, answer=f"{status}xx")
        finally:
            REQUESTS_UNDER_WAY.dec()
            _SECONDS[page].observe(time.perf_counter() - began)
            if counter := _ANSWERED.get((page, status)):
                counter.inc()

    return timed


def payment_of(path: str) -> str | None:
    """The uid in the path of a payment's page."""
    found = _UID.match(path)
    return found[1] if found else None


def page_of(path: str) -> str:
    """The page at a path: one of `PAGES`."""
    parts = path.split("/", 6)
    first: Any = FIRST.get(parts[1] if len(parts) > 1 else "")
    if first or len(parts) < 3:
        return first or OTHER
    second = SECOND.get(parts[2], OTHER)
    if second == PAYMENT and len(parts) > 5 and parts[5]:
        return parts[5] if parts[5] in STEPS else OTHER
    return second
