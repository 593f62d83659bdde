"""The embedded card journey in two more browsers, cookies of third parties refused."""

from __future__ import annotations

from typing import Final

import pytest

from checkout.assets import STATIC
from tests.browser.sites import Sites
from tests.engines.engine import Reader
from tests.journeys.shopper import CHALLENGE, DECLINED
from tests.support.wallet_browser import wallet_browser

pytestmark = pytest.mark.engines

# By the script before the widget, from the name of ours that plugins derive.
OLDER: Final = """<!doctype html><title>A tea shop</title><link rel="icon" href="data:,">
<script src="{js}/begateway-1-latest.min.js"></script>
<a href="#" id="pay">Pay</a><div id="form"></div>
<script>
  new BeGateway({{ type: "{kind}", id: "{id}", url: "{url}" }}).buildForm();
</script>"""


def pay(reader: Reader, number: str = CHALLENGE) -> None:
    reader.enter_frame()
    reader.type("#f-number", number)
    reader.type("#f-expiry", "12/34")
    reader.type("#f-code", "123")
    reader.type("#f-holder", "ANNA SMITH")
    reader.press(".pay .button")


def answer(reader: Reader) -> None:
    reader.type("#password", "1111")
    reader.press("button[value=confirm]")


def test_the_bank_in_the_frame_of_a_modal(sites: Sites, reader: Reader) -> None:
    sites.behave(iframe=True)
    made = sites.order()
    run = reader.engine.run
    reader.engine.go(sites.modal(made))
    reader.press("#pay")
    pay(reader)
    reader.reads("Confirm your payment")
    answer(reader)
    reader.reads("Paid")
    assert sites.status(made) == "successful"
    reader.out()
    said = run("return messages.map(([from, { event, status }]) => [from, event, status])")
    assert {origin for origin, *_ in said} == {sites.pay}
    assert [sites.pay, "status", "successful"] in said
    run("window.answer = false; widget.close()")
    assert run("return told") == ["successful"]
    reader.at(sites.modal(made))


PHONE: Final = (390, 844)


@pytest.mark.parametrize("kind", ["modal", "inline"])
def test_each_step_is_in_view(sites: Sites, reader: Reader, kind: str) -> None:
    """On a phone, wherever the customer has scrolled to: what is new, and what to press next."""
    sites.behave(iframe=True)
    reader.out()
    reader.engine.resize(*PHONE)
    reader.engine.go(getattr(sites, kind)(sites.order()))
    if kind == "modal":
        reader.press("#pay")
        reader.sees(".pay .button")
    else:  # as who is about to press Pay has scrolled
        reader.engine.run("document.querySelector('checkout-frame').scrollIntoView(false)")
    pay(reader, DECLINED)
    reader.sees(".note")
    reader.enter_frame()
    reader.engine.run("document.querySelector('[data-pay]').reset()")
    pay(reader)
    reader.reads("Confirm your payment")
    for each in ("h1", "#password", "button[value=confirm]"):
        reader.sees(each)
    reader.enter_frame()
    answer(reader)
    reader.reads("Paid")
    reader.sees("h1")
    reader.sees("[data-back]")


def test_the_bank_in_the_whole_window_from_inline(sites: Sites, reader: Reader) -> None:
    sites.behave(iframe=False)
    made = sites.order()
    reader.engine.go(sites.inline(made))
    reader.engine.run("document.querySelector('checkout-frame').scrollIntoView()")
    pay(reader)
    reader.reads("Taking you to your bank")
    reader.press("[data-leave] .button, a[data-leave]")
    reader.at(sites.bank)
    answer(reader)
    reader.reads("Paid", framed=False)
    reader.press("[data-back]")
    reader.at(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&uid=")
    assert sites.status(made) == "successful"


@pytest.mark.parametrize(("kind", "place"), [("overlay", "pay"), ("inline", "form")])
def test_an_older_page(sites: Sites, reader: Reader, kind: str, place: str) -> None:
    sites.behave(iframe=True)
    made = sites.order()
    page = OLDER.format(js=sites.beside("js"), kind=kind, id=place, url=made.url)
    sites.pages |= {"/older": ("text/html", page), "/older.policy": ("", "")}
    reader.engine.go(f"{sites.shop}/older")
    if kind == "overlay":
        reader.press("#pay")
    pay(reader)
    reader.reads("Confirm your payment")
    answer(reader)
    reader.at(f"{sites.shop}/thanks?order=7&token={made.token}&status=successful&uid=")
    assert sites.status(made) == "successful"


def test_a_decline_leaves_what_was_typed(sites: Sites, reader: Reader) -> None:
    """On the page itself: the note comes into it, and only the code is to be typed again."""
    made = sites.order()
    run = reader.engine.run
    reader.out()
    reader.engine.go(made.url)
    for name, text in CARD.items():
        reader.type(f"#f-{name}", text)
    reader.press(".pay .button")
    reader.element(".note.bad")
    assert run(TYPED) == ["4005 5500 0000 0019", "12/34", "", "ANNA SMITH"]
    assert run("return document.activeElement.className") == "note bad"
    run(f"document.getElementById('f-number').value = '{CHALLENGE}'")
    reader.type("#f-code", "123")
    reader.press(".pay .button")
    reader.at(sites.bank)
    answer(reader)
    reader.reads("Paid", framed=False)
    assert sites.status(made) == "successful"


CARD: Final = {"number": DECLINED, "expiry": "12/34", "code": "123", "holder": "ANNA SMITH"}
TYPED: Final = """return ["number", "expiry", "code", "holder"].map(
  (name) => document.getElementById("f-" + name).value)"""


@pytest.mark.parametrize("wallet", ["google_pay", "apple_pay"])
def test_a_wallets_button(sites: Sites, reader: Reader, wallet: str) -> None:
    """Not embedded. These browsers have no such interface, so it is played, and the page's own
    script runs again, as it would have found it."""
    token = sites.order_with_wallets()
    reader.out()
    reader.engine.go(f"{sites.pay}/widget/hpp.html?token={token}")
    shown = "return document.querySelector('[data-wallet]').offsetHeight"
    assert reader.engine.run(shown) == 0
    address = f"{sites.gateway}/paymentservices/paymentSession"
    script = (STATIC / "js" / "wallets.js").read_text()
    reader.engine.run("document.querySelector('.wallets').hidden = false")
    reader.engine.run(wallet_browser(wallet, address=address) + script)
    reader.press(f"[data-wallet={wallet}]")
    reader.reads("Paid", framed=False)
