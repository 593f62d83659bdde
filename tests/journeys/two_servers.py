"""Servers as in servers.py, and customers without a browser: plain HTTP, no cookies, no scripts.

One sandbox with two checkouts beside it: `swept` asks about open attempts by itself, `still` never
does, so that there nothing but customers and notifications settles anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from checkout.ledger.schema import METADATA
from tests.journeys.servers import PACE, new_client, settings
from tests.support.databases import database, reading
from tests.support.merchant import write_identity
from tests.support.servers import checkout, free_ports, sandbox
from tests.support.settings import (
    NOBODY,
    SHOP,
    Table,
    exchanger,
    merged,
    overpay,
    secret,
    shop,
    write_settings,
)
from tests.web.page import Form, Page

STILL: Final = {"recovery_interval": 3600.0}
CARD: Final = {"expiry": "12/34", "code": "123", "holder": "ANNA SMITH"}
ANNA: Final = {"email": "anna@example.com", "ip": "203.0.113.7"}
SECONDS: Final = 60.0  # until a wait is given up; on a calm machine all takes a few


def with_other_shop(usual: Table, sandbox: str, own_public_key: str) -> Table:
    """Besides: a gateway that signs with the test's own key, and one that shows the shop's
    credentials."""
    plain = {"shop_id": "plain", "secret_key": secret()}
    signing = {"shop_id": "signing", "secret_key": usual["gateways"]["cards"]["secret_key"]}
    more: Table = {
        "gateways": {
            "signing": overpay(sandbox, **signing, public_key=own_public_key),
            "plain": overpay(sandbox, **plain),
            "plain_local": overpay(sandbox, "apm", **plain),
            "given": exchanger(
                sandbox,
                route_id="507f1f77bcf86cd799439016",
                to_values={"wallet": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"},
                agreement=None,
                ipn_secret=usual["gateways"]["coins"]["ipn_secret"],
                terms_url=f"{sandbox}/en/rules",
            ),
        },
        "shops": {
            "362": shop(
                NOBODY,
                {
                    "credit_card": "signing",
                    "plain_card": "plain",
                    "plain_sbp": "plain_local",
                    "euros": "given",
                },
                name="Other shop",
            )
        },
    }
    return merged(usual, more)


Row = dict[str, Any]

# Table -> the column that names the payment, and the one that orders its rows.
BOOKS: Final = {
    "payments": ("uid", "uid"),
    "attempts": ("payment", "number"),
    "events": ("payment", "id"),
    "outbox": ("payment", "created_at"),
    "operations": ("payment", "created_at"),
}


@dataclass
class CreatedPayment:
    """A payment as its shop knows it."""

    token: str
    url: str  # of the payment page
    amount: int

    @property
    def uid(self) -> str:
        return self.url.split("/")[5]


@dataclass
class Checkout:
    """One running checkout; `database` is read past it."""

    url: str
    database: str
    secrets: Mapping[str, str]
    client: httpx.AsyncClient = field(default_factory=new_client)
    amounts: Any = field(default_factory=lambda: count(1001))  # no two orders have one

    def auth(self, shop: str) -> tuple[str, str]:
        return shop, self.secrets["shop_secret" if shop == SHOP else "other_secret"]

    async def order(self, method: str, *, shop: str = SHOP, **changes: Any) -> CreatedPayment:
        amount = next(self.amounts)
        order = {"amount": amount, "currency": "EUR", "description": f"Order {token_hex(4)}"}
        settings = {"notification_url": f"{self.url}/nobody", "language": "en"}
        body = {
            "transaction_type": "payment",
            "order": order,
            "settings": settings,
            "customer": ANNA,
            "payment_method": {"types": [method], "erip": {"account_number": "777"}},
        }
        answer = await self.client.post(
            f"{self.url}/ctp/api/checkouts",
            json={"checkout": body | changes},
            auth=self.auth(shop),
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()["checkout"]
        opened = await self.client.get(made["redirect_url"])
        return CreatedPayment(made["token"], self.url + opened.headers["location"], amount)

    async def status(self, made: CreatedPayment, shop: str = SHOP) -> str:
        """As the shop's API tells it."""
        answer = await self.client.get(
            f"{self.url}/ctp/api/checkouts/{made.token}", auth=self.auth(shop)
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["checkout"]["status"])

    def books(self, made: CreatedPayment) -> dict[str, list[Row]]:
        """The ledger's rows of one payment, as they stand on the disk, oldest first."""
        found = {}
        with reading(self.database) as conn:
            for name, (column, order) in BOOKS.items():
                table = METADATA.tables[name]
                rows = table.select().where(table.c[column] == made.uid).order_by(table.c[order])
                found[name] = [dict(row) for row in conn.execute(rows).mappings()]
        return found

    def attempt(self, made: CreatedPayment) -> Row:
        """The row of its only attempt."""
        (found,) = self.books(made)["attempts"]
        return found

    def happened(self, made: CreatedPayment) -> list[str]:
        """The kinds of its events, in their order."""
        return [row["kind"] for row in self.books(made)["events"]]


@dataclass
class TwoServers:
    sandbox: str
    checkouts: Mapping[str, Checkout]
    secrets: Mapping[str, str]
    folder: Path
    client: httpx.AsyncClient = field(default_factory=new_client)
    till: asyncio.Lock = field(default_factory=asyncio.Lock)  # one charge at a time

    @property
    def still(self) -> Checkout:
        return self.checkouts["still"]

    @property
    def swept(self) -> Checkout:
        return self.checkouts["swept"]

    async def control(self, path: str, **values: Any) -> Row:
        answer = await self.client.post(f"{self.sandbox}/sandbox/{path}", json=values)
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    async def ledger(self) -> Row:
        found: Row = (await self.client.get(f"{self.sandbox}/sandbox/ledger")).json()
        return found

    async def transactions(self, attempt: Row) -> list[Row]:
        """What the gateways hold for this attempt."""
        known = (attempt["gateway_id"] or "").partition("/")[0]
        return [
            row
            for row in (await self.ledger())["transactions"]
            if attempt["key"] == row["tracking_id"] or (known and known == row["uid"])
        ]

    async def uid(self, attempt: Row) -> str:
        (found,) = await self.transactions(attempt)
        return str(found["uid"])

    async def settle(self, attempt: Row, status: str = "successful") -> None:
        await self.control(f"transactions/{await self.uid(attempt)}/settle", status=status)

    def log(self) -> str:
        return "".join((self.folder / f"{name}.log").read_text() for name in self.checkouts)


class Tab:
    """A customer: one page after the other. A way that leads home, to `/return/`, is not taken but
    remembered in `home`, for those who close the tab; `come_home` takes it."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.url = ""
        self.page = Page("")
        self.home: tuple[str, str, dict[str, str]] | None = None

    async def go(self, url: str, fields: Mapping[str, str] | None = None, method: str = "") -> None:
        """To an address, by a posted form where there are fields; through every redirect."""
        method = method or ("GET" if fields is None else "POST")
        await self._ask(method, urljoin(self.url, url), dict(fields or {}))

    async def submit(self, form: Form, **values: str) -> None:
        await self.go(form.action or self.url, form.fields | values, form.method.upper())

    async def come_home(self) -> None:
        assert self.home, self.url
        await self._ask(*self.home, home=True)

    async def pay(self, made: CreatedPayment, number: str | None) -> None:
        await self.go(made.url)
        card = CARD | {"number": number} if number else {}
        await self.submit(self.page.form("pay"), **card)

    async def leave(self) -> None:
        """From our page that leaves to where it leads, as its script or <meta> would."""
        assert urlsplit(self.url).path.endswith("/redirect"), self.url
        if self.page.refresh:
            await self.go(self.page.refresh.partition("url=")[2])
        else:
            await self.submit(self.page.leaving())

    async def watch(self) -> None:
        """Stay on the page that waits until it leads on."""
        async with asyncio.timeout(SECONDS):
            while self.url.endswith("/wait"):
                status = self.url.removesuffix("wait") + "status"
                answer = await self.checkout.client.get(status, headers={"Accept": "text/html"})
                if onward := answer.headers.get("hx-redirect"):
                    await self.go(onward)
                else:
                    delay = re.search(r"delay:([0-9.]+)s", answer.text)
                    await asyncio.sleep(min(float(delay[1]) if delay else 1.0, 1.0))

    async def _ask(
        self, method: str, url: str, fields: dict[str, str], *, home: bool = False
    ) -> None:
        while True:
            if "/return/" in url and not home:
                self.home = (method, url, fields)
                return
            home, answer = False, await self._send(method, url, fields)
            if answer.is_redirect:
                method, url, fields = "GET", urljoin(url, answer.headers["location"]), {}
                continue
            # 422: the form again, with what is wrong in it.
            assert answer.status_code in (200, 422), (answer.status_code, url, answer.text[:500])
            self.url, self.page = url, Page(answer.text)
            if "leave.js" not in answer.text:  # a page of the gateway's that goes on by itself
                return
            form = self.page.forms[0]
            method, url, fields = "POST", form.action, form.fields

    async def _send(self, method: str, url: str, fields: dict[str, str]) -> httpx.Response:
        client = self.checkout.client
        if method == "GET":
            return await client.get(url, params=fields or None)
        parts = urlsplit(self.url)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        return await client.post(url, data=fields, headers=origin)


@asynccontextmanager
async def open_two_servers(
    folder: Path, *names: str, own_public_key: str = "", backend: str = "sqlite"
) -> AsyncIterator[TwoServers]:
    """The sandbox and the checkouts of these names, until the block ends. `own_public_key`: of the
    gateway "signing". `backend`: of the ledgers, one for each."""
    sandbox_port, *ports = free_ports(1 + len(names))
    url = f"http://localhost:{sandbox_port}"
    with ExitStack() as running:
        public_key = await asyncio.to_thread(running.enter_context, sandbox(folder, sandbox_port))
        usual = settings(url, NOBODY, public_key)
        tables = with_other_shop(usual, url, own_public_key or public_key)
        secrets = secrets_of(tables)
        made = {}
        for name, port in zip(names, ports, strict=True):
            home, address = folder / name, f"http://127.0.0.1:{port}"
            home.mkdir()
            write_identity(home)
            ledger = running.enter_context(database(backend, home))
            config = write_settings(home, address, tables | {"database": ledger})
            schedule = PACE | (STILL if name == "still" else {})
            served = checkout(config, port, folder / f"{name}.log", schedule=schedule)
            await asyncio.to_thread(running.enter_context, served)
            made[name] = Checkout(address, ledger, secrets)
        servers = TwoServers(url, made, secrets, folder)
        yield servers
        for client in (servers.client, *(each.client for each in made.values())):
            await client.aclose()


def secrets_of(tables: Table) -> dict[str, str]:
    gateways, shops = tables["gateways"], tables["shops"]
    return {
        "shop_secret": shops[SHOP]["secret_key"],
        "other_secret": shops["362"]["secret_key"],
        "gateway_secret": gateways["cards"]["secret_key"],
        "plain_secret": gateways["plain"]["secret_key"],
        "ipn_secret": gateways["coins"]["ipn_secret"],
        "secure_key": gateways["acquirer"]["secure_key"],
    }
