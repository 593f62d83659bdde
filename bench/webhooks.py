"""How late a webhook is while those of another shop wait for a server that hangs.

    python -m bench.webhooks [--workers 2] [--waiting 1000]

Everything is real: webhooks in one ledger, workers as processes, receivers on loopback. The same is
measured without those that wait, as the baseline: a worker looks each second.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from bench.figures import Figure
from checkout.app import create_app, open_context
from checkout.gateways import OPTIONS
from checkout.identifiers import new_uid
from checkout.ledger import outbox, payments
from checkout.model.money import Money
from checkout.model.order import Order, PageSettings
from checkout.payments import create
from checkout.payments.context import Context
from checkout.settings import Settings, load
from tests.support.servers import Process, kill, start
from tests.support.settings import NOBODY, overpay, shop, write_settings

WAITING = 1000
MOST = 2.0  # seconds until it comes, while so many wait
TOLD = 40  # webhooks of the other shop
EVERY = 0.1  # seconds between two of them
PATIENCE = 120.0  # seconds
LOOK = 0.02


def figures() -> list[Figure]:
    """How late a shop is told by two workers, without those that wait and with them."""
    found = []
    for waiting, most in ((0, None), (WAITING, MOST)):
        came, _ = asyncio.run(delays(workers=2, waiting=waiting))
        name = f"webhook, {waiting} of another shop waiting, at most"
        found.append(Figure(name, max(came), "s", most=most))
    return found


@dataclass
class Receiver:
    """A shop's server on loopback: when each webhook came; one that `hangs` never answers."""

    host: str
    hangs: bool = False
    port: int = 0
    came: dict[str, float] = field(default_factory=dict)
    most: int = 0  # connections at once
    _open: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/told"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            while line := await reader.readline():
                name, _, value = line.decode().partition(":")
                if name.lower() == "webhook-id":
                    self.came.setdefault(value.strip(), time.time())
                if line == b"\r\n" and not self.hangs:
                    writer.write(b"HTTP/1.1 204 \r\nConnection: close\r\n\r\n")
                    break
        except ConnectionError:
            pass
        finally:
            self._open -= 1
            writer.close()


async def delays(*, workers: int, waiting: int, told: int = TOLD) -> tuple[list[float], Receiver]:
    """Seconds from when a webhook of the one shop was written until it came, while `waiting`
    of the other wait for a server that hangs."""
    hanging, well = Receiver("127.0.0.2", hangs=True), Receiver("127.0.0.1")
    with tempfile.TemporaryDirectory() as name:
        config = written(Path(name))
        settings = load(config, {}, OPTIONS)
        async with hanging.listening(), well.listening(), open_context(settings) as context:
            await webhooks(context, "hanging", hanging.url, waiting)
            running = [_start(config) for _ in range(workers)]
            try:
                return await _told(context, hanging, well, waiting, told), hanging
            finally:
                for each in running:
                    kill(each)


def _start(config: Path) -> Process:
    return start("-m", "bench.webhooks", "--serve", str(config))


async def _told(
    context: Context, hanging: Receiver, well: Receiver, waiting: int, told: int
) -> list[float]:
    await webhooks(context, "well", well.url, 1)
    await _until(well, 1)  # the workers are there
    if waiting:
        await _until(hanging, 1)
    at = {}
    for _ in range(told):
        (name,) = await webhooks(context, "well", well.url, 1)
        at[name] = time.time()
        await asyncio.sleep(EVERY)
    await _until(well, told + 1)
    return [well.came.get(name, began + PATIENCE) - began for name, began in at.items()]


async def _until(receiver: Receiver, count: int) -> None:
    for _ in range(int(PATIENCE / LOOK)):
        if len(receiver.came) >= count:
            return
        await asyncio.sleep(LOOK)


async def webhooks(context: Context, shop: str, url: str, count: int) -> list[str]:
    """The ids of so many webhooks that are due now, each about a payment of its own."""
    return await context.ledger.write(_webhooks, context, shop, url, count)


def _webhooks(conn: Connection, context: Context, shop: str, url: str, count: int) -> list[str]:
    names = [new_uid() for _ in range(count)]
    for name in names:
        now = time.time()
        order = Order(
            money=Money(1999, "EUR"),
            description="Two tickets",
            transaction_type="payment",
            expires_at=now + 3600,
            page_settings=PageSettings(notification_url=url),
        )
        payment = create.new_payment(context, order, context.settings.shops[shop])
        payments.add(conn, payment)
        outbox.add(conn, id=name, payment=payment.uid, url=url, body="{}", now=now)
    return names


def written(folder: Path) -> Path:
    methods = {"credit_card": "cards"}
    tables = {
        "gateways": {"cards": overpay(NOBODY)},
        "shops": {name: shop(NOBODY, methods, name=name) for name in ("hanging", "well")},
    }
    return write_settings(folder, NOBODY, tables)


async def serve(settings: Settings) -> None:
    """A worker, without its doors."""
    async with create_app(settings).lifespan():
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--waiting", type=int, default=WAITING)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(load(Path(asked.serve), {}, OPTIONS)))
        return
    for waiting in (0, asked.waiting):
        found, hanging = asyncio.run(delays(workers=asked.workers, waiting=waiting))
        print(
            f"{asked.workers} workers, {waiting} webhooks waiting: came after"
            f" {statistics.median(found):.2f} s at the median, {max(found):.2f} s at most;"
            f" {hanging.most} connections to the server that hangs"
        )


if __name__ == "__main__":
    main()
