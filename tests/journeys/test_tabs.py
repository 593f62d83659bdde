"""One payment in several tabs and browsers at once."""

from __future__ import annotations

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, PLAIN, Shopper

pytestmark = BROWSER


async def test_paid_in_one_tab_then_sent_in_the_other(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    one = await customer.open(order)
    other = await customer.open(order, await customer.tab())
    await customer.type_card(PLAIN, page=other)
    await customer.pay(PLAIN, page=one)
    await customer.reads("Paid", one)
    await customer.press_pay(other)
    await customer.at("result", other)
    await customer.reads("Paid", other)
    assert len(await servers.transactions(order)) == 1


async def test_sent_in_the_other_tab_while_at_the_bank(servers: Servers, customer: Shopper) -> None:
    order = await servers.order()
    one = await customer.open(order)
    other = await customer.open(order, await customer.tab())
    await customer.type_card(CHALLENGE, page=other)
    await customer.pay(CHALLENGE, page=one)
    await customer.at_bank(one)
    await customer.press_pay(other)
    await customer.at_bank(other)
    assert one.url == other.url
    await customer.answer_bank(page=other)
    await customer.reads("Paid", other)
    # The first tab answers the bank as well: it sees how it ended.
    await customer.answer_bank(page=one)
    await customer.at("result", one)
    await customer.reads("Paid", one)
    assert len(await servers.transactions(order)) == 1
    assert await servers.charges(order) == 1


async def test_in_another_browser_in_the_middle(
    servers: Servers, customer: Shopper, enter: Enter
) -> None:
    """The link opened on the phone, without a cookie, while the computer is at the bank."""
    order = await servers.order()
    await customer.open(order)
    await customer.pay(CHALLENGE)
    await customer.at_bank()
    phone = await enter(viewport={"width": 390, "height": 800}, has_touch=True)
    await phone.open(order)
    await phone.at_bank()  # the payment is at the bank, and so is whoever opens it
    await customer.answer_bank()
    await customer.reads("Paid")
    await phone.open(order)
    await phone.at("result")
    await phone.reads("Paid")
    assert await servers.charges(order) == 1


async def test_back_from_the_bank_in_another_browser(
    servers: Servers, customer: Shopper, enter: Enter
) -> None:
    """The bank's app opens the system's browser: no cookie of ours is there."""
    order = await servers.order()
    await customer.open(order)
    await customer.pay(CHALLENGE)
    page = await customer.at_bank()
    elsewhere = await enter()
    await elsewhere.page.goto(page.url)
    await elsewhere.answer_bank()
    await elsewhere.at("result")
    await elsewhere.reads("Paid")
    await elsewhere.back_to_shop()
    await elsewhere.reads("Thank you, your order is paid")
