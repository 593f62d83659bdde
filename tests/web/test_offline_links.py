"""Offline-signed links over HTTP: each opening finds the same payment and takes nothing up."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
import structlog

from checkout.signing import sign_link
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import DECLINED, PAID, CreatedPayment, Customer, Server

ORDER: dict[str, Any] = {"amount": 1250, "currency": "EUR", "description": "Two chairs"}


def link(server: Server, shop: str = "361", key: str | None = None, **changes: Any) -> str:
    key = key or server.settings.shops[shop].link_keys[-1]
    return "/pay/" + sign_link(shop, key, ORDER | changes)


def made_of(server: Server, answer: httpx.Response, shop: str = "361") -> CreatedPayment:
    assert answer.status_code == 303, answer.text
    _, _, kind, uid, secret, *_ = answer.headers["location"].split("/")
    assert kind == "payment"
    return CreatedPayment(server, shop, "", uid, secret)


async def test_each_opening_finds_the_same_payment(server: Server, customer: Customer) -> None:
    path = link(server)
    made = made_of(server, await customer.get(path))
    before = made.books()
    for _ in range(5):
        async with server.customer("198.51.100.4") as scanner:
            for answer in (await scanner.get(path), await scanner.head(path)):
                assert answer.headers["location"] == made.path()
    assert made.books() == before
    assert len(before["payments"]) == 1
    assert not before["attempts"]
    page = await customer.open(made.path())
    assert "€12.50" in page.headline
    assert "Two chairs" in page.text


async def test_head_alone_opens_it_too(server: Server, customer: Customer) -> None:
    path = link(server)
    head = await customer.head(path)
    assert (await customer.get(path)).headers["location"] == head.headers["location"]


async def test_many_links_from_one_address(opened: Opened) -> None:
    """At their first opening; what is open already is shown as often as one likes."""
    async with opened(openings="3") as server, server.customer() as customer:
        paths = [link(server) for _ in range(4)]
        statuses = [(await customer.get(path)).status_code for path in (*paths, *paths[:3])]
        assert statuses == [303, 303, 303, 429, 303, 303, 303]
        async with server.customer("198.51.100.1") as other:
            made_of(server, await other.get(paths[3]))


async def test_two_links_are_two_payments(server: Server, customer: Customer) -> None:
    found = {made_of(server, await customer.get(link(server))).uid for _ in range(3)}
    assert len(found) == 3


async def test_a_paid_link_shows_that(server: Server, customer: Customer) -> None:
    path = link(server)
    made = made_of(server, await customer.get(path))
    await customer.pay(made, PAID)
    again = await customer.get(path)
    assert again.headers["location"] == made.path("result")


async def test_a_link_allows_more_than_one_try(server: Server, customer: Customer) -> None:
    made = made_of(server, await customer.get(link(server)))
    answer = await customer.pay(made, DECLINED)
    assert answer.headers["location"] == made.path()
    assert (await customer.pay(made, PAID)).headers["location"] == made.path("result")


async def test_the_links_language(server: Server, customer: Customer) -> None:
    answer = await customer.get(link(server, language="ru"))
    assert answer.headers["location"].startswith("/ru/payment/")


async def test_an_older_key_still_opens(server: Server, customer: Customer) -> None:
    old, new = server.settings.shops["361"].link_keys
    for key in (old, new):
        made_of(server, await customer.get(link(server, key=key)))


async def test_a_tampered_link(server: Server, customer: Customer) -> None:
    path = link(server)
    strangers = [
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path[:20] + ("A" if path[20] != "A" else "B") + path[21:],
        path[:-1],
        path + "x",
        path.replace(".", "..", 1),
        path.partition(".")[0],
        "/pay/",
        "/pay/x",
        "/pay/x.y",
        "/pay/" + "x" * 5000,
        "/pay/.x.y",
    ]
    before = server.books()["payments"]
    for stranger in strangers:
        answer = await customer.get(stranger)
        assert answer.status_code == 404, stranger
        assert Page(answer.text).headline == "We can't find this payment"
    assert server.books()["payments"] == before


async def test_a_shop_signs_for_itself_alone(server: Server, customer: Customer) -> None:
    ours = server.settings.shops["361"]
    for shop, key in (
        ("framing", ours.link_keys[-1]),
        ("nobody", ours.link_keys[-1]),
        ("361", ours.secret_key),
        ("361", server.settings.secrets[-1]),
    ):
        assert (
            await customer.get(
                link(server, "361", key=key)
                if shop == "361"
                else "/pay/" + sign_link(shop, key, ORDER)
            )
        ).status_code == 404


async def test_an_expired_link(server: Server, customer: Customer) -> None:
    answer = await customer.get(link(server, expires=int(time.time()) - 10))
    assert answer.status_code == 410
    assert Page(answer.text).headline == "This link has expired"


async def test_a_link_that_expires_after_its_opening(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        path = link(server, expires=int(time.time()) + 3600)
        made = made_of(server, await customer.get(path))
        server.offset = 3601
        answer = await customer.get(path)
        assert answer.headers["location"] == made.path("result")
        assert (await customer.open(made.path("result"))).headline == "Time is up"


async def test_a_link_without_an_end_lives_seventy_days(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        path = link(server)
        made_of(server, await customer.get(path))
        server.offset = 69 * 24 * 3600
        assert not (await customer.get(path)).headers["location"].endswith("/result")
        server.offset = 71 * 24 * 3600
        assert (await customer.get(path)).headers["location"].endswith("/result")


@pytest.mark.parametrize("sent", ["x", {"email": "anna", "city": "x" * 61}], ids=repr)
async def test_a_link_opens_whatever_it_says_of_its_customer(
    server: Server, customer: Customer, sent: Any
) -> None:
    with structlog.testing.capture_logs() as lines:
        path = link(server, customer=sent)
        made = made_of(server, await customer.get(path))
        assert (await customer.get(path)).headers["location"] == made.path()
    (noted,) = [line for line in lines if line["event"] == "data.dropped"]  # once, not again
    assert noted["payment"] == made.uid
    assert all(name.startswith("customer") for name in noted["fields"])


@pytest.mark.parametrize(
    "changes",
    [{"amount": 0}, {"amount": "1e3"}, {"amount": 12.5}, {"currency": "XXX"}, {"description": " "},
     {"expires": "tomorrow"}, {"expires": True}, {"expires": 10**400}, {"attempts": 0.5},
     {"return_url": "javascript:alert(1)"},
     {"payment_method": {"types": ["x"]}}, {"expires": 1e300}, {"expires": -1}],
    ids=lambda changes: str(changes)[:40],
)  # fmt: skip
async def test_a_signed_link_that_makes_no_sense(
    server: Server, customer: Customer, changes: dict[str, Any]
) -> None:
    """Signed by the shop itself: its fault, told as a page, never a fault of ours."""
    before = server.books()["payments"]
    answer = await customer.get(link(server, **changes))
    assert 400 <= answer.status_code < 500
    assert Page(answer.text).headline
    assert server.books()["payments"] == before


async def test_what_a_link_may_say(server: Server, customer: Customer) -> None:
    answer = await customer.get(
        link(
            server,
            tracking_id="chair-7",
            return_url="https://shop.example.com/back?x=1",
            customer={"email": "anna@example.com"},
            payment_method={"types": ["sbp"]},
            test=True,
        )
    )
    made = made_of(server, answer)
    page = await customer.open(made.path())
    assert "chair-7" in page.text
    assert "Test mode" in page.text
    assert [form.fields.get("method") for form in page.forms] == ["sbp", None]


@pytest.mark.parametrize(
    ("spelling", "language"),
    [("ru_RU.UTF-8", "ru"), ("GER", "de"), ("by", "be"), ("klingon", "en"), (7, "en")],
)
async def test_the_language_however_it_is_spelled(
    server: Server, customer: Customer, spelling: Any, language: str
) -> None:
    """One that we do not speak, or that is none, is the browser's."""
    made = await server.create(settings={"language": spelling})
    assert (await made.told())["settings"]["language"] == spelling, "as it was sent"
    for path in (link(server, language=spelling), f"/widget/hpp.html?token={made.token}"):
        answer = await customer.get(path)
        assert answer.headers["location"].startswith(f"/{language}/")
