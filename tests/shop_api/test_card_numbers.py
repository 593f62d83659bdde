"""A card's number in what a shop writes is nowhere in what is kept of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.errors import Unprocessable
from checkout.shop_api.card_numbers import without_card_numbers
from checkout.shop_api.checkout_request import read_link_order, read_order
from checkout.shop_api.invoices import read_invoice
from checkout.shop_api.merchant_initiated import read_merchant_initiated
from checkout.shop_api.products import read_product
from tests.support import samples

PAN = "4005550000000019"
WRITTEN = (PAN, "4005 5500 0000 0019", "4005-5500-0000-0019", "4005.5500.0000.0019",
           "\uff14005550000000019", "4005\u200b550000000019")  # fmt: skip
NOW = 1_800_000_000.0
SHOP = samples.shop(link_keys=(samples.SECRET,))


def kept(value: Any) -> str:
    """All the digits of what is kept, in ASCII, whatever stands between them."""
    text = msgspec.json.encode(value).decode()
    return "".join(c for c in text if not (c.isspace() or c in "-.\u200b")).replace("\uff14", "4")


def body(**changes: Any) -> dict[str, Any]:
    order = {"amount": 1250, "currency": "EUR", "description": "Tea", "tracking_id": "a-1"}
    return {
        "checkout": {
            "transaction_type": "payment",
            "order": order | changes.pop("order", {}),
            **changes,
        }
    }


@pytest.mark.parametrize("number", WRITTEN)
@pytest.mark.parametrize(
    "changes",
    [
        {"order": {"description": "Paid with {}, thanks"}},
        {"order": {"description": "{}"}},
        {"order": {"additional_data": {"receipt_text": ["Card", "No. {}"]}}},
        {"order": {"additional_data": {"meta": {"note": "{}", "deep": [{"card_number": "{}"}]}}}},
        {"order": {"additional_data": {"p2p": {"service_extension": "to {}"}}}},
        {"order": {"anything_else": {"comment": "{}", "card_number": "{}"}}},
        {"dynamic_billing_descriptor": "SHOP*{}"},
        {"settings": {"button_text": "Pay {}", "note": "{}"}},
        {"settings": {"agreement_toggle": {"text": "I, {}, agree"}}},
        {"settings": {"save_card_toggle": {"text": "Keep {}", "hint": "{}"}}},
        {"payment_method": {"erip": {"instruction": ["Card {}"]}}},
    ],
)
def test_in_an_order(changes: Any, number: str) -> None:
    filled = msgspec.json.decode(msgspec.json.encode(changes).replace(b"{}", number.encode()))
    order = read_order(body(**filled), SHOP, sandbox=False, now=NOW)
    assert PAN not in kept(order)
    assert "400555" in kept(order), "the rest of it is still there"
    assert "0019" in kept(order)


def test_as_an_integer() -> None:
    order = read_order(body(order={"description": int(PAN)}), SHOP, sandbox=False, now=NOW)
    assert order.description == "400555******0019"
    assert PAN not in kept(order)


def test_in_a_link_an_invoice_a_product_and_a_charge() -> None:
    flat = {"amount": 1250, "currency": "EUR", "description": f"For {PAN}"}
    settings = samples.settings(SHOP)
    found: list[Any] = [
        read_link_order(flat, SHOP, sandbox=False, now=NOW),
        read_product(
            {**flat, "name": f"Gift {PAN}", "inactive_text": PAN, "infinite": True},
            SHOP, sandbox=False, now=NOW,
        ),
        read_merchant_initiated(
            {"request": {**flat, "credit_card": {"token": "t-1"}}},
            "payment", SHOP, sandbox=False, now=NOW,
        ).order,
    ]  # fmt: skip
    draft = read_invoice({**flat, "send": False}, SHOP, settings, NOW)
    found += [draft.payload, draft.given, draft.order]
    for each in found:
        assert PAN not in kept(each)
        assert "400555******0019" in kept(each)


@pytest.mark.parametrize("number", [PAN, "4005 5500 0000 0019", f"order {PAN}", int(PAN)], ids=repr)
def test_a_tracking_id_is_no_card(number: Any) -> None:
    """Masked it would be another id, so that is told instead."""
    with pytest.raises(Unprocessable) as refused:
        read_order(body(order={"tracking_id": number}), SHOP, sandbox=False, now=NOW)
    assert refused.value.fields == {"order.tracking_id": ["must not hold a card number"]}


@pytest.mark.parametrize(
    "number",
    [
        "20261127000000013",
        "1795791600000123",
        "8000000000000002",
        "4005550000000018",
        "0412345678901",
    ],
)
def test_ids_of_digits_are_ids(number: str) -> None:
    order = read_order(body(order={"tracking_id": number}), SHOP, sandbox=False, now=NOW)
    assert order.tracking_id == number


def test_what_is_no_text_stays_as_it_came() -> None:
    values = {
        "amount": 4005550000000,
        "token": PAN,
        "parent_uid": PAN,
        "notification_url": f"https://shop.example.com/{PAN}",
        "erip": {"account_number": PAN, "service_no": PAN},
        "travel": {"airline": {"ticket_number": "4005550000006"}},
        "customer": {"first_name": PAN},
        "phone": f"+{PAN}",
        "none": None,
        "flag": True,
        "share": 0.5,
    }
    assert without_card_numbers(values) == values
