"""An application in this process, as httpx wants it: its types and Litestar's name the same
protocol in different words."""

from __future__ import annotations

from typing import Any

import httpx


def asgi_transport(app: Any, client: tuple[str, int] = ("127.0.0.1", 123)) -> httpx.ASGITransport:
    """`client`: the address and port that the application sees."""
    return httpx.ASGITransport(app, client=client)
