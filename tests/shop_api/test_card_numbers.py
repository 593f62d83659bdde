"""A card's number in what a shop writes is nowhere in what is kept of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.model.validation.optional_data import CARD
from checkout.shop_api.card_numbers import body_reader
from checkout.shop_api.checkout_request import read_link_order, read_order
from checkout.shop_api.invoices import read_invoice
from checkout.shop_api.merchant_initiated import read_merchant_initiated
from checkout.shop_api.products import read_product
from tests.shop_api.checkout_requests import Changes, read
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
def test_a_tracking_id_is_an_id(number: Any) -> None:
    """Masked it would be another."""
    order = read_order(body(order={"tracking_id": number}), SHOP, sandbox=False, now=NOW)
    assert order.tracking_id == str(number)


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


# Each passes the check of a card's number, and begins like one.
EAN, IMEI, MOBILE = "4006381333908", "490154203237518", "5521987654310009"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("order.tracking_id", EAN),
        ("order.additional_data.meta.order_id", IMEI),
        ("order.additional_data.meta.imei", IMEI),
        ("order.additional_data.meta.items", [{"ean": EAN, "productId": EAN}]),
        ("order.additional_data.p2p.service_id", IMEI),
        ("payment_method.erip.account_number", IMEI),
        ("payment_method.erip.service_no", IMEI),
        ("payment_method.mts_money.phone", MOBILE),
        ("payment_method.credit_card.contract_number", IMEI),
        ("customer.phone", MOBILE),
        ("customer.phone", f"{MOBILE[:4]} {MOBILE[4:8]} {MOBILE[8:12]} {MOBILE[12:]}"),
        ("customer.device_id", IMEI),
        ("customer.external_id", EAN),
        ("customer.taxpayer_id", IMEI),
        ("customer.zip", EAN),
        ("travel.airline.ticket_number", "40055500000001"),
    ],
)
def test_numbers_where_they_belong(path: str, value: Any) -> None:
    """They go on as they are, and nothing is noted."""
    order = read(**Changes({path: value}))
    assert order.dropped == {}
    assert msgspec.json.encode(value) in msgspec.json.encode(order)


@pytest.mark.parametrize(
    "path",
    [
        "customer.first_name", "customer.last_name", "customer.address", "customer.city",
        "customer.state", "order.description", "order.additional_data.receipt_text",
        "order.additional_data.meta.note", "settings.button_text",
        "settings.save_card_toggle.hint", "dynamic_billing_descriptor",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [PAN, "4005 5500 0000 0019", int(PAN)], ids=repr)
def test_free_text_is_masked_and_noted(path: str, value: Any) -> None:
    """No order is refused for it."""
    order = read(**Changes({path: value}))
    assert list(order.dropped) == [path]
    assert order.dropped[path] == CARD
    assert PAN not in kept(order)
    assert PAN not in str(order.dropped)


@pytest.mark.parametrize("value", [float(PAN), [float(PAN)]], ids=repr)
def test_a_number_with_a_point(value: Any) -> None:
    """PHP writes large integers so."""
    order = read(**Changes({"order.additional_data.receipt_text": value, "customer.city": value}))
    assert PAN not in kept([order.receipt_text, order.customer])


def test_an_address_with_a_cards_number_is_dropped() -> None:
    """Masked it would be somebody else's."""
    order = read(**Changes({"customer.email": f"{PAN}@shop.example.com"}))
    assert (order.customer.email, list(order.dropped)) == (None, ["customer.email"])


def test_a_card_where_no_field_is() -> None:
    """Not under a name that has rules of its own elsewhere either: it is answered back."""
    card = {"number": PAN, "holder": f"ANNA {PAN}", "verification_value": "9137", "cvc": 9137}
    for path in ("order.credit_card", "settings.customer", "order.request.credit_card"):
        found = kept(read(**Changes({path: card})))
        assert PAN not in found
        assert "9137" not in found


def test_the_note_repeats_no_name_of_the_shops_own() -> None:
    order = read(**Changes({"order.additional_data.meta": {PAN: {"x": PAN}, "X y": PAN}}))
    assert list(order.dropped) == ["order.additional_data.meta"]


def test_a_travellers_name_is_masked() -> None:
    order = read(travel={"airline": {"passengers": [{"first_name": "Ann", "last_name": PAN}]}})
    assert PAN not in kept(order)
    assert list(order.dropped) == ["travel.airline.passengers.last_name"]


def test_what_is_no_text_stays_as_it_came() -> None:
    values = {
        "amount": 4005550000000,
        "token": PAN,
        "parent_uid": PAN,
        "notification_url": f"https://shop.example.com/{PAN}",
        "erip": {"account_number": PAN, "service_no": PAN},
        "travel": {"airline": {"ticket_number": "4005550000006"}},
        "phone": f"+{PAN}",
        "flag": True,
        "share": 0.5,
    }
    found = body_reader(values)
    assert (found.data, found.dropped) == (values, {})
