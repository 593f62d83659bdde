"""The three servers of a journey: shop, checkout and the gateways, each a process of its own.

checkout runs on 127.0.0.1 and the gateways on localhost, so that the way to the bank and back
crosses sites. checkout has a faster pace than the real one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import httpx

from checkout.local_servers import new_pair
from tests.support.databases import database
from tests.support.merchant import WALLETS, write_identity
from tests.support.servers import checkout, free_ports, sample_shop, sandbox
from tests.support.settings import (
    SHOP,
    UNLIMITED,
    Table,
    exchanger,
    overpay,
    rest,
    secret,
    write_settings,
)
from tests.support.settings import shop as usual_shop

API: Final = re.compile(
    r"/transactions|/transactionServices/|/service/api/"
)  # of the gateways, not their pages

# Seconds. What is not named here is as in production.
PACE: Final = {
    "charge_timeout": 2.5,
    "query_timeout": 2.0,
    "answer_timeout": 4.0,
    "settle_window": 3.0,
    "recovery_interval": 0.5,
}


def settings(sandbox: str, shop: str, gateway_public_key: str) -> Table:
    """A shop with each kind of gateway, and one whose cards are the other acquirer's."""
    gateway = {"secret_key": secret(), "public_key": gateway_public_key}
    coins = {"ipn_secret": secret()}
    return {
        "gateways": {
            "cards": overpay(sandbox, **gateway),
            "local": overpay(sandbox, "apm", **gateway),
            "coins": exchanger(sandbox, **coins, page="own"),
            "coins_there": exchanger(sandbox, **coins, page="exchanger"),
            "coins_prepaid": exchanger(sandbox, **coins, route_id="507f1f77bcf86cd799439013"),
            "coins_memo": exchanger(sandbox, **coins, route_id="507f1f77bcf86cd799439012"),
            "acquirer": rest(sandbox),
        },
        "shops": {
            SHOP: usual_shop(
                shop,
                METHODS,
                apps=True,
                apps_public_key=True,
                email="help@shop.example.com",
                frame_origins=[shop],
                return_origins=[shop, "https://shop.example.com"],
                notify_canceled=True,
            ),
            "acquired": usual_shop(shop, {"credit_card": "acquirer"}, name="Acquired shop"),
            "wallets": usual_shop(
                shop,
                {"credit_card": "cards", "sbp": "local"},
                name="Shop with wallets",
                frame_origins=[shop],
                **WALLETS,
            ),
        },
        "limits": UNLIMITED,
    }


METHODS: Final[Table] = {
    "credit_card": "cards",
    "bank_transfer": "local",
    "sbp": "local",
    "form_get": "local",
    "form_decimal": "local",
    "form_http": "local",
    "sberpay_qr_deeplink": {"gateway": "local", "label": "SberPay"},
    "erip": {"gateway": "local", "params": {"service_no": "99999999"}},
    "crypto": "coins",
    "wallet": "coins_there",
    "prepaid": {"gateway": "coins_prepaid", "label": "Transfer to the exchange"},
    "tether": {"gateway": "coins_memo", "label": "Tether"},
    "acquirer_card": {"gateway": "acquirer", "label": "Card, by the other acquirer"},
    "netbanking": {"gateway": "acquirer", "mode": "NB", "brand": "EXAMPLEBANK"},
    "ewallet": {"gateway": "acquirer", "label": "Example wallet", "mode": "EW", "brand": "EXAMPLE"},
    "voucher": {"gateway": "acquirer", "label": "Voucher", "mode": "PV", "brand": "EXAMPLE"},
}


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
class Servers:
    """The origins of the running servers, and what a test may ask them."""

    folder: Path
    sandbox: str
    checkout: str
    shop: str
    frame: str = ""  # an origin that may frame the payment page; the test itself serves it
    shop_secret: str = ""
    acquired_secret: str = ""  # of a shop whose cards are the other acquirer's
    wallets_secret: str = ""  # of a shop that has Apple Pay and Google Pay
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

    async def order_of(self, shop: str, secret: str, **wanted: Any) -> Order:
        """A payment of another shop, made by its own call."""
        self.orders += 1
        order: dict[str, Any] = {"amount": 1000 + self.orders, "currency": "EUR"}
        order |= {"description": f"Order {token_hex(4)}"} | wanted.pop("order", {})
        asked = {"transaction_type": "payment", "order": order, "settings": {}} | wanted
        answer = await self.client.post(
            f"{self.checkout}/ctp/api/checkouts", json={"checkout": asked}, auth=(shop, secret)
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()["checkout"]
        return Order("", made["token"], made["redirect_url"], order["amount"], order["description"])

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


@contextmanager
def open_servers(
    folder: Path,
    limits: Table | None = None,
    schedule: dict[str, float] | None = None,
    load_at_once: dict[str, int] | None = None,
    backend: str = "sqlite",
) -> Iterator[Servers]:
    """The servers, until the block ends. `limits`: what that section holds; `pace`: what is to be
    otherwise than in `PACE`; `load_at_once`: how much checkout takes; `backend`: of its ledger."""
    shop_port, port, sandbox_port, frame_port = free_ports(4)
    private, public = new_pair()
    servers = Servers(
        folder=folder,
        sandbox=f"http://localhost:{sandbox_port}",
        checkout=f"http://127.0.0.1:{port}",
        shop=f"http://127.0.0.1:{shop_port}",
        frame=f"http://localhost:{frame_port}",
        shop_public_key=public,
    )
    with ExitStack() as running:
        gateway_public_key = running.enter_context(sandbox(folder, sandbox_port))
        tables = settings(servers.sandbox, servers.shop, gateway_public_key)
        shops = tables["shops"]
        for name in (SHOP, "wallets"):
            shops[name]["frame_origins"].append(servers.frame)
        servers.shop_secret = shops[SHOP]["secret_key"]
        servers.acquired_secret = shops["acquired"]["secret_key"]
        servers.wallets_secret = shops["wallets"]["secret_key"]
        tables["limits"] = limits or UNLIMITED
        tables["database"] = running.enter_context(database(backend, folder))
        write_identity(folder)
        config = write_settings(folder, servers.checkout, tables, private)
        how = {"schedule": PACE | (schedule or {}), "load_at_once": load_at_once}
        running.enter_context(checkout(config, port, folder / "checkout.log", **how))
        of_the_shop = {
            "shop_id": SHOP,
            "secret_key": servers.shop_secret,
            "checkout_url": servers.checkout,
            "public_key": public,
            "link_key": shops[SHOP]["link_keys"][0],
        }
        running.enter_context(sample_shop(folder, shop_port, **of_the_shop))
        yield servers
