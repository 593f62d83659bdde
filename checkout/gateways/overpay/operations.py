"""What follows a payment: captures, voids, refunds, chargebacks, each a transaction of its own.

    {"type": "refund", "uid", "parent_uid", "status", "amount", "currency", "tracking_id"}

Documents: the family's public documentation of these requests. Capture and void name the
authorization; refund and chargeback what took the money: the payment, or the capture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import structlog

from checkout.gateways.base import (
    NOT_OURS_TO_SEND,
    FindsOperations,
    OperationReference,
    PaymentReference,
    Refunds,
)
from checkout.gateways.overpay.account import Account
from checkout.gateways.overpay.codes import OPERATION, OPERATION_SUCCESSFUL
from checkout.gateways.overpay.errors import not_done
from checkout.gateways.overpay.response import Transaction, transactions
from checkout.gateways.parsing import is_sum, meaning, text
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, OperationNotice, Outcome
from checkout.model.status import Status

RETURNS: Final = frozenset({"refund", "chargeback"})

log = structlog.get_logger(__name__)


def parents(reference: PaymentReference, kind: str) -> tuple[str, ...]:
    """The gateway's ids of what this operation applies to, best first; none where that is not
    known. Refunds name what took the money, never an authorization."""
    held = reference.transaction_type == "authorization"
    took = (reference.capture, reference.parent) if kind in RETURNS else ()
    found = tuple(uid for uid in took if uid)
    if found or (held and kind in RETURNS):
        return found
    return (reference.id,) if reference.id else ()


def followed(
    transaction: Transaction,
    reference: PaymentReference,
    asked: OperationReference,
    also: tuple[str, ...] = (),
) -> Outcome:
    """The state of an operation; a stated value that isn't ours is never success. `also`: parents
    that are allowed beside those of the reference."""
    other = _not_ours(transaction, reference, asked, also)
    if asked.money and not is_sum(transaction.facts, asked.money):
        other.append("money")
    if other or not transaction.sound:
        log.error("operation.mismatch", uid=transaction.uid, fields=other, alert=True)
        return Outcome(Status.PENDING, transaction.uid)
    status = meaning(OPERATION, transaction.status, asked.kind)
    if status is Status.ACCEPTED and transaction.uid is None:
        status = Status.PENDING  # nothing to query it by later
    return Outcome(status, transaction.uid, facts=transaction.facts)


def _not_ours(
    transaction: Transaction,
    reference: PaymentReference,
    asked: OperationReference,
    also: tuple[str, ...],
) -> list[str]:
    """The fields in which it differs from the operation that we asked for."""
    named = (*parents(reference, asked.kind), *also)
    compared = (  # name, what it states, what that may be; None: we don't know
        ("type", transaction.kind, (asked.kind,)),
        ("parent_uid", text(transaction.fields, "parent_uid"), named if reference.id else None),
        # Whether an operation keeps our key or has the payment's, no document says.
        ("key", transaction.facts.key, (asked.key, reference.key) if asked.key else None),
    )
    return [
        name
        for name, stated, ours in compared
        if stated is not None and ours is not None and stated not in ours
    ]


def operation_notice(transaction: Transaction) -> OperationNotice | None:
    """The operation that a notification reports as ended: done, or refused after it was
    accepted."""
    if transaction.kind is None or transaction.uid is None or not transaction.sound:
        return None
    if transaction.kind not in OPERATION_SUCCESSFUL:
        return None
    if meaning(OPERATION, transaction.status, transaction.kind) in (
        Status.PENDING,
        Status.ACCEPTED,
    ):
        return None
    return OperationNotice(
        transaction.kind, transaction.uid, transaction.facts.key, transaction.facts.money
    )


class Operations(Account, Refunds, FindsOperations):
    """Sends operations and queries them; the host's class has their paths."""

    OPERATIONS: ClassVar[Mapping[str, str]]  # operation -> path

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        return await self.follow("refund", reference, money, key, reason=reason)

    async def follow(
        self, kind: str, reference: PaymentReference, money: Money, key: str, **more: str
    ) -> Outcome:
        """Send an operation: a transaction of its own that names its parent."""
        named = parents(reference, kind)
        if not named:
            log.error("operation.parent_unknown", kind=kind, uid=reference.id, alert=True)
            return NOT_OURS_TO_SEND
        request = {"parent_uid": named[0], "amount": money.minor, "tracking_id": key, **more}
        answer = await self.send(self.OPERATIONS[kind], request, key)
        if isinstance(answer, Outcome):
            return answer
        found = transactions(answer.data)
        if not found:
            return not_done(answer)
        return followed(
            found[0], reference, OperationReference(kind=kind, key=key, id=None, money=money)
        )

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        if asked.id is None and asked.key is None:
            return UNKNOWN
        until = self.until()
        found = await self.found(asked.id, asked.key or "", until)
        if isinstance(found, Outcome):
            hidden = found.status is Status.NOT_SENT and await self._hidden(reference, asked, until)
            return UNKNOWN if hidden else found
        transaction = next((one for one in found if one.kind == asked.kind), None)
        if transaction is None:
            return UNKNOWN
        also = await self._other_capture(transaction, reference, asked, until)
        return followed(transaction, reference, asked, also)

    async def _hidden(
        self, reference: PaymentReference, asked: OperationReference, until: float
    ) -> bool:
        """Whether an operation that isn't under its own key may stand under the payment's: no
        document says that it keeps the key that it was sent with."""
        if asked.id is not None:
            return False
        found = await self.found(None, reference.key, until)
        if isinstance(found, Outcome):
            return found.status is not Status.NOT_SENT
        return any(one.kind == asked.kind for one in found)

    async def _other_capture(
        self,
        transaction: Transaction,
        reference: PaymentReference,
        asked: OperationReference,
        until: float,
    ) -> tuple[str, ...]:
        """What a refund or chargeback names as its parent, where that is another capture of our
        authorization: there may be several."""
        parent = transaction.parent
        if parent is None or reference.id is None or asked.kind not in RETURNS:
            return ()
        if parent in parents(reference, asked.kind):
            return ()
        found = await self.found(parent, "", until)
        if isinstance(found, Outcome):
            return ()
        stated = (found[0].kind, found[0].uid, found[0].parent)
        return (parent,) if stated == ("capture", parent, reference.id) else ()
