"""Sites of different origins over https, as in the real world: the payment page, a shop, a bank,
and a stranger. Each has a name and a port; one self-signed certificate is made for all of them.

The servers behind are checkout and its sandbox as everywhere; a relay puts TLS before them.
"""

from __future__ import annotations

import asyncio
import html
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from checkout.cli.keys import new_pair
from tests.journeys.house import SHOP, free_ports, started, wait

NAMES: Final = ("pay", "shop", "stranger", "bank")

SETTINGS: Final = """\
public_url = "{pay}"
database = "sqlite:///{folder}/checkout.db"
secrets = ["{secret}"]
sandbox = true

[gateways.cards]
adapter = "overpay_cards"
base_url = "{gateway}"
shop_id = "{shop_id}"
secret_key = "{gateway_secret}"

[shops.{shop_id}]
name = "Tea shop"
secret_key = "{shop_secret}"
private_key = "file:shop.pem"
url = "{shop}/"
frame_origins = ["{shop}"]
return_origins = ["{shop}", "myshop://"]
{looks}

[shops.{shop_id}.methods]
credit_card = "cards"

[limits]
declines_per_address_10min = 100000
declines_per_bin_10min = 100000
declines_per_shop_10min = 100000
payments_per_address_10min = 100000
openings_per_address_10min = 100000
"""

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
  window.widget = new BeGateway({ checkout_url: checkout, token, closeWidget });
  widget.createWidget();
});
const frame = document.querySelector("checkout-frame");
for (const name of ["ready", "resize", "status", "close", "error"])
  frame?.addEventListener(name, ({ detail }) => heard.push([name, detail.status]));
"""
STYLE: Final = ".tall { min-height: 150vh } iframe, button, dialog { transform: none }"


@dataclass
class Made:
    token: str
    url: str


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
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=20)
    )
    orders: int = 0
    # A shop's own pages: path -> (media type, text); `<path>.policy`: their policy.
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def order(self, **changes: Any) -> Made:
        """A payment as the shop's server makes it."""
        self.orders += 1
        made = {"amount": 2000 + self.orders, "currency": "EUR", "description": token_hex(4)}
        body = {"transaction_type": "payment", "attempts": 3, "iframe": True, "order": made}
        body |= {"settings": {"return_url": f"{self.shop}/thanks?order=7"}} | changes
        answer = httpx.post(
            f"{self.api}/ctp/api/checkouts",
            json={"checkout": body},
            auth=(SHOP, self.secret),
            trust_env=False,
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["checkout"]["token"]
        return Made(token, f"{self.pay}/widget/hpp.html?token={token}")

    def status(self, made: Made) -> str | None:
        answer = httpx.get(
            f"{self.api}/ctp/api/checkouts/{made.token}",
            auth=(SHOP, self.secret),
            trust_env=False,
        )
        found: str | None = answer.json()["checkout"]["status"]
        return found

    def modal(self, made: Made, site: str = "") -> str:
        return f"{site or self.shop}/?token={made.token}"

    def inline(self, made: Made) -> str:
        return f"{self.shop}/?frame={made.token}"

    def behave(self, **switches: Any) -> None:
        answer = httpx.post(
            f"{self.gateway}/sandbox/behaviour", json=switches, trust_env=False, timeout=20
        )
        assert answer.status_code == 200, answer.text


@contextmanager
def open_sites(folder: Path, top: str = "test", looks: str = "") -> Iterator[Sites]:
    """The sites `pay.<top>`, `shop.<top>`, ..., until the block ends."""
    ports = free_ports(len(NAMES) + 3)
    fronts, (checkout_port, sandbox_port, pages_port) = ports[: len(NAMES)], ports[len(NAMES) :]
    at = {name: f"https://{name}.{top}:{port}" for name, port in zip(NAMES, fronts, strict=True)}
    sites = Sites(
        folder=folder,
        **at,
        api=f"http://127.0.0.1:{checkout_port}",
        gateway=f"http://localhost:{sandbox_port}",
        secret=token_hex(32),
    )
    (folder / "shop.pem").write_text(new_pair()[0])
    (folder / "checkout.toml").write_text(
        SETTINGS.format(
            pay=sites.pay,
            shop=sites.shop,
            gateway=sites.gateway,
            folder=folder.as_posix(),
            shop_id=SHOP,
            shop_secret=sites.secret,
            secret=token_urlsafe(48),
            gateway_secret=token_hex(32),
            looks=looks,
        )
    )
    behind = {
        "pay": checkout_port,
        "bank": sandbox_port,
        "shop": pages_port,
        "stranger": pages_port,
    }
    with ExitStack() as running:
        serve = f"from checkout.sandbox.serve import run; run(port={sandbox_port}, "
        running.enter_context(started(folder, "sandbox", f"{serve}public_url={sites.bank!r})"))
        serve = "from tests.journeys.house import serve; serve({!r}, {})"
        config = str(folder / "checkout.toml")
        running.enter_context(started(folder, "checkout", serve.format(config, checkout_port)))
        running.enter_context(_pages(pages_port, sites.pay, sites.pages))
        context = _tls(folder, [f"{name}.{top}" for name in NAMES])
        relays = [(port, behind[name]) for name, port in zip(NAMES, fronts, strict=True)]
        running.enter_context(_relay(relays, context))
        wait(f"{sites.gateway}/sandbox/ledger")
        wait(f"{sites.api}/health/ready")
        yield sites


# --- A shop's pages ------------------------------------------------------------------------------


@contextmanager
def _pages(port: int, pay: str, served: dict[str, tuple[str, str]]) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            given = {name: html.escape(found[0]) for name, found in parse_qs(parts.query).items()}
            kind, body = {
                "/shop.js": ("text/javascript", SCRIPT),
                "/shop.css": ("text/css", STYLE),
            }.get(parts.path) or served.get(parts.path, ("text/html", _page(pay, given)))
            raw = body.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(raw)))
            policy = served.get(f"{parts.path}.policy", ("", POLICY.format(pay=pay)))[1]
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _page(pay: str, given: dict[str, str]) -> str:
    frame, token = "", given.get("frame")
    if token:
        address = f"{pay}/widget/hpp.html?token={token}"
        frame = f'<checkout-frame src="{address}"><a href="{address}">Pay</a></checkout-frame>'
    return PAGE.format(pay=pay, token=given.get("token", ""), frame=frame)


# --- TLS -----------------------------------------------------------------------------------------


def _tls(folder: Path, names: list[str]) -> ssl.SSLContext:
    """A server's context with a certificate of its own making for these names."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "tls.pem"
    path.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def _relay(ports: list[tuple[int, int]], context: ssl.SSLContext) -> Iterator[None]:
    """Each first port speaks TLS and hands the bytes on to the second, in a thread of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        except (OSError, ssl.SSLError):
            pass  # one side has gone
        finally:
            writer.close()

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with asyncio.TaskGroup() as group:
            for port, behind in ports:

                async def relay(
                    reader: asyncio.StreamReader,
                    writer: asyncio.StreamWriter,
                    behind: int = behind,
                ) -> None:
                    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", behind)
                    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

                server = await asyncio.start_server(relay, "127.0.0.1", port, ssl=context)
                group.create_task(_until(server, stop))
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)


async def _until(server: asyncio.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.close()
