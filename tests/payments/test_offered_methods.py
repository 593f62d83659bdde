"""What pages and apps get of each method that is offered."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.gateways.base import InputField
from checkout.model.order import (
    CARD,
    CASH,
    COINS,
    WALLET,
    Customer,
    CustomerFields,
    Method,
    Methods,
    PageSettings,
)
from checkout.model.outcome import PaidCard
from checkout.payments.offered_methods import OfferedMethod, kind_of, offered_methods
from tests.support import samples
from tests.support.fake_gateway import CAN_CARDS, FakeGateway
from tests.support.harness import open_harness
from tests.support.samples import changed

EMAIL = InputField(name="e", label="E-mail", kind="email", unless="email")
TAG = InputField(name="t", label="Tag")
SHOP = samples.shop(
    methods=(
        Method(name="credit_card", gateway="cards", label="By card"),
        Method(name="erip", gateway="coins"),
    )
)


class Asking(FakeGateway):
    def input_fields(self, language: str) -> tuple[InputField, ...]:
        return EMAIL, TAG


async def offered(
    url: str, customer: Customer = Customer(), *, cards: dict[str, Any] | None = None, **order: Any
) -> tuple[OfferedMethod, ...]:
    gateways: dict[str, Any] = {
        "cards": FakeGateway(changed(CAN_CARDS, **(cards or {}))),
        "coins": Asking(changed(CAN_CARDS, card=False)),
    }
    async with open_harness(url, settings=samples.settings(SHOP), gateways=gateways) as harness:
        payment = await harness.new_payment(**order)
        return await offered_methods(
            harness.context, payment, harness.context.shop(payment), "en", customer
        )


async def test_a_card_and_what_a_gateway_asks_for(url: str) -> None:
    card, other = await offered(url, cards={"code_optional": True, "tokenizes": True})
    assert (card.name, card.label, card.kind) == ("credit_card", "By card", CARD)
    assert (card.takes_card, card.code_optional, card.tokenizes) == (True, True, True)
    assert (other.kind, other.takes_card, other.tokenizes) == (CASH, False, False)
    assert (card.inputs, other.inputs) == ((), (EMAIL, TAG))


async def test_what_is_known_or_on_the_page_is_not_asked_twice(url: str) -> None:
    _, known = await offered(url, Customer(email="ann@example.com"))
    assert known.inputs == (TAG,)
    fields = CustomerFields(visible=("email",))
    _, on_page = await offered(url, page_settings=PageSettings(customer_fields=fields))
    assert on_page.inputs == (TAG,)
    hidden = CustomerFields(visible=("email",), hidden=("email",))
    _, asked = await offered(url, page_settings=PageSettings(customer_fields=hidden))
    assert asked.inputs == (EMAIL, TAG)


async def test_wallets_only_where_the_gateway_takes_them(url: str) -> None:
    for wallets in (True, False):
        found = await offered(url, cards={"wallets": wallets})
        assert [each.wallets for each in found] == [wallets, False]


async def test_a_saved_card_only_where_the_order_names_one(url: str) -> None:
    with_token = Methods(params={"credit_card": {"token": "t-1"}})
    for tokens, wanted in ((True, Methods()), (False, with_token)):
        found = await offered(url, cards={"accepts_tokens": tokens}, methods=wanted)
        assert [each.saved_card for each in found] == [None, None]
    found = await offered(url, cards={"accepts_tokens": True}, methods=with_token)
    assert [each.saved_card for each in found] == [PaidCard(), None]


@pytest.mark.parametrize(
    ("name", "said", "card", "kind"),
    [
        ("credit_card", None, True, CARD),
        ("erip", None, False, CASH),
        ("crypto", None, False, COINS),
        ("usdt", COINS, False, COINS),
        ("credit_card", WALLET, True, WALLET),
        ("amex_only", None, True, CARD),
        ("paywhatever", None, False, WALLET),
    ],
)
def test_kinds(name: str, said: str | None, card: bool, kind: str) -> None:
    """By the settings or its gateway, else by its name."""
    assert kind_of(name, said, card=card) == kind
