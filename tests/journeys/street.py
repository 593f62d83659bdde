"""Servers as in house.py, and customers without a browser: plain HTTP, no cookies, no scripts.

One sandbox with two checkouts beside it: `swept` asks about open attempts by itself, `still` never
does, so that there nothing but customers and notifications settles anything.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from checkout.cli.keys import new_pair
from tests.journeys.house import SETTINGS, SHOP, free_ports, new_client, started, wait
from tests.web.page import Form, Page

STILL: Final = {"sweep": 3600.0}
CARD: Final = {"expiry": "12/34", "code": "123", "holder": "ANNA SMITH"}
ANNA: Final = {"email": "anna@example.com", "ip": "203.0.113.7"}
SECONDS: Final = 60.0  # until a wait is given up; on a calm machine all takes a few

# A gateway that signs with the test's own key, and one that shows the shop's credentials.
MORE: Final = """\
[gateways.signing]
adapter = "overpay_cards"
base_url = "{sandbox}"
shop_id = "signing"
secret_key = "{gateway_secret}"
public_key = "{own_public_key}"

[gateways.plain]
adapter = "overpay_cards"
base_url = "{sandbox}"
shop_id = "plain"
secret_key = "{plain_secret}"

[gateways.plain_local]
adapter = "overpay_apm"
base_url = "{sandbox}"
shop_id = "plain"
secret_key = "{plain_secret}"

[gateways.given]
adapter = "exchanger"
base_url = "{sandbox}"
route_id = "507f1f77bcf86cd799439016"
from_values = {{ "507f191e810c19729de860ea" = "{{email}}" }}
to_values = {{ wallet = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq" }}
ipn_secret = "{ipn_secret}"
terms_url = "{sandbox}/en/rules"

[shops.362]
name = "Other shop"
secret_key = "{other_secret}"
private_key = "file:shop.pem"
url = "{shop}"

[shops.362.methods]
credit_card = "signing"
plain_card = "plain"
plain_sbp = "plain_local"
euros = "given"

[limits]
"""

Row = dict[str, Any]


@dataclass
class Made:
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
    database: Path
    secrets: Mapping[str, str]
    client: httpx.AsyncClient = field(default_factory=new_client)
    amounts: Any = field(default_factory=lambda: count(1001))  # no two orders have one

    def auth(self, shop: str) -> tuple[str, str]:
        return shop, self.secrets["shop_secret" if shop == SHOP else "other_secret"]

    async def order(self, method: str, *, shop: str = SHOP, **changes: Any) -> Made:
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
        return Made(made["token"], self.url + opened.headers["location"], amount)

    async def status(self, made: Made, shop: str = SHOP) -> str:
        """As the shop's API tells it."""
        answer = await self.client.get(
            f"{self.url}/ctp/api/checkouts/{made.token}", auth=self.auth(shop)
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["checkout"]["status"])

    def books(self, made: Made) -> dict[str, list[Row]]:
        """The ledger's rows of one payment, as they stand on the disk."""
        with closing(sqlite3.connect(self.database)) as conn:
            conn.row_factory = sqlite3.Row
            found = {}
            for table in ("payments", "attempts", "events", "outbox", "operations"):
                column = "uid" if table == "payments" else "payment"
                rows = conn.execute(f"SELECT * FROM {table} WHERE {column} = ?", (made.uid,))
                found[table] = [dict(row) for row in rows.fetchall()]
        return found

    def attempt(self, made: Made) -> Row:
        """The row of its only attempt."""
        (found,) = self.books(made)["attempts"]
        return found

    def happened(self, made: Made) -> list[str]:
        """The kinds of its events, in their order."""
        return [row["kind"] for row in self.books(made)["events"]]


@dataclass
class Street:
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

    async def pay(self, made: Made, number: str | None) -> None:
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
async def open_street(folder: Path, *names: str, own_public_key: str = "") -> AsyncIterator[Street]:
    """The sandbox and the checkouts of these names, until the block ends. `own_public_key`: of the
    gateway "signing"."""
    sandbox_port, *ports = free_ports(1 + len(names))
    sandbox = f"http://localhost:{sandbox_port}"
    words = (
        "shop_secret",
        "other_secret",
        "gateway_secret",
        "plain_secret",
        "ipn_secret",
        "secure_key",
    )
    words += ("acquired_secret", "acquired_link_key")  # of a shop that nobody visits here
    secrets = {word: token_hex(32) for word in words}
    private, _ = new_pair()
    with ExitStack() as running:
        serve = f"from checkout.sandbox.serve import run; run(port={sandbox_port})"
        running.enter_context(started(folder, "sandbox", serve))
        public_key = (await asyncio.to_thread(wait, f"{sandbox}/sandbox/public_key")).strip()
        made = {}
        for name, port in zip(names, ports, strict=True):
            home, url = folder / name, f"http://127.0.0.1:{port}"
            home.mkdir()
            (home / "shop.pem").write_text(private)
            text = SETTINGS.replace("[limits]\n", MORE).format(
                checkout=url,
                sandbox=sandbox,
                shop="http://127.0.0.1:9",
                frame="http://localhost:9",
                folder=home.as_posix(),
                shop_id=SHOP,
                secret=token_urlsafe(48),
                link_key=token_urlsafe(48),
                gateway_public_key=public_key,
                own_public_key=own_public_key or public_key,
                **secrets,
            )
            (home / "checkout.toml").write_text(text)
            pace = json.dumps(STILL if name == "still" else {})
            serve = f"from tests.journeys.house import serve; serve({str(home / 'checkout.toml')!r}"
            running.enter_context(started(folder, name, f"{serve}, {port}, {pace})"))
            made[name] = Checkout(url, home / "checkout.db", secrets)
        for checkout in made.values():
            await asyncio.to_thread(wait, f"{checkout.url}/health/ready")
        street = Street(sandbox, made, secrets, folder)
        yield street
        for client in (street.client, *(checkout.client for checkout in made.values())):
            await client.aclose()
