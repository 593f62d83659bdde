"""Renewal: another payment of the same order, where one has expired and nobody has tried to pay."""

from __future__ import annotations

import asyncio
import time

from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Customer
from tests.web.test_offline_links import link, made_of

RENEWS = "[shops.361]\nrenew = true\n[shops.framing]\nrenew = true"
DAY = 24 * 3600
LATE = DAY + 61  # a payment that says nothing else lasts a day


async def renewed(customer: Customer, made: CreatedPayment) -> str:
    """Where the result page's button leads."""
    form = (await customer.open(made.path("result"))).form("renew")
    answer = await customer.submit(form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def offers(page: Page) -> bool:
    return any(form.action.endswith("/renew") for form in page.forms)


async def test_an_expired_payment_is_renewed_once(opened: Opened) -> None:
    async with opened(top=RENEWS) as server, server.customer() as customer:
        made = await server.create(order={"tracking_id": "order-7"})
        server.offset = LATE
        form = (await customer.open(made.path("result"))).form("renew")
        answers = await asyncio.gather(*(customer.submit(form) for _ in range(3)))
        (path,) = {answer.headers["location"] for answer in answers}
        assert path != made.path()
        page = await customer.open(path)
        assert "€19.99" in page.headline
        assert "order-7" in page.text
        assert await renewed(customer, made) == path
        answer = await customer.submit(page.form("pay"), **CARD)
        assert (await customer.open(answer.headers["location"])).headline == "Paid"


async def test_a_renewal_can_expire_too(opened: Opened) -> None:
    async with opened(top=RENEWS) as server, server.customer() as customer:
        made = await server.create()
        server.offset = LATE
        first = await renewed(customer, made)
        server.offset = 2 * LATE
        _, _, _, uid, secret, *_ = first.split("/")
        second = await renewed(customer, CreatedPayment(server, "361", "", uid, secret))
        assert second not in (first, made.path())
        assert await renewed(customer, made) == first


async def test_what_was_tried_is_not_renewed(opened: Opened) -> None:
    """It may still turn out as paid."""
    async with opened(top=RENEWS) as server, server.customer() as customer:
        untried, tried = await server.create(attempts=3), await server.create(attempts=3)
        first = await customer.open(tried.path())
        await customer.submit(first.form("pay"), method="bank_transfer")
        await customer.submit(first.form("cancel"), what="attempt")
        again = await customer.open(tried.path())
        assert again.form("pay").fields
        server.offset = LATE
        form = (await customer.open(untried.path("result"))).form("renew")
        assert not offers(await customer.open(tried.path("result")))
        form.action = tried.path("renew")
        assert (await customer.submit(form)).status_code == 403  # another payment's token


async def test_what_is_not_over_is_not_renewed(opened: Opened) -> None:
    """Neither in the minute after its end nor one that was cancelled: it may live again."""
    async with opened(top=RENEWS) as server, server.customer() as customer:
        made, cancelled = await server.create(), await server.create()
        await customer.submit((await customer.open(cancelled.path())).form("cancel"))
        assert not offers(await customer.open(cancelled.path("result")))
        server.offset = DAY + 30
        assert not offers(await customer.open(made.path("result")))
        server.offset = LATE
        assert offers(await customer.open(made.path("result")))
        assert offers(await customer.open(cancelled.path("result")))


async def test_only_where_the_shop_allows_it(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made = await server.create()
        path = link(server, expires=int(time.time()) - 5)
        server.offset = LATE
        assert not offers(await customer.open(made.path("result")))
        assert (await customer.get(f"{path}?renew=1")).status_code == 410


async def test_an_expired_link_is_renewed(opened: Opened) -> None:
    async with opened(top=RENEWS) as server, server.customer() as customer:
        path = link(server, expires=int(time.time()) - 5)
        answer = await customer.get(path)
        assert answer.status_code == 410
        assert f'href="{path}?renew=1"' in answer.text
        assert "Renew and pay" in answer.text
        made = made_of(server, await customer.get(f"{path}?renew=1"))
        assert "€12.50" in (await customer.open(made.path())).headline
        assert (await customer.get(path)).headers["location"] == made.path()


async def test_an_expired_invoice_is_not_renewed(opened: Opened) -> None:
    async with opened(top=RENEWS) as server, server.customer() as customer:
        body = {"amount": 1250, "currency": "EUR", "description": "Two chairs", "send": False}
        answer = await customer.post("/invoices", json=body, headers=server.basic("361"))
        path = answer.json()["invoice"]["url"].removeprefix(server.settings.public_url)
        opened_before = made_of(server, await customer.get(path))
        server.offset = 8 * DAY
        assert not offers(await customer.open(opened_before.path("result")))
