"""What the REST gateway's answers mean for a capture, a reversal or a refund: the answer to the
operation itself, and a later query of the payment, whose state is all that the gateway states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from checkout.gateways.base import OperationReference, PaymentReference
from checkout.gateways.parsing import is_sum, meaning
from checkout.gateways.rest.codes import FAILED, FOUND, NO_REFUSAL, PARTIAL_REFUND, SHORT, UNCLEAR
from checkout.gateways.rest.interpretation import reason_why
from checkout.gateways.rest.response import StatedPayment
from checkout.model.money import Money
from checkout.model.outcome import Outcome
from checkout.model.status import Status

CAPTURE, REFUND, REVERSAL = "CP", "RF", "RV"
DONE_IS: Final[Mapping[str, Status]] = {
    CAPTURE: Status.PAID,
    REFUND: Status.REFUNDED,
    REVERSAL: Status.REFUNDED,  # what was held is given back
}
DONE_CODES: Final[Mapping[str, frozenset[str]]] = {
    CAPTURE: frozenset({"00001", "00004"}),
    REFUND: frozenset({"00001", "00005"}),
    REVERSAL: frozenset({"00001", "00006"}),
}
# The long word in the answer to an operation. A word in neither table leaves it unknown.
ANSWER: Final[Mapping[str, Mapping[str, Status]]] = {
    CAPTURE: {
        "capturesuccess": Status.PAID,
        "settled": Status.PAID,
        "setteled": Status.PAID,
        "capturestarted": Status.ACCEPTED,
        "capturefailed": Status.DECLINED,
        "failed": Status.DECLINED,
    },
    REFUND: {
        "reversed": Status.REFUNDED,
        "partialrefund": Status.REFUNDED,
        "markedforreversal": Status.ACCEPTED,
        "failed": Status.DECLINED,
    },
    REVERSAL: {
        "cancelled": Status.REFUNDED,
        "authcancelled": Status.REFUNDED,
        "reversed": Status.REFUNDED,
        "cancelstarted": Status.ACCEPTED,
        "markedforreversal": Status.ACCEPTED,
        "failed": Status.DECLINED,
    },
}
# The payment's own word, as before the operation: the short word and the code decide.
AS_BEFORE: Final[Mapping[str, frozenset[str]]] = {
    CAPTURE: frozenset({"", "authsuccessful"}),
    REFUND: frozenset({"", "authsuccessful", "capturesuccess", "settled", "setteled"}),
    REVERSAL: frozenset({"", "authsuccessful", "capturesuccess"}),
}
# What the payment's state means later, when the operation's own answer was lost or not final. A
# payment that is still stated as paid may have been refunded in part: that is not stated.
LATER: Final[Mapping[str, Mapping[str, Status]]] = {
    "capture": {
        "capturesuccess": Status.PAID,
        "settled": Status.PAID,
        "setteled": Status.PAID,
        "partialrefund": Status.PAID,
        "capturestarted": Status.ACCEPTED,
        "capturefailed": Status.DECLINED,
        "authsuccessful": Status.NOT_SENT,
    },
    "void": {
        "cancelled": Status.REFUNDED,
        "authcancelled": Status.REFUNDED,
        "reversed": Status.REFUNDED,
        "cancelstarted": Status.ACCEPTED,
        "markedforreversal": Status.ACCEPTED,
        "authsuccessful": Status.NOT_SENT,
    },
    "refund": {
        "reversed": Status.REFUNDED,
        "partialrefund": Status.REFUNDED,  # PENDING for a refund in full
        "markedforreversal": Status.ACCEPTED,
    },
}

log = structlog.get_logger(__name__)


def operation_outcome(
    stated: StatedPayment,
    http_status: int,
    operation: str,
    reference: PaymentReference,
    money: Money,
) -> Outcome:
    """Whether an operation is done, accepted or refused. The words may be the payment's own
    (reversed already), so success takes a code of success too."""
    if not stated.sound or not _is_ours(stated, reference, money):
        log.error("gateway.unreadable_facts", id=stated.id, alert=True)
        return Outcome(Status.PENDING, stated.id)
    means = ANSWER[operation].get(stated.long)
    if stated.long in AS_BEFORE[operation]:
        means = _by_code(stated, http_status, operation)
    elif means is not Status.DECLINED and not (http_status < 300 and _is_success(stated.code)):
        means = None
    reason = reason_why(stated, Status.DECLINED)
    if means is None or (means is Status.DECLINED and reason in UNCLEAR):
        log.warning("gateway.unknown", status=http_status, operation=operation, code=stated.code)
        return Outcome(Status.PENDING, stated.id, facts=stated.facts)
    why = reason if means is Status.DECLINED else None
    return Outcome(means, stated.id, reason=why, facts=stated.facts)


def outcome_by_state(
    stated: StatedPayment, asked: OperationReference, reference: PaymentReference
) -> Outcome:
    """The outcome of an operation, by the payment's state."""
    facts, money = stated.facts, stated.facts.money
    ours = facts.key in (None, reference.key) and (money is None or money.same_sum(reference.money))
    if not stated.sound or not ours:
        log.error("gateway.unreadable_facts", id=stated.id, alert=True)
        return Outcome(Status.PENDING, stated.id)
    status = LATER.get(asked.kind, {}).get(stated.long, Status.PENDING)
    if status is Status.NOT_SENT:
        return Outcome(Status.NOT_SENT)
    whole = asked.money is None or asked.money.same_sum(reference.money)
    if stated.long == PARTIAL_REFUND and asked.kind == "refund" and whole:
        status = Status.PENDING  # it was a partial refund, so not this one
    # Amount and key are the payment's, not the operation's.
    return Outcome(status, stated.id)


def _by_code(stated: StatedPayment, http_status: int, operation: str) -> Status | None:
    """By the short word and the code. None: neither done nor refused."""
    code, short = stated.code or "", meaning(SHORT, stated.short, "payment")
    if http_status < 300 and _may_be_done(stated, operation) and code in DONE_CODES[operation]:
        return DONE_IS[operation]
    if stated.no_record:
        return None
    refused = not stated.short and (code in FAILED or http_status >= 400)
    if short is Status.DECLINED or (refused and not code.startswith(NO_REFUSAL)):
        return Status.DECLINED
    return None


def _may_be_done(stated: StatedPayment, operation: str) -> bool:
    """Whether the short word, if there is one, fits a success of the operation."""
    short = meaning(SHORT, stated.short, "payment")
    cancelled = operation == REVERSAL and short is Status.CANCELLED
    return not stated.short or short is Status.PAID or cancelled


def _is_ours(stated: StatedPayment, reference: PaymentReference, money: Money) -> bool:
    """Whether it is about our payment and the operation's sum; some state the payment's sum."""
    ours = stated.facts.key in (None, reference.key)
    return ours and is_sum(stated.facts, money, reference.money)


def _is_success(code: str | None) -> bool:
    return (code or "").startswith("000") and code != FOUND
