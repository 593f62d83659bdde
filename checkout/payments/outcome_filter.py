"""Removes from a gateway's answer, before it is stored, card numbers and addresses without TLS."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import structlog

from checkout.model.card import AnyCard, Card
from checkout.model.next_action import Instructions, PostForm, Redirect
from checkout.model.outcome import Outcome

PLAIN: Final = "http:"

log = structlog.get_logger(__name__)


def without_number(outcome: Outcome, card: AnyCard | None) -> Outcome:
    """The outcome of a charge of `card`, without a gateway id or next action that contains the
    card's number: these can't be masked, as other texts are. The payment is then queried by our
    key."""
    if not isinstance(card, Card):
        return outcome
    number, dropped = card.number, dict[str, Any]()
    if outcome.id is not None and number in outcome.id:
        dropped["id"] = None
    if (
        outcome.next_action is not None
        and number in msgspec.json.encode(outcome.next_action).decode()
    ):
        dropped["next_action"] = None
    if not dropped:
        return outcome
    log.error("gateway.echoed_card", fields=sorted(dropped), alert=True)
    return msgspec.structs.replace(outcome, **dropped)


def without_plain_addresses(outcome: Outcome, *, sandbox: bool) -> Outcome:
    """The outcome without a next action over plain http, which is allowed in the sandbox only."""
    step = outcome.next_action
    if sandbox or step is None:
        return outcome
    if isinstance(step, Redirect | PostForm) and step.url.lower().startswith(PLAIN):
        step = None
    elif isinstance(step, Instructions) and (step.link or "").lower().startswith(PLAIN):
        step = msgspec.structs.replace(step, link=None)
    else:
        return outcome
    log.error("gateway.plain_address", alert=True)
    return msgspec.structs.replace(outcome, next_action=step)
