"""What an answer of the REST gateway means: to a charge, a lookup, an operation; a notification."""

from __future__ import annotations

from typing import Final

import msgspec
import structlog

from checkout.gateways.base import Reference
from checkout.gateways.rest_answer import Payment
from checkout.gateways.rest_words import (
    AT_THE_BANK,
    CAPTURE_FAILED,
    CARD_MODES,
    CHARGEBACK,
    COLLECTED,
    DONE,
    DONE_IS,
    FAILED,
    FOUND,
    NO_REFUSAL,
    NOT_FOUND,
    REASON,
    REASON_OF_STATUS,
    STANDS,
    STATUS,
    UNCLEAR,
    WAITING,
    reason_of,
)
from checkout.gateways.wire import REFUSED_US
from checkout.model.outcome import UNKNOWN, Outcome, Reason
from checkout.model.status import LIVE, WON, Status

ASKED: Final = {"DB": "payment", "PA": "authorization"}

log = structlog.get_logger(__name__)


def outcome(
    said: Payment, asked: str | None, *, later: bool = False, on_card: bool = True
) -> Outcome:
    """Where the payment stands. `asked`: the transaction type; None: a notification doesn't know.
    `later`: told once more, and what the customer has to do is known already."""
    if not said.sound:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    status, step = _status(said, asked or ASKED.get(said.asked or "")), None
    if said.word in WAITING and (said.word or said.code not in FAILED):
        step = said.step
        if step is not None or (later and _is_away(said, on_card)):
            status = Status.ACTION
    facts = said.facts
    if said.long == CHARGEBACK:
        facts = msgspec.structs.replace(facts, taken_back=CHARGEBACK)
    return Outcome(status, said.id, step, _reason(said, status), facts)


def stands(said: Payment, kind: str, reference: Reference) -> Outcome:
    """What the payment's state tells of an operation on it."""
    facts = said.facts
    ours = facts.key in (None, reference.key) and facts.money in (None, reference.money)
    if not said.sound or not ours:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    status = STANDS.get(kind, {}).get(said.long, Status.PENDING)
    if status is Status.LOST:
        return Outcome(Status.LOST)
    # Amount and key are the payment's, not the operation's.
    return Outcome(status, said.id)


def refused(said: Payment, http_status: int) -> Outcome | None:
    """A charge that made no payment, for reasons that don't leave one possible."""
    code = said.code or ""
    if not said.says_nothing or code.startswith(NO_REFUSAL):
        return None
    reason = REASON.get(code) or reason_of(*said.sentences) or Reason.INVALID
    if reason in UNCLEAR:
        log.warning("gateway.unknown", status=http_status, code=code)
        return UNKNOWN
    if reason is Reason.CREDENTIALS:
        log.error("gateway.refused_us", status=http_status, code=code, alert=True)
        return REFUSED_US
    return Outcome(Status.DECLINED, reason=reason, facts=said.facts)


def not_found(said: Payment) -> Outcome | None:
    """A lookup that found nothing, or doesn't tell."""
    if not said.says_nothing:
        return None
    if said.code == NOT_FOUND:
        return Outcome(Status.LOST)
    if reason_of(*said.sentences) is Reason.CREDENTIALS:
        log.error("gateway.refused_us", code=said.code, alert=True)
        return Outcome(Status.PENDING, reason=Reason.CREDENTIALS)
    return UNKNOWN


def followed(said: Payment, http_status: int, operation: str) -> Outcome:
    """Whether a capture, refund or reversal is done. The status words may be the payment's own
    (reversed already), so success takes a code of success too."""
    code = said.code or ""
    short = STATUS.get(said.short)
    won = (
        not said.short or short is Status.PAID or (short is Status.CANCELLED and operation == "RV")
    )
    fine = code.startswith("000") and code != FOUND
    named = code in DONE[operation] or (fine and said.long in DONE[operation])
    if not said.sound:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    if http_status < 300 and won and named:
        return Outcome(DONE_IS[operation], said.id, facts=said.facts)
    lost = short is Status.DECLINED or (
        not said.short
        and (code in FAILED or http_status >= 400)
        and not code.startswith(NO_REFUSAL)
    )
    reason = _reason(said, Status.DECLINED)
    if lost and reason not in UNCLEAR:
        return Outcome(Status.DECLINED, said.id, reason=reason, facts=said.facts)
    log.warning("gateway.unknown", status=http_status, operation=operation, code=code)
    return Outcome(Status.PENDING, said.id, facts=said.facts)


def is_declined(said: Payment) -> bool:
    return STATUS.get(said.word) is Status.DECLINED


def disagree(said: Payment) -> bool:
    """Whether the two status words mean different things."""
    words = {word for word in (said.short, said.long) if word}
    return len({STATUS.get(word, Status.PENDING) for word in words}) > 1


def _status(said: Payment, asked: str | None) -> Status:
    status = STATUS.get(said.word, Status.PENDING)
    held = asked == "authorization"
    if said.long == CHARGEBACK:
        return Status.REFUNDED  # whatever the short word says of the payment before it
    if said.word == CAPTURE_FAILED:
        return status if asked and not held else Status.PENDING
    if status is not Status.PAID:
        return status
    if {said.word, said.long} & COLLECTED:
        return Status.PAID
    if asked is None:
        return Status.PENDING  # successful, but as what? The status query tells
    return Status.AUTHORIZED if held else Status.PAID


def _is_away(said: Payment, on_card: bool) -> bool:
    """The customer is still at the bank: said so, or the method has no other way to be pending."""
    on_card = said.mode.upper() in CARD_MODES if said.mode else on_card
    return said.word == AT_THE_BANK or bool(said.word and not on_card)


def _reason(said: Payment, status: Status) -> Reason | None:
    if status in LIVE | WON | {Status.REFUNDED}:
        return None
    said_why = REASON.get(said.code or "") or reason_of(*said.sentences)
    return said_why or REASON_OF_STATUS.get(status)
