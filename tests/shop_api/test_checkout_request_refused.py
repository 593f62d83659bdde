"""What shops may not order: every wrong field is named, all of them at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import Unprocessable
from checkout.model.money import EXPONENTS, LARGEST
from tests.shop_api.checkout_requests import Changes, body, read, wrong
from tests.support import samples

URLS = ("return_url", "success_url", "decline_url", "fail_url", "cancel_url", "client_callback_url")

# Money


@pytest.mark.parametrize(
    "amount",
    [
        0, -1, -1250, "0", "-1", "+1", "1e3", "1E3", "1.5", "1,000", "0x10", "١", "",
        12.5, 0.0, True, False, [], {}, [1], "12a", LARGEST + 1, 10**30, str(10**17),
    ],
    ids=repr,
)  # fmt: skip
def test_amounts(amount: Any) -> None:
    assert list(wrong(**Changes({"order.amount": amount}))) == ["order.amount"]


@pytest.mark.parametrize("amount", [1, "1", LARGEST, str(LARGEST)], ids=repr)
def test_amounts_that_are_some(amount: Any) -> None:
    assert read(**Changes({"order.amount": amount})).money.minor == int(amount)


@given(st.one_of(st.text(), st.floats(allow_nan=False), st.booleans(), st.integers(max_value=0)))
def test_money_is_strict(amount: Any) -> None:
    """Whatever is taken is the number that was written."""
    try:
        order = read(**Changes({"order.amount": amount}))
    except Unprocessable:
        return
    assert isinstance(amount, str | float)
    assert order.money.minor == pytest.approx(float(amount), abs=1e-6)


@pytest.mark.parametrize(
    "currency", ["", "eur", "EURO", "XXX", "XAU", "978", 978, None, True, ["EUR"], "EUR "], ids=repr
)
def test_currencies(currency: Any) -> None:
    assert list(wrong(**Changes({"order.currency": currency}))) == ["order.currency"]


def test_every_currency_of_iso() -> None:
    for code in EXPONENTS:
        assert read(**Changes({"order.currency": code})).money.currency == code


# All at once


def test_every_wrong_field_is_named() -> None:
    found = wrong(
        {
            "checkout": {
                "transaction_type": "gift",
                "attempts": 0,
                "test": "perhaps",
                "order": {
                    "amount": "1e3",
                    "currency": "eur",
                    "description": "  ",
                    "expired_at": "tomorrow",
                    "additional_data": {"contract": "recurring"},
                },
                "settings": {
                    "return_url": "http://shop.example.com",
                    "notification_url": "ftp://shop.example.com",
                    "auto_return": -1,
                    "another_card_toggle": {"display": "on"},
                },
                "customer": {"email": "ann", "country": "Latvia", "birth_date": "31.12.1990"},
                "payment_method": {"types": "credit_card", "erip": "x"},
            }
        }
    )
    assert set(found) == {
        "transaction_type",
        "attempts",
        "test",
        "order.amount",
        "order.currency",
        "order.description",
        "order.expired_at",
        "order.additional_data.contract",
        "settings.return_url",
        "settings.notification_url",
        "settings.auto_return",
        "settings.another_card_toggle.display",
        "payment_method.types",
        "payment_method.erip",
    }
    assert all(len(reasons) == 1 for reasons in found.values())


@pytest.mark.parametrize("empty", [{}, [], None])
def test_what_is_required(empty: Any) -> None:
    assert wrong({"checkout": {"order": empty}}) == {
        "order.amount": ["is required"],
        "order.currency": ["is required"],
        "order.description": ["is required"],
        "transaction_type": ["is required"],
    }


@pytest.mark.parametrize("data", [{}, [], {"checkout": None}, {"order": {}}], ids=repr)
def test_no_checkout_at_all(data: Any) -> None:
    assert wrong(data)["checkout"] == ["is required"]


@pytest.mark.parametrize("data", ["checkout", 1, [1], True, {"checkout": "x"}, {"checkout": [1]}])
def test_no_object_at_all(data: Any) -> None:
    assert "must be an object" in str(wrong(data))


def test_no_reason_repeats_a_value() -> None:
    """It may be a card number in the wrong field."""
    secret = "4200000000000000x"
    paths = ("order.amount", "order.currency", "settings.language", "settings.return_url", "test")
    assert secret not in str(wrong(**dict.fromkeys(paths, secret)))


# Text


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "x" * 256, "a\x00b", "\x1b[31m", "\ud800", ["x"]]
)
def test_descriptions(text: Any) -> None:
    assert list(wrong(**Changes({"order.description": text}))) == ["order.description"]


@pytest.mark.parametrize("said", [0, -1, "0", 1.5, "many", True, []], ids=repr)
def test_attempts(said: Any) -> None:
    assert list(wrong(attempts=said)) == ["attempts"]


@pytest.mark.parametrize(
    "said",
    [
        "2026-01-01T00:00:00Z",  # past
        "2027-02-30T00:00:00Z",
        "tomorrow",
        "1800446400",
        1800446400,
        "9999-12-31T23:59:59-23:00",  # no calendar has it
    ],
    ids=repr,
)
def test_times(said: Any) -> None:
    assert list(wrong(**Changes({"order.expired_at": said}))) == ["order.expired_at"]


# Addresses


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/",
        "http://localhost/",
        "https://",
        "https:///path",
        "//shop.example.com/",
        "/path",
        "shop.example.com",
        "javascript:alert(1)",
        "JavaScript://%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://shop.example.com",
        "myshop://paid",  # an app's scheme that is not the shop's
        "https://user:password@shop.example.com/",
        "https://shop.example.com\\@evil.example/",
        "https://shop.example.com/\r\nSet-Cookie: x=1",
        "https://shop.example.com /x",
        "https://shop.example.com\u202e/",
        "https://shop.example.com./",
        "https://шоп.example/",
        "https://0x7f.1/",
        "https://shop.example.com:0/",
        "https://shop.example.com:99999/",
        "https://shop.example.com/" + "x" * 2048,
        5,
        ["https://shop.example.com/"],
    ],
)
def test_landing_addresses(name: str, url: Any) -> None:
    assert list(wrong(**Changes({f"settings.{name}": url}))) == [f"settings.{name}"]


@pytest.mark.parametrize("name", ["notification_url", "verification_url"])
@pytest.mark.parametrize("url", ["http://shop.example.com/", "myshop://paid", "javascript:x", 5])
def test_called_addresses(name: str, url: Any) -> None:
    assert list(wrong(**Changes({f"settings.{name}": url}))) == [f"settings.{name}"]


def test_only_the_shops_own_sites_where_it_names_some() -> None:
    shop = samples.shop(return_origins=("https://shop.example.com", "myshop://"))
    for url in ("https://shop.example.com/x", "https://shop.example.com:443/", "myshop://paid?x"):
        assert (
            read(shop=shop, **Changes({"settings.return_url": url})).page_settings.return_url == url
        )
    for url in (
        "https://evil.example/",
        "https://shop.example.com.evil.example/",
        "https://shop.example.com:8443/",
        "https://sub.shop.example.com/",
        "othershop://paid",
    ):
        with pytest.raises(Unprocessable):
            read(shop=shop, **Changes({"settings.return_url": url}))
    # The shop is called on any site: those are for its servers, not for customers.
    found = read(shop=shop, **Changes({"settings.notification_url": "https://hooks.example/x"}))
    assert found.page_settings.notification_url == "https://hooks.example/x"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]/"])
def test_loopback_in_the_sandbox_alone(url: str) -> None:
    shop = samples.shop(url=url)
    for name in ("return_url", "notification_url"):
        path = f"settings.{name}"
        assert (
            getattr(read(shop=shop, sandbox=True, **Changes({path: url})).page_settings, name)
            == url
        )
        assert list(wrong(**Changes({path: url}))) == [path]


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(("order", "amount", "settings", "x")), inner),
        ),
        max_leaves=8,
    )
)
def test_whatever_comes_is_an_order_or_named(data: Any) -> None:
    for shape in (data, {"checkout": data}, body(order=data), body(settings=data, customer=data)):
        try:
            found: object = read(shape)
        except Unprocessable as refused:
            found = refused.fields
        assert found
