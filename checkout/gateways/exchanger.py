"""An exchanger as payment processor: the customer pays its order, and it pays the shop.

Documents: the exchanger's page on payment processing, and public clients of the same script. JSON
without credentials; amounts are decimal numbers in major units. An order carries no key of ours,
and who knows its uid and secret may do all with it: both together are the id that we keep, and no
page of ours shows it unless the customer is sent to the exchanger's (`page = "exchanger"`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import httpx
import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways import base
from checkout.gateways.base import (
    Can,
    Charge,
    Confirms,
    Reference,
    Withdraws,
    can_of,
    merged,
)
from checkout.gateways.exchanger_instructions import instructions
from checkout.gateways.exchanger_ipn import verified
from checkout.gateways.exchanger_order import Order, decode, order_in, refusal, stated_money
from checkout.gateways.exchanger_templates import check, fields
from checkout.gateways.wire import CHARGE_SECONDS, QUERY_SECONDS, Answer, Wire
from checkout.model.money import Money
from checkout.model.order import COINS
from checkout.model.outcome import UNKNOWN, Facts, Outcome, Reason
from checkout.model.status import Status
from checkout.model.steps import Redirect, Step

API: Final = "/service/api/v1/public/exchanger/order"
NEW: Final = "new"
CONFIRMED: Final = "inProgress"
WITHDRAWN: Final = "deleted"
# The customer may say "I have paid", so only the payout proves a payment.
STATUS: Final[Mapping[str, Status]] = {
    "new": Status.ACTION,
    "waitPayment": Status.ACTION,
    "inProgress": Status.PENDING,
    "inProgressPayout": Status.PENDING,
    "errorPayout": Status.PENDING,  # a person at the exchanger has to look
    "hold": Status.PENDING,  # the same
    "done": Status.PAID,
    "errorPayment": Status.DECLINED,
    "returned": Status.REFUNDED,
    "deleted": Status.CANCELLED,
}
REASON: Final[Mapping[str, Reason]] = {
    "errorPayment": Reason.UNKNOWN,
    "returned": Reason.RETURNED,
}
WAITING: Final = frozenset(word for word, status in STATUS.items() if status is Status.ACTION)
STUCK: Final = frozenset({"errorPayout", "hold", "returned"})
LANGUAGES: Final[Mapping[str, str]] = {"en": "eng", "ru": "rus"}  # in its pages -> in its API
NOT_OURS_TO_SEND: Final = Outcome(Status.LOST, reason=Reason.INVALID)

CAN: Final = Can(
    card=False,
    kind=COINS,
    browser=False,
    lookup=False,
    transaction_types=frozenset({"payment"}),
)

log = structlog.get_logger(__name__)


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The route that the shop is paid by. Its fields: the exchanger's key = a template over the
    order, see `exchanger_templates.NAMES`. `currencies`: the route's, as an order is sent without
    one; none: any. `ipn_secret` signs notifications; `page`: whose page
    shows how to pay."""

    route_id: str
    ipn_secret: str
    from_values: dict[str, str] = {}
    to_values: dict[str, str] = {}
    route_values: dict[str, str] = {}
    currencies: tuple[str, ...] = ()
    page: Literal["own", "exchanger"] = "own"
    partner: str | None = None
    hide_out_data: bool = True
    agreement: bool = True

    def __post_init__(self) -> None:
        for name in ("route_id", "ipn_secret"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name}: must not be empty")
        for name in ("from_values", "to_values", "route_values"):
            try:
                check(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


class Exchanger(Confirms, Withdraws):
    def __init__(
        self,
        options: Options,
        transport: httpx.AsyncBaseTransport,
        *,
        charge_seconds: float = CHARGE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self._options = options
        self.can = can_of(CAN, options)
        if options.currencies:
            self.can = msgspec.structs.replace(self.can, currencies=frozenset(options.currencies))
        self._base = options.base_url.rstrip("/")
        self._wire = Wire(
            transport,
            options.base_url,
            {"Content-Type": "application/json", "Accept": "application/json"},
            charge_seconds=charge_seconds,
            query_seconds=query_seconds,
            decode=decode,
        )

    async def pay(self, charge: Charge) -> Outcome:
        if charge.order.transaction_type not in CAN.transaction_types:
            log.error("gateway.cannot", transaction_type=charge.order.transaction_type, alert=True)
            return NOT_OURS_TO_SEND
        answer = await self._wire.charge(f"{API}/create", self._request(charge))
        if isinstance(answer, Outcome):
            return answer
        order = order_in(answer.data) if answer.status < 300 else None
        if order is None or (secret := order.secret) is None:
            return _refused(answer)
        order = msgspec.structs.replace(order, status=order.status or NEW)
        identity = f"{order.uid}/{secret}"
        made = self._outcome(order, identity, charge.money, _language(charge))
        if made.step is None and order.status in WAITING:
            # How to pay is told by the order itself; where that fails, it is made nevertheless.
            told = await self._read(identity)
            if isinstance(told, Order):
                return self._told(told, identity, charge.money, made.facts)
        return made

    def _told(self, order: Order, identity: str, money: Money, before: Facts) -> Outcome:
        """A new order as it is read. Another amount that its creation stated isn't forgotten."""
        outcome = self._outcome(order, identity, money)
        if outcome.step is None and order.status in WAITING:
            log.error("gateway.nothing_to_show", order=order.uid, alert=True)
        wrong = before.money not in (None, money)
        return msgspec.structs.replace(outcome, facts=before) if wrong else outcome

    async def status(self, reference: Reference) -> Outcome:
        if reference.id is None:
            return Outcome(Status.LOST)  # nobody was told of it, so nobody can pay it
        order = await self._read(reference.id)
        if isinstance(order, Outcome):
            return order
        if order.status in STUCK:
            log.warning("gateway.needs_a_person", order=order.uid, status=order.status, alert=True)
        return self._outcome(order, reference.id, reference.money)

    def notification(self, headers: Mapping[str, str], body: bytes) -> Outcome:
        told = verified(headers, body, self._options.ipn_secret)
        if told is None:
            raise Unauthorized
        word = told["newStatus"]
        return Outcome(STATUS.get(word, Status.PENDING), reason=REASON.get(word))

    async def confirm(self, reference: Reference) -> Outcome:
        return await self._tell(reference, CONFIRMED)

    async def withdraw(self, reference: Reference) -> Outcome:
        return await self._tell(reference, WITHDRAWN)

    async def _tell(self, reference: Reference, word: str) -> Outcome:
        """Move an order that waits for its customer. One that is further isn't touched, for money
        may have arrived: how it stands is the answer. UNKNOWN: it may not have heard of it."""
        before = await self.status(reference)
        if reference.id is None or before.facts.code is None:
            return UNKNOWN
        if before.facts.code not in WAITING:
            return before
        uid, _, secret = reference.id.partition("/")
        body = {"orderUID": uid, "orderSecret": secret, "status": word}
        answer = await self._wire.ask(f"{API}/update-status", body, method="PUT")
        if isinstance(answer, Outcome):
            return UNKNOWN
        if answer.status >= 300 or not _done(answer.data):
            after = await self.status(reference)
            return UNKNOWN if after.facts.code in WAITING | {None} else after
        reason = Reason.CUSTOMER_CANCELLED if word == WITHDRAWN else None
        facts = Facts(code=word, ref_id=uid)
        return Outcome(STATUS[word], reference.id, reason=reason, facts=facts)

    async def _read(self, identity: str) -> Order | Outcome:
        uid, _, secret = identity.partition("/")
        query = {"orderUID": uid, "orderSecret": secret, "type": "payment"}
        answer = await self._wire.ask(f"{API}/get?{urlencode(query, quote_via=quote)}")
        if isinstance(answer, Outcome):
            return answer
        if answer.status == 404 and refusal(answer.data):
            return Outcome(Status.LOST)
        order = order_in(answer.data) if answer.status < 300 else None
        if order is None:
            return UNKNOWN
        if order.uid != uid:
            log.error("gateway.another_order", order=uid, alert=True)
            return UNKNOWN
        return order

    def _outcome(
        self, order: Order, identity: str, money: Money, language: str | None = None
    ) -> Outcome:
        """`language`: of the exchanger's page; only a new order is led there."""
        status = STATUS.get(order.status, Status.PENDING)
        uid, _, secret = identity.partition("/")
        step: Step | None = None
        if status is Status.ACTION and self._options.page == "own":
            step = instructions(order, secret)
            status = Status.ACTION if step else Status.PENDING
        elif status is Status.ACTION and language:
            place = f"{quote(uid, safe='')}/{quote(secret, safe='')}"
            step = Redirect(f"{self._base}/{language}/payment/{place}")
        facts = Facts(money=stated_money(order, money), code=order.status or None, ref_id=order.uid)
        return Outcome(status, identity, step, REASON.get(order.status), facts)

    def _request(self, charge: Charge) -> dict[str, Any]:
        options = self._options
        return merged(
            {
                "routeId": options.route_id,
                "partner": options.partner,
                # The number itself, digit by digit: no float is as exact.
                "amount": msgspec.Raw(f"{charge.money.major:f}".encode()),
                "fromValues": fields(options.from_values, charge),
                "toValues": fields(options.to_values, charge),
                "routeValues": fields(options.route_values, charge),
                "lang": LANGUAGES[_language(charge)],
                "agreement": options.agreement,
                "hideOutData": options.hide_out_data,
                "clientCallbackUrl": charge.return_url,
                "ipnUrl": charge.notify_url,
                "ipnSecret": options.ipn_secret,
            }
        )


def _language(charge: Charge) -> str:
    """One of `LANGUAGES`."""
    spoken = charge.language.partition("-")[0].lower()
    return spoken if spoken in LANGUAGES else "en"


def _done(data: Any) -> bool:
    return isinstance(data, dict) and data.get("success") is True


def _refused(answer: Answer) -> Outcome:
    """A plain refusal is a decline, also with 200; anything else leaves the order unknown."""
    said = refusal(answer.data)
    if said is None:
        log.warning("gateway.unknown", status=answer.status)
        return UNKNOWN
    log.warning("gateway.refused", field=said.field)
    facts = Facts(code=said.field, message=said.message)
    return Outcome(Status.DECLINED, reason=Reason.INVALID, facts=facts)
