"""The page itself, not embedded, in two more browsers: ways to pay, order, address, languages."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.browser.sites import Sites
from tests.engines.engine import Reader, until
from tests.journeys.shopper import PLAIN

pytestmark = pytest.mark.engines

WIDE: Final = (1280, 900)
PHONE: Final = (390, 844)
CARD: Final = {"number": PLAIN, "expiry": "12/34", "code": "123", "holder": "ANNA SMITH"}
TYPED: Final = """return ["number", "expiry", "code", "holder"].map(
  (name) => document.getElementById("f-" + name).value)"""

# The names of the address's fields that are shown, in their order; "!" where one is required.
ADDRESS: Final = """return [...document.querySelectorAll("fieldset:has([data-rules]) [data-field]")]
  .filter((each) => each.checkVisibility())
  .map((each) => each.querySelector("label").textContent.trim().replace(/\\s+/g, " ")
    + (each.querySelector("input, select").required ? "!" : ""))"""

# As wide as a phone: the windows themselves become no narrower than 500 and 447 pixels.
NARROW: Final = f"document.documentElement.style.width = '{PHONE[0]}px'"

# Into how many lines the amount is broken, and how much wider than its place the page is.
FITS: Final = """return [document.querySelector(".amount > bdi").getClientRects().length,
  document.body.scrollWidth - document.body.clientWidth, document.body.clientWidth > 390]"""

# The row after which the card's fields stand, while they are to be sent.
CARD_UNDER: Final = """const fields = document.querySelector("[data-card-fields]");
  return fields.disabled ? "" : fields.previousElementSibling.querySelector("input").value"""


def come(reader: Reader, url: str, size: tuple[int, int] = WIDE) -> None:
    reader.out()
    reader.engine.resize(*size)
    reader.engine.go(url)


def type_card(reader: Reader, **changes: str) -> None:
    for name, text in (CARD | changes).items():
        reader.type(f"#f-{name}", text)


def comes(reader: Reader, script: str, wanted: Any) -> None:
    until(lambda: reader.engine.run(script) == wanted, f"{wanted!r} of {script}")


def test_ways_to_pay(sites: Sites, reader: Reader) -> None:
    """The chosen one's fields alone are shown, with what was typed; Cancel can be taken back."""
    way = "[name=method][value={}]".format
    come(reader, sites.order_with_ways(language="en", notify_canceled=False).url)
    reader.type("#f-number", PLAIN)
    reader.shown(way("acquirer_card"), is_shown=False)
    reader.press(way("crypto"))
    reader.shown("#f-number", is_shown=False)
    reader.shown(".asked input")
    comes(reader, CARD_UNDER, "")
    reader.press(".more > summary")
    reader.press(way("acquirer_card"))
    reader.shown("#f-number")
    reader.shown(".asked input", is_shown=False)
    comes(reader, CARD_UNDER, "acquirer_card")
    assert reader.value("#f-number") == "4200 0000 0000 0000"
    reader.press(".leave button")
    reader.reads("Payment cancelled", framed=False)
    reader.press("form .button")  # "Pay after all"
    reader.press(".more > summary")
    # WebKitGTK asks for %2c as %2C, and the simulated system compares each byte, but of this form.
    reader.press(way("form_get"))
    reader.press(".pay .button")
    reader.at(sites.bank)
    reader.press("button[value=pay]")
    reader.reads("Paid", framed=False)


def test_what_is_bought(sites: Sites, reader: Reader) -> None:
    """Open where there is room, folded on a phone; and then it is paid by card."""
    lines = [{"name": "Socks", "quantity": 2, "amount": 100_000_000}, {"name": "Hat", "amount": 42}]
    bought = {"amount": 100_000_542, "currency": "EUR", "description": "Winter", "shipping": 500}
    made = sites.order(order=bought | {"lines": lines})
    come(reader, made.url)
    reader.shown(".order-lines li")
    reader.shown(".order-lines summary", is_shown=False)
    comes(reader, FITS, [1, 0, True])
    reader.engine.resize(*PHONE)
    reader.engine.run(NARROW)
    reader.shown(".order-lines li", is_shown=False)
    reader.press(".order-lines summary")
    reader.shown(".order-lines li")
    assert "Socks" in reader.engine.text(reader.element(".order-lines li"))
    comes(reader, FITS, [1, 0, False])
    type_card(reader)
    reader.press(".pay .button")
    reader.reads("Paid", framed=False)
    assert sites.status(made) == "successful"


def test_an_address_by_country(sites: Sites, reader: Reader) -> None:
    asked = {"visible": ["country", "address", "city", "state", "zip"]}
    made = sites.order_with_ways(language="en", customer_fields=asked)
    come(reader, made.url, PHONE)
    type_card(reader)
    reader.choose("#f-country", "US")
    comes(reader, ADDRESS, ["Country!", "Address!", "City!", "State!", "ZIP code!"])
    reader.type("#f-state", "New York")
    reader.choose("#f-country", "JP")
    comes(reader, ADDRESS, ["Country!", "Postal code!", "Prefecture!", "Address!"])
    reader.choose("#f-country", "GB")
    comes(reader, ADDRESS, ["Country!", "Address!", "Town or city!", "Postal code!"])
    reader.type("#f-address", "1 High Street")
    reader.type("#f-city", "London")
    reader.press(".pay .button")
    reader.shown("#f-zip[aria-invalid]")  # told here, before anything is sent
    reader.type("#f-zip", "10001")
    reader.press(".pay .button")
    like = "return document.getElementById('e-zip').textContent"
    comes(reader, like, "Enter the postal code like EC1Y 8SY")  # which the server alone sees
    assert reader.engine.run(TYPED) == ["4200 0000 0000 0000", "12/34", "123", "ANNA SMITH"]
    reader.engine.run("document.getElementById('f-zip').value = ''")
    reader.type("#f-zip", "sw1a1aa")
    reader.press(".pay .button")
    reader.reads("Paid", framed=False)


def test_another_language_keeps_what_was_typed(sites: Sites, reader: Reader) -> None:
    come(reader, sites.order_with_ways(language="en").url)
    type_card(reader)
    reader.press("[data-languages]")
    reader.choose("#language select", "Deutsch")
    reader.press("#language button")
    comes(reader, "return document.documentElement.lang", "de")
    assert "bezahlen" in reader.engine.text(reader.element(".pay .button"))
    assert "/de/payment/" in reader.engine.run("return location.pathname")
    assert reader.engine.run(TYPED) == ["4200 0000 0000 0000", "12/34", "123", "ANNA SMITH"]
    reader.press(".pay .button")
    reader.reads("Bezahlt", framed=False)
