"""The server under the bench: the whole application, and a bare handler beside it as baseline."""

from __future__ import annotations

import os
from pathlib import Path

from litestar import Litestar, get

from checkout import log
from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.settings import load


@get("/bare", include_in_schema=False)
async def bare() -> str:
    return "ok"


def app() -> Litestar:
    log.configure()
    built = create_app(load(Path(os.environ["CHECKOUT_CONFIG"]), os.environ, OPTIONS))
    built.register(bare)
    return built




@get("/", include_in_schema=False)
async def alone() -> str:
    return "ok"


def bare_app() -> Litestar:
    """The baseline: a bare asynchronous handler on a Litestar application of its own."""
    return Litestar([alone], openapi_config=None, logging_config=None)
