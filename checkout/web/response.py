"""A response whose bytes and headers are known: sent as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response
from litestar.types import HTTPResponseStartEvent, HTTPScope, Receive, Send

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"


class RawResponse(Response[bytes]):
    """Litestar's Response determines its type, headers and encoding for each answer, which
    takes longer than filling in the payment page; here the handler gives them all.

    `headers`: lower-case names. HEAD gets the headers of GET.
    """

    def __init__(
        self,
        body: bytes = b"",
        *,
        status_code: int = 200,
        media_type: str = HTML,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.content = body
        self.status_code = self._status = status_code
        self.media_type = self._type = media_type
        self.headers = dict(headers or {})
        self.cookies = []
        self.background = None

    def to_asgi_response(self, *_args: Any, **_named: Any) -> Any:
        """Itself: nothing has to be computed."""
        return self

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": self._status,
            "headers": [
                (b"content-type", self._type.encode()),
                (b"content-length", b"%d" % len(self.content)),
                *((name.encode(), value.encode("latin-1")) for name, value in self.headers.items()),
            ],
        }
        await send(start)
        body = b"" if scope["method"] == "HEAD" else self.content
        await send({"type": "http.response.body", "body": body, "more_body": False})


def as_json(value: object, *, status_code: int = 200) -> RawResponse:
    return RawResponse(
        msgspec.json.encode(value), status_code=status_code, media_type="application/json"
    )


def see_other(url: str, headers: Mapping[str, str] | None = None) -> RawResponse:
    """303 with the address as it is: Litestar's Redirect would encode it anew."""
    return RawResponse(
        status_code=303,
        headers={"location": url, **(headers or {})},
        media_type=PLAIN,
    )
