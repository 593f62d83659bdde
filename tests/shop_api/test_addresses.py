"""Addresses of shops whose settings list http:// sites, or whose names are in other scripts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.errors import Unprocessable
from checkout.model.order import PageSettings
from checkout.model.status import Status
from checkout.settings import Shop
from checkout.shop_api.app_checkout_request import read_app_order
from checkout.shop_api.checkout_request import read_link_order
from checkout.shop_api.invoices import read_invoice
from checkout.shop_api.merchant_initiated import read_merchant_initiated
from checkout.shop_api.products import read_product
from checkout.shop_api.return_url import return_url_of
from tests.shop_api.checkout_requests import NOW, Changes, body, read
from tests.support import ledger_rows, samples

CUSTOMERS = (
    "return_url", "success_url", "decline_url", "fail_url", "cancel_url", "client_callback_url",
)  # fmt: skip
CALLED = ("notification_url", "verification_url")
OLD, PORT = "http://old.example.com/back", "http://old.example.com:8080/back"
LISTED = ("http://old.example.com", "http://old.example.com:8080", "https://shop.example.com")
OTHERS = (
    "http://shop.example.com/back",
    "http://old.example.com:8000/back",
    "http://evil.example/back",
    "http://old.example.com.evil.example/back",
)


def shop(**changes: Any) -> Shop:
    values = {"return_origins": LISTED, "link_keys": (samples.SECRET,), "apps": True}
    return samples.shop(**(values | changes))


@pytest.mark.parametrize("url", [OLD, PORT])
@pytest.mark.parametrize("name", [*CUSTOMERS, *CALLED])
def test_http_addresses_on_the_origins_that_the_settings_list(name: str, url: str) -> None:
    order = read(shop=shop(), **Changes({f"settings.{name}": url}))
    assert getattr(order.page_settings, name) == url


@pytest.mark.parametrize("url", OTHERS)
@pytest.mark.parametrize("name", [*CUSTOMERS, *CALLED])
def test_and_on_no_others(name: str, url: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read(shop=shop(), **Changes({f"settings.{name}": url}))
    assert list(refused.value.fields) == [f"settings.{name}"]
    assert "return_origins" in refused.value.fields[f"settings.{name}"][0]


@pytest.mark.parametrize("name", [*CUSTOMERS, *CALLED])
def test_an_order_without_listed_origins_is_https_alone(name: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read(shop=samples.shop(), **Changes({f"settings.{name}": "http://shop.example.com/x"}))
    assert list(refused.value.fields) == [f"settings.{name}"]


def test_what_is_only_shown_is_https_alone() -> None:
    with pytest.raises(Unprocessable):
        read(shop=shop(), **Changes({"settings.agreement_toggle": {"url": OLD}}))


def test_every_way_to_make_a_payment_takes_them() -> None:
    flat = {"amount": 1250, "currency": "EUR", "description": "Two tickets"}
    made = {
        "link": read_link_order(
            flat | {"return_url": OLD, "notification_url": OLD}, shop(), sandbox=False, now=NOW
        ).page_settings,
        "invoice": read_invoice(
            flat | {"return_url": OLD, "notification_url": OLD, "send": False},
            shop(),
            samples.settings(),
            NOW,
        ).order.page_settings,
        "product": read_product(
            flat | {"name": "Tea", "infinite": True, "return_url": OLD, "notification_url": OLD},
            shop(),
            sandbox=False,
            now=NOW,
        )[0].page_settings,
        "charge": read_merchant_initiated(
            {"request": flat
             | {"credit_card": {"token": "t0ken"}, "return_url": OLD, "notification_url": OLD}},
            "payment", shop(), sandbox=False, now=NOW,
        ).order.page_settings,
    }  # fmt: skip
    for page_settings in made.values():
        assert (page_settings.return_url, page_settings.notification_url) == (OLD, OLD)
    asked = body(**Changes({"settings.return_url": OLD}))
    assert read_app_order(asked, shop(), sandbox=False, now=NOW).page_settings.return_url == OLD


def test_the_shops_own_words_are_answered_as_it_wrote_them() -> None:
    """The payment goes to the address in ASCII; `settings` says what was sent."""
    cyrillic = samples.shop(return_origins=("https://xn--80aairftm.xn--90ais",))
    sent = " https://Магазин.бел:/спасибо?заказ=7 "
    order = read(shop=cyrillic, **Changes({"settings.return_url": sent}))
    path = "%D1%81%D0%BF%D0%B0%D1%81%D0%B8%D0%B1%D0%BE?%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7=7"
    assert order.page_settings.return_url == f"https://xn--80aairftm.xn--90ais/{path}"
    assert msgspec.json.decode(order.raw["settings"])["return_url"] == sent
    payment = ledger_rows.payment_of(ledger_rows.payment_row(order=order))
    back = return_url_of(payment, Status.PAID, cyrillic, NOW)
    assert back is not None
    assert back.startswith(f"https://xn--80aairftm.xn--90ais/{path}&token={payment.token}&status=")


def test_the_way_back_to_an_http_page_carries_what_it_always_does() -> None:
    order = samples.order(page_settings=PageSettings(return_url=f"{PORT}?order=7"))
    payment = ledger_rows.payment_of(ledger_rows.payment_row(order=order))
    back = return_url_of(payment, Status.PAID, shop(), NOW)
    assert back is not None
    assert back.startswith(f"{PORT}?order=7&token={payment.token}&status=successful&uid=")
