"""What carries the charges says the truth of them; and what doesn't is found out."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from typing import ClassVar, Final

import httpx
import pytest
import uvloop

from checkout.payments.http_connection import HttpConnection
from checkout.payments.http_transport import HttpTransport
from tests.gateways.kit.transports import TLS, TransportConformance, place

Opened = Callable[[ssl.SSLContext, int], httpx.AsyncBaseTransport]


class TestHttpx(TransportConformance):
    """httpx's own: what the kit asks is not made to measure for ours."""

    # A call cancelled while it sends over TLS can leave httpx's next one waiting, now and then.
    not_after = frozenset({"a refusal before all was sent"})

    def opened(self, trusted: ssl.SSLContext, most: int) -> httpx.AsyncBaseTransport:
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
        return httpx.AsyncHTTPTransport(verify=trusted, trust_env=False, limits=limits)

    @TLS
    def test_no_answer_is_that_to_another_charge(self, *, tls: bool) -> None:
        """What came behind an answer it takes for the next one's."""
        with pytest.raises(AssertionError, match="forged"):
            super().test_no_answer_is_that_to_another_charge(tls=tls)


class TestOurs(TransportConformance):
    def opened(self, trusted: ssl.SSLContext, most: int) -> httpx.AsyncBaseTransport:
        return HttpTransport(trusted, most=most, kept=most)


class TestOursAsServed(TestOurs):
    loop = uvloop.new_event_loop


# Transports that are wrong in one thing each.


class Saying(HttpTransport):
    """Tells one failure as another."""

    def __init__(self, trusted: ssl.SSLContext, most: int) -> None:
        super().__init__(trusted, most=most, kept=most)

    said: ClassVar[dict[type[Exception], type[httpx.TransportError]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except tuple(self.said) as error:
            raise self.said[type(error)]("broken") from error


class ClosedIsNoConnectionInTime(Saying):
    """As `httpx-aiohttp` says it."""

    said = {httpx.RemoteProtocolError: httpx.ConnectTimeout}


class ResetIsNoConnection(Saying):
    said = {httpx.ReadError: httpx.ConnectError}


class NoConnectionIsUnknown(Saying):
    said = {httpx.ConnectError: httpx.ReadError, httpx.ConnectTimeout: httpx.ReadTimeout}


class NoFreeConnectionIsUnknown(Saying):
    said = {httpx.PoolTimeout: httpx.ReadTimeout}


class SendsAgain(Saying):
    """Where the connection seems to have been stale."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return await super().handle_async_request(request)


class TrustsEverybody(Saying):
    def __init__(self, trusted: ssl.SSLContext, most: int) -> None:
        anybody = ssl.create_default_context()
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        super().__init__(anybody, most)


class TrustsAnyName(Saying):
    def __init__(self, trusted: ssl.SSLContext, most: int) -> None:
        any_name = ssl.create_default_context(cadata=place().certificates)
        any_name.check_hostname = False
        super().__init__(any_name, most)


class KeepsNothing(HttpTransport):
    def __init__(self, trusted: ssl.SSLContext, most: int) -> None:
        super().__init__(trusted, most=most)


class LosesWhoIsCancelled(Saying):
    """The connection of a call that was cancelled is never free again."""

    def _done(self, connection: HttpConnection | None, *, again: bool) -> None:
        if not isinstance(sys.exception(), asyncio.CancelledError):
            super()._done(connection, again=again)
        elif connection is not None:
            connection.abort()


class AsksNoSocket(Saying):
    """Takes a kept connection for open until the loop says otherwise."""

    def _rested(self, origin: object) -> HttpConnection | None:
        return self._resting.pop() if self._resting else None


FAULTS: Final = "test_every_fault_means_what_it_is"
STALE: Final = "test_what_meets_a_closing_connection_is_not_sent_again"
PLAIN: Final[dict[str, object]] = {"tls": False}
MUTANTS: Final[tuple[tuple[Opened, str, dict[str, object]], ...]] = (
    (ClosedIsNoConnectionInTime, FAULTS, PLAIN),
    (ClosedIsNoConnectionInTime, STALE, PLAIN),
    (ResetIsNoConnection, FAULTS, PLAIN),
    (SendsAgain, FAULTS, PLAIN),
    (SendsAgain, STALE, PLAIN),
    (NoConnectionIsUnknown, "test_where_nobody_is_nothing_is_sent", {}),
    (NoConnectionIsUnknown, "test_without_tls_nothing_is_sent", {}),
    (NoFreeConnectionIsUnknown, "test_without_a_free_connection_nothing_is_sent", PLAIN),
    (TrustsEverybody, "test_a_wrong_certificate_is_sent_nothing", {"wrong": "not trusted"}),
    (TrustsAnyName, "test_a_wrong_certificate_is_sent_nothing", {"wrong": "of another name"}),
    (KeepsNothing, "test_a_connection_is_kept", PLAIN),
    (LosesWhoIsCancelled, "test_a_cancelled_charge_takes_nothing_along", PLAIN),
    (AsksNoSocket, "test_what_was_closed_while_we_were_busy_is_not_used", {}),
)


@pytest.mark.parametrize(
    ("opened", "test", "arguments"),
    MUTANTS,
    ids=[f"{getattr(opened, '__name__', '')}: {test}" for opened, test, _ in MUTANTS],
)
def test_every_mutant_is_found(opened: Opened, test: str, arguments: dict[str, object]) -> None:
    class Mutant(TransportConformance):
        def opened(self, trusted: ssl.SSLContext, most: int) -> httpx.AsyncBaseTransport:
            return opened(trusted, most)

    with pytest.raises((AssertionError, TimeoutError)):
        getattr(Mutant(), test)(**arguments)
