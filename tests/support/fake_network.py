"""The other side over real sockets, in the test's own loop: `honest_gateway.py`, slow when asked,
and the shop's address for webhooks."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.honest_gateway import HonestGateway

HTTP_OK = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


class FakeNetwork:
    """`slow`: at most so many seconds before and after a charge. `open` cleared: the answers to
    charges wait, after the money has moved."""

    def __init__(self) -> None:
        self.bank = HonestGateway(time.time)
        self.slow = 0.0
        self.open = asyncio.Event()
        self.open.set()
        self.charged = asyncio.Event()
        self.webhooks: dict[str, list[dict[str, Any]]] = defaultdict(list)  # by payment
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request, until the other side is gone."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.split(b" ", 2)
                lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                sizes = [int(v) for name, v in lines.items() if name.lower() == b"content-length"]
                body = await reader.readexactly(sizes[0] if sizes else 0)
                status, said = await self._answer(method.decode(), path.decode(), body)
                writer.write(HTTP_OK % (status, len(said), said))
                await writer.drain()
        except (OSError, EOFError):
            pass  # it was killed
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/webhooks":
            told = json.loads(body)
            told = told.get("transaction", told)
            self.webhooks[told["token"]].append(told)
            return 200, b""
        charging = method == "POST"
        if charging:
            await asyncio.sleep(random.uniform(0, self.slow))
        status, said = self.bank.answer(method, path, body)
        if charging:
            self.charged.set()
            await self.open.wait()
            await asyncio.sleep(random.uniform(0, self.slow))
        return status, json.dumps(said).encode()


@asynccontextmanager
async def open_fake_network() -> AsyncIterator[FakeNetwork]:
    network = FakeNetwork()
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    network.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield network
    network.open.set()
    server.close()
