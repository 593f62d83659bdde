"""What an answer of the REST gateway means: to a charge, a lookup, an operation; a notification."""

from __future__ import annotations

from typing import Final

import msgspec
import structlog

from checkout.gateways.base import Charge
from checkout.gateways.client import REFUSED_US
from checkout.gateways.parsing import Codes, meaning
from checkout.gateways.rest.codes import (
    AT_THE_BANK,
    CARD_MODES,
    FAILED,
    GIVEN_BACK,
    LONG,
    NO_REFUSAL,
    NOT_FOUND,
    PAYOUT,
    REASON_OF_STATUS,
    SHORT,
    UNCLEAR,
    WAITING,
    field_of,
    names_token,
    reason_of,
)
from checkout.gateways.rest.response import StatedPayment
from checkout.gateways.rest.unconfirmed import REGISTERED
from checkout.model.card import Card, SavedCard
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import LIVE, SUCCESSFUL, Status

ASKED: Final = {"DB": "payment", "PA": "authorization", "PO": "payout"}
# Transaction type -> `paymentType`; a registration without a payment has none.
TYPE_OF: Final = {kind: code for code, kind in ASKED.items()} | {"charge": "DB"}
BY_KIND: Final = frozenset({"authorization", "payout", None})  # what is asked for; else a payment

log = structlog.get_logger(__name__)


def outcome(
    stated: StatedPayment, asked: str | None, *, later: bool = False, on_card: bool = True
) -> Outcome:
    """The state of the payment. `asked`: the transaction type; None: a notification doesn't know
    it. `later`: not the first answer, so that the customer's next action is known already."""
    if not stated.sound:
        log.error("gateway.unreadable_facts", id=stated.id, alert=True)
        return Outcome(Status.PENDING, stated.id)
    kind = stated.payment_type
    if kind in ASKED and asked in TYPE_OF and kind != TYPE_OF[asked]:
        log.error("gateway.another_type", id=stated.id, asked=asked, stated=kind, alert=True)
        facts = GatewayFacts(key=stated.facts.key, another_type=ASKED[kind])
        return Outcome(Status.PENDING, stated.id, facts=facts)
    status, step = _status(stated, asked or ASKED.get(kind or "")), None
    if status is Status.REQUIRES_ACTION:
        step = stated.step
        if step is None and not (later and _is_away(stated, on_card)):
            status = Status.PENDING
    return Outcome(status, stated.id, step, reason_why(stated, status), _facts(stated, asked))


def _facts(stated: StatedPayment, asked: str | None) -> GatewayFacts:
    if stated.long not in GIVEN_BACK or asked == "payout":
        return stated.facts
    return msgspec.structs.replace(stated.facts, taken_back=GIVEN_BACK[stated.long])


def registered(stated: StatedPayment, http_status: int, charge: Charge, card: Card) -> Outcome:
    """Whether a card is kept; no money has moved."""
    means = Status.PAID if stated.code in REGISTERED else Status.PENDING
    if stated.word:
        means = _status(stated, "payment")
    if stated.registration is None and (no := refused(stated, http_status, charge)) is not None:
        return no
    if means is Status.DECLINED:
        return Outcome(means, reason=reason_why(stated, means), facts=stated.facts)
    if means is Status.PAID and stated.registration and http_status < 300:
        kept = msgspec.structs.replace(
            stated.facts.card or card.without_secrets(), token=stated.registration
        )
        return Outcome(means, stated.id, facts=GatewayFacts(card=kept, code=stated.code))
    return Outcome(Status.PENDING, stated.id)


def refused(stated: StatedPayment, http_status: int, charge: Charge) -> Outcome | None:
    """The refusal of a charge, where no payment can have been made. A field of the form that the
    customer can correct is named, and is no decline."""
    code = stated.code or ""
    if not stated.says_nothing or code.startswith(NO_REFUSAL):
        return None
    reason = _refusal_reason(stated, charge)
    if reason in UNCLEAR:
        log.warning("gateway.unknown", status=http_status, code=code)
        return UNKNOWN
    if reason is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", status=http_status, code=code, alert=True)
        return REFUSED_US
    field = None if charge.order.merchant_initiated else field_of(reason, *stated.sentences)
    status = Status.DECLINED if field is None else Status.NOT_SENT
    return Outcome(status, reason=reason, facts=stated.facts, field=field)


def _refusal_reason(stated: StatedPayment, charge: Charge) -> DeclineReason:
    reason = reason_of(*stated.sentences) or DeclineReason.INVALID
    if reason is not DeclineReason.INVALID or not isinstance(charge.card, SavedCard):
        return reason
    # "No record" is about the registration.
    token = stated.code == NOT_FOUND or names_token(*stated.sentences)
    return DeclineReason.SAVED_CARD if token else reason


def not_found(stated: StatedPayment) -> Outcome | None:
    """The outcome of a lookup that found nothing or failed; None: it found a payment."""
    if stated.id is None and stated.proves_nothing and not stated.long:
        return Outcome(Status.NOT_SENT)
    if not stated.says_nothing:
        return None
    if stated.code == NOT_FOUND:
        return Outcome(Status.NOT_SENT)
    if reason_of(*stated.sentences) is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", code=stated.code, alert=True)
        return Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)
    return UNKNOWN


def is_declined(stated: StatedPayment) -> bool:
    return _status(stated, "payment") is Status.DECLINED


def is_proved(stated: StatedPayment, signed: frozenset[str]) -> bool:
    """Whether the checksum covers what a notification means: the long word, or a short one of the
    same meaning. `signed`: the names of the covered fields."""
    if not stated.long or "status" in signed:
        return True
    return _alone(SHORT, stated.short) is _alone({**LONG, **PAYOUT}, stated.long)


def _alone(codes: Codes, word: str) -> Status | None:
    """What a word means without an address to go to; None for one that no table has."""
    found = meaning(codes, word, "payment") if word in codes else None
    return Status.PENDING if found is Status.REQUIRES_ACTION else found


def _status(stated: StatedPayment, asked: str | None) -> Status:
    """The status by the tables. REQUIRES_ACTION: the customer may have to go to the bank."""
    kind = asked if asked in BY_KIND else "payment"
    if not stated.word:
        return Status.PENDING if stated.code in FAILED else Status.REQUIRES_ACTION
    codes = SHORT if not stated.long else PAYOUT if kind == "payout" else LONG
    status = Status.PENDING if stated.proves_nothing else meaning(codes, stated.word, kind)
    # Beside a long word that no table has, the short one still sends the customer to the bank.
    away = stated.long in WAITING or (stated.long not in LONG and stated.short in WAITING)
    return Status.REQUIRES_ACTION if status is Status.PENDING and away else status


def _is_away(stated: StatedPayment, on_card: bool) -> bool:
    """Whether the customer is still at the bank: it is stated, or the method pays only there."""
    on_card = stated.mode.upper() in CARD_MODES if stated.mode else on_card
    return stated.short == AT_THE_BANK or bool(stated.word and not on_card)


def reason_why(stated: StatedPayment, status: Status) -> DeclineReason | None:
    if status in LIVE | SUCCESSFUL | {Status.REFUNDED}:
        return None
    return reason_of(*stated.sentences) or REASON_OF_STATUS.get(status)
