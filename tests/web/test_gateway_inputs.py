"""What a method's gateway asks for: read, checked, shown again; as a form and as text."""

from __future__ import annotations

import pytest

from checkout.gateways.base import InputField
from checkout.model.order import Customer
from checkout.web.pages import messages
from checkout.web.pages.customer_fields import CARD_HERE, CUSTOMER_INPUTS
from checkout.web.pages.gateway_inputs import input_fields, input_terms, read_inputs

EMAIL = InputField(name="e", label="E-mail", kind="email")
TAG = InputField(name="t", label="Destination <b>tag</b>", required=False, longest=5)
TERMS = InputField(name="a", label="", kind="terms", url="https://exchanger.example/rules")
ASKED_FOR = (EMAIL, TAG, TERMS)
GOOD = {"coins-e": " ann@example.com ", "coins-t": " 12  3 ", "coins-a": "1"}


def test_what_is_written_goes_by_the_gateways_names() -> None:
    assert read_inputs("coins", ASKED_FOR, GOOD) == (
        {"e": "ann@example.com", "t": "12 3", "a": "1"},
        {},
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("coins-e", "", messages.INPUT_MISSING),
        ("coins-e", "ann@example", CUSTOMER_INPUTS["email"].wrong),
        ("coins-t", "123456", messages.INPUT_WRONG),
        ("coins-t", "a\x00b", messages.INPUT_WRONG),
        ("coins-t", "4012 0000 0000 1097", CARD_HERE),
        ("coins-a", "", messages.TERMS_MISSING),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, problem: str) -> None:
    values, errors = read_inputs("coins", ASKED_FOR, {**GOOD, name: value})
    assert errors == {name: problem}
    assert name.partition("-")[2] not in values


def test_what_is_not_required_may_be_left_out() -> None:
    values, errors = read_inputs("coins", ASKED_FOR, {**GOOD, "coins-t": ""})
    assert errors == {}
    assert "t" not in values


def test_the_form_shows_what_was_typed_but_no_card() -> None:
    typed = {"coins-e": "x@example.com", "coins-t": "4012000000001097"}
    errors = {"coins-t": CARD_HERE}
    email, tag = input_fields("coins", ASKED_FOR, Customer(), typed, errors, "en")
    assert (email.name, email.value, email.type, email.required) == (
        "coins-e", "x@example.com", "email", True,
    )  # fmt: skip
    assert (tag.value, tag.label, tag.error, tag.required) == (
        "", "Destination <b>tag</b>", CARD_HERE, False,
    )  # fmt: skip


def test_a_known_address_need_not_be_typed() -> None:
    email, _ = input_fields("coins", ASKED_FOR, Customer(email="a@example.com"), {}, {}, "en")
    assert email.value == "a@example.com"


def test_terms_are_a_box_with_a_link() -> None:
    (box,) = input_terms("coins", ASKED_FOR, {}, {}, "en")
    assert (box.name, box.link, box.url, box.ticked) == (
        "coins-a", "terms", "https://exchanger.example/rules", False,
    )  # fmt: skip
    assert box.missing
    (box,) = input_terms("coins", ASKED_FOR, {"coins-a": "1"}, {}, "de")
    assert box.ticked
