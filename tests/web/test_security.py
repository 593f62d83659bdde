"""Headers on every kind of answer, the guard of forms, what the operator alone may see."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Request, post

from checkout.errors import BadRequest
from checkout.web.compressed_page import takes_gzip
from checkout.web.cors import ADDRESSES, ALLOWED
from checkout.web.security import read_body
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import CARD, CHALLENGE, OURS, CreatedPayment, Customer, Server, raw
from tests.web.settings import PUBLIC

STATIC = "public, max-age=31536000, immutable"


def policy_of(answer: httpx.Response) -> dict[str, str]:
    (policy,) = answer.headers.get_list("content-security-policy")
    parts = [part.strip().partition(" ") for part in policy.split(";")]
    found = {name: value for name, _, value in parts}
    assert len(found) == len(parts), "a directive twice"
    return found


def check(answer: httpx.Response, *, https: bool = True, opener: str = "same-origin") -> None:
    """What every answer has, whatever it is. `opener`: who keeps hold of a window with it."""
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    headers = answer.headers
    for name in set(headers) - {"set-cookie"}:
        assert len(headers.get_list(name)) == 1, f"{where}: {name} twice"
    assert headers["x-content-type-options"] == "nosniff", where
    assert headers["referrer-policy"] == "strict-origin", where
    assert headers["cross-origin-opener-policy"] == opener, where
    assert "payment=()" in headers["permissions-policy"], where
    assert "cross-origin-embedder-policy" not in headers, where
    if https:
        seconds = re.match(r"max-age=(\d+)", headers["strict-transport-security"])
        assert seconds, where
        assert int(seconds[1]) >= 31_536_000, where
    else:
        assert "strict-transport-security" not in headers, where
    kept = "/static/" in str(answer.request.url) and answer.status_code == 200
    wanted = STATIC if kept else "no-store"
    assert headers["cache-control"] == wanted, where
    shared = "cross-origin" if kept else "same-origin"
    assert headers["cross-origin-resource-policy"] == shared, where
    assert "server" not in headers, where
    read_by = {name: headers[name] for name in headers if name.startswith("access-control")}
    # Its hash is checked in a frame without an origin, too; beside it others read what apps do.
    by_secret = answer.request.headers.get("authorization", "").startswith("Basic ")
    by_key = ADDRESSES.fullmatch(answer.request.url.path) is not None and not by_secret
    shown = {"access-control-allow-origin": "*"} if kept or by_key else {}
    exposed = {"access-control-expose-headers": "Retry-After"} if by_key else {}
    asked = [name.decode() for name, _ in ALLOWED]
    if by_key and answer.request.method == "OPTIONS":
        exposed |= {name: headers[name] for name in asked}
    assert read_by == shown | exposed, where

    policy = policy_of(answer)
    assert "unsafe" not in headers["content-security-policy"], where
    assert "*" not in policy["frame-ancestors"], where
    assert policy["default-src"] == policy["base-uri"] == "'none'", where
    if "script-src" not in policy:  # no page of ours: nothing in it may run, load or be sent
        assert policy["form-action"] == "'none'", where
        assert "html" not in headers.get("content-type", "") or not Page(answer.text).all("script")
        return
    assert policy["require-trusted-types-for"] == "'script'", where
    assert policy["connect-src"] == "'self'", where
    nonce = re.fullmatch(r"'nonce-([A-Za-z0-9_-]{20,})'", policy["script-src"])
    assert nonce, where
    for tag, found in Page(answer.text).tags:
        if tag in ("script", "style"):
            assert found["nonce"] == nonce[1], f"{where}: {tag}"
        assert "style" not in found, f"{where}: <{tag} style>"
        assert not any(name.startswith("on") for name in found), f"{where}: <{tag} on...>"
        for name in ("src", "href", "action"):
            assert not found.get(name, "").lower().startswith(("javascript:", "http://", "//")) or (
                "localhost:8002" in found[name]
            ), f"{where}: {found}"


@pytest_asyncio.fixture(loop_scope="session")
async def payments(server: Server, customer: Customer) -> AsyncIterator[dict[str, CreatedPayment]]:
    """A payment in each state."""
    found = {name: await server.create() for name in ("open", "paid", "bank", "unknown", "form")}
    await customer.pay(found["paid"])
    await customer.pay(found["bank"], CHALLENGE)
    server.line.broken.append(httpx.ReadTimeout("slow"))
    await customer.pay(found["unknown"])
    page = await customer.open(found["form"].path())
    await customer.submit(page.form("pay"), method="sbp")
    yield found


async def every_answer(
    server: Server, customer: Customer, payments: dict[str, CreatedPayment]
) -> Any:
    """One of every kind of answer there is."""
    made = payments["open"]
    basic, page = server.basic(), await customer.open(made.path())
    assets = [found["href"] for found in page.all("link", rel="stylesheet")]
    assets += [found["src"] for found in page.all("script")]
    for payment in payments.values():
        for kind in ("", "pay", "redirect", "wait", "status", "result"):
            yield await customer.get(payment.path(kind))
        yield await customer.get(payment.path(kind="order"))
        yield await customer.get(payment.path("status"), headers={"Accept": "application/json"})
    for path in (
        *assets, "/static/none.css", "/", "/nowhere", "/robots.txt", "/cs/payment/x/y",
        f"/widget/hpp.html?token={made.token}", "/widget/hpp.html", "/pay/x", "/return/x",
        "/health/live", "/health/ready", "/metrics", "/schema", "/schema/openapi.json",
        "/schema/nowhere", "/ctp/nowhere", "/notify/x/y", "/reports/csp", "/en/payment/x/y/z/a",
        "/%2e%2e/etc/passwd",
        f"/ctp/api/checkouts/{made.token}",
    ):  # fmt: skip
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
            yield await customer.request(method, path)
    yield await customer.get(f"/ctp/api/checkouts/{made.token}", headers=basic)
    yield await customer.post("/ctp/api/checkouts", json={}, headers=basic)
    yield await customer.post("/ctp/api/checkouts", content=b"{", headers=basic)
    yield await customer.post("/ctp/api/checkouts", content=b"x" * 70_000, headers=basic)
    form = page.form("pay")
    yield await customer.submit(form, number="1")
    yield await customer.submit(form, more="x" * 70_000)
    yield await customer.submit(form, form_token="forged")
    yield await customer.post(form.action, data=form.fields)
    yield await customer.post(form.action, content=b"{}", headers=OURS)


async def test_the_headers_of_every_answer(
    server: Server, customer: Customer, payments: dict[str, CreatedPayment]
) -> None:
    seen = set()
    async for answer in every_answer(server, customer, payments):
        check(answer)
        seen.add(answer.status_code)
    assert seen >= {200, 204, 303, 400, 401, 403, 404, 405, 413, 422}


async def test_a_fault_has_them_too(opened: Opened) -> None:
    """Clocks don't fail; this one stands for any fault in a handler."""
    broken = False

    def clock() -> float:
        if broken:
            raise RuntimeError("a secret detail")
        return time.time()

    async with opened(clock=clock) as server, server.customer() as customer:
        made = await server.create()
        broken = True
        for path, kind in (
            (made.path(), "text/html"),
            (f"/ctp/api/checkouts/{made.token}", "json"),
        ):
            answer = await customer.get(path, headers=server.basic())
            assert answer.status_code == 500
            check(answer)
            assert kind in answer.headers["content-type"]
            assert "secret detail" not in answer.text
            assert "Traceback" not in answer.text
            assert "RuntimeError" not in answer.text
        page = Page((await customer.get(made.path())).text)
        assert page.headline == "Something went wrong on our side"
        assert "do not pay again" in page.text
        assert made.path() in page.links
        broken = False
    assert server.app.debug is False


async def test_debug_is_off(server: Server) -> None:
    assert server.app.debug is False


async def test_plain_http_promises_no_https(opened: Opened) -> None:
    async with opened(public_url="http://127.0.0.1:8001") as server, server.customer() as customer:
        made = await server.create()
        for path in (made.path(), "/nowhere", "/health/live", f"/ctp/api/checkouts/{made.token}"):
            check(await customer.get(path), https=False)


async def test_each_answer_has_its_own_nonce(
    server: Server, customer: Customer, payments: dict[str, CreatedPayment]
) -> None:
    nonces = []
    for payment in payments.values():
        for path in (payment.path(), payment.path("status"), payment.path("result"), "/nowhere"):
            for _ in range(3):
                answer = await customer.get(path)
                nonces += re.findall(r"script-src 'nonce-([\w-]+)'",
                                     answer.headers["content-security-policy"])  # fmt: skip
    assert len(nonces) > 20
    assert len(set(nonces)) == len(nonces)


async def test_only_one_page_may_leave(
    server: Server, customer: Customer, payments: dict[str, CreatedPayment]
) -> None:
    for name, payment in payments.items():
        for page in ("", "redirect", "wait", "result"):
            answer = await customer.get(payment.path(page))
            if answer.status_code != 200:
                continue
            target = policy_of(answer)["form-action"]
            leaves = (name, page) in (("bank", "redirect"), ("form", "redirect"))
            assert target.startswith("https:") if leaves else target == "'self'", (name, page)
    assert policy_of(await customer.get("/nowhere"))["form-action"] == "'self'"


async def test_only_the_shops_own_sites_may_frame(server: Server, customer: Customer) -> None:
    framing = await server.create(shop="framing", settings={"return_url": None})
    other = await server.create()
    ours = "https://framing.example.com https://m.framing.example.com:8443"
    for page in ("", "result", "wait"):
        for made, allowed in ((framing, ours), (other, "'none'")):
            answer = await customer.get(made.path(page))
            if answer.status_code == 200:
                assert policy_of(answer)["frame-ancestors"] == allowed
    assert "x-frame-options" not in (await customer.get(framing.path())).headers
    for path in ("/nowhere", "/health/live", "/en/payment/x/y"):
        assert policy_of(await customer.get(path))["frame-ancestors"] == "'none'"


async def test_an_error_in_the_shops_frame_can_be_seen(server: Server, customer: Customer) -> None:
    """A sandboxed frame posts `Origin: null`: its customer is told to open a tab, in the frame."""
    made = await server.create(shop="framing", settings={"return_url": None})
    framed = {"Sec-Fetch-Dest": "iframe"}
    form = (await customer.open(made.path(), **framed)).form("pay")
    answer = await customer.post(
        form.action,
        data=form.fields | CARD,
        headers=framed | {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    check(answer, opener="unsafe-none")
    assert "https://framing.example.com" in policy_of(answer)["frame-ancestors"]
    page = Page(answer.text)
    assert page.all("html", class_="framed")
    assert page.links[made.path()]
    assert "Open in a new tab" in page.text
    # It says that it is there, and its height: else the shop's page takes it for a refused one.
    assert re.search(r"<script\s+src=\"/static/error\.[0-9a-f]{12}\.js\"", answer.text)
    assert 'data-status="incomplete"' in answer.text
    alone = await customer.post(form.action, data={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (alone.status_code, "<script" in alone.text) == (403, False)


# --- Static files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("deflate, gzip; q=1.0", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=x", False),
        ("notgzip", False),
    ],
)
def test_what_accept_encoding_says_of_gzip(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


async def test_static_files(server: Server, customer: Customer) -> None:
    page = await customer.open((await server.create()).path())
    style = page.all("link", rel="stylesheet")[0]["href"]
    script = page.all("script")[0]["src"]
    for path, kind in ((style, "text/css"), (script, "text/javascript")):
        assert re.fullmatch(r"/static/\w+\.[0-9a-f]{12}\.(css|js)", path)
        zipped = await customer.get(path, headers={"Accept-Encoding": "gzip"})
        plain = await customer.get(path, headers={"Accept-Encoding": "identity"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        refused = await customer.get(path, headers={"Accept-Encoding": "gzip;q=0, *;q=0.5"})
        assert "content-encoding" not in refused.headers
        assert zipped.content == plain.content
        assert plain.headers["content-type"].startswith(kind)
        assert plain.headers["vary"] == "Accept-Encoding"
        assert "set-cookie" not in plain.headers


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/..", "/static/../checkout.toml", "/static/%2e%2e%2fcheckout.toml",
     "/static/app.css", "/static//etc/passwd", "/static/app.000000000000.css", "/static/\x00"],
    ids=ascii,
)  # fmt: skip
async def test_no_other_files(server: Server, path: str) -> None:
    answer = await raw(server.app, "GET", path)
    assert answer.status == 404


# --- Forms come from our own pages -------------------------------------------------------------

FOREIGN: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example.com"},
    {"Origin": "null"},
    {"Origin": f"{PUBLIC}.evil.example.com"},
    {"Origin": f"{PUBLIC}:8443"},
    {"Origin": PUBLIC.replace("https", "http")},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "cross-site"},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "same-site"},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "none"},
    {"Origin": PUBLIC, "Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example.com", "Host": "evil.example.com"},
    {"Referer": f"{PUBLIC}/"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: str(headers) or "nothing")
async def test_another_sites_form(
    server: Server, customer: Customer, headers: dict[str, str]
) -> None:
    made = await server.create()
    page = await customer.open(made.path())
    before = made.books()
    for form in (page.form("pay"), page.form("cancel")):
        answer = await customer.post(form.action, data=form.fields | CARD, headers=headers)
        assert answer.status_code == 403
        shown = Page(answer.text)
        assert shown.headline == "This form can't be sent from here"
        assert made.path() in shown.links
    assert made.books() == before


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": PUBLIC}], ids=["fetch", "origin"]
)
async def test_our_own_form(server: Server, customer: Customer, headers: dict[str, str]) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    answer = await customer.post(form.action, data=form.fields | CARD, headers=headers)
    assert answer.headers["location"] == made.path("result")


async def test_form_tokens(server: Server, customer: Customer) -> None:
    made, other = await server.create(), await server.create()
    page, strange = await customer.open(made.path()), await customer.open(other.path())
    pay, cancel = page.form("pay"), page.form("cancel")
    token = pay.fields["form_token"]
    forged = [
        "",
        "x",
        token[:-1],
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        "2" + token[1:],
        token + "=",
        cancel.fields["form_token"],  # of another purpose
        strange.form("pay").fields["form_token"],  # of another payment
        customer.cookies["__Host-checkout"],
    ]
    before = made.books()
    for each in forged:
        answer = await customer.submit(pay, **CARD, form_token=each)
        assert answer.status_code == 403, each
        assert Page(answer.text).headline == "This form can't be sent from here"
    for page_, each in (("cancel", token), ("confirm", token), ("confirm", forged[6])):
        answer = await customer.post(made.path(page_), data={"form_token": each}, headers=OURS)
        assert answer.status_code == 403
    fields = {name: value for name, value in pay.fields.items() if name != "form_token"}
    answer = await customer.post(pay.action, data=fields | CARD, headers=OURS)
    assert answer.status_code == 403
    assert made.books() == before
    assert not made.attempts()


# --- The operator ------------------------------------------------------------------------------


async def test_metrics(server: Server, customer: Customer) -> None:
    token = server.settings.operator_token
    assert token
    answer = await customer.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "checkout_payments_total" in answer.text
    check(answer)
    for given in ("", "Bearer", "Bearer x", f"Bearer {token}x", f"Bearer {token[:-1]}", token,
                  f"Basic {token}", f"bearer: {token}"):  # fmt: skip
        answer = await customer.get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 401
        assert "checkout_" not in answer.text
        assert "www-authenticate" in answer.headers
    assert (await customer.get(f"/metrics?token={token}")).status_code == 401


async def test_metrics_name_no_customer(server: Server, customer: Customer) -> None:
    made = await server.create(customer={"email": "anna.canary@example.com"})
    await customer.pay(made)
    headers = {"Authorization": f"Bearer {server.settings.operator_token}"}
    answer = await customer.get("/metrics", headers=headers)
    for private in (made.uid, made.token, made.secret, "anna.canary", "203.0.113.7", "order-7"):
        assert private not in answer.text


async def test_no_metrics_without_a_token(opened: Opened) -> None:
    async with opened(top="") as server, server.customer() as customer:
        for headers in ({}, {"Authorization": "Bearer None"}, {"Authorization": "Bearer "}):
            answer = await customer.get("/metrics", headers=headers)
            assert answer.status_code == 404
            assert answer.json()["message"] == "Record not found"


async def test_health(server: Server, customer: Customer) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await customer.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


# --- Hosts -------------------------------------------------------------------------------------


async def test_the_host_header_is_not_believed(server: Server, customer: Customer) -> None:
    evil = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com",
            "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example.com"}  # fmt: skip
    made = await customer.post(
        "/ctp/api/checkouts",
        json={"checkout": {"transaction_type": "payment", "order": {
            "amount": 1, "currency": "EUR", "description": "x"}}},
        headers=server.basic() | evil,
    )  # fmt: skip
    assert made.json()["checkout"]["redirect_url"].startswith(f"{PUBLIC}/widget/")
    token = made.json()["checkout"]["token"]
    answer = await customer.get(f"/widget/hpp.html?token={token}", headers=evil)
    assert answer.headers["location"].startswith("/en/payment/")
    page = await customer.get(answer.headers["location"], headers=evil)
    assert "evil" not in page.text
    form = Page(page.text).form("pay")
    await customer.submit(form, headers={"X-Forwarded-Host": "evil.example.com"}, **CARD)
    assert server.line.sent()["return_url"].startswith(f"{PUBLIC}/return/")


# --- Bodies ------------------------------------------------------------------------------------


async def _never_ends() -> Any:
    await asyncio.sleep(3600)


async def _breaks_off() -> Any:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("receive", [_never_ends, _breaks_off])
async def test_a_body_that_does_not_come(receive: Any) -> None:
    @post("/")
    async def handler() -> None:
        """For the limits that a request asks its handler for."""

    scope: Any = {"type": "http", "headers": [(b"content-length", b"9")], "state": {}}
    Litestar([handler])  # fills in the handler's own defaults
    with pytest.raises(BadRequest):
        await read_body(Request(scope | {"route_handler": handler}, receive), seconds=0.05)
