"""The whole server in this process: checkout, the gateways behind it, a shop that gets letters,
and customers with a browser's headers. Nothing leaves the process."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.payments.schedule import Schedule
from checkout.sandbox.app import create_sandbox
from checkout.sandbox.state import SandboxState
from checkout.settings import Settings, load
from tests.support.asgi import asgi_transport
from tests.web.page import Form, Page
from tests.web.schema_conformance import as_described
from tests.web.settings import PUBLIC, SANDBOX, write_usual_settings

SHOP: Final = "http://127.0.0.1:8009"
ADDRESS: Final = "203.0.113.7"

# Nothing happens by itself: a test says when. Letters are still sent at once.
STILL: Final = Schedule(recovery_interval=3600.0)

CARD: Final = {"number": "4200000000000000", "expiry": "12/39", "code": "123", "holder": "ANNA LEE"}
PAID, DECLINED, CHALLENGE = "4200000000000000", "4005550000000019", "4012000000001097"

BROWSER: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
    "Sec-Fetch-Mode": "navigate",
}
OURS: Final = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}

Answer = Callable[[httpx.Request], httpx.Response]


class Line(httpx.AsyncBaseTransport):
    """The line to the gateways. Charges are kept in `charges`, questions in `questions`; each is
    answered by the sandbox unless `broken` has something for the next charge: an exception to
    raise or a function. `kept` False: nothing is kept, for those who look for traces."""

    def __init__(self, sandbox: Litestar, *, kept: bool = True) -> None:
        self.inner: httpx.AsyncBaseTransport = asgi_transport(sandbox)
        self.charges: list[httpx.Request] = []
        self.questions: list[httpx.Request] = []
        self.broken: deque[Exception | Answer] = deque()
        self._kept = kept

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        charge = request.method == "POST"
        if self._kept:
            (self.charges if charge else self.questions).append(request)
        if charge and self.broken:
            answer = self.broken.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer(request)
        return await self.inner.handle_async_request(request)

    def sent(self, place: int = -1) -> dict[str, Any]:
        """The `request` object of one charge."""
        found: dict[str, Any] = json.loads(self.charges[place].content)["request"]
        return found


class Mailbox:
    """The shop that letters go to. `slow` set: it answers only once `slow` is. What comes to
    `/verify` is kept in `asked` and answered by `verdict`. `pictures`: by path, (type, body); who
    asks for any is in `fetched`."""

    def __init__(self) -> None:
        self.webhooks: list[tuple[dict[str, str], bytes]] = []
        self.answers: deque[int] = deque()
        self.slow: asyncio.Event | None = None
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.pictures: dict[str, tuple[str, bytes]] = {}
        self.fetched: list[str] = []
        self.verdict: Callable[[dict[str, Any]], tuple[int, bytes]] = lambda _: (500, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            assert message["type"] == "http.request"
            body += message["body"]
            if not message["more_body"]:
                break
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        if scope["path"] == "/verify":
            self.asked.append((headers, body))
            status, said = self.verdict(json.loads(body)["transaction"])
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": said, "more_body": False})
            return
        if scope.get("method") == "GET":
            self.fetched.append(scope["path"])
            kind, body = self.pictures.get(scope["path"], ("text/html", b"no such page"))
            type_ = (b"content-type", kind.encode())
            await send({"type": "http.response.start", "status": 200, "headers": [type_]})
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        if self.slow is not None:
            await self.slow.wait()
        self.webhooks.append((headers, body))
        status = self.answers.popleft() if self.answers else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def about(self, token: str) -> list[dict[str, Any]]:
        """What the letters about one payment say."""
        said = [json.loads(body) for _, body in self.webhooks]
        said = [each.get("transaction", each) for each in said]
        return [each for each in said if each["token"] == token]


@dataclass
class Server:
    settings: Settings
    folder: Path
    app: Litestar
    sandbox: Litestar
    line: Line
    mailbox: Mailbox
    offset: float = 0.0  # seconds that our clock is ahead

    @property
    def world(self) -> SandboxState:
        found: SandboxState = self.sandbox.state.sandbox
        return found

    @property
    def database(self) -> Path:
        return self.folder / "checkout.db"

    def basic(self, shop: str = "361") -> dict[str, str]:
        pair = f"{shop}:{self.settings.shops[shop].secret_key}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def customer(self, address: str = ADDRESS, **headers: str) -> Customer:
        return Customer(self, address, BROWSER | headers)

    def books(self, **where: str) -> dict[str, list[tuple[Any, ...]]]:
        """The ledger's tables as they stand, whoever looks; `payment=uid`: of one payment."""
        uid = where.get("payment")
        with sqlite3.connect(self.database) as conn:
            found = {}
            for table in ("payments", "attempts", "events", "outbox", "creations"):
                column = "uid" if table == "payments" else "payment"
                query = f"SELECT * FROM {table}" + (f" WHERE {column} = ?" if uid else "")
                found[table] = conn.execute(query, (uid,) if uid else ()).fetchall()
        conn.close()
        return found

    async def create(self, *, shop: str = "361", **changes: Any) -> CreatedPayment:
        """A payment made by the shop's API. `changes` replace parts of the usual body."""
        body = {"checkout": ordered(**changes)}
        async with self.customer() as http:
            answer = await http.post("/ctp/api/checkouts", json=body, headers=self.basic(shop))
            assert answer.status_code == 201, answer.text
            token = answer.json()["checkout"]["token"]
            opened = await http.get(f"/widget/hpp.html?token={token}")
        assert opened.status_code == 303, opened.text
        _, _, kind, uid, secret, *_ = urlsplit(opened.headers["location"]).path.split("/")
        assert kind == "payment"
        return CreatedPayment(self, shop, token, uid, secret)

    async def settle_down(self) -> None:
        """Let what runs in the background end."""
        context = self.app.state.context.context
        await context.finish()
        await asyncio.sleep(0)


def ordered(**changes: Any) -> dict[str, Any]:
    order: dict[str, Any] = {
        "amount": 1999,
        "currency": "EUR",
        "description": "Two tickets",
        "tracking_id": "order-7",
    }
    usual = {
        "transaction_type": "payment",
        "attempts": 3,
        "order": order | changes.pop("order", {}),
        "settings": {"return_url": "https://shop.example.com/thanks?order=7"}
        | changes.pop("settings", {}),
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


@dataclass
class CreatedPayment:
    """A payment as its shop and its customer know it."""

    server: Server
    shop: str
    token: str
    uid: str
    secret: str

    def path(self, page: str = "", lang: str = "en", kind: str = "payment") -> str:
        path = f"/{lang}/{kind}/{self.uid}/{self.secret}"
        return f"{path}/{page}" if page else path

    async def told(self) -> dict[str, Any]:
        """What the shop's API answers about it."""
        async with self.server.customer() as http:
            answer = await http.get(
                f"/ctp/api/checkouts/{self.token}", headers=self.server.basic(self.shop)
            )
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()["checkout"]
        return found

    def attempts(self) -> list[dict[str, Any]]:
        """The rows of its attempts."""
        with sqlite3.connect(self.server.database) as conn:
            conn.row_factory = sqlite3.Row
            rows = conn.execute(
                "SELECT * FROM attempts WHERE payment = ? ORDER BY number", (self.uid,)
            ).fetchall()
        conn.close()
        return [dict(row) for row in rows]

    def books(self) -> dict[str, list[tuple[Any, ...]]]:
        return self.server.books(payment=self.uid)


class Customer(httpx.AsyncClient):
    """A browser, as far as the server sees one: cookies, headers, forms; it runs no script and
    follows no redirect by itself."""

    def __init__(self, server: Server, address: str, headers: dict[str, str]) -> None:
        self.server = server
        super().__init__(
            transport=asgi_transport(server.app, client=(address, 40000)),
            base_url=server.settings.public_url,
            headers=headers,
            follow_redirects=False,
            event_hooks={"response": [as_described]},
        )

    async def open(self, path: str, **headers: str) -> Page:
        """A page, which must be there."""
        answer = await self.get(path, headers=headers)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("location"))
        return Page(answer.text)

    async def submit(self, form: Form, headers: Any = None, **values: str) -> httpx.Response:
        """Send a form as a browser does; a value replaces or joins its fields."""
        origin = {"Origin": self.server.settings.public_url}
        return await self.post(
            form.action, data=form.fields | values, headers=OURS | origin | (headers or {})
        )

    async def pay(self, made: CreatedPayment, number: str = PAID, **values: str) -> httpx.Response:
        """Fill the payment page's form and send it."""
        page = await self.open(made.path())
        return await self.submit(page.form("pay"), **(CARD | {"number": number} | values))


@asynccontextmanager
async def open_server(
    folder: Path,
    pem: str,
    *,
    schedule: Schedule = STILL,
    kept: bool = True,
    clock: Callable[[], float] | None = None,
    **changes: str,
) -> AsyncIterator[Server]:
    """A running server over `folder`; `changes` go into the settings."""
    sandbox = create_sandbox(SANDBOX)
    line, mailbox = Line(sandbox, kept=kept), Mailbox()
    changes.setdefault("gateway", f'public_key = "{sandbox.state.sandbox.key.public}"')
    settings = load(write_usual_settings(folder, pem, **changes), {}, OPTIONS)
    server: Server

    def now() -> float:
        return clock() if clock else time.time() + server.offset

    app = create_app(
        settings,
        schedule=schedule,
        clock=now,
        upstream=line,
        downstream=asgi_transport(mailbox),
    )
    server = Server(settings, folder, app, sandbox, line, mailbox)
    async with running(sandbox), running(app):
        yield server


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """An application's lifespan, begun and ended by one task: pytest's fixtures are not."""
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(live())
    begun = asyncio.create_task(up.wait())
    await asyncio.wait([task, begun], return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    try:
        if not task.done():
            yield
    finally:
        down.set()
        await task


@dataclass
class Raw:
    """An answer as the application said it, before any server or client made it tidy."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


async def raw(
    app: Litestar,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes = b"",
) -> Raw:
    """One request by bare ASGI: what no HTTP client would send, and bodies as they were sent."""
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"pay.example.com"), *(headers or [])],
        "client": (ADDRESS, 40000),
        "server": ("pay.example.com", 443),
        "state": {},
    }
    answer, given = Raw(), iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(given, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
