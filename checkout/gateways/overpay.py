"""What the two hosts of Overpay share, cards and online payment systems.

Documents: Overpay's charge request, its page on online payment systems, and the public
documentation of the same family. HTTP Basic (Shop ID, Secret Key) and JSON; amounts in minor
units of ISO 4217; our key travels as `tracking_id` and finds the payment again; `RequestID` makes
a repeated call harmless for 24 h.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import httpx
import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways import base
from checkout.gateways.base import (
    Can,
    Charge,
    Reference,
    can_of,
)
from checkout.gateways.overpay_answer import Transaction, decode, transactions
from checkout.gateways.overpay_operation import NOT_OURS_TO_SEND, Operations, news
from checkout.gateways.overpay_refusal import refusal, refused
from checkout.gateways.overpay_request import request_id
from checkout.gateways.overpay_signature import is_signed, rsa_key
from checkout.gateways.overpay_words import REASON, REASON_OF_STATUS, STATUS
from checkout.gateways.wire import CHARGE_SECONDS, QUERY_SECONDS, Answer, Wire
from checkout.model.next_action import NextAction
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import LIVE, WON, Status

log = structlog.get_logger(__name__)


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The shop's account. `public_key`: base64 of the DER SubjectPublicKeyInfo; where it is set,
    a notification without a valid signature is refused, whatever else it carries."""

    secrets: ClassVar[tuple[str, ...]] = ("secret_key",)

    shop_id: str
    secret_key: str
    public_key: str | None = None

    def __post_init__(self) -> None:
        if not self.shop_id.strip() or ":" in self.shop_id:
            raise ValueError("shop_id must be the Shop ID, without a colon")
        if not self.secret_key.strip():
            raise ValueError("secret_key must not be empty")
        if self.public_key is not None:
            try:
                rsa_key(self.public_key)
            except ValueError as error:
                raise ValueError(f"public_key {error}") from None

    def __repr__(self) -> str:
        return f"Options(base_url={self.base_url!r}, shop_id={self.shop_id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("base_url", self.base_url), ("shop_id", self.shop_id)]


class Unusable(Exception):
    """The customer is sent somewhere that we can't show: no form, no address, no instructions."""


class Overpay(Operations):
    """An account on one of the hosts. The class below says what the host calls things."""

    CAN: ClassVar[Can]
    CREATE: ClassVar[Mapping[str, str]]  # transaction type asked for -> path
    BY_UID: ClassVar[str]  # path, the uid goes after it
    BY_KEY: ClassVar[str]  # path, our key goes after it
    UNFINISHED: ClassVar[str]  # the status word under which the customer has something to do
    # Whether they have, also where an answer doesn't say what: a later one leaves it out.
    STAYS_ACTION: ClassVar[bool]

    def __init__(
        self,
        options: Options,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = CHARGE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self.can = can_of(self.CAN, options)
        self._credentials = f"{options.shop_id}:{options.secret_key}".encode()
        self._key = rsa_key(options.public_key) if options.public_key else None
        self._query_seconds = query_seconds
        self._wire = Wire(
            transport,
            options.base_url,
            {
                "Authorization": f"Basic {base64.b64encode(self._credentials).decode()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            charge_seconds=charge_seconds,
            query_seconds=query_seconds,
            decode=decode,
        )

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

    async def status(self, reference: Reference) -> Outcome:
        return await self.asked(reference, self.until())

    async def asked(self, reference: Reference, until: float) -> Outcome:
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
        found = transactions(decode(body))
        if not found or len(found) > 1:
            return UNKNOWN
        outcome = self._outcome(found[0], None, "", known=True)
        return msgspec.structs.replace(outcome, news=news(found[0]))

    async def send(self, path: str, request: Mapping[str, Any], key: str) -> Answer | Outcome:
        return await self._wire.charge(path, {"request": request}, {"RequestID": request_id(key)})

    def until(self) -> float:
        return time.monotonic() + self._query_seconds

    async def found(self, id: str | None, key: str, until: float) -> list[Transaction] | Outcome:
        path = self.BY_UID + quote(id, safe="") if id else self.BY_KEY + quote(key, safe="")
        answer = await self._wire.ask(path, seconds=max(until - time.monotonic(), 0))
        if isinstance(answer, Outcome):
            return answer
        if answer.status == 404 and refusal(answer.data) is not None:
            return Outcome(Status.LOST)
        found = transactions(answer.data) if answer.status < 300 else None
        if found is None:
            return UNKNOWN
        return found or Outcome(Status.LOST)

    @abstractmethod
    def request(self, charge: Charge) -> dict[str, Any] | None:
        """The `request` object; None where the charge can't be said in this host's words."""

    @abstractmethod
    def won(self, asked: str | None) -> Mapping[str | None, Status]:
        """What a successful transaction means by its type, where `asked` was asked for (None: a
        notification doesn't know). Other types are not what we asked for."""

    @abstractmethod
    def step(self, transaction: Transaction, method: str) -> NextAction | None:
        """What the customer has to do for an unfinished transaction; None: it doesn't say.

        Raises Unusable where it says something that we can't show."""

    def newest(self, found: list[Transaction], reference: Reference) -> Outcome:
        """The payment among what stands under our key: a paid one before the newest."""
        asked = reference.transaction_type
        ours = [one for one in found if one.facts.key == reference.key]
        # What stands there alone is the payment, also without a type: operations come after it.
        alone = len(ours) == 1 and ours[0].kind is None
        payments = ours if alone else [one for one in ours if one.kind in self.won(asked)]
        # Else one of another type than we asked for, if there is any; never an operation.
        payments = payments or [one for one in ours if one.kind and one.kind in self.won(None)]
        outcomes = [
            (self._outcome(one, asked, reference.method, later=True), one.created_at)
            for one in payments
        ]
        if not outcomes:
            return UNKNOWN
        return max(outcomes, key=lambda pair: (pair[0].status in WON, pair[1]))[0]

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
        kinds = self.won(asked)
        kind = transaction.kind or asked
        if kind not in kinds:
            return self._of_another_type(transaction, asked)
        if not transaction.sound:
            log.error("gateway.unreadable_facts", uid=transaction.uid, alert=True)
            return Outcome(Status.PENDING, transaction.uid)
        facts = transaction.facts
        if "charge" in (kind, asked):
            facts = msgspec.structs.replace(facts, parent=transaction.parent)
        status = STATUS.get(transaction.status, Status.PENDING)
        if status is Status.PAID:
            return Outcome(kinds[kind], transaction.uid, facts=facts)
        if transaction.status == self.UNFINISHED:
            return self._unfinished(transaction, facts, method, later=later, known=known)
        reason = None
        if status not in LIVE:
            reason = REASON.get(facts.code or "") or REASON_OF_STATUS.get(status)
        return Outcome(status, transaction.uid, reason=reason, facts=facts)

    def _of_another_type(self, transaction: Transaction, asked: str | None) -> Outcome:
        """Told of a refund or void: that says nothing of the payment itself, the status query will.
        Where a payment was asked for and something else answers, somebody has to look."""
        facts = Facts(key=transaction.facts.key)
        if asked is None:
            return Outcome(Status.PENDING, facts=facts)
        log.error(
            "gateway.another_type",
            uid=transaction.uid, asked=asked, stated=transaction.kind, alert=True,
        )  # fmt: skip
        facts = msgspec.structs.replace(facts, another_type=transaction.kind)
        return Outcome(Status.PENDING, transaction.uid, facts=facts)

    def _unfinished(
        self, transaction: Transaction, facts: Facts, method: str, *, later: bool, known: bool
    ) -> Outcome:
        """The customer is to do something; or, where that can't be shown, is to choose another way:
        nothing has been paid, and the sweep follows it in case it is after all."""
        step = None
        try:
            step = self.step(transaction, method)
        except Unusable as why:
            if not known:
                log.error("gateway.unusable_step", uid=transaction.uid, why=str(why), alert=True)
                return Outcome(
                    Status.CANCELLED, transaction.uid, None, Reason.PROVIDER, facts, left=True
                )
        if step is None and not (self.STAYS_ACTION or known):
            log.error("gateway.no_step", uid=transaction.uid, alert=True)
        acts = step is not None or (later and self.STAYS_ACTION)
        return Outcome(
            Status.ACTION if acts else Status.PENDING, transaction.uid, step, None, facts
        )

    def _is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Fail closed: with a key only its signature counts; without one the credentials do."""
        if self._key is not None:
            return is_signed(self._key, headers.get("content-signature", ""), body)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        try:
            credentials = base64.b64decode(given.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(credentials, self._credentials)
