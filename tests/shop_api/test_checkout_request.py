"""What shops order, as their plugins say it: every field of Overpay's checkout object."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.model.money import Money
from checkout.model.order import (
    TRANSACTION_TYPES,
    Agreement,
    CardFields,
    Customer,
    CustomerFields,
    Details,
    Methods,
    Order,
    PageSettings,
    SaveCard,
)
from checkout.shop_api.checkout_request import DAY
from checkout.shop_api.customer import CUSTOMER
from tests.shop_api.checkout_requests import NOW, Changes, body, read, wrong


def as_json(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


WHOLE: dict[str, Any] = {
    "checkout": {
        "version": 2.1,
        "test": True,
        "transaction_type": "authorization",
        "attempts": 3,
        "iframe": True,
        "dynamic_billing_descriptor": "DEMO SHOP",
        "order": {
            "amount": 4299,
            "currency": "USD",
            "description": "Tea\nand cups",
            "tracking_id": "order-17",
            "expired_at": "2027-01-20T12:00:00+03:00",
            "additional_data": {
                "receipt_text": ["First line", "Second line"],
                "contract": ["recurring", "card_on_file"],
                "card_on_file": {"initiator": "merchant", "type": "delayed_charge"},
                "avs_cvc_verification": {"cvc_verification": {"result_code": "1"}},
            },
        },
        "settings": {
            "return_url": "https://shop.example.com/return?x=1",
            "success_url": "https://shop.example.com/success",
            "decline_url": "https://shop.example.com/decline",
            "fail_url": "https://shop.example.com/fail",
            "cancel_url": "https://shop.example.com/cancel",
            "notification_url": "https://shop.example.com/notify",
            "verification_url": "https://shop.example.com/verify",
            "auto_return": 3,
            "auto_pay": False,
            "button_text": "Order and pay",
            "button_next_text": "Back to Demo",
            "language": "de",
            "customer_fields": {
                "visible": ["first_name", "email"],
                "read_only": ["email"],
                "hidden": ["phone"],
            },
            "credit_card_fields": {"holder": "ANN LEE", "read_only": ["holder"]},
            "save_card_toggle": {
                "display": True,
                "customer_contract": False,
                "hint": "h",
                "text": "t",
            },
            "another_card_toggle": {"display": False},
            "agreement_toggle": {
                "value": True,
                "url": "https://shop.example.com/terms",
                "text": "[x]",
            },
            "style": {"widget": {"backgroundColor": "#fff"}},
        },
        "customer": {
            "email": "ann@example.com",
            "first_name": "Ann",
            "last_name": "Lee",
            "address": "12 Long Street",
            "city": "Riga",
            "state": "LV-RIX",
            "zip": "LV-1050",
            "country": "LV",
            "phone": "+371 2000 0000",
            "birth_date": "1990-12-31",
            "external_id": "c-1",
            "taxpayer_id": "1",
            "device_id": "d",
            "ip": "192.0.2.7",
        },
        "payment_method": {
            "types": ["credit_card", "erip"],
            "excluded_types": ["sbp"],
            "excluded_brands": ["maestro"],
            "credit_card": {"token": "t-1"},
            "erip": {"account_number": "1", "service_no": "2"},
        },
    }
}


def test_the_whole_object() -> None:
    sent = WHOLE["checkout"]
    assert read(WHOLE) == Order(
        money=Money(4299, "USD"),
        description="Tea\nand cups",
        transaction_type="authorization",
        expires_at=1800435600.0,
        tracking_id="order-17",
        attempts=3,
        test=True,
        iframe=True,
        descriptor="DEMO SHOP",
        receipt_text=("First line", "Second line"),
        contract=("recurring", "card_on_file"),
        details=Details(
            card_on_file={"initiator": "merchant", "type": "delayed_charge"},
            avs_cvc_verification={"cvc_verification": {"result_code": "1"}},
        ),
        page_settings=PageSettings(
            return_url="https://shop.example.com/return?x=1",
            success_url="https://shop.example.com/success",
            decline_url="https://shop.example.com/decline",
            fail_url="https://shop.example.com/fail",
            cancel_url="https://shop.example.com/cancel",
            notification_url="https://shop.example.com/notify",
            verification_url="https://shop.example.com/verify",
            auto_return=3,
            language="de",
            button_text="Order and pay",
            button_next_text="Back to Demo",
            customer_fields=CustomerFields(("first_name", "email"), ("email",), ("phone",)),
            card_fields=CardFields("ANN LEE", ("holder",)),
            save_card=SaveCard(display=True, customer_contract=False, text="t", hint="h"),
            another_card=False,
            agreement=Agreement(ticked=True, url="https://shop.example.com/terms", text="[x]"),
        ),
        customer=Customer(**sent["customer"] | {"phone": "+37120000000"}),
        methods=Methods(
            ("credit_card", "erip"),
            ("sbp",),
            ("maestro",),
            {
                "credit_card": {"token": "t-1"},
                "erip": {"account_number": "1", "service_no": "2"},
            },
        ),
        raw={name: as_json(sent[name]) for name in ("order", "settings", "payment_method")},
    )


def test_the_smallest_object() -> None:
    order = read()
    assert order == Order(
        money=Money(1250, "EUR"),
        description="Two tickets",
        transaction_type="payment",
        expires_at=NOW + DAY,
        raw={"order": as_json(body()["checkout"]["order"])},
    )
    assert order.attempts == 1


@pytest.mark.parametrize("kind", TRANSACTION_TYPES)
def test_transaction_types(kind: str) -> None:
    assert read(transaction_type=kind).transaction_type == kind


# What callers in the wild do


def nulled(whole: Any) -> Any:
    """Every field that is not required sent as null, at every depth."""
    needed = {"checkout", "order", "transaction_type", "amount", "currency", "description"}
    if isinstance(whole, dict):
        return {name: nulled(v) if name in needed else None for name, v in whole.items()}
    return whole


def test_nulls_everywhere() -> None:
    order = read(nulled(WHOLE))
    assert order.page_settings == PageSettings()
    assert order.customer == Customer()
    assert order.methods == Methods()
    assert (order.attempts, order.test, order.expires_at) == (1, False, NOW + DAY)


def test_nulls_inside_objects() -> None:
    empty = dict.fromkeys(WHOLE["checkout"]["settings"])
    people = dict.fromkeys(WHOLE["checkout"]["customer"])
    methods = {"types": None, "erip": None, "credit_card": {"token": None}}
    order = read(settings=empty, customer=people, payment_method=methods)
    assert order.page_settings == PageSettings()
    assert order.customer == Customer()
    assert order.methods.types == ()
    assert order.methods.params == {"credit_card": {}}


def test_nulls_inside_lists() -> None:
    changes: Changes = {"payment_method.types": [None, "erip", None]}
    assert read(**changes).methods.types == ("erip",)


@pytest.mark.parametrize(
    "path",
    [
        "settings",
        "customer",
        "payment_method",
        "order.additional_data",
        "settings.customer_fields",
        "settings.style",
        "payment_method.erip",
    ],
)
def test_a_list_where_an_object_is_meant(path: str) -> None:
    """PHP's empty array."""
    order = read(**Changes({path: []}))
    assert order.page_settings == PageSettings()
    assert order.customer == Customer()
    assert order.methods.params in ({}, {"erip": {}})


def test_unknown_fields_are_ignored() -> None:
    unknown: Changes = {
        "no_such": 1,
        "order.no_such": {"a": []},
        "settings.no_such": None,
        "customer.no_such": [1, 2],
    }
    order = read(**unknown)
    assert order.money == Money(1250, "EUR")


@pytest.mark.parametrize(
    ("path", "said", "value"),
    [
        ("order.amount", "1250", 1250),
        ("order.amount", "007", 7),
        ("order.amount", " 1999.00 ", 1999),
        ("attempts", "3", 3),
        ("settings.auto_return", "0", 0),
    ],
)
def test_digit_strings(path: str, said: str, value: int) -> None:
    order = read(**Changes({path: said}))
    found = {"amount": order.money.minor, "attempts": order.attempts}
    found["auto_return"] = order.page_settings.auto_return or 0
    assert found[path.rpartition(".")[2]] == value


@pytest.mark.parametrize(
    ("said", "value"),
    [(True, True), (False, False), (1, True), (0, False), ("1", True), ("false", False)],
    ids=repr,
)
@pytest.mark.parametrize("name", ["test", "iframe"])
def test_flags_as_shops_send_them(name: str, said: Any, value: bool) -> None:
    assert getattr(read(**Changes({name: said})), name) is value


def test_numbers_where_text_is_meant() -> None:
    order = read(
        **Changes({"order.tracking_id": 1001, "customer.zip": 1050, "order.description": 7})
    )
    assert (order.tracking_id, order.customer.zip, order.description) == ("1001", "1050", "7")


@pytest.mark.parametrize("name", CUSTOMER)
def test_blank_customer_fields_are_left_out(name: str) -> None:
    assert getattr(read(**Changes({f"customer.{name}": ""})).customer, name) is None


@pytest.mark.parametrize(
    "name",
    ["return_url", "success_url", "decline_url", "fail_url", "cancel_url", "notification_url"],
)
def test_blank_addresses_are_left_out(name: str) -> None:
    assert read(**Changes({f"settings.{name}": ""})).page_settings == PageSettings()


def test_countries_in_small_letters() -> None:
    assert read(**Changes({"customer.country": "lv"})).customer.country == "LV"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2027-01-20T12:00:00Z", 1800446400.0),
        ("2027-01-20T12:00:00.500Z", 1800446400.5),
        ("2027-01-20T15:00:00+03:00", 1800446400.0),
        ("2027-01-20T15:00:00+0300", 1800446400.0),
        ("2027-01-20 12:00:00", 1800446400.0),
    ],
)
def test_times(said: str, at: float) -> None:
    assert read(**Changes({"order.expired_at": said})).expires_at == at


def test_attempts_have_an_end() -> None:
    assert read(attempts=10).attempts == 10
    assert read(attempts=11).attempts == 10
    assert read(attempts=1_000_000).attempts == 10


SWITCHES = (
    "credit_card_fields", "save_card_toggle", "another_card_toggle", "agreement_toggle",
)  # fmt: skip


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("empty", [[], {}, {"display": None}, {"text": "", "url": ""}], ids=repr)
def test_switches_left_empty(name: str, empty: Any) -> None:
    assert read(**Changes({f"settings.{name}": empty})).page_settings == PageSettings()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("settings.auto_pay", "yes", "must be true or false"),
        ("settings.another_card_toggle.display", "on", "must be true or false"),
        ("settings.save_card_toggle.display", 7, "must be true or false"),
        ("settings.save_card_toggle.customer_contract", "x", "must be true or false"),
        ("settings.agreement_toggle.value", "x", "must be true or false"),
        ("settings.agreement_toggle.text", 5, "must be text"),
        (
            "payment_method.credit_card.token",
            "4200 0000 0000 0000",
            "must be a card's token, never its number",
        ),
        ("payment_method.credit_card.token", 17, "must be text"),
        ("payment_method.credit_card.token", "a\nb", "must not contain line breaks"),
        ("payment_method.credit_card.token", "x" * 1025, "must have 1 to 1024 characters"),
    ],
)
def test_switches_that_are_wrong(path: str, value: Any, said: str) -> None:
    assert wrong(**Changes({path: value})) == {path: [said]}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://shop.example.com/terms", "//x"])
def test_terms_are_on_the_web(url: str) -> None:
    assert set(wrong(**Changes({"settings.agreement_toggle.url": url}))) == {
        "settings.agreement_toggle.url"
    }


def test_a_saved_card() -> None:
    order = read(**Changes({"payment_method.credit_card.token": "t-1", "settings.auto_pay": "1"}))
    assert (order.card_token, order.auto_pays) == ("t-1", True)
    blanks: tuple[Any, ...] = ({"token": ""}, {"token": None}, {}, [])
    for blank in blanks:
        order = read(**Changes({"payment_method.credit_card": blank, "settings.auto_pay": True}))
        assert (order.card_token, order.auto_pays) == (None, False)


def test_raw_is_answered_as_it_came() -> None:
    settings = {"style": {"a": 1.5, "b": [1, "x"]}, "no_such": "kept"}
    order = read(settings=settings)
    assert order.raw["settings"] == as_json(settings)


@pytest.mark.parametrize(
    ("said", "kept"),
    [("ru_RU", "ru_RU"), ("xx", "xx"), ("deu", "deu"), ("", None), (" ", None), (5, None),
     (True, None), (["de"], None), ({"a": 1}, None), ("x" * 36, None), ("a\x00", None)],
    ids=repr,
)  # fmt: skip
def test_no_language_loses_the_order(said: Any, kept: str | None) -> None:
    assert read(**Changes({"settings.language": said})).page_settings.language == kept


@pytest.mark.parametrize(
    ("said", "note"),
    [("de-AT", None), ("xx", "is none of our languages: the customer's own is shown"),
     ("ky_KG", "is none of our languages: ru is shown")],
)  # fmt: skip
def test_a_language_that_we_lack_is_noted(said: str, note: str | None) -> None:
    order = read(**Changes({"settings.language": said}))
    assert order.page_settings.language == said
    assert list(order.dropped.values()) == ([note] if note else [])
