"""Cookies and headers, on the wire, through a whole payment."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Response

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, Shopper

pytestmark = BROWSER

SAME = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin",
}
POLICY = {
    "default-src": r"'none'",
    "script-src": r"'nonce-[\w-]{22}'",
    "style-src": r"'self' 'nonce-[\w-]{22}'",
    "connect-src": r"'self'",
    "base-uri": r"'none'",
    "require-trusted-types-for": r"'script'",
}


async def _context(servers: Servers, customer: Shopper) -> list[Response]:
    """Every answer of ours in a payment with an error, the bank, a wait and an unknown page."""
    answers: list[Response] = []
    customer.expected = {404, 422}

    def keep(response: Response) -> None:
        if response.url.startswith(servers.checkout):
            answers.append(response)

    customer.context.on("response", keep)
    order = await servers.order(settings={"customer_fields": {"visible": ["email"]}})
    page = await customer.open(order)
    address = page.url
    await page.locator("#f-email").fill("nobody@x..y")  # the server alone sees that it is none
    await customer.pay(CHALLENGE)
    await page.locator(".note.bad").wait_for()
    await page.locator("#f-email").fill("anna@example.com")
    await customer.pay_again()
    await customer.answer_bank()
    await customer.at("result")
    await page.goto(address.replace("/payment/", "/order/"))
    await page.goto(f"{servers.checkout}/nowhere")
    other = await servers.order(payment_method={"types": ["erip"]})
    await customer.open(other)
    await customer.press_pay()
    async with page.expect_response(re.compile(".*/status$")):
        await customer.at("wait")
    return answers


async def test_one_strict_set_of_headers(servers: Servers, customer: Shopper) -> None:
    answers = await _context(servers, customer)
    kinds = {_kind(servers, response) for response in answers}
    assert kinds >= {"payment", "pay", "redirect", "return", "result", "order", "wait", "status",
                     "nowhere", "static", "widget"}  # fmt: skip
    for response in answers:
        kind, headers = _kind(servers, response), await response.all_headers()
        assert {name: headers.get(name) for name in SAME} == SAME, kind
        # What a window that the shop opened may lead through keeps its thread to the shop.
        apart = headers["cross-origin-opener-policy"]
        assert apart in ("same-origin", "unsafe-none"), kind
        assert "camera=()" in headers["permissions-policy"], kind
        if kind == "static":
            assert headers["cache-control"] == "public, max-age=31536000, immutable"
            continue
        assert headers["cache-control"] == "no-store", kind
        policy = _policy(headers["content-security-policy"])
        assert "unsafe" not in headers["content-security-policy"]
        if "text/html" not in headers.get("content-type", ""):
            assert policy["default-src"] == "'none'", kind
            continue
        for name, wanted in POLICY.items():
            assert re.fullmatch(wanted, policy[name]), (kind, name, policy[name])
        assert ("https:" in policy["form-action"]) == (kind == "redirect"), kind
        assert policy["frame-ancestors"] == (
            "'none'" if kind == "nowhere" else f"{servers.shop} {servers.frame}"
        )
        assert (apart == "same-origin") == (policy["frame-ancestors"] == "'none'"), kind
    nonces = re.findall(r"nonce-([\w-]+)", " ".join([await _csp(r) for r in answers]))
    assert len(set(nonces)) * 2 == len(nonces), "a nonce was used twice"


async def test_one_small_cookie(servers: Servers, customer: Shopper) -> None:
    answers = await _context(servers, customer)
    said = [
        (_kind(servers, response), header["value"])
        for response in answers
        for header in await response.headers_array()
        if header["name"].lower() == "set-cookie"
    ]
    assert {kind for kind, _ in said} <= {"payment", "pay"}
    for _, cookie in said:
        assert len(cookie) < 1024
        value, _, attributes = cookie.partition("; ")
        assert value.startswith("__Host-checkout=")
        assert set(attributes.split("; ")) == {
            "Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned",
        }  # fmt: skip
    kept: Any = [c for c in await customer.context.cookies() if c["domain"] == "127.0.0.1"]
    assert [each["name"] for each in kept] == ["__Host-checkout"]
    # Nothing of the card is in it, nor where else a browser keeps things.
    await customer.page.goto(f"{servers.checkout}/health/live")
    stored = await customer.page.evaluate("[localStorage.length, sessionStorage.length]")
    assert stored == [0, 0]


async def test_nobody_else_is_called(servers: Servers, enter: Enter) -> None:
    """No request but to the shop, to us, and to the bank."""
    customer = await enter()
    called: set[str] = set()
    customer.context.on("request", lambda r: called.add("/".join(r.url.split("/")[:3])))
    page = customer.page
    await page.goto(servers.shop)
    await page.locator("button[value=pay]").click()
    await customer.pay(CHALLENGE)
    await customer.answer_bank()
    await customer.back_to_shop()
    assert {origin for origin in called if not origin.startswith("data:")} == {
        servers.shop, servers.checkout, servers.sandbox,
    }  # fmt: skip


async def test_what_the_bank_learns_of_us(servers: Servers, customer: Shopper) -> None:
    """The payment's address is a secret: no Referer carries it to another site."""
    order = await servers.order()
    referers: list[str] = []

    async def note(route: Any) -> None:
        referers.append((await route.request.all_headers()).get("referer", ""))
        await route.continue_()

    await customer.context.route(f"{servers.sandbox}/**", note)
    await customer.open(order)
    await customer.choose("sbp")
    await customer.press_pay()
    await customer.at_bank()
    assert referers
    assert all(referer in ("", f"{servers.checkout}/") for referer in referers[:1]), referers
    assert not any("/payment/" in referer for referer in referers)


def _kind(servers: Servers, response: Response) -> str:
    path = response.url.removeprefix(servers.checkout).partition("?")[0].split("/")
    if path[1] in ("static", "return", "nowhere", "widget"):
        return path[1]
    return path[5] if len(path) > 5 else path[2]


def _policy(text: str) -> dict[str, str]:
    return {
        name: value for name, _, value in (part.strip().partition(" ") for part in text.split(";"))
    }


async def _csp(response: Response) -> str:
    headers = await response.all_headers()
    return headers.get("content-security-policy", "")
