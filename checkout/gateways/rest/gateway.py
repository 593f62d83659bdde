"""The adapter of the REST gateway: paying, status queries, operations, notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways.base import (
    NOT_OURS_TO_SEND,
    Capabilities,
    Captures,
    Charge,
    Constructor,
    FindsOperations,
    OperationReference,
    PaymentReference,
    Refunds,
    Voids,
    constructor,
)
from checkout.gateways.client import UNREACHABLE, GatewayResponse, HttpGateway
from checkout.gateways.rest.account import Account
from checkout.gateways.rest.calls import PAYOUT, Cannot, abilities, call_of
from checkout.gateways.rest.encoding import ACCEPT, FORM, decoded, encoded
from checkout.gateways.rest.interpretation import (
    is_declined,
    is_proved,
    not_found,
    outcome,
    refused,
    registered,
)
from checkout.gateways.rest.operations import (
    CAPTURE,
    REFUND,
    REVERSAL,
    operation_outcome,
    outcome_by_state,
)
from checkout.gateways.rest.options import ID, Options
from checkout.gateways.rest.request import amount_of
from checkout.gateways.rest.response import StatedPayment, payment, read
from checkout.gateways.rest.signature import Proof, signed_words
from checkout.gateways.rest.unconfirmed import PAYOUTS_ARE_FOUND
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import CARD_METHOD, TOKENIZATION
from checkout.model.outcome import UNKNOWN, GatewayFacts, Outcome
from checkout.model.status import Status

log = structlog.get_logger(__name__)


class Rest(HttpGateway[Options], Captures, Voids, Refunds, FindsOperations):
    encode = staticmethod(encoded)
    decode = staticmethod(decoded)

    def abilities(self) -> Capabilities:
        return abilities(self.options)

    def headers(self) -> dict[str, str]:
        return {"Content-Type": FORM, "Accept": ACCEPT[self.options.answers]}

    def set_up(self) -> None:
        self._account = Account(self.options, self.client)

    def refusal_of_amount(self, money: Money) -> str | None:
        return None if amount_of(money) else "no amount of this protocol: 99999999.99 at most"

    async def pay(self, charge: Charge) -> Outcome:
        asked = charge.order.transaction_type
        call = call_of(charge, self.options)
        if isinstance(call, Cannot):
            log.error("gateway.cannot", transaction_type=asked, why=call.why, alert=True)
            return Outcome(Status.NOT_SENT, reason=call.reason)
        answer = await self._account.charge(call.path, call.fields, call.proof, call.name)
        if isinstance(answer, Outcome):
            return answer
        stated = _payment_in(answer, charge.money)
        if stated is None:
            return UNKNOWN
        if asked == TOKENIZATION and isinstance(charge.card, Card):
            return registered(stated, answer.status, charge, charge.card)
        return refused(stated, answer.status, charge) or outcome(stated, asked)

    async def status(self, reference: PaymentReference) -> Outcome:
        stated = await self._look_up(reference)
        if isinstance(stated, Outcome):
            return _found(stated, reference)
        on_card = reference.method == CARD_METHOD
        found = outcome(stated, reference.transaction_type, later=True, on_card=on_card)
        return _found(found, reference)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        data = decoded(body)
        key = self.options.secure_key
        signed = signed_words(data, key) if isinstance(data, dict) else frozenset()
        if not signed:
            raise Unauthorized
        # What the checksum doesn't cover may be forged, and is left out.
        stated = read(data, self.capabilities.decimals)
        facts = GatewayFacts(money=stated.facts.money, key=stated.facts.key)
        if not is_proved(stated, signed):
            return Outcome(Status.PENDING, stated.id, facts=facts)
        return outcome(msgspec.structs.replace(stated, facts=facts, step=None), None)

    async def capture(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        """Collect (part of) what was authorized."""
        return await self._follow(reference, CAPTURE, money)

    async def void(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        """Give all of it up: a reversal has no amount."""
        if not money.same_sum(reference.money):
            return NOT_OURS_TO_SEND
        return await self._follow(reference, REVERSAL, money)

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        """Send (part of) a payment back; the gateway does that once."""
        return await self._follow(reference, REFUND, money)

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        """Operations have no state of their own: the payment's state tells what became of them."""
        stated = await self._look_up(reference)
        if isinstance(stated, Outcome):
            return UNKNOWN
        return outcome_by_state(stated, asked, reference)

    async def _follow(self, reference: PaymentReference, operation: str, money: Money) -> Outcome:
        amount = amount_of(money)
        fits = 0 < money.minor <= reference.money.minor
        if amount is None or not fits or money.currency != reference.money.currency:
            log.error("gateway.cannot", operation=operation, alert=True)
            return NOT_OURS_TO_SEND
        payment_id = reference.id or await self._id_of(reference)
        if payment_id is None:
            return UNREACHABLE
        amount_field = {} if operation == REVERSAL else {"amount": amount}
        answer = await self._account.charge(
            f"{self.options.payments_path}/{quote(payment_id, safe='')}",
            {"paymentType": operation, **amount_field},
            Proof((payment_id, *amount_field.values())),
        )
        if isinstance(answer, Outcome):
            return answer
        stated = payment(answer.data, money)
        if stated is None:
            return UNKNOWN
        return operation_outcome(stated, answer.status, operation, reference, money)

    async def _look_up(self, reference: PaymentReference) -> StatedPayment | Outcome:
        id_type, field = ("PID", "paymentId") if reference.id else ("MID", "merchantTransactionId")
        name, path = reference.id or reference.key, self.options.inquiry_path
        fields = {"paymentType": "IN", "idType": id_type}
        if ID not in path:
            fields[field] = name
        answer = await self._account.query(
            path.replace(ID, quote(name, safe="")), fields, Proof((name,))
        )
        if isinstance(answer, Outcome):
            return answer
        stated = _payment_in(answer, reference.money)
        return UNKNOWN if stated is None else not_found(stated) or stated

    async def _id_of(self, reference: PaymentReference) -> str | None:
        stated = await self._look_up(reference)
        return stated.id if isinstance(stated, StatedPayment) else None


gateway: Final[Constructor[Options]] = constructor(Rest)


def _payment_in(answer: GatewayResponse, asked: Money) -> StatedPayment | None:
    """The answer of this gateway; None: another body, or a success under an error status."""
    stated = payment(answer.data, asked)
    if stated and answer.status >= 300 and not (stated.says_nothing or is_declined(stated)):
        stated = None
    if stated is None:
        log.warning("gateway.unknown", status=answer.status)
    return stated


def _found(found: Outcome, reference: PaymentReference) -> Outcome:
    """The outcome of a lookup that found no payment, or None."""
    kind = reference.transaction_type
    if kind == PAYOUT and found.status is Status.NOT_SENT and not PAYOUTS_ARE_FOUND:
        log.warning("gateway.payout_not_found")
        return UNKNOWN
    kept = found.facts.card is not None and found.facts.card.token is not None
    if kind == TOKENIZATION and found.status is Status.PAID and not kept:
        return Outcome(Status.PENDING, found.id)
    return found
