"""`checkout demo`, untouched: the command that everybody tries first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE
from tests.support.servers import free_ports, interrupt

pytestmark = BROWSER


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[Servers, subprocess.Popen[str]]]:
    """The demo on free ports, started in an empty folder, once it has printed its addresses."""
    shop, port, sandbox = free_ports(3)
    ports = ["--shop-port", shop, "--port", port, "--sandbox-port", sandbox]
    process = subprocess.Popen(
        [sys.executable, "-m", "checkout", "demo", *map(str, ports)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    found = dict(re.findall(r"^(shop|checkout|sandbox) +(http://\S+)", "".join(said), re.MULTILINE))
    assert found == {
        "shop": f"http://127.0.0.1:{shop}",
        "checkout": f"http://127.0.0.1:{port}",
        "sandbox": f"http://localhost:{sandbox}",
    }, "".join(said)
    yield Servers(tmp_path, found["sandbox"], found["checkout"], found["shop"]), process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process.stdout.close()


async def test_demo(demo: tuple[Servers, subprocess.Popen[str]], enter: Enter) -> None:
    servers, process = demo
    async with servers.client:
        customer = await enter()
        customer.servers = servers
        page = customer.page
        await page.goto(servers.shop)
        await page.locator("button[value=pay]").click()
        await customer.pay(CHALLENGE)
        await customer.answer_bank()
        await customer.at("result")
        await customer.reads("Paid")
        await customer.back_to_shop()
        await customer.reads("Thank you, your order is paid")
        number = page.url.removeprefix(f"{servers.shop}/orders/").partition("?")[0]
        sold = (await servers.client.get(f"{servers.shop}/orders/{number}.json")).json()
        (webhook,) = sold["notifications"]
        assert (webhook["verified"], webhook["signature"]) == (True, "valid")
        assert (await servers.ledger())["charges"] == 1
        # Every way to pay that the demo offers leads somewhere.
        await page.goto(servers.shop)
        await page.locator("button[value=pay]").click()
        await customer.at("payment")
        values = "(all) => all.map((each) => each.value)"
        choices = await page.locator("[name=method]").evaluate_all(values)
        for method in choices:
            await page.goto(servers.shop)
            await page.locator("button[value=pay]").click()
            await customer.choose(method)
            email = page.locator("#f-email:enabled")
            if await email.count():
                await email.fill("anna@example.com")
            if await page.locator("#f-number:enabled").count():
                await customer.type_card(CHALLENGE)
            await customer.press_pay()
            await page.wait_for_url(re.compile(rf".*/(wait|result)$|{servers.sandbox}/.*"))
        await page.goto("about:blank")
        # Ctrl-C ends all of it.
        process.send_signal(interrupt())
        assert process.wait(20) == 0
        for origin in (servers.shop, servers.checkout, servers.sandbox):
            with pytest.raises(httpx.TransportError):
                await servers.client.get(origin)
