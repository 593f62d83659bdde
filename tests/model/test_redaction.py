"""What stays of an order and of a gateway's words when the personal data go: each field is one that
stays, or one that goes; a new one has to be thought about."""

from __future__ import annotations

import msgspec
import pytest

from checkout.model.money import Money
from checkout.model.order import Customer, Details, Methods, Order, PageSettings
from checkout.model.outcome import GatewayFacts, PaidCard, ThreeDSecure
from checkout.model.redaction import (
    CARD,
    FACTS,
    KEPT_SETTINGS,
    ORDER,
    SECURE,
    redacted_facts,
    redacted_order,
)

GO = {
    Order: {
        "description", "descriptor", "receipt_text", "details", "page_settings", "customer",
        "methods", "breakdown", "echoed", "raw", "dropped",
    },
    PageSettings: set(PageSettings.__struct_fields__) - set(KEPT_SETTINGS),
    GatewayFacts: {"card", "three_d_secure", "receipt_url", "descriptor", "message", "friendly"},
    PaidCard: {"first_1", "bin", "exp_month", "exp_year", "holder"},
    ThreeDSecure: {"message"},
}  # fmt: skip
STAY: dict[type[msgspec.Struct], tuple[str, ...]] = {
    Order: ORDER,
    PageSettings: KEPT_SETTINGS,
    GatewayFacts: FACTS,
    PaidCard: CARD,
    ThreeDSecure: SECURE,
}


@pytest.mark.parametrize("kind", STAY)
def test_each_field_stays_or_goes(kind: type[msgspec.Struct]) -> None:
    fields = set(kind.__struct_fields__)
    assert fields - GO[kind] == fields & set(STAY[kind])
    assert GO[kind] <= fields


def test_an_order() -> None:
    order = Order(
        money=Money(1999, "EUR"),
        description="For Anna",
        transaction_type="payment",
        expires_at=1.0,
        tracking_id="order-7",
        receipt_text=("To Anna",),
        customer=Customer(email="anna@example.com"),
        details=Details(meta={"who": "Anna"}),
        page_settings=PageSettings(
            return_url="https://shop.example.com/?who=anna",
            notification_url="https://shop.example.com/hook",
        ),
        echoed={"vendor": {"name": "Anna"}},
        methods=Methods(params={"erip": {"account_number": "Anna"}}),
    )
    bare = redacted_order(order)
    assert "anna" not in repr(bare).casefold()
    assert (bare.money, bare.tracking_id) == (order.money, "order-7")
    assert bare.page_settings.notification_url == "https://shop.example.com/hook"
    assert redacted_order(bare) == bare


def test_facts() -> None:
    card = PaidCard(brand="visa", last_4="0000", bin="420000", holder="ANNA LEE", token="t-1")
    facts = GatewayFacts(
        card=card,
        three_d_secure=ThreeDSecure(message="Dear Anna", pa_status="Y"),
        message="Dear Anna",
        friendly="Anna!",
        auth_code="731337",
    )
    bare = redacted_facts(facts)
    assert bare == GatewayFacts(
        card=PaidCard(brand="visa", last_4="0000", token="t-1"),
        three_d_secure=ThreeDSecure(pa_status="Y"),
        auth_code="731337",
    )
    assert redacted_facts(GatewayFacts()) == GatewayFacts()
