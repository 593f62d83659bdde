"""What a call to a gateway costs the processor: our transport beside httpx's own.

    python -m bench.transport [--calls 200] [--rounds 15]

A gateway in a process of its own answers at once. Both transports send the same charges in short
turns, one after the other; the time is the processor's, of this process alone. Each figure is the
median of the turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import httpx
import uvloop

from checkout.gateways.client import GatewayClient, GatewayResponse
from checkout.payments.http_transport import HttpTransport
from tests.support.tls import certificate

ANSWER: Final = json.dumps(
    {
        "transaction": {
            "uid": "4107-310b0da80b",
            "status": "successful",
            "amount": 1999,
            "currency": "EUR",
            "description": "An order of the shop",
            "type": "payment",
            "message": "Successfully processed",
            "test": True,
            "tracking_id": "a-key-of-ours",
            "credit_card": {"brand": "visa", "last_4": "0000", "token": "t" * 64},
            "receipt_url": "https://gateway.example/receipts/4107-310b0da80b",
            "payment": {"auth_code": "654321", "rrn": "999", "message": "Approved"},
        }
    }
).encode()
HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Fri, 01 Aug 2025 10:00:00 GMT\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nConnection: keep-alive\r\n"
    b"Cache-Control: max-age=0, private\r\nX-Request-Id: 1b4e28ba-2fa1-11d2\r\n"
    b"Strict-Transport-Security: max-age=63072000\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
)
BODY: Final = {
    "request": {
        "amount": 1999,
        "currency": "EUR",
        "description": "An order of the shop",
        "tracking_id": "a-key-of-ours",
        "credit_card": {"number": "4200000000000000", "exp_month": "12", "exp_year": "2030"},
        "customer": {"ip": "192.0.2.1", "email": "jane@example.com", "first_name": "Jane"},
    }
}
HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Authorization": "Basic MTIzNDU6c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
    "X-API-Version": "3",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="of each turn and transport")
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _, trusted = certificate(Path(folder))
        for tls in (False, True):
            ours, there = multiprocessing.Pipe()
            gateway = multiprocessing.get_context("spawn").Process(
                target=serve, args=(there, folder if tls else None), daemon=True
            )
            gateway.start()
            base = f"http{'s' * tls}://127.0.0.1:{ours.recv()}"
            found = uvloop.run(measured(base, trusted, asked.calls, asked.rounds))
            gateway.terminate()
            gateway.join()
            for name, seconds in found.items():
                share = seconds / found["httpx"]
                sys.stdout.write(
                    f"{'https' if tls else 'http':6}{name:8}{seconds * 1e6:7.0f} us  {share:.2f}\n"
                )


async def measured(base: str, trusted: Path, calls: int, rounds: int) -> dict[str, float]:
    """Seconds of the processor for a call, by transport."""
    context = ssl.create_default_context(cafile=trusted)
    transports: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
        "httpx": lambda: httpx.AsyncHTTPTransport(verify=context, trust_env=False),
        "ours": lambda: HttpTransport(context, most=200, kept=200),
    }
    spent: dict[str, list[float]] = {name: [] for name in transports}
    for _ in range(rounds):
        for name, opened in transports.items():
            async with opened() as transport:
                client = GatewayClient(transport, base, HEADERS)
                await client.charge("/transactions/payments", BODY)  # opens the connection
                began = time.process_time()
                for _ in range(calls):
                    answer = await client.charge("/transactions/payments", BODY)
                    assert isinstance(answer, GatewayResponse)
                spent[name].append((time.process_time() - began) / calls)
    return {name: statistics.median(times) for name, times in spent.items()}


def serve(there: Connection, folder: str | None) -> None:
    uvloop.run(_serve(there, folder))


async def _serve(there: Connection, folder: str | None) -> None:
    context = None
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(folder, "server.pem"))
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
    there.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line[15:])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            await reader.readexactly(length)
            writer.write(HEAD + ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


if __name__ == "__main__":
    main()
