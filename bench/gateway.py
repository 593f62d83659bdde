"""A gateway that answers at once, in Overpay's words: what a payment costs us is measured, and
not what the sandbox does for it.

    python -m bench.gateway PORT [--charge SECONDS] [--query SECONDS] [--tls FILE]

Every charge is paid; one whose description is `WAITS` stays pending. `GET /told` says how many
charges and queries came.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
from itertools import count
from typing import Any, Final

import msgspec

WAITS: Final = "Waits"  # the description of an order whose payment stays pending
_LENGTH: Final = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Told(msgspec.Struct):
    """What came to this gateway."""

    charges: int = 0
    queries: int = 0


class Gateway:
    """`charge` and `query`: seconds until it answers one."""

    def __init__(self, charge: float = 0.0, query: float = 0.0) -> None:
        self.told = Told()
        self._charge, self._query = charge, query
        self._uids = count(1)
        self._pending: dict[str, bytes] = {}  # by the uid, and by our key

    def answer(self, method: bytes, path: bytes, body: bytes) -> tuple[bytes, float]:
        """What it says, and after how many seconds."""
        if method == b"POST":
            self.told.charges += 1
            return self._charged(msgspec.json.decode(body)["request"]), self._charge
        if path == b"/told":
            return msgspec.json.encode(self.told), 0.0
        self.told.queries += 1
        found = self._pending.get(path.rpartition(b"/")[2].decode(), b'{"transactions": []}')
        return found, self._query

    def _charged(self, asked: dict[str, Any]) -> bytes:
        uid = f"00000000-0000-4000-8000-{next(self._uids):012}"
        waits = asked["description"] == WAITS
        answer = msgspec.json.encode({"transaction": _transaction(asked, uid, waits=waits)})
        if waits:
            self._pending[uid] = answer
            self._pending[asked["tracking_id"]] = b'{"transactions": [%s]}' % answer[15:-1]
        return answer


def _transaction(asked: dict[str, Any], uid: str, *, waits: bool) -> dict[str, Any]:
    card = asked["credit_card"]
    return {
        "uid": uid,
        "type": "payment",
        "status": "pending" if waits else "successful",
        "amount": asked["amount"],
        "currency": asked["currency"],
        "tracking_id": asked["tracking_id"],
        "description": asked["description"],
        "test": True,
        "message": "Successfully processed",
        "receipt_url": f"https://gateway.example/customer/transactions/{uid}",
        "credit_card": {
            "holder": card["holder"],
            "brand": "visa",
            "bin": card["number"][:6],
            "first_1": card["number"][:1],
            "last_4": card["number"][-4:],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "token": f"token-{uid}",
        },
        "payment": {
            "auth_code": "654321",
            "rrn": "999",
            "ref_id": "777888",
            "bank_code": "00",
            "billing_descriptor": "DEMO SHOP",
        },
    }


class _Line(asyncio.Protocol):
    """One connection of HTTP/1.1; a request at a time, as our client sends them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = _LENGTH.search(self._came, 0, end)
        if len(self._came) < end + (int(length[1]) if length else 0):
            return
        head, body = self._came[:end], self._came[end:]
        self._came = b""
        method, path, _ = head.split(b" ", 2)
        answer, seconds = self._gateway.answer(method, path, body)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._write, answer)
        else:
            self._write(answer)

    def _write(self, body: bytes) -> None:
        self._transport.write(_HEAD % len(body) + body)


async def listening(port: int, gateway: Gateway, tls: ssl.SSLContext | None = None) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Line(gateway), "127.0.0.1", port, backlog=4096, ssl=tls
    )
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--charge", type=float, default=0.0)
    parser.add_argument("--query", type=float, default=0.0)
    parser.add_argument("--tls", metavar="FILE", help="a certificate and its key")
    asked = parser.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if asked.tls else None
    if tls:
        tls.load_cert_chain(asked.tls)
    asyncio.run(listening(asked.port, Gateway(asked.charge, asked.query), tls))


if __name__ == "__main__":
    main()
