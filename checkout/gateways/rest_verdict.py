"""What an answer of the REST gateway means: to a charge, a lookup, an operation; a notification."""

from __future__ import annotations

from typing import Final

import msgspec
import structlog

from checkout.gateways.base import Charge
from checkout.gateways.rest_answer import Payment
from checkout.gateways.rest_unconfirmed import REGISTERED
from checkout.gateways.rest_words import (
    AT_THE_BANK,
    CAPTURE_FAILED,
    CARD_MODES,
    COLLECTED,
    FAILED,
    GIVEN_BACK,
    LONG,
    NO_REFUSAL,
    NOT_FOUND,
    PAYOUT,
    REASON_OF_STATUS,
    SENT_AWAY,
    SHORT,
    UNCLEAR,
    WAITING,
    field_of,
    names_token,
    reason_of,
)
from checkout.gateways.wire import REFUSED_US
from checkout.model.card import Card, SavedCard
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import LIVE, WON, Status

ASKED: Final = {"DB": "payment", "PA": "authorization", "PO": "payout"}
# What is asked for by which `paymentType`; a card that is kept alone is asked for by none of them.
TYPE_OF: Final = {kind: code for code, kind in ASKED.items()} | {"charge": "DB"}
# What the long words mean for what was asked for; a notification doesn't know that.
LONG_OF: Final = {"payout": PAYOUT, None: LONG | PAYOUT}

log = structlog.get_logger(__name__)


def outcome(
    said: Payment, asked: str | None, *, later: bool = False, on_card: bool = True
) -> Outcome:
    """Where the payment stands. `asked`: the transaction type; None: a notification doesn't know.
    `later`: told once more, and what the customer has to do is known already."""
    if not said.sound:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    if said.asked in ASKED and asked in TYPE_OF and said.asked != TYPE_OF[asked]:
        log.error("gateway.another_type", id=said.id, asked=asked, stated=said.asked, alert=True)
        facts = Facts(key=said.facts.key, another_type=ASKED[said.asked])
        return Outcome(Status.PENDING, said.id, facts=facts)
    status, step = _status(said, asked or ASKED.get(said.asked or "")), None
    waits = said.word in WAITING or (said.short in SENT_AWAY and said.long not in LONG)
    if status is Status.PENDING and waits and (said.word or said.code not in FAILED):
        step = said.step
        if step is not None or (later and _is_away(said, on_card)):
            status = Status.ACTION
    facts = said.facts
    if said.long in GIVEN_BACK and asked != "payout":
        facts = msgspec.structs.replace(facts, taken_back=GIVEN_BACK[said.long])
    return Outcome(status, said.id, step, reason_why(said, status), facts)


def registered(said: Payment, http_status: int, charge: Charge, card: Card) -> Outcome:
    """Whether a card is kept; no money has moved."""
    means = Status.PAID if said.code in REGISTERED else Status.PENDING
    if said.word:
        means = _meaning(said, "payment")
    if said.registration is None and (no := refused(said, http_status, charge)) is not None:
        return no
    if means is Status.DECLINED:
        return Outcome(means, reason=reason_why(said, means), facts=said.facts)
    if means is Status.PAID and said.registration and http_status < 300:
        kept = msgspec.structs.replace(said.facts.card or card.kept(), token=said.registration)
        return Outcome(means, said.id, facts=Facts(card=kept, code=said.code))
    return Outcome(Status.PENDING, said.id)


def refused(said: Payment, http_status: int, charge: Charge) -> Outcome | None:
    """A charge that made no payment, for reasons that don't leave one possible. Where a customer
    can mend a field of the form, that one is named and nothing was declined."""
    code = said.code or ""
    if not said.says_nothing or code.startswith(NO_REFUSAL):
        return None
    reason = reason_of(*said.sentences) or Reason.INVALID
    if reason in UNCLEAR:
        log.warning("gateway.unknown", status=http_status, code=code)
        return UNKNOWN
    if reason is Reason.CREDENTIALS:
        log.error("gateway.refused_us", status=http_status, code=code, alert=True)
        return REFUSED_US
    by_token = isinstance(charge.card, SavedCard)
    if by_token and reason is Reason.INVALID:
        # No record: of the registration.
        token = code == NOT_FOUND or names_token(*said.sentences)
        reason = Reason.SAVED_CARD if token else reason
    field = None if charge.order.alone else field_of(reason, *said.sentences)
    status = Status.DECLINED if field is None else Status.LOST
    return Outcome(status, reason=reason, facts=said.facts, field=field)


def not_found(said: Payment) -> Outcome | None:
    """A lookup that found nothing, or doesn't tell."""
    if said.id is None and said.proves_nothing and not said.long:
        return Outcome(Status.LOST)
    if not said.says_nothing:
        return None
    if said.code == NOT_FOUND:
        return Outcome(Status.LOST)
    if reason_of(*said.sentences) is Reason.CREDENTIALS:
        log.error("gateway.refused_us", code=said.code, alert=True)
        return Outcome(Status.PENDING, reason=Reason.CREDENTIALS)
    return UNKNOWN


def is_declined(said: Payment) -> bool:
    return _meaning(said, "payment") is Status.DECLINED


def is_proved(said: Payment, signed: frozenset[str]) -> bool:
    """Whether what a notification's words mean together is what its checksum covers: the long word,
    or a short one that means the same. `signed`: the names of the covered fields."""
    if not said.long or "status" in signed:
        return True
    return SHORT.get(said.short) is LONG_OF[None].get(said.long)


def _meaning(said: Payment, asked: str | None) -> Status:
    if said.proves_nothing:
        return Status.PENDING
    if not said.long:
        return SHORT.get(said.short, Status.PENDING)
    return LONG_OF.get(asked, LONG).get(said.long, Status.PENDING)


def _status(said: Payment, asked: str | None) -> Status:
    status, held = _meaning(said, asked), asked == "authorization"
    if said.long == CAPTURE_FAILED and held:
        return Status.AUTHORIZED  # as before the capture was tried
    if said.long == CAPTURE_FAILED and asked is None:
        return Status.PENDING
    if status is not Status.PAID or said.long in COLLECTED or said.long in PAYOUT:
        return status
    if asked is None:
        return Status.PENDING  # successful, but as what? The status query tells
    return Status.AUTHORIZED if held else Status.PAID


def _is_away(said: Payment, on_card: bool) -> bool:
    """The customer is still at the bank: said so, or the method has no other way to be pending."""
    on_card = said.mode.upper() in CARD_MODES if said.mode else on_card
    return said.short == AT_THE_BANK or bool(said.word and not on_card)


def reason_why(said: Payment, status: Status) -> Reason | None:
    if status in LIVE | WON | {Status.REFUNDED}:
        return None
    return reason_of(*said.sentences) or REASON_OF_STATUS.get(status)
