"""Small HTTP servers in threads of their own: a shop's page, a shop's address for webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

SECONDS: Final = 30.0  # for a webhook to come


class Handler(BaseHTTPRequestHandler):
    """Logs nothing. `get` and `post` answer."""

    def do_GET(self) -> None:
        self.get()

    def do_POST(self) -> None:
        self.post()

    def get(self) -> None:
        self.answer(status=405)

    post = get

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Headers by their names with an underscore for each hyphen."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def http_server(handler: type[Handler], port: int = 0) -> Iterator[int]:
    """Its port, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class WebhookServer:
    """A shop's. Each address `/<name>` has its webhooks: (headers in small letters, body)."""

    url: str
    webhooks: dict[str, list[tuple[dict[str, str], bytes]]] = field(default_factory=dict)
    came: threading.Condition = field(default_factory=threading.Condition)

    def webhook(self, name: str) -> tuple[dict[str, str], bytes]:
        """The first webhook to `/<name>`, once it has come."""
        until = time.monotonic() + SECONDS
        with self.came:
            while name not in self.webhooks:
                assert self.came.wait(until - time.monotonic()), f"no webhook to /{name}"
            return self.webhooks[name][0]


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    found = WebhookServer("")

    class Keep(Handler):
        def post(self) -> None:
            body = self.body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            with found.came:
                found.webhooks.setdefault(self.path[1:], []).append((headers, body))
                found.came.notify_all()
            self.answer()

    with http_server(Keep) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found
