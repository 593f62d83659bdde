"""What goes wrong on the wire between us and a gateway, at every point between "nothing sent" and
"all sent and answered", each as what the gateway does with one connection."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

NOT_SENT, UNKNOWN, ANSWERED = "not sent", "unknown", "answered"

ANSWER: Final = b'{"status": "good"}'
FORGED: Final = b'{"status": "forged"}'
HOLD: Final = 3600.0  # seconds: longer than anybody waits


class Line:
    """The gateway's end of a connection, and what it has `got` of requests: whole ones or parts."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        reached: asyncio.Queue[None],
    ) -> None:
        self.reader, self.writer = reader, writer
        self.got = 0
        self._reached = reached

    async def byte(self) -> bytes:
        """The first of a request."""
        first = await self.reader.readexactly(1)
        self.got += 1
        self._reached.put_nowait(None)
        return first

    async def head(self) -> int:
        """The length of the body that follows."""
        head = await self.byte() + await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        return next(int(each[15:]) for each in lines if each.startswith(b"content-length:"))

    async def request(self) -> None:
        await self.reader.readexactly(await self.head())

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.001)

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def serve(self) -> None:
        """Answer well, until the other side has gone."""
        while True:
            await self.request()
            await self.say(answer())


Play = Callable[[Line], Awaitable[None]]


class Fault(NamedTuple):
    """`means`: what may be said of the charge that met it."""

    play: Play
    means: frozenset[str]


def answer(
    body: bytes = ANSWER, *headers: str, status: str = "200 OK", version: str = "1.1"
) -> bytes:
    given = headers or (f"Content-Length: {len(body)}",)
    return "\r\n".join((f"HTTP/{version} {status}", *given, "", "")).encode() + body


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    parts = (body[:half], body[half:], b"")
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def saying(*pieces: bytes, read: bool = True, then: str = "close") -> Play:
    """Read the request (or its first byte alone), say this, and `then` close, reset or hold the
    line, or serve the next requests well."""

    async def play(line: Line) -> None:
        await (line.request() if read else line.byte())
        await line.say(*pieces)
        if then == "reset":
            line.reset()
        elif then == "hold":
            await asyncio.sleep(HOLD)
        elif then == "serve":
            await line.serve()

    return play


def cut(got: int, said: int, then: str) -> Play:
    """Read so many bytes of the request (0: all of it), say so many of the answer."""

    async def play(line: Line) -> None:
        if got:
            await line.byte()
            await line.reader.readexactly(got - 1)
        else:
            await line.request()
        await line.say(answer()[:said])
        if then == "reset":
            line.reset()

    return play


async def closed_at_once(line: Line) -> None:
    pass


async def closed_after_the_head(line: Line) -> None:
    await line.head()


async def reset_after_the_head(line: Line) -> None:
    await line.head()
    line.reset()


async def closed_in_the_body(line: Line) -> None:
    await line.reader.readexactly(await line.head() // 2)


async def endless_continue(line: Line) -> None:
    await line.request()
    while True:
        await line.say(b"HTTP/1.1 100 Continue\r\n\r\n")


async def drip(line: Line) -> None:
    await line.request()
    await line.say(answer(b"", "Content-Length: 100000"))
    while True:
        await line.say(b" ")
        await asyncio.sleep(0.01)


def _faults(means: set[str], plays: dict[str, Play]) -> dict[str, Fault]:
    return {name: Fault(play, frozenset(means)) for name, play in plays.items()}


CUT: Final = answer()[:-5]
HEADLESS: Final = answer().partition(b"\r\n\r\n")[0]
PACKED: Final = gzip.compress(ANSWER)
CHUNKED: Final = answer(chunked(ANSWER), "Transfer-Encoding: chunked")

FAULTS: Final[dict[str, Fault]] = {
    # Whether a byte has left nobody can know for others.
    **_faults({NOT_SENT, UNKNOWN}, {"closed at once": closed_at_once}),
    **_faults(
        {UNKNOWN},
        {
            "closed after a byte": saying(read=False),
            "reset after a byte": saying(read=False, then="reset"),
            "silent after a byte": saying(read=False, then="hold"),
            "closed after the head": closed_after_the_head,
            "reset after the head": reset_after_the_head,
            "closed in the body": closed_in_the_body,
            "read, then closed": saying(),
            "read, then reset": saying(then="reset"),
            "read, then silent": saying(then="hold"),
            "100, then closed": saying(b"HTTP/1.1 100 Continue\r\n\r\n"),
            "100 without an end": endless_continue,
            "half a head, then closed": saying(HEADLESS),
            "half a head, then reset": saying(HEADLESS, then="reset"),
            "half a head, then silent": saying(HEADLESS, then="hold"),
            "a cut body": saying(CUT),
            "a cut body, then reset": saying(CUT, then="reset"),
            "a cut body, then silent": saying(CUT, then="hold"),
            "cut chunks": saying(CHUNKED[:-5]),
            "chunks of no number": saying(
                answer(b"zz\r\n" + ANSWER, "Transfer-Encoding: chunked"), then="hold"
            ),
            "a body until its end, then reset": saying(
                answer(ANSWER[:-3], "Connection: close"), then="reset"
            ),
            "a slow drip": drip,
            "cut gzip": saying(
                answer(PACKED[:-6], "Content-Encoding: gzip", f"Content-Length: {len(PACKED) - 6}"),
                then="serve",
            ),
            "garbage": saying(b"\x00\x01\x02garbage\r\n\r\n", then="hold"),
            "another protocol": saying(b"SSH-2.0-OpenSSH\r\n\r\n", read=False),
            "a status of no number": saying(answer(status="OK"), then="hold"),
            "another protocol's switch": saying(
                answer(b"", "Upgrade: x", "Connection: upgrade", status="101 Switching Protocols"),
                then="hold",
            ),
            "two lengths": saying(
                answer(ANSWER, "Content-Length: 18", "Content-Length: 5"), then="hold"
            ),
            "a head without an end": saying(
                b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, then="hold"
            ),
            "500": saying(answer(status="500 Internal Server Error"), then="serve"),
        },
    ),
    **_faults(
        {ANSWERED},
        {
            "answered": saying(answer(), then="serve"),
            "answered and closed": saying(
                answer(ANSWER, "Content-Length: 18", "Connection: close")
            ),
            "answered byte by byte": saying(*(bytes([each]) for each in answer()), then="serve"),
            "100, 103, then answered": saying(
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(),
                then="serve",
            ),
            "HTTP/1.0": saying(answer(ANSWER, "Server: old", version="1.0")),
            "until its end": saying(answer(ANSWER, "Connection: close")),
            "chunked": saying(CHUNKED, then="serve"),
            "chunked with trailers": saying(CHUNKED[:-2] + b"X-Sum: 1\r\n\r\n", then="serve"),
            "gzip": saying(
                answer(PACKED, "Content-Encoding: gzip", f"Content-Length: {len(PACKED)}"),
                then="serve",
            ),
            "a refusal": saying(answer(status="422 Unprocessable Content"), then="serve"),
        },
    ),
    # While we are still sending: who reads it knows, who only sends doesn't.
    **_faults(
        {ANSWERED, UNKNOWN},
        {
            "a refusal before all was sent": saying(
                answer(status="413 Content Too Large"), read=False, then="hold"
            ),
            "a refusal before all was sent, then closed": saying(
                answer(status="413 Content Too Large"), read=False
            ),
        },
    ),
}

# No TLS: nothing can have been sent.
NO_TLS: Final[dict[str, Play]] = {
    "closed in the handshake": closed_at_once,
    "closed after the first byte": saying(read=False),
    "reset in the handshake": saying(read=False, then="reset"),
    "silent in the handshake": saying(read=False, then="hold"),
    "HTTP where TLS should be": saying(answer(), read=False),
}


# A second charge over the connection of a first one that was answered: what the gateway does in
# between. It has to be answered, and by its own answer.
async def closed_between(line: Line) -> None:
    await line.request()
    await line.say(answer())


async def reset_between(line: Line) -> None:
    await line.request()
    await line.say(answer())
    await asyncio.sleep(0.05)
    line.reset()


def more_behind(first: bytes, *, later: float = 0.0) -> Play:
    """An answer that nobody asked for, behind the first one."""

    async def play(line: Line) -> None:
        await line.request()
        if later:
            await line.say(first)
            await asyncio.sleep(later)
            await line.say(answer(FORGED))
        else:
            await line.say(first + answer(FORGED))
        await line.serve()

    return play


BETWEEN: Final[dict[str, Play]] = {
    "nothing": Line.serve,
    "closed": closed_between,
    "reset": reset_between,
    "an answer more": more_behind(answer()),
    "an answer more, behind chunks": more_behind(CHUNKED),
    "an answer more, a little later": more_behind(answer(), later=0.02),
    "both a length and chunks": more_behind(
        answer(chunked(ANSWER), "Content-Length: 5", "Transfer-Encoding: chunked")
    ),
    "a body where there is none": more_behind(answer(ANSWER, "Content-Length: 0")),
}


# These last as long as the deadline, so that has to be short.
ENDLESS: Final = frozenset(
    name for name in (*FAULTS, *NO_TLS) if "silent" in name or "without" in name or "drip" in name
) | {"a refusal before all was sent"}
# These are met by a body that does not fit into any buffer.
IN_THE_BODY: Final = frozenset(name for name in FAULTS if "before all" in name or "in the" in name)


def second(play: Play) -> Play:
    """The same, met by a second charge over the connection of one that was answered."""

    async def both(line: Line) -> None:
        await line.request()
        await line.say(answer())
        await play(line)

    return both


class Gateway:
    """A gateway on this machine. `plays`: what it does with each connection in turn, then it serves
    well. `lines`: those that it has had."""

    def __init__(self, *plays: Play) -> None:
        self.plays = list(plays)
        self.lines: list[Line] = []
        self.port = 0
        self._reached = asyncio.Queue[None]()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def sent(self) -> int:
        """How many requests it has got a byte of."""
        return sum(line.got for line in self.lines)

    async def reached(self) -> None:
        """Once another request's first byte has come."""
        async with asyncio.timeout(5):
            await self._reached.get()

    async def left(self) -> bool:
        """Whether everybody hangs up, within some seconds."""
        _, there = await asyncio.wait(self._tasks, timeout=5)
        return not there

    async def _one(self, line: Line) -> None:
        play = self.plays.pop(0) if self.plays else Line.serve
        with suppress(OSError, EOFError, asyncio.LimitOverrunError):
            await play(line)
        line.writer.close()
        with suppress(OSError):
            await line.writer.wait_closed()

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer, self._reached)
        self.lines.append(line)
        task = asyncio.ensure_future(self._one(line))
        self._tasks.add(task)

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Gateway]:
        server = await asyncio.start_server(self._start, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for line in self.lines:
                line.writer.transport.abort()
            await asyncio.sleep(0)
