"""The white-label REST card gateway: one platform, sold under many brands and hosts.

Documents: the platform's REST overview, completed by its public clients. Bodies are forms with
dotted names, answers JSON or XML; amounts are major units with two decimals ("50.00"). A token
and a checksum that knows the secure key go into every call. Our key travels as
`merchantTransactionId` and finds the payment again. Success and most failures are both HTTP 200:
the words `status` and `transactionStatus` decide.

    rest_options      an account's settings              rest_answer       reading what it says
    rest_account      signed calls                       rest_words        its words to ours
    rest_token        the token they need                rest_verdict      what an answer means
    rest_charge       which call a charge is             rest_operations   the same of operations
    rest_request      its fields                         rest_decode       forms, JSON, XML
    rest_unconfirmed  what no document confirms          rest_checksum     MD5, theirs and ours
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import httpx
import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways.base import (
    Asked,
    Captures,
    Charge,
    Constructor,
    FindsOperations,
    Reference,
    Refunds,
    Voids,
    opened_by,
)
from checkout.gateways.rest_account import Account
from checkout.gateways.rest_answer import Payment, payment, read
from checkout.gateways.rest_charge import PAYOUT, Cannot, abilities, call_of
from checkout.gateways.rest_checksum import Proof, signed_words
from checkout.gateways.rest_decode import decoded
from checkout.gateways.rest_operations import CAPTURE, REFUND, REVERSAL, answered, stands
from checkout.gateways.rest_options import ID, Options
from checkout.gateways.rest_request import amount_of
from checkout.gateways.rest_unconfirmed import PAYOUTS_ARE_FOUND
from checkout.gateways.rest_verdict import (
    is_declined,
    is_proved,
    not_found,
    outcome,
    refused,
    registered,
)
from checkout.gateways.wire import CHARGE_SECONDS, QUERY_SECONDS, UNREACHABLE, Answer
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import CARD_METHOD, TOKENIZATION
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import Status

__all__ = ["Options", "Rest"]

NOT_OURS_TO_SEND: Final = Outcome(Status.LOST, reason=Reason.INVALID)

log = structlog.get_logger(__name__)


class Rest(Captures, Voids, Refunds, FindsOperations):
    def __init__(
        self,
        options: Options,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = CHARGE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self.can = abilities(options)
        self._options = options
        self._account = Account(
            options, transport, charge_seconds=charge_seconds, query_seconds=query_seconds
        )

    def takes(self, money: Money) -> str | None:
        return None if amount_of(money) else "no amount of this protocol: 99999999.99 at most"

    async def pay(self, charge: Charge) -> Outcome:
        asked = charge.order.transaction_type
        call = call_of(charge, self._options)
        if isinstance(call, Cannot):
            log.error("gateway.cannot", transaction_type=asked, why=call.why, alert=True)
            return Outcome(Status.LOST, reason=call.reason)
        answer = await self._account.charge(call.path, call.fields, call.proof, call.name)
        if isinstance(answer, Outcome):
            return answer
        said = _said(answer, charge.money)
        if said is None:
            return UNKNOWN
        if asked == TOKENIZATION and isinstance(charge.card, Card):
            return registered(said, answer.status, charge, charge.card)
        return refused(said, answer.status, charge) or outcome(said, asked)

    async def status(self, reference: Reference) -> Outcome:
        said = await self._look_up(reference)
        if isinstance(said, Outcome):
            return _found(said, reference)
        on_card = reference.method == CARD_METHOD
        found = outcome(said, reference.transaction_type, later=True, on_card=on_card)
        return _found(found, reference)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        data = decoded(body)
        key = self._options.secure_key
        signed = signed_words(data, key) if isinstance(data, dict) else frozenset()
        if not signed:
            raise Unauthorized
        # What the checksum doesn't cover is anybody's, and not told.
        said = read(data, self.can.decimals)
        facts = Facts(money=said.facts.money, key=said.facts.key)
        if not is_proved(said, signed):
            return Outcome(Status.PENDING, said.id, facts=facts)
        return outcome(msgspec.structs.replace(said, facts=facts, step=None), None)

    async def capture(self, reference: Reference, money: Money, key: str) -> Outcome:
        """Collect (part of) what was authorized."""
        return await self._follow(reference, CAPTURE, money)

    async def void(self, reference: Reference, money: Money, key: str) -> Outcome:
        """Give all of it up: a reversal has no amount."""
        if not money.same_sum(reference.money):
            return NOT_OURS_TO_SEND
        return await self._follow(reference, REVERSAL, money)

    async def refund(self, reference: Reference, money: Money, key: str, reason: str) -> Outcome:
        """Send (part of) a payment back; the gateway does that once."""
        return await self._follow(reference, REFUND, money)

    async def operation_status(self, reference: Reference, asked: Asked) -> Outcome:
        """The gateway knows operations by what they have made of the payment."""
        said = await self._look_up(reference)
        if isinstance(said, Outcome):
            return UNKNOWN
        return stands(said, asked, reference)

    async def _follow(self, reference: Reference, operation: str, money: Money) -> Outcome:
        amount = amount_of(money)
        fits = 0 < money.minor <= reference.money.minor
        if amount is None or not fits or money.currency != reference.money.currency:
            log.error("gateway.cannot", operation=operation, alert=True)
            return NOT_OURS_TO_SEND
        payment_id = reference.id or await self._id_of(reference)
        if payment_id is None:
            return UNREACHABLE
        stated = {} if operation == REVERSAL else {"amount": amount}
        answer = await self._account.charge(
            f"{self._options.payments_path}/{quote(payment_id, safe='')}",
            {"paymentType": operation, **stated},
            Proof((payment_id, *stated.values())),
        )
        if isinstance(answer, Outcome):
            return answer
        said = payment(answer.data, money)
        if said is None:
            return UNKNOWN
        return answered(said, answer.status, operation, reference, money)

    async def _look_up(self, reference: Reference) -> Payment | Outcome:
        id_type, field = ("PID", "paymentId") if reference.id else ("MID", "merchantTransactionId")
        name, path = reference.id or reference.key, self._options.inquiry_path
        fields = {"paymentType": "IN", "idType": id_type}
        if ID not in path:
            fields[field] = name
        answer = await self._account.ask(
            path.replace(ID, quote(name, safe="")), fields, Proof((name,))
        )
        if isinstance(answer, Outcome):
            return answer
        said = _said(answer, reference.money)
        return UNKNOWN if said is None else not_found(said) or said

    async def _id_of(self, reference: Reference) -> str | None:
        said = await self._look_up(reference)
        return said.id if isinstance(said, Payment) else None


gateway: Final[Constructor[Options]] = opened_by(Rest)


def _said(answer: Answer, asked: Money) -> Payment | None:
    """The answer of this gateway; None: something else, or a success told with an error."""
    said = payment(answer.data, asked)
    if said and answer.status >= 300 and not (said.says_nothing or is_declined(said)):
        said = None
    if said is None:
        log.warning("gateway.unknown", status=answer.status)
    return said


def _found(found: Outcome, reference: Reference) -> Outcome:
    """What a lookup proves of what it was made for."""
    kind = reference.transaction_type
    if kind == PAYOUT and found.status is Status.LOST and not PAYOUTS_ARE_FOUND:
        log.warning("gateway.payout_not_found")
        return UNKNOWN
    kept = found.facts.card is not None and found.facts.card.token is not None
    if kind == TOKENIZATION and found.status is Status.PAID and not kept:
        return Outcome(Status.PENDING, found.id)
    return found
