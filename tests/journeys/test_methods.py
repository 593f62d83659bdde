"""Ways to pay without a card: a link, forms, instructions to be followed elsewhere."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.accessibility import look
from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Order, Servers
from tests.journeys.shopper import DECLINED, PLAIN, Shopper
from tests.support.polling import until

pytestmark = BROWSER


@pytest.mark.parametrize("method", ["bank_transfer", "sbp", "form_get", "form_decimal"])
async def test_on_the_payment_systems_own_page(
    servers: Servers, customer: Shopper, method: str
) -> None:
    """A plain address, a form to post, a GET form with fields, a number among them: each arrives
    unspoiled (the simulated system turns away whoever changed a byte)."""
    order = await servers.order()
    page = await customer.open(order)
    await customer.choose(method)
    await expect(page.locator("#f-number")).to_be_hidden()
    await customer.press_pay()
    await customer.at_bank()
    await customer.reads("Pay this order")
    await page.locator("button[value=pay]").click()
    await customer.at("result")
    await customer.reads("Paid")
    await customer.back_to_shop()
    await customer.reads("Thank you, your order is paid")
    assert await servers.charges(order) == 1


async def test_declined_by_the_payment_system(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(attempts=2)
    page = await customer.open(order)
    await customer.choose("sbp")
    await customer.press_pay()
    await customer.at_bank()
    await customer.press("Decline")
    await customer.at("payment")
    await expect(page.locator(".note.bad")).to_contain_text("do not send it again: ask the shop")
    # The way that was chosen stays chosen.
    await expect(page.locator("[name=method][value=sbp]")).to_be_checked()
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    assert await servers.charges(order) == 1


async def test_the_cards_fields_follow_the_choice(servers: Servers, customer: Shopper) -> None:
    """With what was typed: to another way that takes a card, behind the line, and back."""
    ways = {"types": ["credit_card", "sbp", "erip", "crypto", "acquirer_card"]}
    page = await customer.open(await servers.order(payment_method=ways))
    await customer.type_card(PLAIN)
    for method in ("credit_card", "acquirer_card", "credit_card"):
        await customer.choose(method)
        row = page.locator(f"label:has([value={method}]) + [data-card-fields]")
        await expect(row.locator("#f-number")).to_have_value("4200 0000 0000 0000")
        await expect(row.locator("#f-number")).to_be_enabled()
    await customer.choose("sbp")
    await expect(page.locator("[data-card-fields]")).to_be_hidden()
    await expect(page.locator("[data-card-fields]")).to_have_attribute("disabled", "")


async def test_pay_after_all(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order(settings={"notify_canceled": False}))
    await customer.press("Cancel payment")
    await customer.reads("Payment cancelled")
    await customer.press("Pay after all")
    await customer.pay(DECLINED)
    note = page.locator(".note.bad")
    await note.get_by_role("link", name="Choose another way to pay").click()
    await expect(page.locator("#f-method")).to_be_focused()
    await note.get_by_role("link", name="Use another card").click()
    await expect(page.locator("#f-number")).to_be_focused()
    await page.locator("#f-code").fill("123")
    await page.locator("#f-number").fill(PLAIN)
    await customer.press_pay()
    await customer.reads("Paid")
    assert await page.title() == "Paid"


async def test_instructions_and_a_qr_code(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(payment_method={"types": ["erip", "credit_card"]})
    page = await customer.open(order)
    await customer.choose("erip")
    await customer.press_pay()
    await customer.at("wait")
    await customer.reads("How to pay")
    await expect(page.locator(".qr svg")).to_be_visible()
    await expect(page.locator(".steps li")).to_have_count(3)
    link = page.locator(".todo a.button")
    await expect(link).to_have_text("Open the page to pay")
    (bill,) = await servers.transactions(order)
    assert f"/cash-desk/{bill['uid']}?" in (await link.get_attribute("href") or "")
    account = bill["facts"]["details"]["account_number"]
    await expect(page.locator(".todo")).to_contain_text(account)
    # Paid at a cash desk: this page learns of it by itself.
    await servers.settle(bill["uid"])
    await customer.at("result")
    await customer.reads("Paid")
    assert (await servers.sold(order))["state"] == "paid"


async def test_instructions_and_no_notification(servers: Servers, customer: Shopper) -> None:
    """The gateway's notification is lost: the page's own questions find the money."""
    await servers.behave(notifications="lost")
    order = await servers.order(payment_method={"types": ["erip"]})
    await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    (bill,) = await servers.transactions(order)
    await servers.settle(bill["uid"])
    await customer.at("result")
    await customer.reads("Paid")


async def test_in_the_banks_app(servers: Servers, customer: Shopper) -> None:
    """What opens an app is tapped on a phone; elsewhere the code beside it is scanned."""
    order = await servers.order(payment_method={"types": ["sberpay_qr_deeplink", "credit_card"]})
    page = await customer.open(order)
    await customer.choose("sberpay_qr_deeplink")
    await customer.press_pay()
    await customer.at("wait")
    await expect(page.locator(".qr svg")).to_be_visible()
    (bill,) = await servers.transactions(order)
    link = page.locator("a[href^='sbolpay://']")
    await expect(link).to_have_attribute(
        "href",
        f"sbolpay://invoicing/v2?bankInvoiceId={bill['uid']}&operationType=Web2App",
    )
    await look(page, "app-link")
    await servers.settle(bill["uid"])
    await customer.at("result")
    await customer.reads("Paid")


async def test_where_nobody_can_be_sent(servers: Servers, customer: Shopper) -> None:
    """A form for an address without TLS: the customer is told at once and pays another way; the
    first one is followed all the same, should money come by it."""
    servers.allowed = ("gateway.unusable_step", "late_success")
    order = await servers.order(payment_method={"types": ["form_http", "credit_card"]})
    page = await customer.open(order)
    await customer.choose("form_http")
    await customer.press_pay()
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("is having a problem right now")
    assert '"event": "gateway.unusable_step"' in servers.log()
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    first, _ = await servers.transactions(order)
    assert first["status"] == "pending"
    await servers.behave(notifications="lost")
    asked = len(await servers.queries(order))
    await servers.settle(first["uid"])

    async def followed() -> bool:
        return len(await servers.queries(order)) > asked

    await until(followed, 30)
    assert await servers.charges(order) == 2  # raised, for a person to send one back
    await until(lambda: "late_success" in servers.log())


# --- Coins: paid elsewhere, and the customer says so ----------------------------------------------

ANNA = {"email": "anna@example.com"}


async def _to_be_sent(servers: Servers, customer: Shopper) -> tuple[Order, str]:
    """The page that says what to send where, and the exchanger's number of it."""
    order = await servers.order(payment_method={"types": ["crypto", "credit_card"]}, customer=ANNA)
    await customer.open(order)
    await customer.choose("crypto")
    await customer.press_pay()
    await customer.at("wait")
    await customer.reads("How to pay")
    (sent,) = await servers.transactions(order)
    await expect(customer.page.locator(".todo")).to_contain_text(sent["in_amount"])
    return order, sent["uid"]


async def test_coins_sent_and_said(servers: Servers, customer: Shopper) -> None:
    order, _ = await _to_be_sent(servers, customer)
    await servers.control("exchanger/desk", by_itself=False)
    await customer.press("I have paid")
    await customer.at("wait")
    await customer.reads("Looking for your payment")
    await customer.no_form()
    (sent,) = await servers.transactions(order)
    await servers.settle(sent["uid"])
    await expect(customer.page.get_by_text("I have paid")).to_have_count(0)
    await customer.at("result")
    await customer.reads("Paid")
    assert (await servers.sold(order))["state"] == "paid"


async def test_coins_sent_and_nothing_said(servers: Servers, customer: Shopper) -> None:
    """The exchanger sees the money before the customer says anything."""
    order, uid = await _to_be_sent(servers, customer)
    await servers.settle(uid)
    await customer.at("result")
    await customer.reads("Paid")
    assert (await servers.sold(order))["state"] == "paid"


async def test_paid_beforehand_and_said(servers: Servers, customer: Shopper) -> None:
    """A route that is paid before anything else: the exchanger waits to be told."""
    order = await servers.order(payment_method={"types": ["prepaid"]}, customer=ANNA)
    page = await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    (sent,) = await servers.transactions(order)
    assert sent["word"] == "waitPayment"
    await expect(page.locator(".steps li")).to_have_count(3)
    await customer.press("I have paid")
    await expect(page.get_by_text("I have paid")).to_have_count(0)
    (sent,) = await servers.transactions(order)
    assert sent["word"] != "waitPayment"
    await customer.at("result")
    await customer.reads("Paid")


async def test_coins_with_a_memo_and_sent_back(servers: Servers, customer: Shopper) -> None:
    """Without the memo the money isn't found; here it is, and goes back all the same."""
    order = await servers.order(payment_method={"types": ["tether"]}, customer=ANNA)
    page = await customer.open(order)
    await customer.press_pay()
    await customer.reads("How to pay")
    (sent,) = await servers.transactions(order)
    await expect(page.locator(".todo .rows")).to_contain_text("With this memo")
    await expect(page.locator(".todo .rows")).to_contain_text(sent["uid"])
    await expect(page.locator(".todo ol")).to_have_count(0)  # one line is no list
    await expect(page.locator(".todo")).to_contain_text("Tether TON")
    await look(page, "instructions-memo")
    await servers.settle(sent["uid"], "refunded")
    await customer.at("result")
    await customer.reads("Your money was sent back")
    await look(page, "sent-back")
    assert (await servers.sold(order))["state"] != "paid"


async def test_coins_not_sent_in_time(servers: Servers, customer: Shopper) -> None:
    """The exchanger closes its order: the page is open again, with another try."""
    await servers.control("exchanger/desk", lifetime=2)
    order, uid = await _to_be_sent(servers, customer)
    await expect(customer.page.locator("a[href^='bitcoin:']")).to_have_text("Open in your wallet")
    page = await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("was not finished")
    (left,) = await servers.transactions(order)
    assert (left["uid"], left["status"]) == (uid, "expired")


async def test_coins_given_up_for_a_card(servers: Servers, customer: Shopper) -> None:
    """What is left is withdrawn at the exchanger: nobody pays it by accident."""
    order, _ = await _to_be_sent(servers, customer)
    await customer.press("Choose another way to pay")
    await customer.at("payment")
    await customer.choose("credit_card")
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    left, taken = await servers.transactions(order)
    assert (left["status"], taken["status"]) == ("deleted", "successful")


async def test_coins_given_up_on_the_exchangers_page(servers: Servers, customer: Shopper) -> None:
    """Back by its own button, which says "error": the page is open again."""
    order = await servers.order(payment_method={"types": ["wallet", "crypto"]}, customer=ANNA)
    page = await customer.open(order)
    await customer.choose("wallet")
    await customer.press_pay()
    await customer.at_bank()
    await page.locator("form[action$='/cancel'] button").click()
    await page.locator("a[href*='/return/'][href$='?status=error']").click()
    await customer.at("payment")
    await expect(page.locator(".note")).to_contain_text("was not finished")
    assert (await servers.sold(order))["state"] != "paid"


async def test_coins_on_the_exchangers_page(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(payment_method={"types": ["wallet"]}, customer=ANNA)
    page = await customer.open(order)
    await customer.press_pay()
    await customer.at_bank()
    await page.locator("form[action$='/paid'] button").click()
    (sent,) = await servers.transactions(order)
    assert sent["word"] != "new"

    async def paid() -> bool:
        return bool((await servers.sold(order))["state"] == "paid")

    await until(paid)
    await page.reload()
    await page.locator("a[href*='/return/']").click()
    await customer.at("result")
    await customer.reads("Paid")
