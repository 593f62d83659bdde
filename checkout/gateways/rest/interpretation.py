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
from checkout.gateways.rest.response import PaymentRow
from checkout.gateways.rest.unconfirmed import REGISTERED
from checkout.model.card import Card, SavedCard
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import LIVE, SUCCESSFUL, Status

ASKED: Final = {"DB": "payment", "PA": "authorization", "PO": "payout"}
# What is asked for by which `paymentType`; a card that is kept alone is asked for by none of them.
TYPE_OF: Final = {kind: code for code, kind in ASKED.items()} | {"charge": "DB"}
BY_KIND: Final = frozenset({"authorization", "payout", None})  # what is asked for; else a payment

log = structlog.get_logger(__name__)


def outcome(
    said: PaymentRow, asked: str | None, *, later: bool = False, on_card: bool = True
) -> Outcome:
    """Where the payment stands. `asked`: the transaction type; None: a notification doesn't know.
    `later`: told once more, and what the customer has to do is known already."""
    if not said.sound:
        log.error("gateway.unreadable_facts", id=said.id, alert=True)
        return Outcome(Status.PENDING, said.id)
    if said.asked in ASKED and asked in TYPE_OF and said.asked != TYPE_OF[asked]:
        log.error("gateway.another_type", id=said.id, asked=asked, stated=said.asked, alert=True)
        facts = GatewayFacts(key=said.facts.key, another_type=ASKED[said.asked])
        return Outcome(Status.PENDING, said.id, facts=facts)
    status, step = _status(said, asked or ASKED.get(said.asked or "")), None
    if status is Status.REQUIRES_ACTION:
        step = said.step
        if step is None and not (later and _is_away(said, on_card)):
            status = Status.PENDING
    facts = said.facts
    if said.long in GIVEN_BACK and asked != "payout":
        facts = msgspec.structs.replace(facts, taken_back=GIVEN_BACK[said.long])
    return Outcome(status, said.id, step, reason_why(said, status), facts)


def registered(said: PaymentRow, http_status: int, charge: Charge, card: Card) -> Outcome:
    """Whether a card is kept; no money has moved."""
    means = Status.PAID if said.code in REGISTERED else Status.PENDING
    if said.word:
        means = _status(said, "payment")
    if said.registration is None and (no := refused(said, http_status, charge)) is not None:
        return no
    if means is Status.DECLINED:
        return Outcome(means, reason=reason_why(said, means), facts=said.facts)
    if means is Status.PAID and said.registration and http_status < 300:
        kept = msgspec.structs.replace(
            said.facts.card or card.without_secrets(), token=said.registration
        )
        return Outcome(means, said.id, facts=GatewayFacts(card=kept, code=said.code))
    return Outcome(Status.PENDING, said.id)


def refused(said: PaymentRow, http_status: int, charge: Charge) -> Outcome | None:
    """A charge that made no payment, for reasons that don't leave one possible. Where a customer
    can mend a field of the form, that one is named and nothing was declined."""
    code = said.code or ""
    if not said.says_nothing or code.startswith(NO_REFUSAL):
        return None
    reason = reason_of(*said.sentences) or DeclineReason.INVALID
    if reason in UNCLEAR:
        log.warning("gateway.unknown", status=http_status, code=code)
        return UNKNOWN
    if reason is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", status=http_status, code=code, alert=True)
        return REFUSED_US
    by_token = isinstance(charge.card, SavedCard)
    if by_token and reason is DeclineReason.INVALID:
        # No record: of the registration.
        token = code == NOT_FOUND or names_token(*said.sentences)
        reason = DeclineReason.SAVED_CARD if token else reason
    field = None if charge.order.merchant_initiated else field_of(reason, *said.sentences)
    status = Status.DECLINED if field is None else Status.NOT_SENT
    return Outcome(status, reason=reason, facts=said.facts, field=field)


def not_found(said: PaymentRow) -> Outcome | None:
    """A lookup that found nothing, or doesn't tell."""
    if said.id is None and said.proves_nothing and not said.long:
        return Outcome(Status.NOT_SENT)
    if not said.says_nothing:
        return None
    if said.code == NOT_FOUND:
        return Outcome(Status.NOT_SENT)
    if reason_of(*said.sentences) is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", code=said.code, alert=True)
        return Outcome(Status.PENDING, reason=DeclineReason.CREDENTIALS)
    return UNKNOWN


def is_declined(said: PaymentRow) -> bool:
    return _status(said, "payment") is Status.DECLINED


def is_proved(said: PaymentRow, signed: frozenset[str]) -> bool:
    """Whether what a notification's words mean together is what its checksum covers: the long word,
    or a short one that means the same. `signed`: the names of the covered fields."""
    if not said.long or "status" in signed:
        return True
    return _alone(SHORT, said.short) is _alone({**LONG, **PAYOUT}, said.long)


def _alone(codes: Codes, word: str) -> Status | None:
    """What a word means by itself, without an address to go to; None for one that nobody lists."""
    found = meaning(codes, word, "payment") if word in codes else None
    return Status.PENDING if found is Status.REQUIRES_ACTION else found


def _status(said: PaymentRow, asked: str | None) -> Status:
    """By the tables. REQUIRES_ACTION: the customer may be sent somewhere."""
    kind = asked if asked in BY_KIND else "payment"
    if not said.word:
        return Status.PENDING if said.code in FAILED else Status.REQUIRES_ACTION
    codes = SHORT if not said.long else PAYOUT if kind == "payout" else LONG
    status = Status.PENDING if said.proves_nothing else meaning(codes, said.word, kind)
    # Beside a long word that nobody lists, the short one still sends the customer to the bank.
    away = said.long in WAITING or (said.long not in LONG and said.short in WAITING)
    return Status.REQUIRES_ACTION if status is Status.PENDING and away else status


def _is_away(said: PaymentRow, on_card: bool) -> bool:
    """The customer is still at the bank: said so, or the method has no other way to be pending."""
    on_card = said.mode.upper() in CARD_MODES if said.mode else on_card
    return said.short == AT_THE_BANK or bool(said.word and not on_card)


def reason_why(said: PaymentRow, status: Status) -> DeclineReason | None:
    if status in LIVE | SUCCESSFUL | {Status.REFUNDED}:
        return None
    return reason_of(*said.sentences) or REASON_OF_STATUS.get(status)
