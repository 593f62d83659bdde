"""`checkout demo`: the sample shop, checkout and the sandbox gateways on loopback, ready to pay."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import httpx

from checkout.cli.common import FAILED, fail
from checkout.cli.keys import new_pair

SHOP: Final = "361"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0

SETTINGS: Final = """\
public_url = "{checkout}"
database = "sqlite:///{folder}/checkout.db"
secrets = ["{secret}"]
sandbox = true

[gateways.cards]
adapter = "overpay_cards"
base_url = "{sandbox}"
shop_id = "{shop}"
secret_key = "{gateway_secret}"
public_key = "{gateway_public_key}"

[gateways.local]
adapter = "overpay_apm"
base_url = "{sandbox}"
shop_id = "{shop}"
secret_key = "{gateway_secret}"
public_key = "{gateway_public_key}"

[gateways.coins]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439011"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
route_values = {{ currency = "{{currency}}" }}
ipn_secret = "{ipn_secret}"
page = "own"

[gateways.acquirer]
adapter = "rest"
base_url = "{sandbox}"
partner_id = "195"
username = "shop"
member_id = "11344"
secure_key = "{secure_key}"

[shops.{shop}]
name = "Demo shop"
secret_key = "{shop_secret}"
link_keys = ["{link_key}"]
private_key = "file:shop.pem"
url = "{shop_url}"
email = "help@shop.example.com"
frame_origins = ["{shop_url}"]

[shops.{shop}.methods]
credit_card = "cards"
bank_transfer = "local"
sbp = "local"
erip = {{ gateway = "local", params = {{ service_no = "99999999" }} }}
crypto = "coins"
netbanking = {{ gateway = "acquirer", label = "Net banking", mode = "NB", brand = "EXAMPLEBANK" }}
acquirer_card = {{ gateway = "acquirer", label = "Card, by the other acquirer" }}
"""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--shop-port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--sandbox-port", default=8002, show_default=True, type=click.IntRange(1, 65535))
def demo(host: str, shop_port: int, port: int, sandbox_port: int) -> None:
    """Start the sample shop, checkout and the sandbox gateways; Ctrl-C ends all."""
    signal.signal(signal.SIGTERM, _stop)
    shop_url, checkout_url = f"http://{host}:{shop_port}", f"http://{host}:{port}"
    # Another name than the shop's and ours: the way back from the bank really is cross-site.
    sandbox_url = f"http://localhost:{sandbox_port}"
    with tempfile.TemporaryDirectory(prefix="checkout-demo-") as name, running() as children:
        folder = Path(name)
        sandbox = ["sandbox", "--host", host, "--port", str(sandbox_port)]
        children.append(start("-m", "checkout", *sandbox))
        wait_for(children, f"{sandbox_url}/sandbox/public_key")
        config = write_settings(folder, shop_url, checkout_url, sandbox_url)
        serve = ["serve", "--config", str(config), "--host", host, "--port", str(port)]
        children.append(start("-m", "checkout", *serve))
        run_shop = "import sys; from pathlib import Path; "
        run_shop += "from checkout.sandbox.serve import run_shop; "
        run_shop += "run_shop(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))"
        children.append(start("-c", run_shop, str(folder / "shop.json"), host, str(shop_port)))
        wait_for(children, f"{checkout_url}/health/ready")
        wait_for(children, shop_url)
        click.echo(f"shop      {shop_url}   press Pay here")
        click.echo(f"checkout  {checkout_url}")
        click.echo(f"sandbox   {sandbox_url}   cards, controls and the ledger of the gateways")
        click.echo(f"settings  {config}")
        click.echo("Pay with card 4012 0000 0000 1097, any later date, any code; password 1111.")
        click.echo("Ctrl-C ends all.")
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        fail("One of the servers has ended.", FAILED)


def write_settings(folder: Path, shop_url: str, checkout_url: str, sandbox_url: str) -> Path:
    """Fresh keys and settings for this demo alone; the path of its checkout.toml."""
    private, public = new_pair()
    (folder / "shop.pem").write_text(private)
    shop_secret = secrets.token_hex(32)
    config = folder / "checkout.toml"
    config.write_text(
        SETTINGS.format(
            checkout=checkout_url,
            sandbox=sandbox_url,
            shop_url=shop_url,
            folder=folder.as_posix(),
            shop=SHOP,
            secret=secrets.token_urlsafe(48),
            link_key=secrets.token_urlsafe(48),
            shop_secret=shop_secret,
            gateway_secret=secrets.token_hex(32),
            secure_key=secrets.token_hex(16),
            ipn_secret=secrets.token_hex(32),
            gateway_public_key=httpx.get(
                f"{sandbox_url}/sandbox/public_key", trust_env=False
            ).text.strip(),
        )
    )
    shop = {
        "shop_id": SHOP,
        "secret_key": shop_secret,
        "checkout_url": checkout_url,
        "public_url": shop_url,
        "public_key": public,
    }
    (folder / "shop.json").write_text(json.dumps(shop))
    return config


def start(*arguments: str) -> subprocess.Popen[bytes]:
    # Its own process group: Ctrl-C reaches this process alone, which then ends the others.
    return subprocess.Popen([sys.executable, *arguments], start_new_session=True)  # noqa: S603


def wait_for(children: list[subprocess.Popen[bytes]], url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if any(child.poll() is not None for child in children):
            fail(f"A server ended before {url} answered: is its port free?", FAILED)
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code < 400:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    fail(f"{url} does not answer", FAILED)


@contextmanager
def running() -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes started in it; all end with it, by their ids."""
    children: list[subprocess.Popen[bytes]] = []
    try:
        yield children
    except KeyboardInterrupt:
        click.echo("Ending.")
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
