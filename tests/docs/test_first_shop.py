"""docs/first-shop.md: a shop from an empty folder by the document alone, its customers between its
blocks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from checkout.drill.customer import Customer, good_card
from checkout.local_servers import SHOP, LocalServers
from tests.support.document_blocks import Block, Desk, blocks
from tests.support.local_servers import local_servers
from tests.support.servers import ROOT, free_ports

DOCUMENT: Final = ROOT / "docs" / "first-shop.md"
DEVELOPED: Final = "127.0.0.1:3000"
LISTENED: Final = '("127.0.0.1", 3000)'


@pytest.fixture
def local(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[LocalServers]:
    with local_servers(
        tmp_path_factory.mktemp("demo"), return_origins=(f"http://{address}",)
    ) as local:
        yield local


@pytest.fixture
def address() -> str:
    """Of the shop in the test: other tests run beside it."""
    (port,) = free_ports(1)
    return f"127.0.0.1:{port}"


@pytest.fixture
def desk(local: LocalServers, address: str, tmp_path: Path) -> Iterator[Desk]:
    given = {
        "CHECKOUT": local.checkout, "SHOP_ID": SHOP, "SHOP_SECRET": local.keys.secret_key,
    }  # fmt: skip
    listened = LISTENED.replace("3000", address.rpartition(":")[2])
    yield Desk(tmp_path, given, {DEVELOPED: address, LISTENED: listened})
    for name in ("shop.pid", "listen.pid"):
        with suppress(OSError, ValueError):
            os.kill(int((tmp_path / name).read_text()), signal.SIGKILL)


def starts(block: Block) -> bool:
    """Whether it is the program of the shop: its own blocks start it."""
    return block.name == "shop.py"


async def pay(local: LocalServers, url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as browser:
        customer = Customer(browser, local.checkout)
        await customer.open_payment(url)
        await customer.pay(good_card())


def test_a_shop_from_an_empty_folder(desk: Desk, local: LocalServers) -> None:
    said = []
    for block in blocks(DOCUMENT):
        if starts(block):
            desk.save(block)
            continue
        said.append(desk.run(block))
        if "cat page.txt" in block.code:
            asyncio.run(pay(local, (desk.folder / "page.txt").read_text().strip()))
    whole = "".join(said)
    assert "Order 1: paid, 0 refunded" in whole
    assert "Order 1: paid, 500 refunded" in whole
    assert "Order 2: paid, 0 refunded" in whole
    heard = (desk.folder / "heard.txt").read_text()
    assert [line.split()[1:3] for line in heard.splitlines() if "->" in line][1:] == [
        ["payment", "successful"],
        ["refund", "successful"],
    ]
    listed = json.loads((desk.folder / "found.json").read_text())["transactions"]
    assert [each["tracking_id"] for each in listed] == ["1"]
