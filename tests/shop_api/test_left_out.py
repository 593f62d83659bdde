"""What plugins send for nothing, null and blank text, is a field that is left out: in every table
of fields that there is, and in whole requests."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import checkout.shop_api
import checkout.web.api
from checkout.errors import Unprocessable
from checkout.model.validation.description import takes_blank
from checkout.model.validation.reader import REQUIRED, Reader
from checkout.model.validation.table import FieldTable, ListOf, Scope
from checkout.shop_api.app_checkout_request import read_app_order
from checkout.shop_api.checkout_request import LINK_ATTEMPTS, read_link_order
from tests.shop_api.checkout_requests import NOW, body, read
from tests.shop_api.test_checkout_request import WHOLE
from tests.support import samples

BLANKS = (None, "", " ", "\n\t ", "\u00a0")
SCOPE = Scope(("https://shop.example.com",), (443,), sandbox=False, now=0)
SHOP = samples.shop()


def inner(table: FieldTable) -> Iterator[FieldTable]:
    yield table
    for field in table.values():
        if isinstance(field.rule, FieldTable):
            yield from inner(field.rule)
        elif isinstance(field.rule, ListOf):
            yield from inner(field.rule.item)


def tables() -> dict[str, FieldTable]:
    """All that stand in a module, and those in them, by a name for the test."""
    found: dict[int, tuple[str, FieldTable]] = {}
    for package in (checkout.shop_api, checkout.web.api):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, FieldTable):
                    for each in inner(value):
                        found.setdefault(id(each), (f"{module.name}.{name}", each))
    return {f"{name}-{place}": each for place, (name, each) in enumerate(found.values())}


TABLES = tables()


def test_there_are_tables() -> None:
    names = {field for table in TABLES.values() for field in table}
    assert {"order", "parent_uid", "min_amount", "expires", "exp_month", "airline"} <= names


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_every_field_takes_blank_text_as_it_takes_null(table: FieldTable, blank: Any) -> None:
    for name, field in table.items():
        if blank is not None and takes_blank(field.rule):
            continue
        fields, without = Reader({name: blank}, tolerant=True), Reader({}, tolerant=True)
        assert table.take(fields, name, SCOPE) == table.take(without, name, SCOPE), name
        assert fields.problems == without.problems, name
        if field.required and not isinstance(field.rule, FieldTable):
            assert fields.problems == {name: [REQUIRED]}, name
        assert not fields.has(name)
        assert fields.names == ()


def blanked(whole: Any, needed: frozenset[str], blank: str) -> Any:
    """With all that is not required blank, at every depth."""
    if isinstance(whole, dict):
        return {
            name: blanked(value, needed, blank)
            if name in needed or isinstance(value, dict)
            else blank
            for name, value in whole.items()
        }
    return whole


NEEDED = frozenset({"transaction_type", "amount", "currency", "description"})


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_whole_request_of_nothing(blank: str) -> None:
    whole = blanked(WHOLE, NEEDED, blank)
    del whole["checkout"]["order"]["additional_data"]["avs_cvc_verification"]  # goes on as it came
    order = read(whole)
    plain = read(body())
    for name in ("page_settings", "customer", "details", "contract", "attempts", "expires_at"):
        assert getattr(order, name) == getattr(plain, name), name
    assert order.methods.types == ()
    assert order.card_token is None


@pytest.mark.parametrize("section", ["settings", "customer", "payment_method", "travel"])
def test_blank_text_for_an_object(section: str) -> None:
    assert read(body(**{section: ""})).page_settings == read(body()).page_settings


def test_blank_items_of_lists() -> None:
    order = read(
        body(**{
            "order.additional_data": {
                "receipt_text": ["", "one", " "], "contract": ["", "recurring"],
                "excluded_gateways": ["", "5"],
            },
            "payment_method.types": ["", "credit_card"],
        })
    )  # fmt: skip
    assert order.receipt_text == ("one",)
    assert order.contract == ("recurring",)
    assert order.details.excluded_gateways == (5,)
    assert order.methods.types == ("credit_card",)


def test_an_app_says_nothing() -> None:
    sent = body()
    sent["checkout"] |= {"customer": {"email": "", "first_name": " "}, "settings": {"language": ""}}
    sent["checkout"] |= {"notification_url": " ", "test": ""}
    order = read_app_order(sent, SHOP, sandbox=False, now=NOW)
    assert order.customer == read(body()).customer
    sent["checkout"]["transaction_type"] = ""
    with pytest.raises(Unprocessable) as refused:
        read_app_order(sent, SHOP, sandbox=False, now=NOW)
    assert refused.value.fields == {"transaction_type": [REQUIRED]}


def test_a_link_says_nothing() -> None:
    link = {"amount": 5, "currency": "EUR", "description": "x"}
    names = (
        "transaction_type",
        "attempts",
        "test",
        "tracking_id",
        "language",
        "expires",
        "customer",
    )
    for blank in ("", " ", None):
        order = read_link_order(link | dict.fromkeys(names, blank), SHOP, sandbox=False, now=NOW)
        assert order == read_link_order(link, SHOP, sandbox=False, now=NOW)
        assert (order.transaction_type, order.attempts) == ("payment", LINK_ATTEMPTS)
