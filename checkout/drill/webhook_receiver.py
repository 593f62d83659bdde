"""Receives webhooks on loopback while a payment is played, for whoever has no shop yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

LARGEST: Final = 1024 * 1024  # bytes of a webhook


class WebhookReceiver(ThreadingHTTPServer):
    """Answers 200 to each; `webhooks` holds what they say, in the order in which they came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.webhooks: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: WebhookReceiver

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        raw = self.rfile.read(min(int(length), LARGEST)) if length.isdecimal() else b""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        body = json.loads(raw)
        self.server.webhooks.append(body.get("transaction", body))

    def log_message(self, format: str, *args: Any) -> None:
        pass  # standard output is the command's answer alone


@contextmanager
def receiving() -> Iterator[WebhookReceiver]:
    """A receiver that listens until the block ends."""
    with WebhookReceiver() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
