"""Merge the facts that a gateway states of an attempt into those that it stated before."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from checkout.model.outcome import GatewayFacts, Outcome

S = TypeVar("S", bound=Struct)


def stated_facts(outcome: Outcome) -> GatewayFacts:
    if outcome.field is None:
        return outcome.facts
    return msgspec.structs.replace(outcome.facts, refused=outcome.field)


def merge_facts(known: GatewayFacts, stated: GatewayFacts) -> GatewayFacts:
    """The facts stated now; those that are missing now stay as they were stated before."""
    facts, card, before = _merged(known, stated), stated.card, known.card
    if card is None or before is None or card.last_4 not in (None, before.last_4):
        return facts
    return msgspec.structs.replace(facts, card=_merged(before, card))


def _merged(known: S, stated: S) -> S:
    given = {name: getattr(stated, name) for name in stated.__struct_fields__}
    changes = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(known, **changes)
