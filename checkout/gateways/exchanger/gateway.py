"""The adapter of the exchanger: what it takes, paying, how an order stands, notifications."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog

from checkout.errors import Unauthorized
from checkout.gateways.base import (
    NOT_OURS_TO_SEND,
    Capabilities,
    Charge,
    Confirms,
    Constructor,
    Description,
    InputField,
    PaymentReference,
    Withdraws,
    constructor,
)
from checkout.gateways.client import GatewayResponse, HttpGateway
from checkout.gateways.exchanger.codes import (
    CONFIRMED,
    NEW,
    REASON,
    STATUS,
    STUCK,
    WAITING,
    WITHDRAWN,
)
from checkout.gateways.exchanger.description import UNREAD, describe, trouble
from checkout.gateways.exchanger.instructions import instructions
from checkout.gateways.exchanger.options import Options
from checkout.gateways.exchanger.orders import Orders
from checkout.gateways.exchanger.quote import RATE_MOVED, CannotTake, Quote, make_quote
from checkout.gateways.exchanger.request import (
    LANGUAGES,
    TERMS,
    Missing,
    asked,
    order_request,
    refused_input,
    spoken,
)
from checkout.gateways.exchanger.response import (
    Order,
    exchanged,
    order_in,
    refusal,
    stated_money,
)
from checkout.gateways.exchanger.route import Route
from checkout.gateways.exchanger.routes import FRESH, NOW, Routes
from checkout.gateways.exchanger.signature import sums, verified
from checkout.gateways.parsing import decode_exact, meaning
from checkout.model.money import Money
from checkout.model.next_action import NextAction, Redirect
from checkout.model.order import COINS
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status

AMOUNT: Final = "amount"

CAPABILITIES: Final = Capabilities(
    card=False,
    kind=COINS,
    browser=False,
    lookup_by_key=False,
    transaction_types=frozenset({"payment"}),
    query_interval=240.0,  # an exchange takes an hour and more
)

log = structlog.get_logger(__name__)


class Exchanger(HttpGateway[Options], Confirms, Withdraws):
    CAPABILITIES = CAPABILITIES
    decode = staticmethod(decode_exact)
    clock: Callable[[], float] = staticmethod(time.monotonic)

    def set_up(self) -> None:
        options = self.options
        self._orders = Orders(self.client)
        self._routes = Routes(self.client, options.route_id, options.rate_routes, clock=self.clock)

    # What it takes

    async def prepare(self) -> None:
        await self._routes.learn(FRESH)
        if self._questions(None):
            await self._routes.learn_labels(LANGUAGES, FRESH)

    def refusal_of_amount(self, money: Money) -> str | None:
        return self._routes.once(money, lambda: self._refusal(money))

    def _refusal(self, money: Money) -> str | None:
        try:
            self._reckoned(money)
        except CannotTake as why:
            return str(why)
        return None

    def _reckoned(self, money: Money) -> tuple[Route, Quote]:
        """Raises CannotTake."""
        route = self._routes.own
        if route is None:
            raise CannotTake(UNREAD, DeclineReason.UNREACHABLE)
        if found := trouble(route, self.options.templates):
            raise CannotTake(found, DeclineReason.PROVIDER)
        return route, make_quote(route, money, self._routes.rates)

    def input_fields(self, language: str) -> tuple[InputField, ...]:
        known = spoken(language)
        return self._routes.once(("all", known), lambda: (*self._questions(known), *self._terms()))

    def _terms(self) -> tuple[InputField, ...]:
        url = self.options.terms_url
        return (InputField(name=TERMS, label="", kind="terms", url=url),) if url else ()

    def _questions(self, language: str | None) -> tuple[InputField, ...]:
        """The fields that the route asks for; `language` None: with whatever labels are known."""
        return self._routes.once(("asks", language), lambda: self._asked(language))

    def _asked(self, language: str | None) -> tuple[InputField, ...]:
        route, labels = self._routes.own, self._routes.labels(language) if language else {}
        return asked(route, self.options.templates, labels) if route else ()

    def describe(self) -> Description:
        routes = self._routes
        return describe(routes.own, self.options.rate_routes, routes.rates, self.options.templates)

    def operator_link(self, id: str) -> str | None:
        return self._page("order", "en", id)

    # Paying

    async def pay(self, charge: Charge) -> Outcome:
        if charge.order.transaction_type not in CAPABILITIES.transaction_types:
            log.error("gateway.cannot", transaction_type=charge.order.transaction_type, alert=True)
            return NOT_OURS_TO_SEND
        await self._routes.learn(NOW)
        try:
            route, asked_for = self._reckoned(charge.money)
            body = order_request(self.options, charge, asked_for, route)
        except CannotTake as why:
            log.warning("gateway.cannot_take", why=str(why))
            return Outcome(Status.NOT_SENT, reason=why.reason)
        except Missing as missing:
            return Outcome(Status.NOT_SENT, reason=DeclineReason.INVALID, field=missing.name)
        answer = await self._orders.create(body)
        if isinstance(answer, Outcome):
            return answer
        order = order_in(answer.data) if answer.status < 300 else None
        if order is None or (secret := order.secret) is None:
            return self._refused(answer, route, charge)
        order = msgspec.structs.replace(order, status=order.status or NEW)
        return await self._made(order, f"{order.uid}/{secret}", asked_for, charge)

    async def _made(self, order: Order, identity: str, wanted: Quote, charge: Charge) -> Outcome:
        """A new order, if it is what was requested. Where the answer to its creation lacks the sums
        or how to pay, the order is read once more."""
        if wrong := wanted.wrong(order):
            return await self._unwanted(order, identity, wrong)
        unstated, language = wanted.unstated(order), spoken(charge.language)
        made = self._outcome(order, identity, charge.money, language)
        if unstated or _shows_nothing(made, order):
            read = await self._orders.read(identity)
            if isinstance(read, Order):
                if wrong := wanted.wrong(read) or (unstated and wanted.unstated(read)):
                    return await self._unwanted(read, identity, wrong)
                made = self._outcome(read, identity, charge.money, language)
                if _shows_nothing(made, read):
                    return await self._unwanted(read, identity, "nothing_to_show")
                order = read if unstated else order
            elif unstated:
                return await self._unwanted(order, identity, unstated)
        facts = msgspec.structs.replace(made.facts, agreed=exchanged(order))
        return msgspec.structs.replace(made, facts=facts)

    async def _unwanted(self, order: Order, identity: str, why: str) -> Outcome:
        """Withdraw an order that is not what we wanted. Nobody was shown it, so nobody can pay it,
        also where the withdrawal fails."""
        write = log.warning if why == RATE_MOVED else log.error
        write("gateway.unwanted", order=order.uid, why=why, alert=why != RATE_MOVED)
        await self._orders.say(identity, WITHDRAWN)
        facts = GatewayFacts(code=order.status, ref_id=order.uid, exchanged=exchanged(order))
        return Outcome(Status.NOT_SENT, identity, reason=DeclineReason.PROVIDER, facts=facts)

    def _refused(self, answer: GatewayResponse, route: Route, charge: Charge) -> Outcome:
        """A plain refusal, also with 200: no order was made, so the attempt is NOT_SENT. Anything
        else leaves the order unknown."""
        error = refusal(answer.data)
        if error is None:
            log.warning("gateway.unknown", status=answer.status)
            return UNKNOWN
        name = refused_input(error, route, self.options.templates, charge)
        ours = name is None and error.field != AMOUNT  # nothing that the customer could correct
        write = log.error if ours else log.warning
        write("gateway.refused", field=error.field, alert=ours)
        reason = (
            DeclineReason.INVALID
            if name
            else DeclineReason.PROVIDER
            if ours
            else DeclineReason.LIMIT
        )
        facts = GatewayFacts(code=error.field, message=error.message)
        return Outcome(Status.NOT_SENT, reason=reason, field=name, facts=facts)

    # How it stands

    async def status(self, reference: PaymentReference) -> Outcome:
        if reference.id is None:
            return Outcome(Status.NOT_SENT)  # nobody was shown the order, so nobody can pay it
        order = await self._orders.read(reference.id)
        if isinstance(order, Outcome):
            return order
        if order.status in STUCK and order.status != reference.code:
            log.warning("gateway.needs_a_person", order=order.uid, status=order.status, alert=True)
        return self._outcome(order, reference.id, reference.money)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        notified = verified(headers, body, self.options.ipn_secret, query)
        if notified is None:
            raise Unauthorized
        word = notified["newStatus"]
        facts = GatewayFacts(exchanged=sums(notified))
        return Outcome(meaning(STATUS, word), reason=REASON.get(word), facts=facts)

    async def confirm(self, reference: PaymentReference) -> Outcome:
        return await self._tell(reference, CONFIRMED)

    async def withdraw(self, reference: PaymentReference) -> Outcome:
        return await self._tell(reference, WITHDRAWN)

    async def _tell(self, reference: PaymentReference, word: str) -> Outcome:
        """Confirm or withdraw an order that waits for its customer. In any other state it isn't
        touched, as money may have arrived: its state is returned. UNKNOWN: the exchanger may not
        have got the message."""
        before = await self.status(reference)
        if reference.id is None or before.facts.code is None:
            return UNKNOWN
        if before.facts.code not in WAITING:
            return before
        answer = await self._orders.say(reference.id, word)
        if isinstance(answer, Outcome):
            return UNKNOWN
        if answer.status >= 300 or not _done(answer.data):
            after = await self.status(reference)
            return UNKNOWN if after.facts.code in WAITING | {None} else after
        reason = DeclineReason.CUSTOMER_CANCELLED if word == WITHDRAWN else None
        facts = GatewayFacts(code=word, ref_id=before.facts.ref_id)
        return Outcome(meaning(STATUS, word), reference.id, reason=reason, facts=facts)

    def _outcome(
        self, order: Order, identity: str, money: Money, language: str | None = None
    ) -> Outcome:
        """`language`: of the exchanger's page, for a new order; None: the customer isn't sent
        there."""
        status = meaning(STATUS, order.status)
        step: NextAction | None = None
        if status is Status.REQUIRES_ACTION and self.options.page == "own":
            step = instructions(order, identity.partition("/")[2])
            status = Status.REQUIRES_ACTION if step else Status.PENDING
        elif status is Status.REQUIRES_ACTION and language:
            step = Redirect(self._page("payment", language, identity))
        sums = exchanged(order)
        unsaid = status is Status.PAID and sums is None
        if unsaid or (status in (Status.PAID, Status.REFUNDED) and not order.sound):
            # Without a stated sum it is not known to be paid.
            log.error("gateway.sums_unstated", order=order.uid, alert=True)
            status = Status.PENDING
        facts = GatewayFacts(
            money=stated_money(order, money),
            exchanged=sums,
            code=order.status or None,
            ref_id=order.uid,
        )
        return Outcome(status, identity, step, REASON.get(order.status), facts)

    def _page(self, kind: str, language: str, identity: str) -> str:
        base, (uid, _, secret) = self.options.base_url.rstrip("/"), identity.partition("/")
        return f"{base}/{language}/{kind}/{quote(uid, safe='')}/{quote(secret, safe='')}"


gateway: Final[Constructor[Options]] = constructor(Exchanger)


def _shows_nothing(made: Outcome, order: Order) -> bool:
    """Whether the customer has to pay and would not be shown how."""
    return made.next_action is None and order.status in WAITING


def _done(data: Any) -> bool:
    return isinstance(data, dict) and data.get("success") is True
