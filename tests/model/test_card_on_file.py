"""Who decides whether a card is remembered, and what the gateway is told."""

from __future__ import annotations

import pytest

from checkout.model.card import SavedCard
from checkout.model.card_on_file import contract, contract_for_gateway, offers_to_save
from checkout.model.money import Money
from checkout.model.order import Order, PageSettings, SaveCard

RECURRING, ONECLICK, BOTH = ("recurring",), ("oneclick",), ("recurring", "oneclick")


def order(
    made: tuple[str, ...] = (), toggle: SaveCard | None = None, kind: str = "payment"
) -> Order:
    return Order(
        Money(1, "EUR"), "x", kind, 0.0, contract=made, page_settings=PageSettings(save_card=toggle)
    )


def toggle(display: bool | None = None, agreed: bool | None = None) -> SaveCard:
    return SaveCard(display=display, customer_contract=agreed)


# contract, toggle -> asked; the contract when ticked, when not, and where nobody could be asked
TABLE = [
    ((), None, False, (), (), ()),
    (RECURRING, None, False, (), RECURRING, RECURRING),
    (ONECLICK, None, True, ONECLICK, (), ONECLICK),
    (BOTH, None, True, BOTH, RECURRING, BOTH),
    ((), toggle(True), True, ONECLICK, (), ()),
    (RECURRING, toggle(True), True, BOTH, RECURRING, RECURRING),
    (ONECLICK, toggle(False), False, (), (), ONECLICK),
    ((), toggle(False), False, (), (), ()),
    (RECURRING, toggle(agreed=True), True, RECURRING, (), ()),
    ((), toggle(agreed=True), True, ONECLICK, (), ()),
    (ONECLICK, toggle(False, True), False, (), (), ()),  # hidden: nobody can agree
    (ONECLICK, toggle(True, False), False, (), (), ONECLICK),  # the shop has agreed already
    ((), toggle(True, False), False, (), (), ()),
]  # fmt: skip


@pytest.mark.parametrize(("made", "given", "asked", "ticked", "unticked", "unasked"), TABLE)
def test_who_decides(
    made: tuple[str, ...],
    given: SaveCard | None,
    asked: bool,
    ticked: tuple[str, ...],
    unticked: tuple[str, ...],
    unasked: tuple[str, ...],
) -> None:
    whole = order(made, given)
    assert offers_to_save(whole) is asked
    assert contract(whole, None, None) == unasked
    if asked:
        assert contract(whole, None, False) == unticked
        # The shop is told that the customer has agreed; the gateway knows no such word.
        assert contract(whole, None, True) == (*ticked, "save_card")
        assert contract_for_gateway(contract(whole, None, True)) == ticked


def test_a_card_that_is_to_be_kept_anyway() -> None:
    whole = order(ONECLICK, toggle(True, True), "tokenization")
    assert not offers_to_save(whole)


def test_a_token_is_charged_under_a_contract() -> None:
    assert contract(order(), SavedCard("t", "123"), None) == ONECLICK
    assert contract(order(), SavedCard("t"), None) == RECURRING
    assert contract(order(("card_on_file",)), SavedCard("t", "123"), None) == ("card_on_file",)
    # Nobody is asked twice.
    assert contract(order(ONECLICK, toggle(agreed=True)), SavedCard("t", "1"), None) == ONECLICK
