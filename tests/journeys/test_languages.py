"""Languages, and currencies with none and with three decimals."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from checkout.i18n import translations
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status
from checkout.web.pages import declines, messages
from tests.journeys.plugin import BROWSER, Enter
from tests.journeys.servers import Servers
from tests.journeys.shopper import DECLINED, PLAIN, Shopper

pytestmark = BROWSER


def spaced(text: str) -> re.Pattern[str]:
    """The text, whichever blanks are in it: amounts are written with some that don't break."""
    return re.compile(re.escape(text).replace(r"\ ", r"\s"))


LANGUAGES = {"en": "€{}", "de": "{} €", "ru": "{} €"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_in_the_shops_language(servers: Servers, customer: Shopper, language: str) -> None:
    say = translations(language).gettext
    order = await servers.order(language=language, attempts=2)
    page = await customer.open(order)
    assert f"/{language}/payment/" in page.url
    assert await page.locator("html").get_attribute("lang") == language
    number = f"{order.amount / 100:.2f}".replace(".", "." if language == "en" else ",")
    amount = LANGUAGES[language].format(number)
    button = page.locator(".pay .button .for-card")
    await expect(button).to_have_text(spaced(say(messages.PAY) % {"amount": amount}))
    await customer.pay(DECLINED)
    await expect(page.locator(".note.bad h2")).to_have_text(
        say(declines.CAUSE[DeclineReason.DO_NOT_HONOUR].title["card"])
    )
    await customer.pay(PLAIN)
    await customer.at("result")
    await customer.reads(say(messages.STATUS[Status.PAID].title))
    back = say(messages.BACK) % {"shop": "Demo shop"}
    await expect(page.locator("[data-back]")).to_have_text(back)


async def test_another_language_by_the_picker(servers: Servers, customer: Shopper) -> None:
    order = await servers.order(language="en")
    page = await customer.open(order)
    await customer.type_card(PLAIN)
    # An error in sight changes too.
    await page.locator("#f-holder").fill("")
    await customer.press_pay()
    await expect(page.locator("#e-holder")).to_contain_text("Enter the name")
    await customer.press("Language: English")
    await expect(page.get_by_label("Language")).to_be_focused()
    await page.get_by_label("Language").select_option("Deutsch")
    await customer.press("Change")
    await expect(page.locator(".pay .button")).to_contain_text("bezahlen")
    await expect(page.locator("#e-holder")).to_contain_text("Geben Sie den Namen")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    assert "/de/payment/" in page.url
    # Nothing that was typed is lost.
    await page.locator("#f-holder").fill("ANN LEE")
    await customer.press_pay()
    await customer.reads("Bezahlt")
    (transaction,) = await servers.transactions(order)
    assert transaction["facts"]["language"] == "de"


async def test_the_browsers_language(servers: Servers, enter: Enter) -> None:
    """Where the shop names none, the browser's own."""
    customer = await enter(locale="ru-RU")
    order = await servers.order(settings={"language": None})
    page = await customer.open(order)
    assert "/ru/payment/" in page.url


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("JPY", 2100, {"en": "¥2,100", "de": "2.100 ¥", "ru": "2 100 ¥"}),
        ("KWD", 4150, {"en": "KWD 4.150", "de": "4,150 KWD", "ru": "4,150 KWD"}),
    ],
    ids=["JPY", "KWD"],
)
async def test_decimals(
    servers: Servers, customer: Shopper, currency: str, amount: int, shown: dict[str, str]
) -> None:
    order = await servers.order(currency=currency, amount=amount)
    page = await customer.open(order)
    address = page.url
    for language, text in shown.items():
        await page.goto(address.replace("/en/", f"/{language}/"))
        wanted = spaced(text)
        await expect(page.locator(".amount bdi")).to_have_text(wanted)
        await expect(page.locator(".pay .button")).to_contain_text(wanted)
    await page.goto(address)
    await customer.pay(PLAIN)
    await customer.reads("Paid")
    await expect(page.locator(".amount bdi")).to_have_text(spaced(shown["en"]))
    (transaction,) = await servers.transactions(order)
    assert (transaction["amount"], transaction["currency"]) == (amount, currency)
    await customer.back_to_shop()
    sold = await servers.sold(order)
    assert sold["notifications"][0]["amount"] == amount
