"""Typing, pasting and autofill, with keys as a person presses them."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import Page, expect

from checkout.model.card_form import digits, expiry, read_card
from checkout.model.order import Customer, CustomerFields, PageSettings
from checkout.web.pages.customer_fields import read_customer
from tests.journeys.plugin import BROWSER
from tests.journeys.servers import Servers
from tests.journeys.shopper import CHALLENGE, FRICTIONLESS, Shopper
from tests.support.samples import order as an_order

pytestmark = BROWSER

CARET = "document.activeElement.selectionStart"
FOCUSED = "document.activeElement.name || document.activeElement.id"
SET_CARET = "(at) => document.activeElement.setSelectionRange(at, at)"


async def _number(servers: Servers, customer: Shopper) -> Page:
    page = await customer.open(await servers.order())
    await page.locator("#f-number").focus()
    return page


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("4012000000001097", "4012 0000 0000 1097"),
        ("371449635398431", "3714 496353 98431"),
        ("30569309025904", "3056 930902 5904"),
        ("6304000000000000018", "6304 0000 0000 0000 018"),
        ("5204240000015003", "5204 2400 0001 5003"),
    ],
)
async def test_groups_of_digits(
    servers: Servers, customer: Shopper, typed: str, shown: str
) -> None:
    page = await _number(servers, customer)
    await page.keyboard.type(typed)
    await expect(page.locator("#f-number")).to_have_value(shown)
    assert await page.evaluate(CARET) == len(shown)


async def test_the_caret_stays_where_it_is(servers: Servers, customer: Shopper) -> None:
    page = await _number(servers, customer)
    number = page.locator("#f-number")
    await page.keyboard.type("401200000001097")
    await expect(number).to_have_value("4012 0000 0001 097")
    await page.evaluate(SET_CARET, 7)  # 4012 00|00 ...
    await page.keyboard.press("9")
    await expect(number).to_have_value("4012 0090 0000 1097")
    assert await page.evaluate(CARET) == 8
    await page.keyboard.press("Backspace")
    await expect(number).to_have_value("4012 0000 0001 097")
    assert await page.evaluate(CARET) == 7
    await page.keyboard.press("Delete")
    await expect(number).to_have_value("4012 0000 0010 97")
    assert await page.evaluate(CARET) == 7
    # Over a gap: the digit before it goes.
    await page.evaluate(SET_CARET, 5)
    await page.keyboard.press("Backspace")
    await expect(number).to_have_value("4010 0000 0109 7")
    assert await page.evaluate(CARET) == 3


@pytest.mark.parametrize(
    "pasted",
    [
        "4012000000001097",
        "4012-0000-0000-1097",
        " 4012 0000\u00a00000 1097\n",
        "４０１２000000001097",
    ],
)
async def test_pasted(servers: Servers, customer: Shopper, pasted: str) -> None:
    page = await _number(servers, customer)
    await page.keyboard.insert_text(pasted)
    shown = await page.locator("#f-number").input_value()
    assert digits(shown) == CHALLENGE
    assert [len(group) for group in shown.split(" ")] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    "typed", ["1234", "12/34", "12 / 34", "122034", "12/2034", "12-34", "2034-12", "12.34"]
)
async def test_expiry_as_typed_and_as_filled_in(
    servers: Servers, customer: Shopper, typed: str
) -> None:
    """Whatever people type and browsers fill in is read as the same month."""
    page = await customer.open(await servers.order())
    field = page.locator("#f-expiry")
    await field.press_sequentially(typed)
    assert expiry(await field.input_value()) == (12, 2034)
    await field.fill("")
    await field.fill(typed)
    assert expiry(await field.input_value()) == (12, 2034)


async def test_one_digit_months(servers: Servers, customer: Shopper) -> None:
    page = await customer.open(await servers.order())
    field = page.locator("#f-expiry")
    await field.press_sequentially("829")
    await expect(field).to_have_value("08/29")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Backspace")
    await expect(field).to_have_value("")


WRITINGS = (
    "01/20", "1/20", "0120", "120", "01/2020", "2020-01", "2020-01-31", "202001", "01.20", "1 - 20",
    "12/39", "1239", "122039", "2039-12", "203912", "12|39", " 12/39 ", "13/39", "00/39", "1", "x",
    "12/", "2039", "39/12", "12/3", "20/39",
)  # fmt: skip


async def test_a_past_date_is_told_as_the_server_tells_it(
    servers: Servers, customer: Shopper
) -> None:
    """In every writing: on leaving the field, before the card is sent."""
    page = await customer.open(await servers.order())
    field, code, error = (page.locator(f"#{name}") for name in ("f-expiry", "f-code", "e-expiry"))
    for writing in WRITINGS:
        await field.fill(writing)
        await code.focus()
        written = await field.input_value()  # some are put into shape while they are typed
        _, wrong = read_card({"expiry": written}, today=date.today())  # noqa: DTZ011
        await expect(error).to_have_text(wrong.get("expiry", ""))
    await field.fill("01/20")
    await field.fill("12/39")
    await expect(error).to_have_text("")


async def test_autofill(servers: Servers, customer: Shopper) -> None:
    """What browsers look for to fill a card in."""
    asked = {"visible": ["email", "phone"]}
    page = await customer.open(await servers.order(settings={"customer_fields": asked}))
    wanted = {
        "number": ("cc-number", "numeric"),
        "expiry": ("cc-exp", "numeric"),
        "code": ("cc-csc", "numeric"),
        "holder": ("cc-name", None),
        "email": ("email", "email"),
        "phone": ("tel", "tel"),
    }
    for name, (autocomplete, inputmode) in wanted.items():
        field = page.locator(f"#f-{name}")
        assert await field.get_attribute("autocomplete") == autocomplete
        assert await field.get_attribute("inputmode") == inputmode
        size = await field.evaluate("(each) => parseFloat(getComputedStyle(each).fontSize)")
        assert size >= 16, "phones zoom into smaller letters"
        box = await field.bounding_box()
        assert box
        assert box["height"] >= 44


async def test_the_code_follows_the_brand(servers: Servers, customer: Shopper) -> None:
    page = await _number(servers, customer)
    hint = page.locator("#h-code")
    await page.keyboard.type("4012")
    three = await hint.inner_text()
    await page.locator("#f-number").fill("")
    await page.keyboard.type("3714")
    await expect(hint).not_to_have_text(three)
    await expect(page.locator("#f-code")).to_have_attribute("maxlength", "4")


async def test_with_the_keyboard_alone(servers: Servers, customer: Shopper) -> None:
    """Tab, arrows and Enter, from the shop to the bank and back."""
    page = customer.page
    await customer.open(await servers.order())
    keys = page.keyboard

    async def tab_to(name: str) -> None:
        for _ in range(12):
            await keys.press("Tab")
            if await page.evaluate(FOCUSED) == name:
                return
        raise AssertionError(f"{name} can't be reached")

    await tab_to("method")
    await keys.press("ArrowDown")
    await expect(page.locator("[value=bank_transfer]")).to_be_checked()
    await keys.press("ArrowUp")
    await tab_to("number")
    await keys.type(CHALLENGE)
    await tab_to("expiry")
    await keys.type("1234")
    await tab_to("code")
    await keys.type("123")
    await tab_to("holder")
    await keys.type("ANNA SMITH")
    await keys.press("Enter")
    await customer.at_bank()
    await tab_to("password")
    await keys.type("1111")
    await keys.press("Enter")
    await customer.at("result")
    await expect(page.locator("#headline")).to_be_focused()
    for _ in range(6):
        await keys.press("Tab")
        if await page.evaluate("document.activeElement.hasAttribute('data-back')"):
            break
    await keys.press("Enter")
    await customer.at_shop()
    await customer.reads("Thank you, your order is paid")


async def test_enter_pays_and_focus_goes_to_what_is_wrong(
    servers: Servers, customer: Shopper
) -> None:
    order = await servers.order(settings={"customer_fields": {"visible": ["email"]}})
    page = await customer.open(order)
    await customer.type_card(FRICTIONLESS, code="")
    await page.locator("#f-holder").press("Enter")
    await expect(page.locator("#f-code")).to_be_focused()
    await page.keyboard.type("123")
    await page.locator("#f-email").fill("nobody")
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-email")).to_be_focused()
    await expect(page.locator("#e-email")).to_contain_text("Check the e-mail address")
    assert await servers.calls(order) == []


SLIPS = (
    ("number", "", "4012", "4012000000001098", "4012000000001097",
     "４０１２００００００００１０９７", "٤٠١٢٠٠٠٠٠٠٠٠١٠٩٧"),
    ("expiry", "", "12/39", "１２／３９", "01/20", "٠٨/٣٩", "2039-12", "12 / 2039", "13/39"),
    ("code", "", "12", "123", "１２３", "1234"),
    ("holder", "", "Anna Lee", "A" * 33, "4012 0000 0000 1097", "Ánna\u200b Lée", "١٢٣٤٥٦٧٨"),
    ("email", "", "anna", "anna@example", "anna@example.com", " anna@пример.рф ", "a b@c.de"),
    ("first_name", "", "Anna", " "),
    ("phone", "", "12", "+375 29 123-45-67"),
)  # fmt: skip


async def test_slips_are_told_as_the_server_tells_them(servers: Servers, customer: Shopper) -> None:
    """Field by field, in place, before anything is sent: by the same table, in the same words."""
    asked = {"visible": ["email", "first_name", "phone"]}
    fields = CustomerFields(tuple(asked["visible"]))
    ordered = an_order(page_settings=PageSettings(customer_fields=fields))
    page = await customer.open(await servers.order(settings={"customer_fields": asked}))
    await customer.type_card()
    for name, *cases in SLIPS:
        field, error = page.locator(f"#f-{name}"), page.locator(f"#e-{name}")
        before = await field.input_value()
        for case in cases:
            await field.fill(case)
            await page.evaluate(PRESS)
            typed = {name: await field.input_value()}
            _, card = read_card(typed | {"number": CHALLENGE} if name == "code" else typed,
                                today=date.today())  # noqa: DTZ011  # fmt: skip
            _, theirs = read_customer(ordered, Customer(), typed, "", is_customer=True)
            wanted = (card | theirs).get(name, "")
            await expect(error).to_have_text(wanted)
        await field.fill(before)


# Checks without sending: what a wallet's button does first.
PRESS = "document.querySelector('[data-pay]').dispatchEvent(new Event('check', {cancelable: true}))"


async def test_composed_digits(servers: Servers, customer: Shopper) -> None:
    """A keyboard that composes tells the end of it after the last input."""
    page = await _number(servers, customer)
    wire = await customer.context.new_cdp_session(page)
    for name, typed, shown in (
        ("number", "４０１２００００００００１０９７", "4012 0000 0000 1097"),
        ("expiry", "1239", "12/39"),
    ):
        await page.locator(f"#f-{name}").focus()
        await wire.send(
            "Input.imeSetComposition", {"text": typed, "selectionStart": 0, "selectionEnd": 0}
        )
        await wire.send("Input.insertText", {"text": typed})
        await expect(page.locator(f"#f-{name}")).to_have_value(shown)


@pytest.mark.parametrize("filled", ["12 / 2034", "2034-12", "12-2034", "１２/３４", "122034"])
async def test_a_filled_in_date_ends_as_on_the_card(
    servers: Servers, customer: Shopper, filled: str
) -> None:
    page = await customer.open(await servers.order())
    await page.locator("#f-expiry").fill(filled)
    await page.locator("#f-code").focus()
    await expect(page.locator("#f-expiry")).to_have_value("12/34")
