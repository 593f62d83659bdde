"""Fetches as a browser does: its headers, its redirects, and nothing but GET."""

from __future__ import annotations

import ssl
import time
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

LARGEST: Final = 1024 * 1024  # bytes of an answer, unpacked
SECONDS: Final = 30.0  # for one answer, however slowly it comes
MOST_HOPS: Final = 5
USER_AGENT: Final = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/148.0.0.0 Mobile Safari/537.36"
)
DOCUMENT: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Unreachable(Exception):
    """There is no answer; the reason is for the operator."""


class Untrusted(Exception):
    """The certificate is not valid for this address: a browser would show a warning."""


class Response(NamedTuple):
    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    hops: tuple[str, ...] = ()  # where it was sent on to, before

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Browser:
    """`framed`: in a shop's frame. `transport`: what carries the calls, where not the network."""

    def __init__(
        self,
        *,
        framed: bool = False,
        user_agent: str = USER_AGENT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._framed = framed
        self._http = httpx.Client(
            headers={
                "user-agent": user_agent,
                "accept-language": "en-GB,en;q=0.9",
                "accept-encoding": "gzip, deflate",
            },
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def page(self, url: str) -> Response:
        """A page, wherever it is sent on to on its own site; another site is not asked."""
        headers = {
            "accept": DOCUMENT,
            "sec-fetch-dest": "iframe" if self._framed else "document",
            "sec-fetch-mode": "navigate",
            "sec-fetch-site": "cross-site" if self._framed else "none",
            "upgrade-insecure-requests": "1",
        }
        hops: list[str] = []
        while True:
            got = self._get(url, headers)
            target = got.headers.get("location")
            if target is None or not 300 <= got.status < 400:
                return got._replace(hops=tuple(hops))
            url = urljoin(url, target)
            hops.append(url)
            if origin(url) != origin(got.url) or len(hops) > MOST_HOPS:
                return got._replace(hops=tuple(hops))

    def file(self, url: str, dest: str) -> Response:
        """`dest`: script or style."""
        return self._get(
            url,
            {
                "accept": "text/css,*/*;q=0.1" if dest == "style" else "*/*",
                "sec-fetch-dest": dest,
                "sec-fetch-mode": "cors",
                "sec-fetch-site": "same-origin",
            },
        )

    def _get(self, url: str, headers: dict[str, str]) -> Response:
        until = time.monotonic() + SECONDS
        body = bytearray()
        try:
            with self._http.stream("GET", url, headers=headers) as answer:
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise Unreachable(f"the answer is larger than {LARGEST} bytes")
                    if time.monotonic() > until:
                        raise Unreachable(f"the answer takes more than {SECONDS:.0f} seconds")
        except httpx.HTTPError as error:
            if _is_about_the_certificate(error):
                raise Untrusted(str(error)) from error
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        return Response(url, answer.status_code, answer.headers, bytes(body))


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_about_the_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
