"""Words on the page, lines of the receipt, names of fields: no order is refused for them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given

from checkout.model.order import CustomerFields, Order
from checkout.model.validation.reader import decode
from checkout.shop_api.operation import read_operation
from checkout.shop_api.products import read_product
from tests.shop_api.checkout_requests import NOW, Changes, read
from tests.shop_api.test_customer import JSON
from tests.support import samples

EXTRA = "order.additional_data"
FIELDS = "settings.customer_fields"
NOT_TEXT = "must be text"


def kept(order: Order) -> dict[str, Any]:
    page = order.page_settings
    save, fields = page.save_card, page.customer_fields
    return {
        "settings.button_text": page.button_text,
        "settings.button_next_text": page.button_next_text,
        "settings.save_card_toggle.text": save and save.text,
        "settings.save_card_toggle.hint": save and save.hint,
        "settings.credit_card_fields.holder": page.card_fields.holder,
        "settings.credit_card_fields.read_only": page.card_fields.read_only,
        f"{FIELDS}.visible": fields.visible,
        f"{FIELDS}.read_only": fields.read_only,
        f"{FIELDS}.hidden": fields.hidden,
        f"{EXTRA}.receipt_text": order.receipt_text,
        f"{EXTRA}.referer": order.details.referer,
        "dynamic_billing_descriptor": order.descriptor,
    }


LINES = ["x" * 255] * 50


@pytest.mark.parametrize(
    ("path", "value", "instead", "why"),
    [
        ("settings.button_text", "x" * 61, "x" * 60, "cut to 60 characters"),
        ("settings.button_text", ["Pay"], None, NOT_TEXT),
        ("settings.button_text", 5, "5", None),
        ("settings.button_next_text", "x\x1b", "x", "control characters were taken out"),
        ("settings.save_card_toggle.text", "x" * 501, "x" * 500, "cut to 500 characters"),
        ("settings.save_card_toggle.hint", {}, None, NOT_TEXT),
        ("settings.credit_card_fields.holder", "A" * 33, "A" * 32, "cut to 32 characters"),
        ("settings.credit_card_fields.holder", "12345678", None, "must be the name on the card"),
        ("settings.credit_card_fields.holder", 1, None, NOT_TEXT),
        ("settings.credit_card_fields.read_only", ["holder", "number"], ("holder",),
         "has unknown names"),
        ("settings.credit_card_fields.read_only", "holder", ("holder",), None),
        (f"{FIELDS}.visible", ["email", "nickname", 5, None], ("email",), "has unknown names"),
        (f"{FIELDS}.visible", ["email", "email"], ("email",), None),
        (f"{FIELDS}.visible", ["x"] * 21, (), "has unknown names"),
        (f"{FIELDS}.visible", "email", ("email",), None),
        (f"{FIELDS}.read_only", {"email": True}, (), "has unknown names"),
        (f"{FIELDS}.hidden", True, (), "has unknown names"),
        (f"{EXTRA}.receipt_text", "one line", ("one line",), None),
        (f"{EXTRA}.receipt_text", ["one", 2, 2.5, "", None], ("one", "2", "2.5"), None),
        (f"{EXTRA}.receipt_text", ["one", ["two"], {}], ("one",), NOT_TEXT),
        (f"{EXTRA}.receipt_text", ["x" * 256] * 51, tuple(LINES),
         "cut to 255 characters, cut to 50 texts"),
        (f"{EXTRA}.receipt_text", {"line": "one"}, (), NOT_TEXT),
        (f"{EXTRA}.receipt_text", True, (), NOT_TEXT),
        (f"{EXTRA}.referer", "shop.example.com", None, "must be a URL"),
        (f"{EXTRA}.referer", "javascript:alert(1)", None, "must be a URL"),
        (f"{EXTRA}.referer", "https://x.example/ y", None, "must be a URL"),
        (f"{EXTRA}.referer", "https://x.example/" + "x" * 2048, None, "must be a URL"),
        ("dynamic_billing_descriptor", "x" * 256, "x" * 255, "cut to 255 characters"),
        ("dynamic_billing_descriptor", ["SHOP"], None, NOT_TEXT),
        ("dynamic_billing_descriptor", "", None, None),
    ],
    ids=lambda value: ascii(value)[:40],
)  # fmt: skip
def test_it_is_cut_or_dropped(path: str, value: Any, instead: Any, why: str | None) -> None:
    order = read(**Changes({path: value}))
    assert kept(order)[path] == instead
    assert order.dropped == ({} if why is None else {path: why})


@pytest.mark.parametrize("path", [FIELDS, "settings.credit_card_fields"])
def test_what_is_no_object(path: str) -> None:
    order = read(**Changes({path: "email"}))
    assert order.page_settings.customer_fields == CustomerFields()
    assert order.dropped == {path: "must be an object"}


@pytest.mark.parametrize("path", sorted(kept(read())))
@given(value=JSON)
def test_whatever_comes(path: str, value: Any) -> None:
    try:
        value = decode(msgspec.json.encode(value))  # half of a surrogate pair comes by no request
    except (ValueError, OverflowError):
        assume(False)
    read(**Changes({path: value, "settings.style": value}))


def test_the_reason_of_a_refund() -> None:
    found = read_operation({"request": {"parent_uid": "u-1", "reason": "x" * 256}})
    assert (found.reason, found.dropped) == ("x" * 255, {"reason": "cut to 255 characters"})
    number = "4005550000000019"
    masked = read_operation({"request": {"parent_uid": number, "reason": f"For {number}"}})
    assert (masked.parent_uid, masked.reason) == (number, "For 400555******0019")
    assert list(masked.dropped) == ["reason"]


def test_what_a_product_asks_for() -> None:
    flat = {"name": "Gift", "description": "x", "currency": "EUR", "amount": 5, "infinite": True}
    product, _ = read_product(
        {**flat, "visible_fields": ["email", "shoe_size"]}, samples.shop(), sandbox=False, now=NOW
    )
    assert product.page_settings.customer_fields.visible == ("email",)
    assert product.dropped == {"visible_fields": "has unknown names"}
