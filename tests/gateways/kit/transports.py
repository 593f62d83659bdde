"""The tests that every transport has to pass: what it says of a charge that went wrong is what is
true, or there is a second charge. Over real sockets, with and without TLS.

    class TestSomeTransport(TransportConformance):
        def opened(self, trusted, most): ...
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

import httpx
import pytest

from checkout.gateways.client import UNREACHABLE, GatewayClient
from checkout.model.outcome import UNKNOWN
from tests.gateways import wire
from tests.gateways.wire import ANSWERED, NOT_SENT, Fault, Gateway, Play
from tests.support.servers import free_ports
from tests.support.tls import certificate

SHORT, LONG = 2.5, 20.0  # seconds; the deadline where it is waited for, and elsewhere
TLS = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
T = TypeVar("T")


class Place:
    """TLS on both sides, for 127.0.0.1 and for another name."""

    def __init__(self, folder: Path) -> None:
        for name in ("own", "other"):
            (folder / name).mkdir()
        self.server, own = certificate(folder / "own")
        self.other, other = certificate(folder / "other", "other.example.com")
        self.certificates = own.read_text() + other.read_text()
        self.trusted = ssl.create_default_context(cadata=self.certificates)


@cache
def place() -> Place:
    with TemporaryDirectory() as folder:
        return Place(Path(folder))


class TransportConformance:
    """`opened`: the transport, of so many connections, that trusts so. `loop`: on which event
    loop. `not_after`: the faults after which the next charge is not looked at."""

    loop: ClassVar[Callable[[], asyncio.AbstractEventLoop]] = asyncio.new_event_loop
    not_after: ClassVar[frozenset[str]] = frozenset()

    def opened(self, trusted: ssl.SSLContext, most: int) -> httpx.AsyncBaseTransport:
        raise NotImplementedError

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=type(self).loop) as runner:
            return runner.run(main)

    @asynccontextmanager
    async def between(self, gateway: Gateway, *, tls: bool, most: int = 5) -> Any:
        """A function that charges: what is said of it."""
        async with (
            gateway.open(place().server if tls else None),
            self.opened(place().trusted, most) as transport,
        ):
            base = f"http{'s' * tls}://127.0.0.1:{gateway.port}"
            yield lambda **how: charged(transport, base, **how)

    # What is said of a charge.

    @TLS
    def test_every_fault_means_what_it_is(self, *, tls: bool) -> None:
        async def met(name: str, fault: Fault) -> list[str]:
            gateway = Gateway(fault.play)
            seconds = SHORT if name in wire.ENDLESS else LONG
            size = 8_000_000 if name in wire.IN_THE_BODY else 500
            async with self.between(gateway, tls=tls) as charge:
                said = await charge(seconds=seconds, size=size)
                sent, lines = gateway.sent, len(gateway.lines)
                wrong = [] if said in fault.means else [f"{name}: {said}"]
                if lines != 1 or sent > 1:
                    wrong.append(f"{name}: sent {sent} times over {lines} connections")
                if name not in self.not_after and (after := await charge()) != ANSWERED:
                    wrong.append(f"{name}: the next charge is {after}")
            return wrong

        assert self.all(met(name, fault) for name, fault in wire.FAULTS.items()) == []

    @pytest.mark.parametrize("then", ["close", "reset"])
    def test_cut_at_any_byte_it_is_unknown(self, then: str) -> None:
        """Of the request, of the answer."""

        async def met(got: int, said: int) -> list[str]:
            gateway = Gateway(wire.cut(got, said, then))
            async with self.between(gateway, tls=False) as charge:
                outcome = await charge()
                right = (outcome, gateway.sent, len(gateway.lines)) == (wire.UNKNOWN, 1, 1)
            return [] if right else [f"{got} bytes sent, {said} answered: {outcome}"]

        places = [(got, 0) for got in range(1, 120, 2)]
        places += [(0, said) for said in range(len(wire.answer()))]
        assert self.all(met(got, said) for got, said in places) == []

    def test_without_tls_nothing_is_sent(self) -> None:
        async def met(name: str, play: Play) -> list[str]:
            gateway = Gateway(play)
            async with gateway.open(), self.opened(place().trusted, 5) as transport:
                base = f"https://127.0.0.1:{gateway.port}"
                seconds = SHORT if name in wire.ENDLESS else LONG
                said = await charged(transport, base, seconds=seconds)
            return [] if said == NOT_SENT else [f"{name}: {said}"]

        assert self.all(met(name, play) for name, play in wire.NO_TLS.items()) == []

    @pytest.mark.parametrize("wrong", ["not trusted", "of another name"])
    def test_a_wrong_certificate_is_sent_nothing(self, wrong: str) -> None:
        async def met() -> None:
            gateway = Gateway()
            trusted = (
                place().trusted if wrong == "of another name" else ssl.create_default_context()
            )
            tls = place().other if wrong == "of another name" else place().server
            async with gateway.open(tls), self.opened(trusted, 5) as transport:
                assert await charged(transport, f"https://127.0.0.1:{gateway.port}") == NOT_SENT
            assert gateway.sent == 0

        self.run(met())

    def test_where_nobody_is_nothing_is_sent(self) -> None:
        async def met() -> None:
            (port,) = free_ports(1)
            async with self.opened(place().trusted, 5) as transport:
                for base in (f"http://127.0.0.1:{port}", "https://no-such-name.invalid"):
                    assert await charged(transport, base) == NOT_SENT

        self.run(met())

    @TLS
    def test_without_a_free_connection_nothing_is_sent(self, *, tls: bool) -> None:
        async def met() -> None:
            gateway = Gateway(wire.saying(then="hold"))
            async with self.between(gateway, tls=tls, most=1) as charge:
                first = asyncio.create_task(charge())
                await gateway.reached()
                assert await charge(seconds=SHORT) == NOT_SENT
                assert gateway.sent == len(gateway.lines) == 1
                first.cancel()
                await asyncio.wait([first])
                assert await charge() == ANSWERED

        self.run(met())

    # A connection that is used again.

    @TLS
    def test_a_connection_is_kept(self, *, tls: bool) -> None:
        async def met() -> None:
            gateway = Gateway()
            async with self.between(gateway, tls=tls) as charge:
                for _ in range(3):
                    assert await charge() == ANSWERED
            assert (len(gateway.lines), gateway.sent) == (1, 3)

        self.run(met())

    @TLS
    def test_no_answer_is_that_to_another_charge(self, *, tls: bool) -> None:
        async def met(name: str, play: Play) -> list[str]:
            gateway = Gateway(play)
            async with self.between(gateway, tls=tls) as charge:
                first = await charge()
                await asyncio.sleep(0.1)
                found = [first, await charge(), await charge()]
            wrong = [] if found[1:] == [ANSWERED] * 2 else [f"{name}: {found}"]
            return wrong + [f"{name}: sent {gateway.sent} times"] * (gateway.sent != 3)

        assert self.all(met(name, play) for name, play in wire.BETWEEN.items()) == []

    @TLS
    def test_what_meets_a_closing_connection_is_not_sent_again(self, *, tls: bool) -> None:
        """A byte may have left; that a kept connection was stale proves nothing."""

        async def met(name: str, fault: Fault) -> list[str]:
            gateway = Gateway(wire.second(fault.play))
            async with self.between(gateway, tls=tls) as charge:
                assert await charge() == ANSWERED
                said = await charge(seconds=SHORT if name in wire.ENDLESS else LONG)
                sent, lines = gateway.sent, len(gateway.lines)
            wrong = [] if said in fault.means else [f"{name}: {said}"]
            return wrong + [f"{name}: sent {sent} times"] * ((sent, lines) != (2, 1))

        names = [name for name in wire.FAULTS if name not in wire.IN_THE_BODY | {"closed at once"}]
        assert self.all(met(name, wire.FAULTS[name]) for name in names) == []

    def test_what_was_closed_while_we_were_busy_is_not_used(self) -> None:
        """The loop has had no time to tell. The socket knows."""

        async def met() -> None:
            with ImpatientGateway() as gateway:
                async with self.opened(place().trusted, 5) as transport:
                    assert await charged(transport, gateway.base) == ANSWERED
                    gateway.close()
                    assert await charged(transport, gateway.base) == ANSWERED

        self.run(met())

    # Who leaves.

    @TLS
    def test_a_cancelled_charge_takes_nothing_along(self, *, tls: bool) -> None:
        async def met() -> None:
            gateway = Gateway(wire.saying(then="hold"), wire.saying(wire.CUT, then="hold"))
            async with self.between(gateway, tls=tls, most=1) as charge:
                for _ in range(2):
                    sent = asyncio.create_task(charge())
                    await gateway.reached()
                    await asyncio.sleep(0.05)  # an answer's head has come, in the second turn
                    waits = asyncio.create_task(charge())
                    await asyncio.sleep(0.01)
                    waits.cancel()
                    sent.cancel()
                    await asyncio.wait([sent, waits])
                    assert sent.cancelled()
                    assert waits.cancelled()
                assert await charge() == ANSWERED
                assert gateway.sent == len(gateway.lines) == 3

        self.run(met())

    def all(self, cases: Iterator[Coroutine[Any, Any, list[str]]]) -> list[str]:
        """What is wrong in any of them: they run side by side."""

        async def gathered() -> list[list[str]]:
            return await asyncio.gather(*cases)

        return [each for found in self.run(gathered()) for each in found]


class ImpatientGateway:
    """In a thread of its own: it answers, and closes the connection when it is told to."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._closing = [threading.Event(), threading.Event()]
        self._thread = threading.Thread(target=self._serve)
        self.base = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> ImpatientGateway:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing[1].set()
        self._server.shutdown(socket.SHUT_RDWR)  # nobody may have come a second time
        self._thread.join()
        self._server.close()

    def close(self) -> None:
        """Blocks until it has: nothing else happens meanwhile."""
        self._closing[0].set()
        time.sleep(0.1)

    def _serve(self) -> None:
        with suppress(OSError):
            for closing in self._closing:
                line, _ = self._server.accept()
                with line:
                    line.settimeout(LONG)
                    got = b""
                    while not got.endswith(b'"}'):
                        got += line.recv(65_536)
                    line.sendall(wire.answer())
                    closing.wait(LONG)


async def charged(
    transport: httpx.AsyncBaseTransport, base: str, *, seconds: float = LONG, size: int = 500
) -> str:
    """What is said of a charge: not sent, unknown, answered; or the wrong answer that it got."""
    client = GatewayClient(transport, base, {}, charge_seconds=seconds)
    outcome = await client.charge("/pay", {"card": "x" * size})
    if outcome == UNREACHABLE:
        return NOT_SENT
    if outcome == UNKNOWN:
        return wire.UNKNOWN
    return ANSWERED if getattr(outcome, "data", None) == {"status": "good"} else repr(outcome)
