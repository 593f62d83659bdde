"""Serving the sandbox or the sample shop in the foreground, until SIGTERM or Ctrl-C.

One process each: what they remember lives in memory.
"""

from __future__ import annotations

import os
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

PATIENCE = 3
"""Seconds that calls in flight get at the end: a hanging fault would keep the server for long."""


def run(host: str = "127.0.0.1", port: int = 8002, public_url: str | None = None) -> None:
    """Serve the simulated gateways; the public origin is `http://localhost:<port>` by default.

    Another name than 127.0.0.1, so that the way back from the bank really is cross-site.
    """
    os.environ["CHECKOUT_SANDBOX_URL"] = public_url or f"http://localhost:{port}"
    _serve("checkout.sandbox.app:sandbox_from_environment", host, port)


def run_shop(config: Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the sample shop with the settings in a JSON file."""
    os.environ["CHECKOUT_SHOP_CONFIG"] = str(config)
    _serve("checkout.sandbox.shop.app:shop_from_environment", host, port)


def _serve(target: str, host: str, port: int) -> None:
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024),
        workers=1,
        workers_kill_timeout=PATIENCE,
        log_access=False,
    ).serve()
