"""What the pages, the API and the commands call."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.bounded_cache import BoundedCache
from checkout.errors import (
    Cancelled,
    CheckoutError,
    Duplicate,
    Gone,
    NotFound,
    TooMany,
    Unprocessable,
)
from checkout.gateways.base import (
    Charge,
    Confirms,
    Gateway,
    PaymentReference,
    Withdraws,
)
from checkout.i18n import N_
from checkout.identifiers import (
    new_attempt_key,
    new_payment_secret,
    new_ticket,
    new_token,
    new_uid,
    receipt_secret,
)
from checkout.ledger import attempts, audit, events, invoices, outbox, payments, recent_requests
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Attempt, Payment, PaymentRow
from checkout.ledger.store import Ledger, P, T, Verb
from checkout.model import card_on_file
from checkout.model.browser import Browser
from checkout.model.card import AnyCard
from checkout.model.charge_parameters import CARD_ONLY, USED_ON_OUR_PAGES, parameters_given
from checkout.model.client_network import network_of
from checkout.model.order import BY_SHOP, Customer, Method, Order
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import UNPAID_ENDS, Status
from checkout.payments import (
    create,
    currencies,
    customer_actions,
    find,
    gateway_notifications,
    status_query,
    transitions,
)
from checkout.payments.card_testing import AddressStanding, Guard
from checkout.payments.limits import check_opening, note_opening
from checkout.payments.methods import available_methods, prepare
from checkout.payments.metrics import PAYMENTS, QUERIES
from checkout.payments.outcome_filter import without_number, without_plain_addresses
from checkout.payments.schedule import Schedule, next_query
from checkout.settings import Limits, Settings, Shop

log = structlog.get_logger(__name__)

CHOOSE_METHOD = N_("Choose how to pay")
SEEN: Final = 8 * 1024 * 1024  # bytes of payments that are kept for those who poll
AFTERWARDS: Final = 0.01  # seconds
SAME_KEY = "was used for another request within 24 hours"

UNCLEAR: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)
"""A shop that wants to be asked before each charge gave no clear answer: nothing is sent."""


class Submission(Struct, frozen=True, kw_only=True):
    """What the customer sent with Pay. `number`: the attempt that the form was made for;
    `remember`: whether the card is to be remembered, None where that was not asked; `inputs`: what
    was written into the fields that the gateway asks for, by its names; `stranger`: it was sent by
    somebody who is not the customer; `look`: how its address stands, where that was looked at."""

    number: int
    method: str
    card: AnyCard | None
    browser: Browser | None
    customer: Customer
    language: str
    remember: bool | None = None
    inputs: Mapping[str, str] = {}
    after: str | None = None
    stranger: bool = False
    look: AddressStanding | None = None


class QueryResult(Enum):
    """What came of asking a gateway how an attempt stands."""

    NOT_QUERIED = 0  # somebody has, within the interval
    UNANSWERED = 1
    ANSWERED = 2


class Context:
    """The payment's verbs over one ledger and the shops' gateway accounts."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        gateways: Mapping[str, Gateway],
        *,
        schedule: Schedule | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.gateways = gateways
        self.schedule = schedule or Schedule()
        self.clock = clock
        self.webhooks_due = asyncio.Event()
        self.mails_due = asyncio.Event()
        self.verify: Callable[[Payment], Awaitable[Outcome | None]] | None = None
        self.unreadable: dict[str, float] = {}  # payments the sweep fails at -> its next try
        self._seen = BoundedCache[str, tuple[float, Payment]](SEEN)
        slow = {
            name: each.capabilities.query_interval
            for name, each in gateways.items()
            if each.capabilities.query_interval is not None
        }
        self = transitions.Context(
            settings.shops, settings.limits, self.schedule, settings.public_url, slow
        )
        self.guard = Guard(settings.limits, ledger, clock)
        self._running: set[asyncio.Task[Any]] = set()
        self._charging: dict[str, asyncio.Event] = {}  # by key: set when its answer is written

    # Making and finding payments

    async def create(
        self,
        order: Order,
        shop: Shop,
        *,
        idempotency_key: str | None = None,
        digest: str = "",
        mark: str | None = None,
        fixed: bool = False,
        by: Actor | None = None,
    ) -> PaymentRow:
        """A new payment; the one made before where the shop repeats an idempotency key. `mark`:
        what no payment before it may have had within half a minute, unless the shop allows it.
        `fixed`: the order's money is counted already. `by`: who sends money to the customer by it,
        for the audit log.

        Raises Unprocessable when the key was used for another body, or no method fits; Duplicate.
        """
        order = await create.count_money(self, order, shop, fixed=fixed)
        PAYMENTS.labels(shop.id).inc()
        payment = create.new_payment(self, order, shop)
        if idempotency_key is None and mark is None:
            await self.ledger.write(_add, payment)
            return payment
        once = (payment, idempotency_key, digest, mark, by)
        try:
            made, same = await self.ledger.write(_add_once, *once)
        except IntegrityError:  # the same came twice at once: the other was first
            made, same = await self.ledger.write(_add_once, *once)
        if not same:
            raise Unprocessable({"Idempotency-Key": [SAME_KEY]})
        return made

    async def open_link(
        self, link: str, order: Order, shop: Shop, address: str | None = None
    ) -> PaymentRow:
        """The payment of an offline link, by its digest: the same at every opening. `address`:
        the visitor's.

        Raises Gone at a first opening after the link's time, Cancelled when it is an invoice's
        that was cancelled, Unprocessable when no method fits, TooMany.
        """
        before = await self.ledger.read(payments.by_link, link)
        if before is None or self.status_of(before) in UNPAID_ENDS:
            if await self.ledger.read(invoices.shut, link):
                raise Cancelled
        if before is not None:
            return before
        if order.expires_at <= self.clock():
            raise Gone
        # An invoice's mail has said its sum already; its link doesn't say whose it is.
        invoice = await self.ledger.read(invoices.order_by_link, link)
        if invoice is not None:
            order = msgspec.structs.replace(
                order, money=invoice.money, customer=invoice.customer, created_by=BY_SHOP
            )
        order = await create.count_money(self, order, shop, fixed=invoice is not None)
        made, mark = create.new_payment(self, order, shop, link), self.address_mark(address)
        limits = self.settings.limits
        with self.guard.counting():
            # Whoever goes on although refused is not to keep the ledger's writer busy.
            await self.ledger.read(check_opening, limits, mark, made.created_at)
            return await self.ledger.write(_add_for_link, limits, made, mark)

    async def counted(
        self,
        order: Order,
        shop: Shop,
        *,
        currency: str = currencies.CURRENCY,
        methods: str = currencies.METHODS,
        fixed: bool = False,
    ) -> Order:
        """The order, its money counted as the accounts do that can take it; `fixed`: it is already.

        Raises Unprocessable when none of the shop's methods can: for want of a setting under the
        caller's name for the `currency`, else under its name for the `methods`.
        """
        await prepare(order, shop, self.gateways)
        names = {"currency": currency, "methods": methods}
        return currencies.counted(order, shop, self.gateways, **names, fixed=fixed)

    def new(self, order: Order, shop: Shop, link: str | None = None) -> PaymentRow:
        """A payment that nobody has written down yet."""
        now = self.clock()
        return PaymentRow(
            uid=new_uid(),
            token=new_token(),
            secret=new_payment_secret(),
            shop=shop.id,
            link=link,
            status=Status.OPEN,
            order=order,
            cancelled=False,
            notified=None,
            created_at=now,
            updated_at=now,
            expires_at=order.expires_at,
        )

    async def open(self, uid: str, secret: str) -> Payment:
        """The payment behind a payment's address. A wrong uid and a wrong secret: NotFound."""
        payment = await self.ledger.read(payments.by_uid, uid)
        known = payment.secret if payment else "-"
        if not hmac.compare_digest(known.encode(), secret.encode()) or payment is None:
            raise NotFound
        return payment

    async def open_receipt(self, uid: str, secret: str) -> tuple[Payment, bool]:
        """The payment behind a receipt's address, and whether it is the payment's own secret that
        opened it, as receipts had before they had one. Any other: NotFound."""
        payment = await self.ledger.read(payments.by_uid, uid)
        own = payment.secret if payment else "-"
        by_payment = hmac.compare_digest(own.encode(), secret.encode())
        by_receipt = hmac.compare_digest(receipt_secret(own).encode(), secret.encode())
        if payment is None or not (by_payment or by_receipt):
            raise NotFound
        return payment, by_payment

    async def glance(self, uid: str, secret: str) -> Payment:
        """Like `open`, at most a second old, for the many that poll; what this worker writes is
        seen at once. Never for a page that could take money."""
        at, payment = self._seen.get(uid) or (0.0, None)
        now = self.clock()
        if payment is None or not at <= now < at + self.schedule.cache_seconds:
            payment = await find.by_address(self, uid, secret)
            self._seen.put(uid, (now, payment))
        elif not hmac.compare_digest(payment.secret.encode(), secret.encode()):
            raise NotFound
        return payment

    async def write(self, uid: str, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that changes a payment; forget what was seen of it."""
        try:
            return await self.ledger.write(verb, *args, **kwargs)
        finally:
            self._seen.drop(uid)

    def forget(self, uid: str) -> None:
        """What was seen of a payment that somebody else's verb has changed."""
        self._seen.drop(uid)

    async def open_token(self, token: str, shop: Shop | None = None) -> Payment:
        """The payment behind a token; with `shop`, of that shop alone. Raises NotFound."""
        payment = await self.ledger.read(payments.by_token, token)
        if payment is None or (shop is not None and payment.shop != shop.id):
            raise NotFound
        return payment

    def shop(self, payment: Payment) -> Shop:
        shop = self.settings.shops.get(payment.shop)
        if shop is None:
            raise NotFound
        return shop

    def status_of(self, payment: Payment) -> Status:
        return payment.status_at(self.clock())

    # Paying

    async def pay(self, payment: Payment, sent: Submission) -> Payment:
        """Claim an attempt, send it once, write the answer down. A form sent twice, an older one,
        or one of another tab changes nothing: the payment as it stands comes back.

        Raises TooMany, SoldOut, Unprocessable (no such method), Unavailable: then nothing was sent.
        """
        found = available_methods(payment.order, self.shop(payment), self.gateways)
        method = next((each for each in found if each.name == sent.method), None)
        if method is None:
            raise Unprocessable({"method": [CHOOSE_METHOD]})
        # Finished even when the customer closes the tab while the gateway thinks.
        return await asyncio.shield(self.run(self._pay(payment, method, sent)))

    async def _pay(self, payment: Payment, method: Method, sent: Submission) -> Payment:
        attempt = self._new_attempt(payment, method, sent)
        try:
            under_attack = await self.guard.admit(attempt, sent.look)
            payment, ours = await self.write(
                attempt.payment,
                transitions.submit,
                self,
                attempt,
                self.clock(),
                under_attack=under_attack,
            )
        except IntegrityError:  # another machine claimed this number first
            return await self.ledger.read(transitions.read, attempt.payment)
        except TooMany as refused:
            payment = await self.ledger.read(transitions.read, attempt.payment)
            if (
                payment.status_at(self.clock()) is not Status.OPEN
                or sent.number != payment.next_number
            ):
                return payment  # a repeat of what was taken before
            self.guard.refused(refused, attempt)
            raise
        if not ours:
            return payment
        answered = self._charging[attempt.key] = asyncio.Event()
        try:
            return await self._send(payment, attempt, method, sent)
        finally:
            del self._charging[attempt.key]
            # The customer's answer goes first: a notification that waits for it has the time.
            asyncio.get_running_loop().call_later(AFTERWARDS, answered.set)

    def _new_attempt(self, payment: Payment, method: Method, sent: Submission) -> Attempt:
        now, key = self.clock(), new_attempt_key(sent.number)
        # The shop's own server is no customer: it may charge as many cards as it has.
        shop, alone = payment.shop, payment.order.merchant_initiated
        return Attempt(
            payment=payment.uid,
            number=sent.number,
            key=key,
            account=method.gateway,
            method=method.name,
            status=Status.SUBMITTING,
            gateway_id=None,
            next_action=None,
            reason=None,
            facts=GatewayFacts(card=sent.card.without_secrets() if sent.card else None),
            customer=sent.customer,
            contract=card_on_file.contract(payment.order, sent.card, sent.remember),
            language=sent.language,
            return_ticket=new_ticket(),
            notify_ticket=new_ticket(),
            mismatch=False,
            absences=0,
            queries=0,
            next_query_at=now + self.schedule.answer_timeout,
            sweep_at=now + self.schedule.answer_timeout,
            returned_at=None,
            shop=None if alone else shop,
            address_mark=None if alone else self.address_mark(sent.customer.ip),
            bin_mark=None if alone or not sent.card else self.mark("bin", shop, sent.card.range),
            stranger=sent.stranger,
            created_at=now,
            updated_at=now,
        )

    def address_mark(self, address: str | None) -> str | None:
        """What the limits know of an address: a mark of its network."""
        return self.mark("address", network_of(address)) if address else None

    def mark(self, *told: str) -> str:
        """A keyed digest: equal values can be counted, none can be read back."""
        key = self.settings.secrets[-1].encode()
        return hmac.new(key, ":".join(told).encode(), "sha256").hexdigest()[:32]

    async def _send(
        self, payment: Payment, attempt: Attempt, method: Method, sent: Submission
    ) -> Payment:
        base, order = self.settings.public_url, payment.order
        charge = Charge(
            key=attempt.key,
            money=order.money,
            order=msgspec.structs.replace(
                order, contract=card_on_file.contract_for_gateway(attempt.contract)
            ),
            method=method,
            customer=sent.customer,
            language=sent.language,
            return_url=f"{base}/return/{attempt.return_ticket}",
            notify_url=f"{base}/notify/{attempt.account}/{attempt.notify_ticket}",
            card=sent.card,
            browser=sent.browser,
            inputs=sent.inputs,
            after=sent.after,
        )
        self._note_unsent(order, attempt)
        outcome = await self._refused_by_shop(payment)
        if outcome is None:
            outcome = await status_query.outcome_of(
                self, self.gateways[attempt.account].pay(charge)
            )
        if (
            outcome.status is Status.PENDING
            and not self.gateways[attempt.account].capabilities.lookup_by_key
        ):
            outcome = (
                outcome if outcome.id else Outcome(Status.NOT_SENT, reason=DeclineReason.PROVIDER)
            )
        outcome = without_number(outcome, sent.card)
        payment = await status_query.record(self, attempt, outcome, asked=False)
        if outcome.status is Status.PENDING:
            await self._told_meanwhile(payment, attempt)
        return payment

    def _note_unsent(self, order: Order, attempt: Attempt) -> None:
        """Plugins say the same to every gateway, so what one has no word for is no error of a
        payment on the page; somebody may miss it all the same."""
        can = self.gateways[attempt.account].capabilities
        about = parameters_given(order) if can.card else parameters_given(order) - CARD_ONLY
        unsent = about - can.parameters - USED_ON_OUR_PAGES
        if unsent and not order.merchant_initiated:
            names = sorted(unsent)
            log.warning(
                "gateway.unsent", payment=attempt.payment, account=attempt.account, fields=names
            )

    async def _refused_by_shop(self, payment: Payment) -> Outcome | None:
        """What ends the attempt before it is sent: a shop that wants to be asked and says no, or
        nothing clear."""
        if payment.order.page_settings.verification_url is None:
            return None
        if self.verify is None:
            return UNCLEAR
        try:
            return await self.verify(payment)
        except Exception as error:  # noqa: BLE001 - nothing has been sent yet, and nothing will be
            log.error("verification.fault", error=type(error).__name__, alert=True)
            return UNCLEAR

    async def _told_meanwhile(self, payment: Payment, attempt: Attempt) -> None:
        """A notification that overtook an answer without a verdict could not be followed then."""
        happened = await self.ledger.read(events.of, attempt.payment)
        if any(each.kind == "notified" and each.attempt == attempt.number for each in happened):
            self.run(status_query.query_soon(self, payment.attempts[attempt.number - 1]))

    # Looking

    async def look(self, payment: Payment) -> Payment:
        """The payment, asked anew where its live attempt is due: one query per interval, however
        many look, on all machines together."""
        attempt = payment.live
        if attempt is None or attempt.next_query_at > self.clock():
            return payment
        return await status_query.refresh(self, attempt)

    async def refresh(self, attempt: Attempt) -> Payment:
        """Ask the gateway how the attempt stands, unless somebody has within the interval."""
        return (await status_query.query_attempt(self, attempt))[0]

    async def ask(self, attempt: Attempt) -> tuple[Payment, QueryResult]:
        """`refresh`, and what came of it."""
        now = self.clock()
        until = now + max(next_query(attempt.queries), 1.0)
        taken = await self.write(
            attempt.payment, attempts.take_query, attempt.key, now=now, until=until
        )
        if not taken:
            return await self.ledger.read(
                transitions.read, attempt.payment
            ), QueryResult.NOT_QUERIED
        return await asyncio.shield(self.run(status_query.query_gateway(self, attempt)))

    async def _ask_now(self, attempt: Attempt) -> tuple[Payment, QueryResult]:
        """`ask` whatever the pace, but never twice within its shortest interval."""
        if await status_query.may_query_now(self, attempt):
            return await asyncio.shield(self.run(status_query.query_gateway(self, attempt)))
        return await self.ledger.read(transitions.read, attempt.payment), QueryResult.NOT_QUERIED

    async def _may_ask_now(self, attempt: Attempt) -> bool:
        interval = next_query(0)
        for _ in range(3):  # somebody may have asked this moment
            wait = await self.write(
                attempt.payment,
                attempts.take_query_now,
                attempt.key,
                now=self.clock(),
                interval=interval,
            )
            if not wait:
                return True
            await asyncio.sleep(wait)
        return False

    async def _ask(self, attempt: Attempt) -> tuple[Payment, QueryResult]:
        payment = await self.ledger.read(transitions.read, attempt.payment)
        gateway = self.gateways.get(attempt.account)
        if gateway is None:
            log.error("gateway.unknown_account", account=attempt.account, alert=True)
            return payment, QueryResult.UNANSWERED
        QUERIES.labels(attempt.account).inc()
        outcome = await status_query.outcome_of(self, gateway.status(reference(payment, attempt)))
        heard = QueryResult.UNANSWERED if transitions.unanswered(outcome) else QueryResult.ANSWERED
        return await status_query.record(self, attempt, outcome, asked=True), heard

    async def hear(self, said: Awaitable[Outcome]) -> Outcome:
        """What a gateway's verb comes to. A fault of ours is no answer of theirs: money may have
        moved, so it is unknown and looked up."""
        try:
            return without_plain_addresses(await said, sandbox=self.settings.sandbox)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an adapter's library may exit
            log.error("gateway.fault", error=type(error).__name__, alert=True)
            return UNKNOWN

    async def _answer(self, attempt: Attempt, outcome: Outcome, *, asked: bool) -> Payment:
        now = self.clock()
        payment = await self.write(
            attempt.payment, transitions.record_answer, self, attempt, outcome, now, asked=asked
        )
        if payment.order.page_settings.notification_url is not None:
            self.webhooks_due.set()
        return payment

    def next_check(self, payment: Payment) -> float | None:
        """Seconds until looking again can tell more; None when nothing is under way."""
        attempt = payment.live
        if attempt is None:
            return None
        if attempt.status is Status.SUBMITTING:  # another request waits for the gateway's answer
            return 1.0
        return max(attempt.next_query_at - self.clock(), 0.3)

    # Coming back, leaving

    async def returned(self, ticket: str) -> Payment:
        """The customer lands from the gateway; what the landing says is a hint, so one query, also
        about an attempt that was left or thought lost: it may have been paid this moment.

        Raises NotFound for an unknown ticket.
        """
        attempt = await self.ledger.read(attempts.by_return_ticket, ticket)
        if attempt is None:
            raise NotFound
        if not (attempt.live or attempt.sweep_at is not None or attempt.status is Status.NOT_SENT):
            return await self.ledger.read(transitions.read, attempt.payment)
        if attempt.returned_at is None:
            attempt = await self.write(
                attempt.payment, transitions.customer_returned, attempt.key, self.clock()
            )
        return await status_query.refresh(self, attempt)

    async def leave(self, payment: Payment) -> Payment:
        """Choose another way to pay: after a query made now says unpaid. Where the gateway doesn't
        say, nothing is left: it may be paid this moment, so the payment waits for its word."""
        payment = await self.ledger.read(transitions.read, payment.uid)
        attempt = payment.live
        if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
            return payment
        payment, heard = await status_query.query_now(self, attempt)
        if heard is not QueryResult.ANSWERED:
            return await self.write(
                attempt.payment, transitions.keep_waiting, self, attempt.key, self.clock()
            )
        attempt = payment.live
        if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
            return payment
        gateway = self.gateways.get(attempt.account)
        if isinstance(gateway, Withdraws):
            outcome = await status_query.outcome_of(
                self, gateway.withdraw(reference(payment, attempt))
            )
            await status_query.record(self, attempt, outcome, asked=True)
        return await self.write(
            attempt.payment, transitions.abandon, self, attempt.key, self.clock()
        )

    async def confirm(self, payment: Payment) -> Payment:
        """The customer says that the transfer is made: the gateway is told, and asked from now on.
        That proves nothing, so the payment waits."""
        attempt = payment.live
        if attempt is None or attempt.status is not Status.REQUIRES_ACTION:
            return payment
        gateway = self.gateways.get(attempt.account)
        if isinstance(gateway, Confirms):
            outcome = await status_query.outcome_of(
                self, gateway.confirm(reference(payment, attempt))
            )
            if outcome == UNKNOWN:
                return payment  # it was not told; the customer can say so again
            await status_query.record(self, attempt, outcome, asked=True)
        return await self.write(
            attempt.payment, transitions.customer_confirmed, self, attempt.key, self.clock()
        )

    async def cancel(self, payment: Payment) -> Payment:
        """Give the payment up, where nothing is under way that could still be charged."""
        await customer_actions.abandon(self, payment)
        uid = payment.uid
        payment = await self.write(uid, transitions.cancel, self, uid, self.clock())
        self.webhooks_due.set()
        return payment

    async def told(self, payment: Payment) -> None:
        """Wait until the shop's webhook has had its first try, at most `schedule.arrival` after it was
        written: the customer should not arrive before it."""
        while True:
            webhooks = await self.ledger.read(outbox.of, payment.uid)
            until = self.clock() - self.schedule.notify_wait
            if not any(each.answer is None and each.created_at > until for each in webhooks):
                return
            await asyncio.sleep(0.03)

    # Being told

    async def notified(
        self,
        account: str,
        ticket: str,
        headers: Mapping[str, str],
        body: bytes,
        query: str = "",
    ) -> None:
        """A gateway's notification, by the address that it came to. Raises NotFound (unknown ticket
        or account) and Unauthorized (not proved)."""
        await gateway_notifications.process(
            self,
            await gateway_notifications.attempt_of(self, account, ticket),
            headers,
            body,
            query,
        )

    async def awaited(self, account: str, ticket: str) -> Attempt:
        """The attempt that a gateway notifies us of at this address. Raises NotFound."""
        attempt = await self.ledger.read(attempts.by_notify_ticket, ticket)
        if attempt is None or attempt.account != account or account not in self.gateways:
            raise NotFound
        return attempt

    async def heard_of(
        self, attempt: Attempt, headers: Mapping[str, str], body: bytes, query: str = ""
    ) -> None:
        """A gateway's notification: verified, noted, then confirmed by a query of our own. Raises
        Unauthorized (not proved)."""
        outcome = self.gateways[attempt.account].notification(headers, body, query)
        if answered := self._charging.get(attempt.key):
            # It tells of a charge whose own answer is on its way to us: that one first, and most
            # often there is nothing left to ask.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.schedule.notify_wait):
                    await answered.wait()
        held, agrees = await self.ledger.write(
            transitions.record_notification, attempt, outcome, self.clock()
        )
        if not agrees:
            self.run(status_query.query_soon(self, held))

    async def _confirm(self, attempt: Attempt) -> None:
        """Ask at once, or as soon as the interval allows: the sweep holds it if we die."""
        wait = attempt.next_query_at - self.clock()
        if 0 < wait <= 2:
            # Event loops round to milliseconds: a moment too early, and it is not our turn yet.
            await asyncio.sleep(wait + 0.01)
        await status_query.refresh(self, attempt)

    async def judge(self, uid: str, *, accept: bool, by: Actor, reason: str) -> Payment:
        """A person ends a payment's mismatch: the gateway's word, asked for now, stands whatever
        facts it states; or the attempt ends unpaid.

        Raises NotFound; Unprocessable where there is none, or the gateway says nothing final.
        """
        payment = await self.ledger.read(transitions.read, uid)
        attempt = next((a for a in payment.attempts if a.mismatch and a.live), None)
        outcome = None
        if attempt is None:
            raise Unprocessable({"uid": ["has no attempt in mismatch"]})
        if accept:
            gateway = self.gateways.get(attempt.account)
            if gateway is None or not await status_query.may_query_now(self, attempt):
                raise Unprocessable({"uid": ["can't be asked about just now"]})
            outcome = await status_query.outcome_of(
                self, gateway.status(reference(payment, attempt))
            )
        payment = await self.write(
            uid,
            transitions.resolve_mismatch,
            self,
            attempt.key,
            outcome,
            self.clock(),
            by=by,
            reason=reason,
        )
        self.webhooks_due.set()
        return payment

    # What is under way

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, CheckoutError):  # those have an answer
            log.error("flow.fault", error=type(error).__name__, alert=True)

    async def finish(self, seconds: float = 30.0) -> None:
        """Let what is under way end; what doesn't stays claimed for the next start's sweep."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)


def reference(payment: Payment, attempt: Attempt) -> PaymentReference:
    return PaymentReference(
        key=attempt.key,
        id=attempt.gateway_id,
        money=payment.order.money,
        method=attempt.method,
        transaction_type=payment.order.transaction_type,
        parent=attempt.facts.parent,
        code=attempt.facts.code,
    )


def _add(conn: Connection, payment: PaymentRow) -> None:
    payments.add(conn, payment)
    _created(conn, payment)


def _add_once(
    conn: Connection,
    payment: PaymentRow,
    idempotency_key: str | None,
    digest: str,
    mark: str | None,
    by: Actor | None,
) -> tuple[PaymentRow, bool]:
    made, same = payment, True
    if idempotency_key is None:
        payments.add(conn, payment)
    else:
        made, same = payments.add_once(
            conn, payment, idempotency_key=idempotency_key, digest=digest
        )
    if made is payment:
        checked = payment.order.details.duplicate_check is not False
        if mark is not None and not recent_requests.take(conn, payment, mark, checked=checked):
            raise Duplicate
        _created(conn, payment)
        if by is not None:
            order = payment.order
            audit.append(
                conn, by, order.transaction_type, payment.uid, payment.created_at,
                shop=payment.shop, amount=order.money.minor, currency=order.money.currency,
            )  # fmt: skip
    return made, same


def _add_for_link(
    conn: Connection, limits: Limits, payment: PaymentRow, mark: str | None
) -> PaymentRow:
    if invoices.shut(conn, payment.link or ""):  # this very moment
        raise Cancelled
    check_opening(conn, limits, mark, payment.created_at)
    made = payments.add_for_link(conn, payment)
    if made is payment:
        _created(conn, payment)
        note_opening(conn, payment.uid, mark, payment.created_at)
    return made


def _created(conn: Connection, payment: PaymentRow) -> None:
    events.append(conn, payment.uid, "created", payment.created_at)
