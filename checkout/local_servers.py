"""The three servers on loopback, for the demo and the drill: sample shop, checkout, gateways.

Their settings with fresh keys, and their processes: started, waited for, ended by their ids.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
from msgspec import Struct

from checkout.fresh_keys import new_pair as new_pair
from checkout.fresh_keys import new_password, new_secret
from checkout.model.urls import is_loopback
from checkout.process import write_private
from checkout.settings.load import DEFAULT
from checkout.shop_api.webhooks import standard_secret

SHOP: Final = "361"
EXAMPLE_SHOP: Final = "https://shop.example.com"  # of the documentation's examples
DEVELOPED: Final = ("http://127.0.0.1:3000", "http://localhost:3000")
"""Where a shop usually is while it is written."""
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0

SETTINGS: Final = """\
public_url = "{checkout}"
database = "sqlite:///{database}"
secrets = ["{secret}"]
sandbox = true

[gateways.cards]
adapter = "overpay_cards"
base_url = "{sandbox}"
shop_id = "{shop}"
secret_key = "{gateway_secret}"
public_key = "file:gateway.pub"

[gateways.local]
adapter = "overpay_apm"
base_url = "{sandbox}"
shop_id = "{shop}"
secret_key = "{gateway_secret}"
public_key = "file:gateway.pub"

[gateways.coins]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439011"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "DE02120300000000202051" }}
ipn_secret = "{ipn_secret}"
agreement = "shop"
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
frame_origins = {frame_origins}
return_origins = {return_origins}
notify_canceled = true
{of_shop}

[shops.{shop}.methods]
credit_card = "cards"
bank_transfer = "local"
sbp = "local"
erip = {{ gateway = "local", params = {{ service_no = "99999999" }} }}
crypto = "coins"
netbanking = {{ gateway = "acquirer", label = "Net banking", mode = "NB", brand = "EXAMPLEBANK" }}
acquirer_card = {{ gateway = "acquirer", label = "Card, by the other acquirer" }}
"""

RUN_SHOP: Final = (
    "import sys; from pathlib import Path; from checkout.sandbox.serve import run_shop; "
    "run_shop(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))"
)


class NotStarted(Exception):
    """A server ended before it answered, or never did; the message says which."""


class Keys(Struct, frozen=True, kw_only=True):
    """What a shop and checkout know of each other; the pair signs notifications to the shop."""

    secret_key: str
    link_key: str
    private_key: str  # PEM
    public_key: str  # base64 of the DER, as shops' plugins want it

    def __repr__(self) -> str:
        return "Keys()"


def new_keys() -> Keys:
    private, public = new_pair()
    return Keys(
        secret_key=new_password(),
        link_key=new_secret(),
        private_key=private,
        public_key=public,
    )


class LocalServers(Struct, frozen=True, kw_only=True):
    """Where everything is; addresses are origins without a slash at the end."""

    folder: Path
    shop: str
    checkout: str
    sandbox: str
    keys: Keys
    return_origins: tuple[str, ...] = ()  # where the shop sends customers, beside its own site;
    # those among them that may show the payment page in a frame

    def write_settings(self, more: str = "", of_shop: str = "") -> Path:
        """The settings of the shop and of checkout, with fresh secrets; checkout.toml's path.

        The sandbox has to be running: its public key is asked for. `more` ends the file,
        `of_shop` its table of the shop.
        """
        write_private(self.folder / "shop.pem", self.keys.private_key)
        config = self.folder / DEFAULT
        self.write_gateway_key()
        written = SETTINGS.format(
            checkout=self.checkout,
            sandbox=self.sandbox,
            shop_url=self.shop,
            return_origins=json.dumps([self.shop, EXAMPLE_SHOP, *self.return_origins]),
            frame_origins=json.dumps([self.shop, *filter(_may_frame, self.return_origins)]),
            database=quote((self.folder / "checkout.db").as_posix(), safe="/:"),
            shop=SHOP,
            secret=secrets.token_urlsafe(48),
            link_key=self.keys.link_key,
            shop_secret=self.keys.secret_key,
            gateway_secret=secrets.token_hex(32),
            secure_key=secrets.token_hex(16),
            ipn_secret=secrets.token_hex(32),
            of_shop=of_shop,
        )
        write_private(config, written + more)
        shop = {
            "shop_id": SHOP,
            "secret_key": self.keys.secret_key,
            "checkout_url": self.checkout,
            "public_url": self.shop,
            "public_key": self.keys.public_key,
            "link_key": self.keys.link_key,
        }
        write_private(self.folder / "shop.json", json.dumps(shop))
        return config

    def write_gateway_key(self) -> None:
        """The sandbox draws its keys anew at each start, and has to be running."""
        public_key = httpx.get(f"{self.sandbox}/sandbox/public_key", trust_env=False)
        write_private(self.folder / "gateway.pub", public_key.text)

    def handed_over(self) -> dict[str, str]:
        """What a developer's shop has to know, by the names that the documents use."""
        return {
            "SHOP": self.shop,
            "CHECKOUT": self.checkout,
            "SANDBOX": self.sandbox,
            "SHOP_ID": SHOP,
            "SHOP_SECRET": self.keys.secret_key,
            "WEBHOOK_SECRET": standard_secret(self.keys.secret_key),
            "PUBLIC_KEY": self.keys.public_key,
            "LINK_KEY": self.keys.link_key,
        }


def _may_frame(origin: str) -> bool:
    """Not an app, like myshop://, nor a site without TLS elsewhere."""
    scheme, host = urlsplit(origin).scheme, urlsplit(origin).hostname or ""
    return scheme == "https" or (scheme == "http" and is_loopback(host))


Processes = list[subprocess.Popen[bytes]]


def start(*arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
    """This Python with these arguments; what it says goes to `log`, or where ours goes."""
    command = [sys.executable, *arguments]
    # Its own process group: Ctrl-C reaches this process alone, which then ends the others.
    if log is None:
        return subprocess.Popen(command, start_new_session=True)  # noqa: S603
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603
            command, start_new_session=True, stdout=file, stderr=file
        )


def wait_for(processes: Processes, url: str) -> None:
    """Return once `url` answers. Raises NotStarted."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise NotStarted(f"A server ended before {url} answered: is its port free?")
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code < 400:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise NotStarted(f"{url} does not answer")


@contextmanager
def running() -> Iterator[Processes]:
    """The processes started in it; all end with it, by their ids."""
    processes: Processes = []
    try:
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def sandbox_arguments(host: str, port: int) -> tuple[str, ...]:
    return ("-m", "checkout", "sandbox", "--host", host, "--port", str(port))


def shop_arguments(folder: Path, host: str, port: int) -> tuple[str, ...]:
    return ("-c", RUN_SHOP, str(folder / "shop.json"), host, str(port))
