"""The flat payload of an offline link, checked like the API's body."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import Unprocessable
from checkout.model.money import Money
from checkout.model.order import Order
from checkout.shop_api.checkout_request import LINK_SECONDS, read_link_order
from tests.shop_api.checkout_requests import NOW
from tests.support import samples


def read(**changes: Any) -> Order:
    payload = {"amount": 1250, "currency": "EUR", "description": "Invoice 7"} | changes
    return read_link_order(payload, samples.shop(), sandbox=False, now=NOW)


def test_the_smallest_link() -> None:
    order = read()
    assert order.money == Money(1250, "EUR")
    assert order.transaction_type == "payment"
    assert order.expires_at == NOW + LINK_SECONDS
    assert order.attempts == 5
    assert order.test is False


def test_what_a_link_may_say() -> None:
    order = read(
        transaction_type="authorization",
        attempts=2,
        test=True,
        expires=NOW + 60,
        tracking_id="i-7",
        return_url="https://shop.example.com/thanks",
        notification_url="https://shop.example.com/notify",
        language="de",
        auto_return=0,
        customer={"email": "ann@example.com"},
        payment_method={"types": ["erip"]},
        shop="361",
        id="x",
        unknown={"a": 1},
    )
    assert (order.transaction_type, order.attempts, order.test) == ("authorization", 2, True)
    assert (order.expires_at, order.tracking_id) == (NOW + 60, "i-7")
    assert order.page_settings.return_url == "https://shop.example.com/thanks"
    assert (order.page_settings.language, order.page_settings.auto_return) == ("de", 0)
    assert order.customer.email == "ann@example.com"
    assert order.methods.types == ("erip",)


def test_a_link_past_its_time_is_still_read() -> None:
    """Whether it may be opened is the flow's to say: it was perhaps opened before."""
    assert read(expires=NOW - 60).expires_at == NOW - 60


@pytest.mark.parametrize("expires", ["soon", "1800000060", True, -1, 1e300, 10**15, [], {}])
def test_a_time_is_a_time(expires: Any) -> None:
    with pytest.raises(Unprocessable) as refused:
        read(expires=expires)
    assert list(refused.value.fields) == ["expires"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "order.amount"),
        ({"amount": "1e3"}, "order.amount"),
        ({"currency": None}, "order.currency"),
        ({"description": ""}, "order.description"),
        ({"return_url": "javascript:x"}, "settings.return_url"),
        ({"transaction_type": "gift"}, "transaction_type"),
        ({"attempts": "lots"}, "attempts"),
    ],
)
def test_it_is_checked_like_the_apis(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read(**change)
    assert list(refused.value.fields) == [field]
