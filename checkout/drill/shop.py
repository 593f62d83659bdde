"""The shop under test: starting an order and reading its state, both by an address or a command.

The contract is in docs/drill.md:

start   answers with a redirect (or a chain of them) to checkout's page, or with JSON that has
        `redirect_url` or `token`, bare or under `checkout`; a command prints such an address, token
        or JSON
state   JSON with the order's status and, where the shop can tell, how often it was fulfilled
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx
from msgspec import Struct

from checkout.drill.customer import Order

PLACES: Final = ("tracking_id", "token", "uid")
TOKEN: Final = re.compile(r"[0-9a-f]{64}")
MOST_REDIRECTS: Final = 10
COMMAND_SECONDS: Final = 60.0


class Unusable(Exception):
    """The drill can't use what the shop answers, or what it was given; the message says why."""


class OrderState(Struct, frozen=True):
    """The shop's state of an order. `fulfilled`: how often it was handed over, None where the shop
    does not say."""

    status: str
    paid: bool
    fulfilled: int | None


class Shop(Struct, frozen=True, kw_only=True):
    """`paid`: the statuses that mean paid; fields are paths like `order.state`."""

    start: str
    state: str
    start_method: str = "POST"
    paid: frozenset[str] = frozenset({"paid"})
    status_field: str = "status"
    fulfilled_field: str = "fulfilled"

    async def open_order(self, browser: httpx.AsyncClient, checkout: str) -> str:
        """Start an order as this customer; the address of its payment page at `checkout`."""
        if not is_address(self.start):
            return _payment(await _printed(self.start), checkout, "--start")
        url, method = self.start, self.start_method
        for _ in range(MOST_REDIRECTS):
            answer = await _request(browser, method, url, "--start")
            if not answer.is_redirect:
                if not answer.is_success:
                    raise Unusable(f"--start: {url} answered {answer.status_code}")
                return _payment(answer.text, checkout, "--start")
            url = str(urljoin(url, answer.headers.get("location", "")))
            if url.startswith(f"{checkout}/"):
                return url
            method = method if answer.status_code in (307, 308) else "GET"
        raise Unusable(f"--start: {self.start} redirects without end, never to {checkout}")

    async def order_state(self, order: Order) -> OrderState:
        """The shop's state of an order now."""
        names = order.names
        if is_address(self.state):
            url = filled(self.state, {name: quote(value, "") for name, value in names.items()})
            answer = await _request(order.customer.browser, "GET", url, "--state")
            if not answer.is_success:
                raise Unusable(f"--state: {url} answered {answer.status_code}")
            return self._read(answer.text)
        return self._read(await _printed(self.state, names))

    def _read(self, text: str) -> OrderState:
        answer = _json(text)
        status = _inside(answer, self.status_field)
        if not isinstance(status, str):
            raise Unusable(f"--state: the answer has no text at {self.status_field}: {text[:200]}")
        fulfilled = _inside(answer, self.fulfilled_field)
        whole = isinstance(fulfilled, int) and not isinstance(fulfilled, bool)
        return OrderState(status, status in self.paid, int(fulfilled) if whole else None)


def is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with `{tracking_id}`, `{token}` and `{uid}` replaced."""
    for name in PLACES:
        template = template.replace("{" + name + "}", values.get(name, ""))
    return template


def _payment(text: str, checkout: str, option: str) -> str:
    """The payment's address in the shop's answer: plain, in JSON, or made from a token."""
    answer = _json(text)
    inner = answer.get("checkout", answer) if isinstance(answer, dict) else text.strip()
    found = inner if isinstance(inner, str) else None
    if isinstance(inner, dict):
        found = inner.get("redirect_url") or inner.get("token")
    if isinstance(found, str) and TOKEN.fullmatch(found):
        return f"{checkout}/widget/hpp.html?token={found}"
    if isinstance(found, str) and found.startswith(f"{checkout}/"):
        return found
    raise Unusable(
        f"{option}: no redirect to {checkout}, and no redirect_url or token of it in the answer: "
        f"is the shop pointed to the drill's checkout? It said: {text[:200]!r}"
    )


async def _request(
    browser: httpx.AsyncClient, method: str, url: str, option: str
) -> httpx.Response:
    try:
        return await browser.request(method, url, headers={"Accept": "application/json, */*"})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unusable(f"{option}: {url} can't be asked ({type(error).__name__})") from None


async def _printed(command: str, names: Mapping[str, str] | None = None) -> str:
    """What a command prints; the names are in its arguments and its environment."""
    names = names or {}
    words = [filled(word, names) for word in shlex.split(command)]
    more = {f"CHECKOUT_{name.upper()}": value for name, value in names.items()}
    try:
        process = await asyncio.create_subprocess_exec(
            *words, env=os.environ | more, stdout=asyncio.subprocess.PIPE
        )
    except (OSError, ValueError) as error:
        raise Unusable(f"{command} can't be run ({type(error).__name__})") from None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Unusable(f"{command} did not end within {COMMAND_SECONDS:.0f} s") from None
    if process.returncode != 0:
        raise Unusable(f"{command} ended with {process.returncode}")
    return printed.decode(errors="replace").strip()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _inside(value: Any, path: str) -> Any:
    """The value at `a.b.c`; None where there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
