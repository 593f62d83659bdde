"""Sites of different origins over https, as in the real world: the payment page, a shop, a bank,
and a stranger. Each has a name and a port; one self-signed certificate is made for all of them.

The servers behind are checkout and its sandbox as everywhere; a relay puts TLS before them.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.journeys.servers import PACE
from tests.support.http_server import Handler, http_server
from tests.support.merchant import WALLETS, write_identity
from tests.support.servers import checkout, free_ports, sandbox
from tests.support.settings import (
    SHOP,
    UNLIMITED,
    Table,
    exchanger,
    overpay,
    rest,
    secret,
    shop,
    write_settings,
)
from tests.support.tls import certificate, relay

NAMES: Final = ("pay", "shop", "stranger", "bank")
# Which checkout answers to, too: plugins put them in the place of its first name.
OTHER_NAMES: Final = ("js", "gateway", "api")

# As strict as a shop's own policy can be: no inline script, no inline style, Trusted Types.
POLICY: Final = (
    "default-src 'none'; script-src 'self' {pay}; style-src 'self'; frame-src https:; "
    "img-src data:; connect-src {pay}; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)

# What a shop writes: its own script and the widget's, no more.
PAGE: Final = """<!doctype html>
<html lang="en">
<title>A tea shop</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/shop.css">
<script src="{pay}/widget.js"></script>
<script src="/shop.js" defer></script>
<h1>A tea shop</h1>
<p><button id="pay" data-token="{token}" data-checkout="{pay}">Pay</button></p>
<p><a href="/">Elsewhere</a></p>
<p class="tall">Much is to be read here.</p>
{frame}
"""
SCRIPT: Final = """
window.messages = [];
window.told = [];
window.heard = [];
addEventListener("message", ({ origin, data }) => messages.push([origin, data]));
const button = document.getElementById("pay");
button.addEventListener("click", () => {
  const { token, checkout } = button.dataset;
  const closeWidget = (status) => {
    told.push(status);
    try { sessionStorage.told = JSON.stringify(told); } catch { /* no cookies, no storage */ }
    return window.answer;
  };
  const { popup } = window;
  window.widget = new BeGateway({ checkout_url: checkout, token, closeWidget, popup });
  widget.createWidget();
});
const frame = document.querySelector("checkout-frame");
for (const name of ["ready", "resize", "status", "close", "error"])
  frame?.addEventListener(name, ({ detail }) => heard.push([name, detail.status]));
"""
LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">'
    '<circle cx="16" cy="16" r="16" fill="#0a7d33"/></svg>'
)
# More than are shown at first; a second one that takes a card, and one that asks for something.
WAYS: Final[Table] = {
    "credit_card": "cards",
    "sbp": "local",
    "crypto": "coins",
    "bank_transfer": "local",
    "form_get": "local",
    "acquirer_card": {"gateway": "acquirer", "label": "Card, by the other acquirer"},
}
STYLE: Final = ".tall { min-height: 150vh } iframe, button, dialog { transform: none }"


@dataclass
class CreatedPayment:
    token: str
    url: str
    amount: int  # minor units
    description: str


@dataclass
class Sites:
    """Origins by name; `api` is checkout without TLS, for the shop's own server."""

    folder: Path
    pay: str
    shop: str
    stranger: str
    bank: str
    api: str
    gateway: str
    secret: str
    key: str  # publishable
    wallets_secret: str  # of a shop that has Apple Pay and Google Pay
    ways_secret: str  # of a shop that has many ways to pay
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=20)
    )
    orders: int = 0
    # A shop's own pages: path -> (media type, text); `<path>.policy`: their policy.
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def order(self, **changes: Any) -> CreatedPayment:
        """A payment as the shop's server makes it."""
        self.orders += 1
        made = {"amount": 2000 + self.orders, "currency": "EUR", "description": token_hex(4)}
        body = {"transaction_type": "payment", "attempts": 3, "iframe": True, "order": made}
        body |= {"settings": {"return_url": f"{self.shop}/thanks?order=7"}} | changes
        return self._created(made, body, (SHOP, self.secret))

    def order_with_ways(self, **settings: Any) -> CreatedPayment:
        """A payment of the shop that has many ways to pay."""
        self.orders += 1
        made = {"amount": 2000 + self.orders, "currency": "EUR", "description": token_hex(4)}
        body = {"transaction_type": "payment", "order": made, "settings": settings}
        return self._created(made, body, ("ways", self.ways_secret))

    def _created(self, made: Any, body: Any, auth: tuple[str, str]) -> CreatedPayment:
        answer = httpx.post(
            f"{self.api}/ctp/api/checkouts", json={"checkout": body}, auth=auth, trust_env=False
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["checkout"]["token"]
        address = f"{self.pay}/widget/hpp.html?token={token}"
        return CreatedPayment(token, address, made["amount"], made["description"])

    def order_with_wallets(self) -> str:
        """The token of a payment of the shop that has wallets."""
        self.orders += 1
        made = {"amount": 2000 + self.orders, "currency": "EUR", "description": token_hex(4)}
        answer = httpx.post(
            f"{self.api}/ctp/api/checkouts",
            json={"checkout": {"transaction_type": "payment", "order": made}},
            auth=("wallets", self.wallets_secret),
            trust_env=False,
        )
        token: str = answer.json()["checkout"]["token"]
        return token

    def status(self, made: CreatedPayment) -> str | None:
        answer = httpx.get(
            f"{self.api}/ctp/api/checkouts/{made.token}",
            auth=(SHOP, self.secret),
            trust_env=False,
        )
        found: str | None = answer.json()["checkout"]["status"]
        return found

    def modal(self, made: CreatedPayment, site: str = "") -> str:
        return f"{site or self.shop}/?token={made.token}"

    def inline(self, made: CreatedPayment) -> str:
        return f"{self.shop}/?frame={made.token}"

    def beside(self, name: str) -> str:
        """Checkout under another of its names, as plugins derive it from the page's."""
        return f"https://{name}.{self.pay.partition('.')[2]}"

    def behave(self, **switches: Any) -> None:
        answer = httpx.post(
            f"{self.gateway}/sandbox/behaviour", json=switches, trust_env=False, timeout=20
        )
        assert answer.status_code == 200, answer.text


def settings(sites: Sites, logo: str) -> Table:
    tea_shop = shop(
        f"{sites.shop}/",
        {"credit_card": "cards"},
        name="Tea shop",
        logo=logo,
        secret_key=sites.secret,
        frame_origins=[sites.shop],
        return_origins=[sites.shop, "myshop://"],
        apps=True,
        publishable_key=sites.key,
    )
    gateways = {
        "cards": overpay(sites.gateway),
        "local": overpay(sites.gateway, "apm"),
        "acquirer": rest(sites.gateway),
        "coins": exchanger(sites.gateway),
    }
    wallets = shop(
        f"{sites.shop}/", {"credit_card": "cards"}, secret_key=sites.wallets_secret, **WALLETS
    )
    ways = shop(f"{sites.shop}/", WAYS, secret_key=sites.ways_secret)
    return {
        "gateways": gateways,
        "shops": {SHOP: tea_shop, "wallets": wallets, "ways": ways},
        "limits": UNLIMITED,
    }


@contextmanager
def open_sites(folder: Path, top: str = "test") -> Iterator[Sites]:
    """The sites `pay.<top>`, `shop.<top>`, ..., until the block ends."""
    ports = free_ports(len(NAMES) + 3)
    fronts, (checkout_port, sandbox_port, pages_port) = ports[: len(NAMES)], ports[len(NAMES) :]
    at: Any = {
        name: f"https://{name}.{top}:{port}" for name, port in zip(NAMES, fronts, strict=True)
    }
    sites = Sites(
        folder=folder,
        **at,
        api=f"http://127.0.0.1:{checkout_port}",
        gateway=f"http://localhost:{sandbox_port}",
        secret=secret(),
        key=f"pk_{secret()}",
        wallets_secret=secret(),
        ways_secret=secret(),
    )
    behind = {
        "pay": checkout_port,
        "bank": sandbox_port,
        "shop": pages_port,
        "stranger": pages_port,
    }
    with ExitStack() as running:
        running.enter_context(sandbox(folder, sandbox_port, sites.bank))
        running.enter_context(http_server(_pages(sites.pay, sites.pages), pages_port))
        logo = f"http://localhost:{pages_port}/logo.svg"
        write_identity(folder)
        config = write_settings(folder, sites.pay, settings(sites, logo))
        log = folder / "checkout.log"
        running.enter_context(checkout(config, checkout_port, log, schedule=PACE))
        context, _ = certificate(folder, *(f"{name}.{top}" for name in (*NAMES, *OTHER_NAMES)))
        relays = [(port, behind[name]) for name, port in zip(NAMES, fronts, strict=True)]
        running.enter_context(relay(relays, context))
        yield sites


# --- A shop's pages ------------------------------------------------------------------------------


def _pages(pay: str, served: dict[str, tuple[str, str]]) -> type[Handler]:
    class Pages(Handler):
        protocol_version = "HTTP/1.1"

        def get(self) -> None:
            parts = urlsplit(self.path)
            given = {name: html.escape(found[0]) for name, found in parse_qs(parts.query).items()}
            kind, body = {
                "/shop.js": ("text/javascript", SCRIPT),
                "/shop.css": ("text/css", STYLE),
                "/logo.svg": ("image/svg+xml", LOGO),
            }.get(parts.path) or served.get(parts.path, ("text/html", _page(pay, given)))
            policy = served.get(f"{parts.path}.policy", ("", POLICY.format(pay=pay)))[1]
            kind = f"{kind}; charset=utf-8"
            self.answer(body.encode(), Content_Type=kind, Content_Security_Policy=policy)

    return Pages


def _page(pay: str, given: dict[str, str]) -> str:
    frame, token = "", given.get("frame")
    if token:
        address = f"{pay}/widget/hpp.html?token={token}"
        frame = f'<checkout-frame src="{address}"><a href="{address}">Pay</a></checkout-frame>'
    return PAGE.format(pay=pay, token=given.get("token", ""), frame=frame)
