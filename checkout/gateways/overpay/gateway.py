"""What the two hosts of Overpay share: paying, status queries, notifications."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways.base import NOT_OURS_TO_SEND, Charge, PaymentReference
from checkout.gateways.overpay.codes import REASON, REASON_OF_STATUS
from checkout.gateways.overpay.errors import refused
from checkout.gateways.overpay.operations import Operations, operation_notice
from checkout.gateways.overpay.response import Transaction, transactions
from checkout.gateways.overpay.signature import has_credentials, is_signed, rsa_key
from checkout.gateways.parsing import Codes, decode_exact, meaning
from checkout.model.next_action import NextAction
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import SUCCESSFUL, UNPAID_ENDS, Status

log = structlog.get_logger(__name__)


class Unusable(Exception):
    """The customer is sent somewhere that we can't show: no form, no address, no instructions."""


class Overpay(Operations):
    """An account on one of the hosts. The subclass has the host's own paths and words."""

    CREATE: ClassVar[Mapping[str, str]]  # transaction type asked for -> path
    STATUS: ClassVar[Codes]
    # Whether the customer still has to act where an answer doesn't say what: later answers leave
    # it out.
    STAYS_ACTION: ClassVar[bool]

    def set_up(self) -> None:
        self._key = rsa_key(self.options.public_key) if self.options.public_key else None

    async def pay(self, charge: Charge) -> Outcome:
        asked = charge.order.transaction_type
        path, request = self.CREATE.get(asked), self.request(charge)
        if path is None or request is None:
            log.error("gateway.cannot", transaction_type=asked, alert=True)
            return NOT_OURS_TO_SEND
        answer = await self.send(path, request, charge.key)
        if isinstance(answer, Outcome):
            return answer
        found = transactions(answer.data)
        if found:
            return self._outcome(found[0], asked, charge.method.name)
        return refused(answer)

    async def status(self, reference: PaymentReference) -> Outcome:
        return await self.asked(reference, self.until())

    async def asked(self, reference: PaymentReference, until: float) -> Outcome:
        """`status` with the moment when it has to be over, of the monotonic clock."""
        found = await self.found(reference.id, reference.key, until)
        if isinstance(found, Outcome):
            return found
        if reference.id is None:
            return self.newest(found, reference)
        return self._outcome(
            found[0], reference.transaction_type, reference.method, later=True, known=True
        )

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        if not self._is_genuine(headers, body):
            raise Unauthorized
        found = transactions(decode_exact(body))
        if not found or len(found) > 1:
            return UNKNOWN
        outcome = self._outcome(found[0], None, "", known=True)
        return msgspec.structs.replace(outcome, notice=operation_notice(found[0]))

    @abstractmethod
    def request(self, charge: Charge) -> dict[str, Any] | None:
        """The `request` object; None where this host's protocol can't express the charge."""

    @abstractmethod
    def kinds(self, asked: str | None) -> Collection[str | None]:
        """The types of transaction that may answer a request for `asked`; None: a notification,
        which answers no request."""

    @abstractmethod
    def step(self, transaction: Transaction, method: str) -> NextAction | None:
        """What the customer has to do for an unfinished transaction; None: it doesn't say.

        Raises Unusable where it says something that we can't show."""

    def newest(self, found: list[Transaction], reference: PaymentReference) -> Outcome:
        """The payment among the transactions under our key: a successful one before the newest."""
        asked = reference.transaction_type
        outcomes = [
            (self._outcome(one, asked, reference.method, later=True), one.created_at)
            for one in self._payments(found, reference)
        ]
        if not outcomes:
            return UNKNOWN
        return max(outcomes, key=lambda pair: (pair[0].status in SUCCESSFUL, pair[1]))[0]

    def _payments(self, found: list[Transaction], reference: PaymentReference) -> list[Transaction]:
        ours = [one for one in found if one.facts.key == reference.key]
        if len(ours) == 1 and ours[0].kind is None:
            return ours  # the payment, also without a type: operations come after it
        payments = [one for one in ours if one.kind in self.kinds(reference.transaction_type)]
        # Else one of another type than we asked for, if there is any; never an operation.
        return payments or [one for one in ours if one.kind and one.kind in self.kinds(None)]

    def _outcome(
        self,
        transaction: Transaction,
        asked: str | None,
        method: str,
        *,
        later: bool = False,
        known: bool = False,
    ) -> Outcome:
        """The meaning of a transaction. `later`: the answer to a query. `known`: we had the
        gateway's id before, so that the customer has been told what to do."""
        kind = transaction.kind or asked
        if kind not in self.kinds(asked):
            return self._of_another_type(transaction, asked)
        if not transaction.sound:
            log.error("gateway.unreadable_facts", uid=transaction.uid, alert=True)
            return Outcome(Status.PENDING, transaction.uid)
        facts = transaction.facts
        if "charge" in (kind, asked):
            facts = msgspec.structs.replace(facts, parent=transaction.parent)
        status, reason = meaning(self.STATUS, transaction.status, kind), None
        if status is Status.REQUIRES_ACTION:
            return self._unfinished(transaction, facts, method, later=later, known=known)
        if status in UNPAID_ENDS:
            reason = REASON.get(facts.code or "") or REASON_OF_STATUS.get(status)
        return Outcome(status, transaction.uid, reason=reason, facts=facts)

    def _of_another_type(self, transaction: Transaction, asked: str | None) -> Outcome:
        """A notification of a refund or void says nothing of the payment itself: PENDING, and the
        status query follows. Another type in answer to a request is a mismatch for a person."""
        facts = GatewayFacts(key=transaction.facts.key)
        if asked is None:
            return Outcome(Status.PENDING, facts=facts)
        log.error(
            "gateway.another_type",
            uid=transaction.uid, asked=asked, stated=transaction.kind, alert=True,
        )  # fmt: skip
        facts = msgspec.structs.replace(facts, another_type=transaction.kind)
        return Outcome(Status.PENDING, transaction.uid, facts=facts)

    def _unfinished(
        self,
        transaction: Transaction,
        facts: GatewayFacts,
        method: str,
        *,
        later: bool,
        known: bool,
    ) -> Outcome:
        """The customer has to act. Where we can't show how, the attempt is abandoned and the
        customer chooses another method; it is queried on, in case it is paid after all."""
        step = None
        try:
            step = self.step(transaction, method)
        except Unusable as why:
            if not known:
                log.error("gateway.unusable_step", uid=transaction.uid, why=str(why), alert=True)
                return Outcome(
                    Status.CANCELLED,
                    transaction.uid,
                    None,
                    DeclineReason.PROVIDER,
                    facts,
                    abandoned=True,
                )
        if step is None and not (self.STAYS_ACTION or known):
            log.error("gateway.no_step", uid=transaction.uid, alert=True)
        acts = step is not None or (later and self.STAYS_ACTION)
        return Outcome(
            Status.REQUIRES_ACTION if acts else Status.PENDING, transaction.uid, step, None, facts
        )

    def _is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """By the signature where the account has a key, else by the credentials."""
        if self._key is not None:
            return is_signed(self._key, headers.get("content-signature", ""), body)
        return has_credentials(headers, self.options.credentials)
