"""Wrong passwords are slowed by name and network, counted, told; nobody is locked out by others."""

from __future__ import annotations

import base64
import json
import secrets
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from checkout.errors import TooMany, Unauthorized
from checkout.web.api.password_throttle import (
    FREE,
    LONGEST_WAIT,
    MOST,
    PasswordThrottle,
    network_of,
    same,
)
from tests.web.server import Customer, Server

ATTACKER, SHOP = "198.51.100.66", "192.0.2.10"
PATH = "/ctp/api/checkouts/0000"


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def guess(http: Customer, times: int, name: str = "361") -> list[httpx.Response]:
    return [await http.get(PATH, headers=basic(name, secrets.token_hex(32))) for _ in range(times)]


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def wrong(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "password.wrong"]


async def test_guessing_is_slowed(server: Server) -> None:
    """Before: 401 as fast as they were sent, without a line in the log."""
    async with server.customer(ATTACKER) as attacker:
        answers = await guess(attacker, 100)
    statuses = [answer.status_code for answer in answers]
    assert statuses[:FREE] == [401] * FREE
    assert set(statuses[FREE:]) == {429}
    assert {int(answer.headers["retry-after"]) for answer in answers[FREE:]} == {1}
    assert {answer.json()["message"] for answer in answers[FREE:]} == {"Too many wrong tries"}


async def test_the_shop_itself_is_not_locked_out(server: Server) -> None:
    async with server.customer(ATTACKER) as attacker, server.customer(SHOP) as shop:
        await guess(attacker, 50)
        answer = await shop.get(PATH, headers=server.basic())
        assert answer.status_code == 404, "known, and there is no such payment"
        # Nor another shop behind the attacker's own address.
        assert (await attacker.get(PATH, headers=server.basic("framing"))).status_code == 404
        # There the right one has to wait as well: it may be a guess.
        assert (await attacker.get(PATH, headers=server.basic())).status_code == 429
        server.offset = 1.1
        try:
            assert (await attacker.get(PATH, headers=server.basic())).status_code == 404
            # Which was right, so the count begins anew.
            assert [a.status_code for a in await guess(attacker, FREE + 1)] == [401] * FREE + [429]
        finally:
            server.offset = 0.0


async def test_unknown_shops_are_answered_alike(server: Server) -> None:
    async with server.customer(ATTACKER) as attacker:
        known, unknown = await guess(attacker, FREE + 3), await guess(attacker, FREE + 3, "nobody")
    assert [a.status_code for a in known] == [401] * FREE + [429] * 3
    assert [(a.status_code, a.text) for a in known] == [(a.status_code, a.text) for a in unknown]


async def test_every_entrance_of_shops(server: Server) -> None:
    calls = [
        ("GET", "/transactions/1"), ("POST", "/transactions/refunds"), ("POST", "/products"),
        ("GET", "/products"), ("PUT", "/products/1"), ("POST", "/invoices"), ("GET", "/invoices/1"),
        ("POST", "/ctp/api/checkouts"), ("POST", "/services/credit_cards/charges"),
        ("POST", "/transactions/payments"),
    ]  # fmt: skip
    for place, (method, path) in enumerate(calls):
        async with server.customer(f"198.51.100.{place}") as attacker:
            await guess(attacker, FREE)
            answer = await attacker.request(method, path, headers=server.basic(), json={})
        assert answer.status_code == 429, (method, path)


async def test_no_password_at_all_is_no_guess(server: Server) -> None:
    async with server.customer(ATTACKER) as client:
        for _ in range(20):
            assert (await client.get(PATH)).status_code == 401
        assert (await client.get(PATH, headers=server.basic())).status_code == 404


async def test_the_operators_token(server: Server, logged: list[Any]) -> None:
    token = server.settings.operator_token or ""
    bearer = {"Authorization": f"Bearer {token}"}
    async with server.customer(ATTACKER) as attacker, server.customer(SHOP) as scraper:
        for _ in range(FREE):
            wrong_one = {"Authorization": f"Bearer {secrets.token_hex(16)}"}
            assert (await attacker.get("/metrics", headers=wrong_one)).status_code == 401
        assert (await attacker.get("/metrics", headers=bearer)).status_code == 429
        assert (await scraper.get("/metrics", headers=bearer)).status_code == 200
    assert {line["of"] for line in wrong(logged)} == {"operator"}


async def test_the_public_key_is_slowed_and_never_locked(server: Server) -> None:
    """It is public, and many phones have one address: a wrong one slows wrong ones alone."""
    key = server.settings.shops["361"].public_key
    async with server.customer(ATTACKER) as attacker:
        statuses = [
            (await attacker.get(PATH, headers={"Authorization": "Bearer wrong"})).status_code
            for _ in range(FREE + 3)
        ]
        assert statuses == [401] * FREE + [429] * 3
        right = {"Authorization": f"Bearer {key}"}
        answer = await attacker.get(PATH, headers=right)
        assert answer.status_code == 403, "known; the shop has no apps"


async def test_it_is_counted_logged_and_told_once(server: Server, logged: list[Any]) -> None:
    count = {"of": "shop"}
    before = REGISTRY.get_sample_value("checkout_wrong_passwords_total", count) or 0
    for place in range(20):
        async with server.customer(f"198.51.100.{place}") as attacker:
            await guess(attacker, FREE + 5)
            await attacker.get(PATH, headers=basic("hunter2", "x"))
    after = REGISTRY.get_sample_value("checkout_wrong_passwords_total", count) or 0
    assert after - before == 20 * (FREE + 1)
    lines = wrong(logged)
    assert len(lines) == 20, "one for each network"
    assert [line for line in lines if line.get("alert")] == [
        {"event": "password.wrong", "log_level": "warning", "of": "shop", "shop": "361",
         "network": "198.51.100.0", "tries": FREE, "alert": True}
    ]  # fmt: skip
    assert "hunter2" not in json.dumps(lines), "a password in the wrong field"


# --- The table -----------------------------------------------------------------------------------


def tried(
    guesses: PasswordThrottle, name: str, address: str, now: float, *, right: bool = False
) -> int:
    try:
        guesses.check("shop", name, address, now, right=right)
    except Unauthorized:
        return 401
    except TooMany as error:
        return error.retry_after
    return 200


def test_waits_double_and_end() -> None:
    guesses, now, waits = PasswordThrottle(), 0.0, []
    for _ in range(FREE):
        assert tried(guesses, "361", ATTACKER, now) == 401
    for _ in range(12):
        wait = tried(guesses, "361", ATTACKER, now, right=True)
        waits.append(wait)
        now += wait
        assert tried(guesses, "361", ATTACKER, now) == 401
    assert waits == [1, 2, 4, 8, 16, 32, *[LONGEST_WAIT] * 6]
    # A day of guessing: so few, of 2**80 and more.
    assert 24 * 3600 / LONGEST_WAIT < 1500


def test_an_ipv6_network_is_one_guesser() -> None:
    guesses = PasswordThrottle()
    for place in range(FREE):
        tried(guesses, "361", f"2001:db8:1:2::{place:x}", 0.0)
    assert tried(guesses, "361", "2001:db8:1:2:ffff::1", 0.0, right=True) == 1
    assert tried(guesses, "361", "2001:db8:1:3::1", 0.0, right=True) == 200
    assert network_of("2001:db8:1:2::5") == "2001:db8:1:2::/64"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    one, other = ("not an address" * 100 + end for end in "12")
    assert network_of(one) != network_of(other)
    assert len(network_of(one)) < 100


def test_the_table_is_bounded() -> None:
    """The names are an attacker's to choose, and as long as a header may be."""
    guesses = PasswordThrottle()
    for number in range(MOST * 2):
        tried(guesses, f"{number}" * 1000, ATTACKER, 0.0)
    assert len(guesses._tried) == MOST
    assert all(len(mark) == 16 for mark in guesses._tried)


def test_comparing_tells_nothing_by_its_time() -> None:
    """Neither where a guess goes wrong nor how long the secret is. Bytes are compared as digests;
    what is measured here is that no length and no prefix stands out."""
    secret = secrets.token_hex(32).encode()
    guesses = {
        "first": b"X" + secret[1:], "last": secret[:-1] + b"X", "short": b"X", "long": secret + b"X"
    }  # fmt: skip
    spent: dict[str, list[float]] = {name: [] for name in guesses}
    for _ in range(300):
        for name, guessed in guesses.items():
            begun = time.perf_counter()
            for _ in range(20):
                assert not same(secret, guessed)
            spent[name].append(time.perf_counter() - begun)
    medians = [statistics.median(times) for times in spent.values()]
    assert max(medians) < 1.5 * min(medians)
    assert same(secret, bytes(secret))
