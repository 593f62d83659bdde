"""A gateway that says the card's number back where no mask helps: as its own name for the payment,
or in the address that the customer has to go to. That much is dropped before it is written down,
and told; the payment is looked up by our key."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from checkout.model.card import AnyCard, Card
from checkout.model.outcome import Outcome

log = structlog.get_logger(__name__)


def without_number(outcome: Outcome, card: AnyCard | None) -> Outcome:
    """The outcome of a charge of `card`, without its number. (Elsewhere it is masked already.)"""
    if not isinstance(card, Card):
        return outcome
    number, dropped = card.number, dict[str, Any]()
    if outcome.id is not None and number in outcome.id:
        dropped["id"] = None
    if outcome.step is not None and number in msgspec.json.encode(outcome.step).decode():
        dropped["step"] = None
    if not dropped:
        return outcome
    log.error("gateway.echoed_card", fields=sorted(dropped), alert=True)
    return msgspec.structs.replace(outcome, **dropped)
