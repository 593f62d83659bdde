"""What a shop says for the gateway and the bank is named as the charge request names it."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.model.charge_parameters import (
    ORDER_PARAMETERS,
    PARAMETERS,
    USED_ON_OUR_PAGES,
    parameters_given,
)
from checkout.model.order import Customer, Details, Methods
from tests.support import samples

PLAIN = {"customer": Customer(), "page_settings": samples.order().page_settings}


def test_an_order_of_money_alone_says_nothing() -> None:
    assert parameters_given(samples.order(**PLAIN)) == frozenset()


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({"test": True}, {"test"}),
        ({"descriptor": "DEMO"}, {"dynamic_billing_descriptor"}),
        ({"receipt_text": ("a",)}, {"additional_data.receipt_text"}),
        ({"contract": ("recurring",)}, {"additional_data.contract"}),
        ({"details": Details(duplicate_check=True)}, {"duplicate_check"}),
        ({"details": Details(duplicate_check=False)}, set()),
        ({"details": Details(three_d_secure={"advanced": False})}, {"three_d_secure"}),
        ({"details": Details(travel={"airline": {"agency_code": "03"}})}, {"travel"}),
        ({"details": Details(p2p={"service_id": "1"}, meta={})}, {"additional_data.p2p"}),
        (
            {"customer": Customer(email="a@example.com", city="Bonn")},
            {"customer.email", "billing_address.city"},
        ),
        (
            {"methods": Methods(params={"credit_card": {
                "skip_three_d_secure_verification": True,
                "force_three_d_secure_verification": False,
            }})},
            {"credit_card.skip_three_d_secure_verification"},
        ),
    ],
)  # fmt: skip
def test_what_is_said(order: dict[str, Any], names: set[str]) -> None:
    assert parameters_given(samples.order(**(PLAIN | order))) == names


def test_every_field_has_a_name() -> None:
    """Whoever adds one to what a shop may say says here what it is called."""
    stand_for = {name.split(".")[-1] for name in ORDER_PARAMETERS}
    assert set(Details.__struct_fields__) <= stand_for
    assert set(Customer.__struct_fields__) <= stand_for
    assert USED_ON_OUR_PAGES < PARAMETERS
