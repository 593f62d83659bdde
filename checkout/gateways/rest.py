"""The white-label REST card gateway: one platform, sold under many brands and hosts.

Documents: the platform's REST overview, completed by its public clients. Bodies are forms with
dotted names, answers JSON or XML; amounts are major units with two decimals ("50.00"). A token
and a checksum that knows the secure key go into every call. Our key travels as
`merchantTransactionId` and finds the payment again. Success and most failures are both HTTP 200:
`transactionStatus` decides.

    rest_words     STATUS, REASON: its words to ours      rest_account   settings, signed calls
    rest_request   a charge in its fields                 rest_token     the token they need
    rest_answer    reading what it says                   rest_checksum  MD5, theirs and ours
    rest_verdict   what that means                        rest_decode    forms, JSON, XML
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
    Can,
    Captures,
    Charge,
    FindsOperations,
    Reference,
    Refunds,
    Voids,
    can_of,
)
from checkout.gateways.rest_account import Account, Options
from checkout.gateways.rest_answer import Payment, payment, read
from checkout.gateways.rest_checksum import is_genuine
from checkout.gateways.rest_decode import decoded
from checkout.gateways.rest_request import (
    EXPONENTS,
    amount_of,
    fields_of,
    sendable,
)
from checkout.gateways.rest_verdict import (
    disagree,
    followed,
    is_declined,
    not_found,
    outcome,
    refused,
    stands,
)
from checkout.gateways.wire import CHARGE_SECONDS, QUERY_SECONDS, UNREACHABLE, Answer
from checkout.model.money import Money
from checkout.model.order import CARD_METHOD
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import Status

__all__ = ["CAN", "Options", "Rest"]

PAYMENTS: Final = "/transactionServices/REST/v1/payments"
CREATE: Final = {"payment": "DB", "charge": "DB", "authorization": "PA"}
NOT_OURS_TO_SEND: Final = Outcome(Status.LOST, reason=Reason.INVALID)

CAN: Final = Can(
    card=True,
    card_modes=frozenset({"CC", "DC"}),
    keeps_cards=True,
    browser=True,
    lookup=True,
    transaction_types=frozenset(CREATE),
    series=frozenset({"payment"}),
    exponents=EXPONENTS,
    whole=frozenset({"void"}),
)

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
        self.can = can_of(CAN, options)
        self._secure_key = options.secure_key
        self._account = Account(
            options, transport, charge_seconds=charge_seconds, query_seconds=query_seconds
        )

    async def pay(self, charge: Charge) -> Outcome:
        asked = charge.order.transaction_type
        kind, amount = CREATE.get(asked), amount_of(charge.money)
        if charge.after is not None:
            return await self._go_on(charge, charge.after, amount)
        if kind is None or amount is None or not sendable(charge):
            log.error("gateway.cannot", transaction_type=asked, alert=True)
            return NOT_OURS_TO_SEND
        answer = await self._account.charge(
            PAYMENTS, fields_of(charge, kind, amount), (charge.key, amount)
        )
        if isinstance(answer, Outcome):
            return answer
        said = _said(answer, charge.money)
        if said is None:
            return UNKNOWN
        return refused(said, answer.status) or outcome(said, asked)

    async def _go_on(self, charge: Charge, first: str, amount: str | None) -> Outcome:
        """The next payment of a series, by the id of the one that began it."""
        asked = charge.order.transaction_type
        if amount is None or asked not in self.can.series:
            log.error("gateway.cannot", transaction_type=asked, alert=True)
            return NOT_OURS_TO_SEND
        fields = {
            "merchantTransactionId": charge.key,
            "amount": amount,
            "currency": charge.money.currency,
            "paymentType": CREATE[asked],
            "recurringType": "REPEATED",
            "notificationUrl": charge.notify_url,
        }
        answer = await self._account.charge(
            f"{PAYMENTS}/{quote(first, safe='')}", fields, (first, amount)
        )
        if isinstance(answer, Outcome):
            return answer
        said = _said(answer, charge.money)
        return UNKNOWN if said is None else refused(said, answer.status) or outcome(said, asked)

    async def status(self, reference: Reference) -> Outcome:
        said = await self._look_up(reference)
        if isinstance(said, Outcome):
            return said
        on_card = reference.method == CARD_METHOD
        return outcome(said, reference.transaction_type, later=True, on_card=on_card)

    def notification(self, headers: Mapping[str, str], body: bytes) -> Outcome:
        data = decoded(body)
        if not isinstance(data, dict) or not is_genuine(data, self._secure_key):
            raise Unauthorized
        # What the checksum doesn't cover is anybody's, and not told.
        said = read(data)
        facts = Facts(money=said.facts.money, key=said.facts.key)
        if disagree(said):
            return Outcome(Status.PENDING, said.id, facts=facts)
        return outcome(msgspec.structs.replace(said, facts=facts, step=None), None)

    async def capture(self, reference: Reference, money: Money, key: str) -> Outcome:
        """Collect (part of) what was authorized."""
        return await self._follow(reference, "CP", money)

    async def void(self, reference: Reference, money: Money, key: str) -> Outcome:
        """Give all of it up: a reversal has no amount."""
        if money != reference.money:
            return NOT_OURS_TO_SEND
        return await self._follow(reference, "RV", money)

    async def refund(self, reference: Reference, money: Money, key: str, reason: str) -> Outcome:
        """Send (part of) a payment back; the gateway does that once."""
        return await self._follow(reference, "RF", money)

    async def operation_status(self, reference: Reference, asked: Asked) -> Outcome:
        """The gateway knows operations by what they have made of the payment."""
        said = await self._look_up(reference)
        if isinstance(said, Outcome):
            return UNKNOWN
        return stands(said, asked.kind, reference)

    async def _follow(self, reference: Reference, operation: str, money: Money) -> Outcome:
        amount = amount_of(money)
        fits = 0 < money.minor <= reference.money.minor
        if amount is None or not fits or money.currency != reference.money.currency:
            log.error("gateway.cannot", operation=operation, alert=True)
            return NOT_OURS_TO_SEND
        payment_id = reference.id or await self._id_of(reference)
        if payment_id is None:
            return UNREACHABLE
        stated = {} if operation == "RV" else {"amount": amount}
        answer = await self._account.charge(
            f"{PAYMENTS}/{quote(payment_id, safe='')}",
            {"paymentType": operation, **stated},
            (payment_id, *stated.values()),
        )
        if isinstance(answer, Outcome):
            return answer
        said = payment(answer.data, money.currency)
        return UNKNOWN if said is None else followed(said, answer.status, operation)

    async def _look_up(self, reference: Reference) -> Payment | Outcome:
        name = reference.id or reference.key
        answer = await self._account.ask(
            f"{PAYMENTS}/{quote(name, safe='')}",
            {"paymentType": "IN", "idType": "PID" if reference.id else "MID"},
            (name,),
        )
        if isinstance(answer, Outcome):
            return answer
        said = _said(answer, reference.money)
        return UNKNOWN if said is None else not_found(said) or said

    async def _id_of(self, reference: Reference) -> str | None:
        said = await self._look_up(reference)
        return said.id if isinstance(said, Payment) else None


def _said(answer: Answer, asked: Money) -> Payment | None:
    """The answer of this gateway; None: something else, or a success told with an error."""
    said = payment(answer.data, asked.currency)
    if said and answer.status >= 300 and not (said.says_nothing or is_declined(said)):
        said = None
    if said is None:
        log.warning("gateway.unknown", status=answer.status)
    return said
