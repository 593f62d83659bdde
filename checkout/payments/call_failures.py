"""Why a call to a shop's server got no answer, in words: for the outbox, the log, the API, metrics.

The words are from the tables here and never an exception's own text, which may hold addresses.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import h11
import httpx

from checkout.payments.concurrency import NoSlot

PRIVATE: Final = "a private address"
PORT: Final = "a port that shops are not called at"
NO_NAME: Final = "name not found"
NO_NAME_IN_TIME: Final = "name not found in time"
TOO_LARGE: Final = "the answer is too large"
NO_IMAGE: Final = "no image"
UNKNOWN_SHOP: Final = "unknown shop"
REFUSED: Final = "connection refused"
NOT_IN_TIME: Final = "no connection in time"
NO_CONNECTION: Final = "no connection"
NOT_TRUSTED: Final = "certificate not trusted"
FAILED: Final = "failed"  # what no table knows

# OpenSSL's codes of the verification (X509_V_ERR_...); all others are no trust.
CERTIFICATES: Final = {
    9: "certificate not valid yet",
    10: "certificate expired",
    62: "certificate of another name",
    64: "certificate of another name",  # of another address
}
# The first that fits the exception or one that it came from.
WORDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (NoSlot, "too many calls at once"),
    (httpx.ConnectTimeout, NOT_IN_TIME),
    (socket.gaierror, NO_NAME),
    (ConnectionRefusedError, REFUSED),
    (h11.RemoteProtocolError, "no HTTP answer"),
    (ssl.SSLEOFError, "connection closed"),
    (ssl.SSLError, "no TLS"),
    (ConnectionError, "connection closed"),
    (httpx.TimeoutException, "no answer in time"),
    (TimeoutError, "no answer in time"),
    (httpx.ConnectError, NO_CONNECTION),
    (httpx.NetworkError, "connection closed"),
    (httpx.RemoteProtocolError, "connection closed"),
    (httpx.InvalidURL, "no address"),
    (httpx.UnsupportedProtocol, "no address"),
    (UnicodeError, "no address"),
    (OSError, NO_CONNECTION),
)
ALL: Final = frozenset(
    {
        PRIVATE,
        PORT,
        NO_NAME,
        NO_NAME_IN_TIME,
        TOO_LARGE,
        NO_IMAGE,
        UNKNOWN_SHOP,
        NOT_TRUSTED,
        FAILED,
    }
    | {*CERTIFICATES.values()}
    | {words for _, words in WORDS}
)
FAR: Final = (REFUSED, NOT_IN_TIME, NO_CONNECTION)
STATUSES: Final = frozenset(str(each.value) for each in HTTPStatus)
DEEPEST: Final = 16  # exceptions that one came from


class CallFailed(ValueError):
    """`words`: one of those above."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def in_words(error: BaseException) -> str:
    """Why a call failed: one of `ALL`, at most 64 characters."""
    if isinstance(error, CallFailed):
        return error.words
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return CERTIFICATES.get(each.verify_code, NOT_TRUSTED)
    for kind, words in WORDS:
        if any(isinstance(each, kind) for each in causes):
            return words
    return FAILED


def distance(error: BaseException) -> int:
    """How far from an answer a call came: 0, or more where nobody was met at the address. Of
    several failures the nearest tells the most."""
    words = in_words(error)
    return FAR.index(words) + 1 if words in FAR else 0


def label(answer: str) -> str:
    """An answer as a metric's label: a shop's server may send any number as its status."""
    return answer if answer in STATUSES or answer in ALL else "other"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It and what it came from."""
    found: BaseException | None = error
    for _ in range(DEEPEST):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__
