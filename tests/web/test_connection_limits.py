"""The doors of the real server: what is cut, refused or has its own room before anything is read.

From several addresses of this machine: 127.0.0.2 is the attacker, others are customers.
"""

from __future__ import annotations

import re
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from checkout.listening import (
    LARGEST_HEAD,
    MOST_CONNECTIONS,
    OTHER_FILES,
    connections,
    open_files,
)
from checkout.web.concurrency_limits import RETRY_AFTER
from checkout.web.security import BODY_SECONDS
from tests.web import http2_bomb
from tests.web.process import ServerProcess, heard, serving, spoken
from tests.web.server import ordered

ATTACKER: Final = "127.0.0.2"
SHARE: Final = 200
KEEP_ALIVE: Final = 6  # seconds, of the server here
FORM: Final = b"application/x-www-form-urlencoded"
MEGABYTE: Final = 1024 * 1024

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and all of 127/8")


@pytest.fixture(scope="module")
def served(pem: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    more = ("--keep-alive", str(KEEP_ALIVE))
    with serving(tmp_path_factory.mktemp("doors"), pem, more) as found:
        yield found


def slow(path: bytes, *more: bytes, length: int = 9) -> bytes:
    """A POST whose body doesn't come."""
    lines = (b"POST " + path + b" HTTP/1.1", b"Host: x", b"Content-Length: %d" % length, *more)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def customer(served: ServerProcess, source: str = "127.0.0.1") -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=source, trust_env=False)
    return httpx.Client(base_url=served.url, transport=transport, timeout=5)


# --- HTTP/1.1 and nothing else ------------------------------------------------------------------


def test_no_http2_unless_asked(served: ServerProcess) -> None:
    """The bomb too: its 1 MB would be 3 GB in memory."""
    assert spoken(served, http2_bomb.hello()) == b""
    before = served.memory
    with served.line() as line:
        try:
            line.sendall(http2_bomb.bomb(streams=200, times=4100))
        except ConnectionError:
            pass
        assert heard(line) == b""
    assert served.memory - before < 20 * MEGABYTE
    upgrade = (b"GET /health/live HTTP/1.1", b"Host: x", b"Connection: Upgrade, HTTP2-Settings",
               b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", b"", b"")  # fmt: skip
    assert spoken(served, *upgrade).startswith(b"HTTP/1.1 200 OK\r\n")


def test_no_web_sockets(served: ServerProcess) -> None:
    upgrade = (b"GET /health/live HTTP/1.1", b"Host: x", b"Connection: Upgrade",
               b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"", b"")  # fmt: skip
    assert spoken(served, *upgrade).startswith(b"HTTP/1.1 200 OK\r\n")


def test_http2_where_it_is_asked_for(pem: str, tmp_path: Path) -> None:
    with serving(tmp_path, pem, top="http2 = true") as served:
        frames = spoken(served, http2_bomb.hello())
        assert frames[3] == http2_bomb.SETTINGS
        before = served.memory
        with served.line() as line:
            line.sendall(http2_bomb.bomb(streams=200, times=4100))
            heard(line)
            assert served.memory - before < 60 * MEGABYTE
        assert httpx.get(f"{served.url}/health/live", trust_env=False).status_code == 200


# --- In time ------------------------------------------------------------------------------------


def test_what_does_not_come_is_cut(served: ServerProcess) -> None:
    """All at once, to wait for once: a head, a first byte, the next request, a body that drips."""
    begun = time.monotonic()
    lines: dict[str, socket.socket] = {
        name: served.line(timeout=KEEP_ALIVE + 12) for name in ("head", "silent", "idle", "body")
    }
    lines["head"].sendall(b"GET /health/live HTT")
    lines["idle"].sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    lines["body"].sendall(slow(b"/widget/hpp.html", b"Content-Type: " + FORM))
    for _ in range(3):
        time.sleep(1)
        lines["body"].sendall(b"t")
    values = {name: heard(line) for name, line in lines.items()}
    spent = time.monotonic() - begun
    assert spent < max(KEEP_ALIVE, BODY_SECONDS) + 4
    assert values["head"] == values["silent"] == b""
    assert values["idle"].startswith(b"HTTP/1.1 200 OK\r\n")
    assert values["body"].startswith(b"HTTP/1.1 400 Bad Request\r\n")
    for line in lines.values():
        line.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/notify/cards/nobodys-ticket", b"404"),
        (b"/en/payment/8a8b6f2e-0c5c-4e0a-9d0a-2f1c7f1f5a10/nobodys-secret/pay", b"404"),
        (b"/en/product/prd_0000000000000000", b"404"),
        (b"/return/nobodys-ticket", b"404"),
        (b"/nowhere", b"404"),
        (b"/ctp/api/checkouts", b"401"),
        (b"/ctp/api/payments", b"401"),
        (b"/products", b"401"),
        (b"/invoices", b"401"),
        (b"/transactions/refunds", b"401"),
        (b"/services/credit_cards/charges", b"401"),
    ],
)
def test_who_names_nothing_of_ours_is_answered_before_the_body(
    served: ServerProcess, path: bytes, status: bytes
) -> None:
    begun = time.monotonic()
    said = spoken(served, slow(path, b"Expect: 100-continue"))
    assert said.startswith(b"HTTP/1.1 " + status + b" ")  # and not 100: nobody wants its body
    assert time.monotonic() - begun < 2  # and hung up


# --- Their own room -----------------------------------------------------------------------------


def test_one_address_has_a_share(served: ServerProcess) -> None:
    """Bodies that don't come take their own address' share and no more."""
    attack = slow(b"/widget/hpp.html", b"Content-Type: " + FORM)
    lines = [served.line(source=ATTACKER) for _ in range(2 * SHARE)]
    try:
        for line in lines:
            line.sendall(attack)
        assert answered(lines, SHARE) == {b"HTTP/1.1 503 Service Unavailable"}
        with customer(served, ATTACKER) as same, customer(served) as other:
            crowded = same.get("/widget/hpp.html")
            assert crowded.status_code == 503
            assert crowded.headers["retry-after"] == str(RETRY_AFTER)
            assert same.get("/health/live").status_code == 200
            begun = time.monotonic()
            body = {"checkout": ordered()}
            made = other.post("/ctp/api/checkouts", json=body, auth=served.auth)
            page = other.get(made.json()["checkout"]["redirect_url"], follow_redirects=True)
            assert page.status_code == 200
            assert time.monotonic() - begun < 2
    finally:
        for line in lines:
            line.close()
    until = time.monotonic() + 5
    with customer(served, ATTACKER) as same:
        while same.get("/widget/hpp.html").status_code == 503:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert served.output.count("share.full") == 1


def answered(lines: list[socket.socket], many: int) -> set[bytes]:
    """The first lines of so many answers; no other line has one."""
    waiting = list(lines)
    found: list[bytes] = []
    until = time.monotonic() + 5
    while len(found) < many:
        assert time.monotonic() < until, f"{len(found)} were answered"
        ready, _, _ = select.select(waiting, [], [], 1)
        found += [line.recv(65536).partition(b"\r\n")[0] for line in ready]
        waiting = [line for line in waiting if line not in ready]
    assert len(waiting) == len(lines) - many
    return set(found)


def test_many_idle_connections_of_one_address(served: ServerProcess) -> None:
    """They cost little, and end by themselves; how many one may have is the proxy's to say."""
    before, lines = served.memory, []
    try:
        for _ in range(500):
            line = served.line(source=ATTACKER)
            line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            lines.append(line)
        assert all(line.recv(65536).startswith(b"HTTP/1.1 200 ") for line in lines)
        assert served.memory - before < 30 * MEGABYTE
        with customer(served) as other:
            assert other.get("/health/live").status_code == 200
    finally:
        for line in lines:
            line.close()


def test_files_are_left_for_the_ledger_and_the_gateways(served: ServerProcess) -> None:
    limits = Path(f"/proc/{served.process.pid}/limits").read_text()
    found = re.search(r"Max open files +(\d+) +(\d+|unlimited) ", limits)
    assert found
    assert found[1] == found[2], "the server asks for all that it may have"
    for files in (256, 4096, 20_000, 1_000_000):
        assert connections(files) <= files - min(OTHER_FILES, files // 2)
    assert connections(20_000) > 10_000, "that many customers may wait"
    assert connections(1_000_000) == MOST_CONNECTIONS


def test_as_many_files_as_the_system_lets_us_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
        assert open_files() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- What it says of itself ---------------------------------------------------------------------

NO_HTTP: Final = {
    "garbage": (b"GARBAGE\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n", 400),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
    ),
    "many headers": (
        b"GET / HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"a%d: b\r\n" % n for n in range(200))
        + b"\r\n",
        431,
    ),
    "a head without end": (
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (4 * LARGEST_HEAD) + b"\r\n\r\n",
        431,
    ),
    "an address without end": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http(served: ServerProcess, name: str) -> None:
    """The server beneath answers that, bare: without a body, and without its name."""
    sent, status = NO_HTTP[name]
    with served.line() as line:
        try:
            line.sendall(sent)
        except ConnectionError:
            pass
        head, _, body = heard(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    names = {row.partition(b":")[0].lower() for row in head.split(b"\r\n")[1:]}
    assert names == {b"connection", b"content-length", b"date"}
    assert body == b""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/none.css", 404),
        ("DELETE", "/health/live", 405),
        ("TRACE", "/health/live", 405),
        ("GET", "/en/payment/" + "a" * 9000, 404),
        ("GET", "/widget/hpp.html?" + "a" * 20_000, 413),
    ],
)
def test_our_headers_on_errors(served: ServerProcess, method: str, path: str, status: int) -> None:
    with customer(served) as http:
        answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get_list("server") == ["checkout"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_ours_on_a_body_that_is_too_large(served: ServerProcess) -> None:
    said = spoken(served, slow(b"/widget/hpp.html", b"Content-Type: " + FORM, length=70_000))
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nserver: checkout\r\n" in said
    assert b"\r\nx-content-type-options: nosniff\r\n" in said
