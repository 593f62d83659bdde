"""The server under the bench: the whole application, and a bare handler beside it as baseline."""

from __future__ import annotations

import os
from pathlib import Path

from litestar import Litestar, get

from checkout import log
from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.settings import load


def whole() -> Litestar:
    log.configure()
    return create_app(load(Path(os.environ["CHECKOUT_CONFIG"]), os.environ, OPTIONS))


@get("/", include_in_schema=False)
async def answer() -> str:
    return "ok"


def bare() -> Litestar:
    """A bare asynchronous handler, on the same kind of server."""
    return Litestar([answer], openapi_config=None, logging_config=None)
