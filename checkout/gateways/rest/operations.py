"""What the REST gateway's answers mean for a capture, a reversal or a refund: the answer to the
operation itself, and a later look at the payment, by whose state alone the gateway tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from checkout.gateways.base import OperationReference, PaymentReference
from checkout.gateways.parsing import is_sum, meaning
from checkout.gateways.rest.codes import FAILED, FOUND, NO_REFUSAL, PARTIAL_REFUND, SHORT, UNCLEAR
from checkout.gateways.rest.interpretation import reason_why
from checkout.gateways.rest.response import PaymentRow
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
# The long word in the answer to an operation. One that stands in neither table says nothing, and
# then nothing is known.
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
# What the payment's state tells later, when the operation's own answer was lost or not the last
# word. Where it was paid and is still said to be, a refund of a part may have been made all the
# same: that is not told.
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
        "partialrefund": Status.REFUNDED,  # of a part; of all PENDING: that was another's
        "markedforreversal": Status.ACCEPTED,
    },
}

log = structlog.get_logger(__name__)


def answered(
    said: PaymentRow, http_status: int, operation: str, reference: PaymentReference, money: Money
) -> Outcome:
    """Whether an operation is done, accepted or refused. The words may be the payment's own
    (reversed already), so success takes a code of success too."""
    if not said.sound or not _is_ours(said, reference, money):
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    means = ANSWER[operation].get(said.long)
    if said.long in AS_BEFORE[operation]:
        means = _by_code(said, http_status, operation)
    elif means is not Status.DECLINED and not (http_status < 300 and _is_success(said.code)):
        means = None
    reason = reason_why(said, Status.DECLINED)
    if means is None or (means is Status.DECLINED and reason in UNCLEAR):
        log.warning("gateway.unknown", status=http_status, operation=operation, code=said.code)
        return Outcome(Status.PENDING, said.id, facts=said.facts)
    why = reason if means is Status.DECLINED else None
    return Outcome(means, said.id, reason=why, facts=said.facts)


def stands(said: PaymentRow, asked: OperationReference, reference: PaymentReference) -> Outcome:
    """What the payment's state tells of an operation on it."""
    facts, money = said.facts, said.facts.money
    ours = facts.key in (None, reference.key) and (money is None or money.same_sum(reference.money))
    if not said.sound or not ours:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    status = LATER.get(asked.kind, {}).get(said.long, Status.PENDING)
    if status is Status.NOT_SENT:
        return Outcome(Status.NOT_SENT)
    whole = asked.money is None or asked.money.same_sum(reference.money)
    if said.long == PARTIAL_REFUND and asked.kind == "refund" and whole:
        status = Status.PENDING  # of a part: that was another's
    # Amount and key are the payment's, not the operation's.
    return Outcome(status, said.id)


def _by_code(said: PaymentRow, http_status: int, operation: str) -> Status | None:
    """By the short word and the code. None: neither done nor refused."""
    code, short = said.code or "", meaning(SHORT, said.short, "payment")
    won = not said.short or short is Status.PAID
    won = won or (short is Status.CANCELLED and operation == REVERSAL)
    if http_status < 300 and won and code in DONE_CODES[operation]:
        return DONE_IS[operation]
    if said.no_record:
        return None
    refused = not said.short and (code in FAILED or http_status >= 400)
    if short is Status.DECLINED or (refused and not code.startswith(NO_REFUSAL)):
        return Status.DECLINED
    return None


def _is_ours(said: PaymentRow, reference: PaymentReference, money: Money) -> bool:
    """Of our payment, and for the operation's sum; some tell the payment's."""
    ours = said.facts.key in (None, reference.key)
    return ours and is_sum(said.facts, money, reference.money)


def _is_success(code: str | None) -> bool:
    return (code or "").startswith("000") and code != FOUND
