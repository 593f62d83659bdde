"""A wallet's button in a browser that has the wallet: one press, and it is paid."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import CHALLENGE, DECLINED, PLAIN, Shopper
from tests.support.wallet_browser import wallet_browser

pytestmark = BROWSER

APPLES_SERVER = "/paymentservices/paymentSession"
CONSENT = {
    "customer_fields": {"visible": ["email"]},
    "agreement_toggle": {"url": "https://shop.example.com/terms"},
}


async def enter_with(enter: Enter, *can: str, **more: Any) -> tuple[Shopper, list[tuple[str, Any]]]:
    """A customer whose browser has these wallets, and what its sheets were told."""
    customer, told = await enter(), []
    await customer.context.expose_function("note", lambda name, value: told.append((name, value)))
    await customer.context.add_init_script(wallet_browser(*can, **more))
    return customer, told


async def ordered(servers: Servers, **wanted: Any) -> Order:
    return await servers.order_of("wallets", servers.wallets_secret, **wanted)


async def test_google_pay(servers: Servers, enter: Enter) -> None:
    customer, told = await enter_with(enter, "google_pay")
    order = await ordered(servers)
    page = await customer.open(order)
    await expect(page.locator("[data-wallet=google_pay]")).to_be_visible()
    await expect(page.locator("[data-wallet=apple_pay]")).to_be_hidden()
    await page.locator("[data-wallet=google_pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    (_, asked), done = told
    assert done == ("complete", "unknown")
    assert asked["total"]["amount"] == {"currency": "EUR", "value": f"{order.amount / 100:.2f}"}
    assert asked["data"] == {
        "environment": "TEST",
        "apiVersion": 2,
        "apiVersionMinor": 0,
        "merchantInfo": {"merchantName": "Shop with wallets"},
        "allowedPaymentMethods": [
            {
                "type": "CARD",
                "parameters": {
                    "allowedAuthMethods": ["PAN_ONLY", "CRYPTOGRAM_3DS"],
                    "allowedCardNetworks": ["VISA", "MASTERCARD"],
                },
                "tokenizationSpecification": {
                    "type": "PAYMENT_GATEWAY",
                    "parameters": {"gateway": "examplegateway", "gatewayMerchantId": "361"},
                },
            }
        ],
        "transactionInfo": {
            "countryCode": "CY",
            "currencyCode": "EUR",
            "totalPrice": f"{order.amount / 100:.2f}",
            "totalPriceStatus": "FINAL",
        },
    }
    (paid,) = await servers.transactions(order)
    assert (paid["charged"], paid["amount"]) == (True, order.amount)


async def test_apple_pay(servers: Servers, enter: Enter) -> None:
    """By a session that our server got from Apple's."""
    address = servers.sandbox + APPLES_SERVER
    customer, told = await enter_with(enter, "apple_pay", address=address)
    order = await ordered(servers)
    page = await customer.open(order)
    await page.locator("[data-wallet=apple_pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    said = dict(told)
    request = said["apple_pay"]["request"]
    assert request.pop("total")["amount"] == f"{order.amount / 100:.2f}"
    assert request == {
        "countryCode": "CY",
        "currencyCode": "EUR",
        "merchantCapabilities": ["supports3DS"],
        "supportedNetworks": ["visa", "masterCard"],
    }
    assert said["session"]["merchantIdentifier"] == "merchant.com.example"
    assert said["session"]["domainName"] == "127.0.0.1"
    assert await servers.charges(order) == 1


async def test_what_the_form_asks_for_comes_first(servers: Servers, enter: Enter) -> None:
    """No sheet opens before; the card's own fields are not asked for."""
    customer, told = await enter_with(enter, "google_pay")
    order = await ordered(servers, settings=CONSENT)
    page = await customer.open(order)
    button = page.locator("[data-wallet=google_pay]")
    await button.click()
    await expect(page.locator("#f-email")).to_be_focused()
    assert told == []
    assert await page.locator("#e-number").inner_text() == ""
    await page.locator("#f-email").fill("anna@example.com")
    await page.locator("#f-agreed").check()
    await button.click()
    await customer.at("result")
    assert [name for name, _ in told] == ["google_pay", "complete"]


async def test_a_sheet_that_is_closed(servers: Servers, enter: Enter) -> None:
    """Nothing is sent, and the card can be typed instead."""
    customer, told = await enter_with(enter, "google_pay", closes=True)
    order = await ordered(servers)
    page = await customer.open(order)
    await page.locator("[data-wallet=google_pay]").click()
    await expect(page.locator(".wallets p")).to_have_text("or")
    assert [name for name, _ in told] == ["google_pay"]
    await customer.pay(PLAIN)
    await customer.at("result")
    assert await servers.charges(order) == 1


async def test_apple_gives_no_session(servers: Servers, enter: Enter) -> None:
    customer, told = await enter_with(enter, "apple_pay", address=f"{servers.sandbox}/elsewhere")
    customer.expected = {422}
    page = await customer.open(await ordered(servers))
    await page.locator("[data-wallet=apple_pay]").click()
    await expect(page.locator(".wallets p")).to_contain_text("does not work just now")
    assert [name for name, _ in told] == ["apple_pay", "abort"]


async def test_a_decline(servers: Servers, enter: Enter) -> None:
    """The page says so, and a card pays."""
    address = servers.sandbox + APPLES_SERVER
    customer, told = await enter_with(enter, "apple_pay", address=address, card=DECLINED)
    order = await ordered(servers, attempts=2)
    page = await customer.open(order)
    await page.locator("[data-wallet=apple_pay]").click()
    await expect(page.locator(".note.bad")).to_be_visible()
    assert await page.locator("[name=wallet_data]").input_value() == ""
    assert told[-1] == ("completePayment", {"status": 1})  # a failure, on Apple's sheet
    await customer.pay(PLAIN)
    await customer.at("result")
    assert [row["charged"] for row in await servers.transactions(order)] == [False, True]
    assert [name for name, _ in told][:2] == ["apple_pay", "session"]


async def test_to_the_bank_and_back(servers: Servers, enter: Enter) -> None:
    """Of a card of Google's that is no device's the bank may ask who pays."""
    customer, _ = await enter_with(enter, "google_pay", card=CHALLENGE)
    order = await ordered(servers)
    page = await customer.open(order)
    await page.locator("[data-wallet=google_pay]").click()
    await customer.answer_bank()
    await customer.at("result")
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


@pytest.mark.parametrize("width", [1280, 320])
async def test_a_browser_without_them(servers: Servers, enter: Enter, width: int) -> None:
    """Nothing is offered, and nothing moves."""
    customer, _ = await enter_with(enter)
    page = customer.page
    await page.set_viewport_size({"width": width, "height": 800})
    await customer.open(await ordered(servers))
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("[data-wallet]").first).to_be_hidden()
    shifts = """() => new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries().length))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(resolve, 300, 0);
    })"""
    assert await page.evaluate(shifts) == 0
    await customer.pay(PLAIN)
    await customer.at("result")
