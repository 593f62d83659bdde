"""Saving cards: when the page asks the customer, and which contract the gateway gets.

Source: Overpay's documents on `contract` and `save_card_toggle`. A contract makes the gateway
answer with a token. `customer_contract` decides who agrees to it:

    true        the customer, on our page: unticked (or not shown), there is no contract
    left out    the customer for `oneclick`, which is there for the customer's convenience; the
                shop has agreed to the others itself
    false       the shop has agreed to all of them: the page doesn't ask
"""

from __future__ import annotations

from typing import Final

from checkout.model.card import AnyCard, SavedCard
from checkout.model.order import MONEY_OUT, Order

ONECLICK: Final = "oneclick"
RECURRING: Final = "recurring"
ASKED_AND_AGREED: Final = "save_card"  # in the shop's contract, not in the gateway's


def offers_to_save(order: Order) -> bool:
    """Whether the page asks, provided that the gateway can save cards."""
    toggle = order.page_settings.save_card
    if order.transaction_type == "tokenization" or (toggle and toggle.display is False):
        return False
    if toggle and toggle.customer_contract is not None:
        return toggle.customer_contract
    return ONECLICK in order.contract or bool(toggle and toggle.display)


def contract(order: Order, card: AnyCard | None, agreed: bool | None) -> tuple[str, ...]:
    """The attempt's contract. `agreed`: the customer's answer, None where the page didn't ask."""
    if order.transaction_type in MONEY_OUT:
        return order.contract
    if order.recurring:
        return order.contract or (RECURRING,)
    if isinstance(card, SavedCard):  # a token is charged under a contract always
        return order.contract or ((ONECLICK,) if card.code else (RECURRING,))
    return _as_agreed(order, agreed)


def _as_agreed(order: Order, agreed: bool | None) -> tuple[str, ...]:
    """The contract of a card that was typed on our page."""
    decides_all = bool(
        order.page_settings.save_card and order.page_settings.save_card.customer_contract
    )
    if agreed:
        scopes = order.contract or (ONECLICK,)
        if not decides_all and ONECLICK not in scopes:
            scopes = (*scopes, ONECLICK)
        return (*scopes, ASKED_AND_AGREED)
    if decides_all:
        return ()
    if agreed is None:
        return order.contract
    return tuple(word for word in order.contract if word != ONECLICK)


def contract_for_gateway(made: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in made if word != ASKED_AND_AGREED)
