"""The three servers of a journey: shop, checkout and the gateways, each a process of its own.

checkout runs on 127.0.0.1 and the gateways on localhost, so that the way to the bank and back
crosses sites. checkout is started by `checkout_app`, with a faster pace than the real one.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 40.0
STOP_SECONDS: Final = 10.0
SHOP: Final = "361"
API: Final = re.compile(
    r"/transactions|/transactionServices/|/service/api/"
)  # of the gateways, not their pages

# Seconds. What is not named here is as in production.
PACE: Final = {"charge": 2.5, "query": 2.0, "claim": 4.0, "settle": 3.0, "sweep": 0.5}

SETTINGS: Final = """\
public_url = "{checkout}"
database = "sqlite:///{folder}/checkout.db"
secrets = ["{secret}"]
sandbox = true

[gateways.cards]
adapter = "overpay_cards"
base_url = "{sandbox}"
shop_id = "{shop_id}"
secret_key = "{gateway_secret}"
public_key = "{gateway_public_key}"

[gateways.local]
adapter = "overpay_apm"
base_url = "{sandbox}"
shop_id = "{shop_id}"
secret_key = "{gateway_secret}"
public_key = "{gateway_public_key}"

[gateways.coins]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439011"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "DE02120300000000202051" }}
agreement = "shop"
ipn_secret = "{ipn_secret}"
page = "own"

[gateways.coins_there]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439011"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "DE02120300000000202051" }}
agreement = "shop"
ipn_secret = "{ipn_secret}"
page = "exchanger"

[gateways.coins_prepaid]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439013"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "DE02120300000000202051" }}
agreement = "shop"
ipn_secret = "{ipn_secret}"

[gateways.coins_memo]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439012"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "DE02120300000000202051" }}
agreement = "shop"
ipn_secret = "{ipn_secret}"

[gateways.acquirer]
adapter = "rest"
base_url = "{sandbox}"
partner_id = "195"
username = "shop"
member_id = "11344"
secure_key = "{secure_key}"

[shops.{shop_id}]
name = "Demo shop"
secret_key = "{shop_secret}"
link_keys = ["{link_key}"]
private_key = "file:shop.pem"
apps = true
apps_public_key = true
url = "{shop}"
email = "help@shop.example.com"
frame_origins = ["{shop}", "{frame}"]
return_origins = ["{shop}", "https://shop.example.com"]

[shops.{shop_id}.methods]
credit_card = "cards"
bank_transfer = "local"
sbp = "local"
form_get = "local"
form_decimal = "local"
form_http = "local"
sberpay_qr_deeplink = {{ gateway = "local", label = "SberPay" }}
erip = {{ gateway = "local", params = {{ service_no = "99999999" }} }}
crypto = "coins"
wallet = "coins_there"
prepaid = {{ gateway = "coins_prepaid", label = "Transfer to the exchange" }}
tether = {{ gateway = "coins_memo", label = "Tether" }}
acquirer_card = {{ gateway = "acquirer", label = "Card, by the other acquirer" }}
netbanking = {{ gateway = "acquirer", mode = "NB", brand = "EXAMPLEBANK" }}
ewallet = {{ gateway = "acquirer", label = "Example wallet", mode = "EW", brand = "EXAMPLE" }}
voucher = {{ gateway = "acquirer", label = "Voucher", mode = "PV", brand = "EXAMPLE" }}

[shops.acquired]
name = "Acquired shop"
secret_key = "{acquired_secret}"
link_keys = ["{acquired_link_key}"]
private_key = "file:shop.pem"
url = "{shop}"

[shops.acquired.methods]
credit_card = "acquirer"

[limits]
declines_per_address_10min = 100000
declines_per_bin_10min = 100000
declines_per_shop_10min = 100000
payments_per_address_10min = 100000
openings_per_address_10min = 100000
"""


def new_client() -> httpx.AsyncClient:
    """Follows nothing and trusts no proxy of the environment."""
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=20)


@dataclass(frozen=True)
class Order:
    """What the sample shop asked to be paid. `name` is its description, which no other order
    has: by it the gateways' ledger is searched."""

    number: str
    token: str
    url: str
    amount: int
    name: str


@dataclass
class House:
    """The origins of the running servers, and what a test may ask them."""

    folder: Path
    sandbox: str
    checkout: str
    shop: str
    frame: str = ""  # an origin that may frame the payment page; the test itself serves it
    shop_secret: str = ""
    acquired_secret: str = ""  # of a shop whose cards are the other acquirer's
    shop_public_key: str = ""
    client: httpx.AsyncClient = field(default_factory=new_client)
    orders: int = 0
    allowed: tuple[str, ...] = ()  # what a test may make checkout's log complain about

    # The shop

    async def order(self, **wanted: Any) -> Order:
        """An order of its own amount (the gateways refuse the same amount on the same card twice
        in a short time) and its own description."""
        self.orders += 1
        name = wanted.setdefault("description", f"Order {token_hex(4)}")
        amount = wanted.setdefault("amount", 1000 + self.orders)
        answer = await self.client.post(f"{self.shop}/orders.json", json=wanted)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return Order(made["number"], made["token"], made["redirect_url"], amount, name)

    async def sold(self, order: Order) -> dict[str, Any]:
        """The order as the shop knows it by verified notifications alone."""
        found: dict[str, Any] = (
            await self.client.get(f"{self.shop}/orders/{order.number}.json")
        ).json()
        return found

    # checkout's API, as the shop calls it

    async def state(self, order: Order) -> dict[str, Any]:
        answer = await self.client.get(
            f"{self.checkout}/ctp/api/checkouts/{order.token}", auth=(SHOP, self.shop_secret)
        )
        found: dict[str, Any] = answer.json()["checkout"]
        return found

    async def page_of(self, order: Order) -> str:
        """Where the payment is now: the address of its page."""
        answer = await self.client.get(order.url)
        assert answer.status_code == 303, answer.text
        return f"{self.checkout}{answer.headers['location']}"

    async def payment_url(self, order: Order) -> str:
        """The address of the payment page, wherever the payment is."""
        path = (await self.page_of(order)).removeprefix(self.checkout).split("/")
        return self.checkout + "/".join(path[:5])

    # Past the browser

    async def form(self, url: str) -> dict[str, str]:
        """What the payment page's form sends, with a card typed in."""
        page = (await self.client.get(url)).text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token, page
        typed = {"method": "credit_card", "number": "4200000000000000", "expiry": "12/34"}
        typed |= {"code": "123", "holder": "ANNA SMITH"}
        return {"form_token": token[1]} | typed

    async def post(self, url: str, fields: dict[str, str]) -> httpx.Response:
        """As a browser without Sec-Fetch headers posts a form of ours."""
        return await self.client.post(url, data=fields, headers={"Origin": self.checkout})

    # The gateways

    async def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"{self.sandbox}/sandbox/ledger")).json()
        return found

    async def transactions(self, order: Order) -> list[dict[str, Any]]:
        """What the gateways were asked to charge for this order, oldest first."""
        return [row for row in (await self.ledger())["transactions"] if _of(row, order)]

    async def charges(self, order: Order) -> int:
        """How often the customer's money was taken."""
        return sum(row["charged"] for row in await self.transactions(order))

    async def calls(self, order: Order) -> list[dict[str, Any]]:
        """checkout's own calls to the gateways about this order: no browser's, no notification."""
        ledger = await self.ledger()
        mine = [row for row in ledger["transactions"] if _of(row, order)]
        known = {row["uid"] for row in mine} | {row["tracking_id"] for row in mine} - {None}
        return [
            call
            for call in ledger["calls"]
            if known & {call["uid"], call["tracking_id"]} and API.search(call["path"])
        ]

    async def queries(self, order: Order) -> list[dict[str, Any]]:
        return [call for call in await self.calls(order) if call["method"] == "GET"]

    async def settle(self, uid: str, status: str = "successful") -> None:
        answer = await self.client.post(
            f"{self.sandbox}/sandbox/transactions/{uid}/settle", json={"status": status}
        )
        assert answer.status_code == 200, answer.text

    async def break_next(self, *faults: str) -> None:
        answer = await self.client.post(
            f"{self.sandbox}/sandbox/faults", json={"faults": list(faults)}
        )
        assert answer.status_code == 200, answer.text

    async def behave(self, **switches: Any) -> None:
        answer = await self.client.post(f"{self.sandbox}/sandbox/behaviour", json=switches)
        assert answer.status_code == 200, answer.text

    async def control(self, path: str, **values: Any) -> None:
        """One of the gateways' own switches."""
        answer = await self.client.post(f"{self.sandbox}/sandbox/{path}", json=values)
        assert answer.status_code == 200, answer.text

    async def calm(self) -> None:
        """Everything works again."""
        await self.break_next()
        await self.behave(return_method="GET", notifications="normal", latency_ms=0, iframe=True)
        await self.behave(charges="payment", operations="at_once")
        await self.control("exchanger/desk", by_itself=True, lifetime=1800)

    # What the servers say of themselves

    def log(self, server: str = "checkout") -> str:
        return (self.folder / f"{server}.log").read_text(errors="replace")


def _of(row: dict[str, Any], order: Order) -> bool:
    """Is it this order's? An exchanger is not told what is sold, but no two amounts are equal."""
    if row["protocol"] == "exchanger":
        return bool(row["amount"] == order.amount)
    return bool(row["facts"].get("description") == order.name)


async def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Poll until `true()`, or what it awaits, is true."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if await found if inspect.isawaitable(found) else found:
            return
        assert time.monotonic() < end, f"{true.__name__} was not true within {seconds} s"
        await asyncio.sleep(0.05)


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextmanager
def open_house(folder: Path, limits: str | None = None, **served: Any) -> Iterator[House]:
    """The servers, until the block ends. `limits`: the lines of that section; `served`: see
    `serve`."""
    from checkout.cli.keys import new_pair

    shop_port, port, sandbox_port, frame_port = free_ports(4)
    house = House(
        folder=folder,
        sandbox=f"http://localhost:{sandbox_port}",
        checkout=f"http://127.0.0.1:{port}",
        shop=f"http://127.0.0.1:{shop_port}",
        frame=f"http://localhost:{frame_port}",
        shop_secret=token_hex(32),
        acquired_secret=token_hex(32),
    )
    (private, public), link_key = new_pair(), token_urlsafe(48)
    house.shop_public_key = public
    (folder / "shop.pem").write_text(private)
    shop = {
        "shop_id": SHOP,
        "secret_key": house.shop_secret,
        "checkout_url": house.checkout,
        "public_url": house.shop,
        "public_key": public,
        "link_key": link_key,
    }
    (folder / "shop.json").write_text(json.dumps(shop))
    with ExitStack() as running:
        serve = "from checkout.sandbox.serve import run; run(port={})"
        running.enter_context(started(folder, "sandbox", serve.format(sandbox_port)))
        gateway_public_key = wait(f"{house.sandbox}/sandbox/public_key").strip()
        others, section, usual = SETTINGS.partition("[limits]\n")
        (folder / "checkout.toml").write_text(
            f"{others}{section}{limits or usual}".format(
                checkout=house.checkout,
                sandbox=house.sandbox,
                shop=house.shop,
                frame=house.frame,
                folder=folder.as_posix(),
                shop_id=SHOP,
                shop_secret=house.shop_secret,
                acquired_secret=house.acquired_secret,
                acquired_link_key=token_urlsafe(48),
                secret=token_urlsafe(48),
                link_key=link_key,
                gateway_secret=token_hex(32),
                ipn_secret=token_hex(32),
                secure_key=token_hex(16),
                gateway_public_key=gateway_public_key,
            )
        )
        serve = "from tests.journeys.house import serve; serve({!r}, {}, **{!r})"
        config = str(folder / "checkout.toml")
        running.enter_context(started(folder, "checkout", serve.format(config, port, served)))
        serve = "from pathlib import Path; from checkout.sandbox.serve import run_shop; "
        serve += f"run_shop(Path({str(folder / 'shop.json')!r}), port={shop_port})"
        running.enter_context(started(folder, "shop", serve))
        wait(f"{house.checkout}/health/ready")
        wait(house.shop)
        yield house


@contextmanager
def started(folder: Path, name: str, code: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own; what it says goes to `<name>.log`."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(url: str, seconds: float = START_SECONDS) -> str:
    """The text at `url`, once it answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            answer = httpx.get(url, trust_env=False, timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code < 400:
            return answer.text
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


# --- In checkout's own process -------------------------------------------------------------------


def checkout_app() -> Any:
    """For the server: checkout as it is, but for its pace."""
    from checkout import log
    from checkout.app import create_app
    from checkout.flow.pace import Pace
    from checkout.gateways import OPTIONS
    from checkout.process import end_with_parent
    from checkout.settings import load
    from checkout.web.load import LoadShedder

    log.configure()
    end_with_parent()
    settings = load(Path(os.environ["CHECKOUT_CONFIG"]), os.environ, OPTIONS)
    pace = Pace.of(json.loads(os.environ["CHECKOUT_TEST_PACE"]))
    shedder = LoadShedder(**json.loads(os.environ["CHECKOUT_TEST_LOAD"]))
    return create_app(settings, pace=pace, load=shedder)


def serve(
    config: str,
    port: int,
    pace: dict[str, float] | None = None,
    load: dict[str, int] | None = None,
) -> None:
    """`pace`: what is to be otherwise than in `PACE`; `load`: how much is taken at once."""
    from checkout.listening import listen

    os.environ["CHECKOUT_CONFIG"] = config
    os.environ["CHECKOUT_TEST_PACE"] = json.dumps(PACE | (pace or {}))
    os.environ["CHECKOUT_TEST_LOAD"] = json.dumps(load or {})
    target = "tests.journeys.house:checkout_app"
    listen(target, host="127.0.0.1", port=port, grace=3)
