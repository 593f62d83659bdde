"""Who pressed Cancel may pay after all, while the payment lives and the shop has not been told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import OURS, PAID, CreatedPayment, Customer, Server


async def cancelled(customer: Customer, made: CreatedPayment) -> Page:
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("cancel"))
    assert answer.headers["location"] == made.path("result")
    return await customer.open(made.path("result"))


def resumes(page: Page) -> bool:
    return any(form.action.endswith("/resume") for form in page.forms)


async def test_pay_after_all(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await cancelled(customer, made)
    assert (page.headline, (await made.told())["status"]) == ("Payment cancelled", "canceled")
    for _ in range(2):  # pressed twice: once
        answer = await customer.submit(page.form("resume"))
        assert answer.headers["location"] == made.path()
    assert (await made.told())["status"] is None
    await customer.pay(made, PAID)
    assert (await customer.open(made.path("result"))).headline == "Paid"
    assert len(made.attempts()) == 1
    # What was left open in another tab opens nothing any more.
    answer = await customer.submit(page.form("resume"))
    assert answer.headers["location"] == made.path("result")


@pytest.mark.parametrize(
    "order",
    [{"settings": {"notify_canceled": True}}, {"settings": {"notify_canceled": False}}],
    ids=["told", "not told"],
)
async def test_only_where_the_shop_is_not_told(
    server: Server, customer: Customer, order: dict[str, Any]
) -> None:
    made = await server.create(**order)
    page = await cancelled(customer, made)
    told = order["settings"]["notify_canceled"]
    assert resumes(page) is not told
    other = await cancelled(customer, await server.create())
    token = other.form("resume").fields["form_token"]
    answer = await customer.post(made.path("resume"), data={"form_token": token}, headers=OURS)
    assert answer.status_code == 403, "a token of another payment"


async def test_not_after_its_time(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made = await server.create()
        page = await cancelled(customer, made)
        assert resumes(page)
        server.offset = 40 * 24 * 3600
        answer = await customer.submit(page.form("resume"))
        assert answer.headers["location"] == made.path("result")
        assert not resumes(await customer.open(made.path("result")))
