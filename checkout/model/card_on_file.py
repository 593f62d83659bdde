"""Remembering cards: when the page asks the customer, and which contract the gateway is told of.

Source: Overpay's documents on `contract` and `save_card_toggle`. A contract makes the gateway
answer with a token. Who agrees to it says `customer_contract`:

    true        the customer, on our page: unticked (or not shown), no contract is made at all
    left out    the customer for `oneclick`, which is there for the customer's convenience; the
                shop has agreed on the others itself
    false       the shop has agreed on all of them: nothing is asked
"""

from __future__ import annotations

from typing import Final

from checkout.model.card import AnyCard, SavedCard
from checkout.model.order import MONEY_OUT, Order

ONECLICK: Final = "oneclick"
RECURRING: Final = "recurring"
ASKED_AND_AGREED: Final = "save_card"  # told to the shop beside the contract, not to the gateway


def offers_to_save(order: Order) -> bool:
    """Whether the page asks, where the gateway can keep cards."""
    toggle = order.page_settings.save_card
    if order.transaction_type == "tokenization" or (toggle and toggle.display is False):
        return False
    if toggle and toggle.customer_contract is not None:
        return toggle.customer_contract
    return ONECLICK in order.contract or bool(toggle and toggle.display)


def contract(order: Order, card: AnyCard | None, agreed: bool | None) -> tuple[str, ...]:
    """The attempt's contract. `agreed`: the customer's answer, None where nobody was asked."""
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
        asked = order.contract or (ONECLICK,)
        if not decides_all and ONECLICK not in asked:
            asked = (*asked, ONECLICK)
        return (*asked, ASKED_AND_AGREED)
    if decides_all:
        return ()
    if agreed is None:
        return order.contract
    return tuple(word for word in order.contract if word != ONECLICK)


def contract_for_gateway(made: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in made if word != ASKED_AND_AGREED)
