"""A server with many shops, in its settings file and in the ledger: how long it takes to start, and
what it holds."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from sqlalchemy import Connection

from bench.figures import Figure
from bench.servers import START_SECONDS, Server
from checkout.app import open_context
from checkout.fresh_keys import new_pair, new_secret
from checkout.gateways import OPTIONS
from checkout.ledger import shops
from checkout.payments.ledger_shops import sealer_of
from checkout.payments.shop_secrets import with_secrets
from checkout.process import write_private
from checkout.settings import Settings, load
from tests.support.servers import free_port, running, wait_for
from tests.support.settings import NOBODY, SHOP, Table, overpay, shop, write_settings

COUNT: Final = 1000
START: Final = 4.0  # seconds
MEMORY: Final = 20.0  # MiB more
PAIRS: Final = 20  # keys, which the shops share: making one takes a tenth of a second
SETTLE: Final = 1.0  # seconds after its first answer


def figures(count: int = COUNT) -> list[Figure]:
    """A server with one shop, with `count` in the file, with `count` in the ledger."""
    keys = [new_pair()[0] for _ in range(PAIRS)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        one, held = _started(_settings(folder / "one", {}))
        in_file, of_file = _started(_settings(folder / "file", _in_file(folder, keys, count)))
        config = _settings(folder / "ledger", {})
        asyncio.run(_add(load(config, {}, OPTIONS), list(islice(cycle(keys), count))))
        in_ledger, of_ledger = _started(config)
    found = [
        Figure("start with one shop", one, "s"),
        Figure(f"start with {count} shops in the file", in_file, "s", most=START),
        Figure(f"start with {count} shops in the ledger", in_ledger, "s", most=START),
    ]
    if held:
        found += [
            Figure(f"memory of {count} in the file", of_file - held, "MiB", steady=True),
            Figure(
                f"memory of {count} in the ledger",
                of_ledger - held,
                "MiB",
                most=MEMORY,
                steady=True,
            ),
        ]
    return found


def _settings(folder: Path, more: Table) -> Path:
    folder.mkdir()
    ours = shop("https://shop.example.com", {"credit_card": "cards"})
    tables = {
        "shops_key": new_secret(),
        "gateways": {"cards": overpay(NOBODY)},
        "shops": {SHOP: ours} | more,
    }
    return write_settings(folder, "http://127.0.0.1:9", tables)


def _in_file(folder: Path, keys: list[str], count: int) -> Table:
    for place, pem in enumerate(keys):
        write_private(folder / f"{place}.pem", pem)
    return {
        f"s{number}": _shop(number, f"file:{folder}/{number % len(keys)}.pem")
        for number in range(count)
    }


def _shop(number: int, private_key: str) -> Table:
    return shop(f"https://s{number}.example.com", {"credit_card": "cards"}, private_key=private_key)


async def _add(settings: Settings, keys: list[str]) -> None:
    def work(conn: Connection) -> None:
        for number, pem in enumerate(keys):
            content = msgspec.json.encode(with_secrets(_shop(number, pem)))
            shops.add(conn, f"s{number}", sealer.seal(f"s{number}", content), 0.0, "bench")

    sealer = sealer_of(settings)
    async with open_context(settings) as context:
        await context.ledger.write(work)


def _started(config: Path) -> tuple[float, float]:
    """(seconds until it is ready, MiB of its parent and worker then); 0 where the system does not
    tell."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log, began = config.parent / "server.log", time.monotonic()
    command = ("-m", "checkout", "serve", "--port", str(port))
    with running(*command, log=log, CHECKOUT_CONFIG=str(config)) as process:
        wait_for(f"{url}/health/ready", process, START_SECONDS)
        seconds = time.monotonic() - began
        time.sleep(SETTLE)
        return seconds, sum(Server(url, process).memory())
