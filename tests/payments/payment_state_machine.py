"""Hypothesis state machine: any sequence of events that can happen to one payment.

The context and the adapter are the real ones; the bank, the network, the clock and the ledger's
disk are the test's, and each fails when the payment says so. After every step `check()` looks at
what must always be true; at the end all works again, time passes, and `settled()` looks at what
must become true.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, ClassVar, NamedTuple

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import Connection
from structlog.testing import capture_logs

from checkout.errors import NotFound, TooMany, Unauthorized, Unavailable, Unprocessable
from checkout.gateways.base import Gateway
from checkout.gateways.overpay.cards import OverpayCards
from checkout.ledger import events, operations, outbox
from checkout.ledger.events import Event
from checkout.ledger.operations import Operation
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Attempt, Payment
from checkout.model.status import (
    FINAL,
    LIVE,
    MOVES,
    OUTWARD,
    SUCCESSFUL,
    Status,
    payment_status,
)
from checkout.payments import (
    charge,
    create,
    customer_actions,
    review,
    status_query,
    transitions,
)
from checkout.payments.context import Context
from checkout.payments.due_queries import GATHER, DueQueries
from checkout.payments.recovery import reconcile, sweep
from checkout.payments.schedule import HOUR
from checkout.settings import Limits
from tests.support import honest_gateway as banks
from tests.support import samples
from tests.support.clock import BEGINNING, Clock
from tests.support.deterministic_loop import DeterministicLoop
from tests.support.harness import receive_notification, status_told, submission
from tests.support.honest_gateway import Crash, HonestGateway, Transaction
from tests.support.ledgers import InlineLedger

SETTINGS = samples.settings(
    samples.shop(notify_canceled=True), limits=Limits(submits_per_payment=6, slow_seconds=0)
)
VERB_FAULTS = (Unavailable, TooMany, Unprocessable)

which = st.integers(0, 7)  # of several, modulo how many there are
first_verdicts = st.sampled_from(("paid", "paid", "declined", "declined", "action", "action"))
verdicts = st.sampled_from(("paid", "paid", "paid", "declined", "declined", *banks.VERDICTS))
crashes = ("crash before", "crash after")
charge_faults = st.one_of(
    st.just(""),
    st.just(""),
    st.sampled_from((*banks.CHARGE_FAULTS, *crashes, "held before", "held after")),
    st.sampled_from((*banks.UNCLEAR_AFTER, "crash after", "held before")),
)
query_faults = st.one_of(
    st.just(""), st.sampled_from((*banks.QUERY_FAULTS, "crash before", "held after"))
)
disk_faults = st.sampled_from(("", "", "", "", "", "away", "unheard"))
steps_of_time = st.sampled_from((0.4, 1.0, 2.0, 8.0, 8.0, 31.0, 61.0, 300.0))
RARE = (
    "the server dies",
    "the operator reconciles",
    "the operator accepts",
    "the operator refuses",
    "a day passes",
    "the customer gives up",
)


class Seen(NamedTuple):
    payment: Payment
    events: list[Event]
    webhooks: list[Webhook]
    operations: list[Operation]


def look_at(conn: Connection, uid: str) -> Seen:
    return Seen(
        transitions.read(conn, uid),
        events.of(conn, uid),
        outbox.of(conn, uid),
        operations.of(conn, uid),
    )


class Machine(RuleBasedStateMachine):
    """A context whose loop, clock and ledger are the test's: how steps are made, how it crashes.

    `ledger`: one for all examples, emptied between them."""

    ledger: ClassVar[InlineLedger]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.other_side()
        self.loop = DeterministicLoop(self.clock)
        self.logs = capture_logs()
        self.said = self.logs.__enter__()
        self.ledger.forget()
        self.under_way: list[asyncio.Task[Any]] = []
        self.uid = ""
        self.seen: tuple[int, Seen] | None = None
        self.context = self.new_context()

    def other_side(self) -> None:
        """Make the gateway's side, which no death of ours touches."""
        raise NotImplementedError

    def new_context(self) -> Context:
        raise NotImplementedError

    def verb(self, work: Any) -> None:
        self.verbs(work)

    def verbs(self, *work: Any) -> None:
        """All at once; what is held stays under way."""
        self.under_way += [self.loop.create_task(each) for each in work]
        self.rest()
        self.ledger.faults.clear()

    def rest(self) -> None:
        self.loop.quiet()
        crashed = False
        for task in [task for task in self.under_way if task.done()]:
            self.under_way.remove(task)
            error = None if task.cancelled() else task.exception()
            crashed |= isinstance(error, Crash)
            if error is not None and not isinstance(error, (Crash, *VERB_FAULTS)):
                raise error
        if crashed:
            self.die()

    def done(self, work: Any) -> Any:
        task = self.loop.begin(work)
        if not task.done():  # a notification waits a moment for the charge that it is about
            self.clock.move(self.context.schedule.notify_wait + 0.1)
            self.loop.quiet()
        return task.result()

    def die(self) -> None:
        """The process is killed; another one starts over the same ledger."""
        self.loop.end()
        self.under_way.clear()
        self.ledger.faults.clear()
        self.context = self.new_context()

    @property
    def now(self) -> Seen:
        """The ledger as it is, read once between two writes."""
        if self.seen is None or self.seen[0] != self.ledger.writes:
            self.seen = (self.ledger.writes, self.ledger.now(look_at, self.uid))
        return self.seen[1]

    @property
    def payment(self) -> Payment:
        return self.now.payment

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return self.payment.attempts

    def close(self) -> None:
        self.loop.end()
        self.loop.close()
        self.logs.__exit__(None, None, None)


def on(ledger: InlineLedger, machine: type[Machine]) -> type[Machine]:
    """The machine over this ledger."""
    return type(machine.__name__, (machine,), {"ledger": ledger})


class BankMachine(Machine):
    """With a bank behind the gateway: what it does by itself, and what the network does with it."""

    context_class: ClassVar[type[Context]] = Context
    gateway_class: ClassVar[type[OverpayCards]] = OverpayCards

    def other_side(self) -> None:
        self.bank = HonestGateway(self.clock)

    def new_context(self) -> Context:
        gateway = self.gateway_class(banks.options(), self.bank.transport())
        gateways: dict[str, Gateway] = {"cards": gateway}
        return self.context_class(SETTINGS, self.ledger, gateways, clock=self.clock)

    # The bank

    @precondition(lambda self: self.unfinished)
    @rule(place=which, state=st.sampled_from(("paid", "paid", "declined", "expired", "pending")))
    def bank_decides(self, place: int, state: str) -> None:
        found = self.unfinished
        self.bank.turn(found[place % len(found)], state, notify=True)

    @precondition(lambda self: self.refused)
    @rule(place=which)
    def bank_takes_the_money_late(self, place: int) -> None:
        found = self.refused
        self.bank.turn(found[place % len(found)], "paid", notify=True)

    @precondition(lambda self: self.bank.notices)
    @rule(place=which, fault=query_faults, disk=disk_faults)
    def bank_notifies(self, place: int, fault: str, disk: str) -> None:
        """In any order, any number of times."""
        self.prepare(query=fault, disk=disk)
        self.hear(self.bank.notices[place % len(self.bank.notices)])

    @precondition(lambda self: self.bank.held)
    @rule(place=which)
    def a_slow_answer_comes(self, place: int) -> None:
        self.bank.let_go(place % len(self.bank.held))
        self.rest()

    # How a step is made

    def prepare(
        self, verdict: str = "paid", fault: str = "", disk: str = "", *, query: str = ""
    ) -> None:
        self.bank.verdicts = [verdict]
        self.bank.faults = [fault]
        self.bank.query_faults = [query]
        self.ledger.faults = [disk] if disk else []

    def hear(self, notice: banks.Notice) -> None:
        key = self.bank.transactions[notice.uid].key
        found = [each for each in self.attempts if each.key == key]
        if not found:
            return
        try:
            self.done(
                receive_notification(
                    self.context, "cards", found[0].notify_ticket, notice.headers, notice.body
                )
            )
        except Unavailable:  # then the gateway sends it again
            return
        finally:
            self.ledger.faults.clear()
        notice.heard = True

    # What is there

    @property
    def unfinished(self) -> list[Transaction]:
        return [t for t in self.bank.transactions.values() if t.state in banks.UNFINISHED]

    @property
    def refused(self) -> list[Transaction]:
        return [t for t in self.bank.transactions.values() if t.state in ("declined", "expired")]


class Payments(BankMachine):
    def __init__(self) -> None:
        super().__init__()
        self.tabs: list[Payment] = []
        self.won = False

    def new_context(self) -> Context:
        context = super().new_context()
        self.lines = [DueQueries(context) for _ in range(2)]  # of two workers
        return context

    # The beginning

    @initialize(
        attempts=st.sampled_from((1, 3, 3)),
        kind=st.sampled_from(("payment", "payment", "authorization")),
        minutes=st.sampled_from((10, 24 * 60)),
        lag=st.sampled_from((0.0, 20.0)),
        down=st.sampled_from((False, False, True)),
        tabs=st.integers(1, 2),
        verdict=first_verdicts,
        fault=charge_faults,
    )
    def ordered(
        self,
        attempts: int,
        kind: str,
        minutes: int,
        lag: float,
        down: bool,
        tabs: int,
        verdict: str,
        fault: str,
    ) -> None:
        """And paid for the first time, lest a payment have none."""
        self.bank.lag, self.bank.down = lag, down
        order = samples.order(
            attempts=attempts,
            transaction_type=kind,
            expires_at=self.clock() + 60 * minutes,
        )
        shop = SETTINGS.shops[samples.SHOP_ID]
        self.uid = self.done(create.create(self.context, order, shop)).uid
        self.tabs.append(self.payment)
        self.presses_pay([0] * tabs, verdict, fault)

    # The customer

    @rule()
    def opens_another_tab(self) -> None:
        self.tabs.append(self.payment)

    @precondition(lambda self: self.payment.status is Status.OPEN)
    @rule(verdict=verdicts, fault=charge_faults, disk=disk_faults)
    def pays(self, verdict: str, fault: str, disk: str) -> None:
        self.prepare(verdict, fault, disk)
        payment = self.payment
        self.verb(charge.pay(self.context, payment, submission(payment)))

    @rule(
        tabs=st.lists(which, min_size=1, max_size=3),
        verdict=verdicts,
        fault=charge_faults,
        disk=disk_faults,
    )
    def presses_pay_here_and_there(
        self, tabs: list[int], verdict: str, fault: str, disk: str
    ) -> None:
        """Once or more, at once, in tabs whose forms may be old or used up."""
        self.presses_pay(tabs, verdict, fault, disk)

    def presses_pay(self, tabs: list[int], verdict: str, fault: str, disk: str = "") -> None:
        self.prepare(verdict, fault, disk)
        shown = [self.tabs[tab % len(self.tabs)] for tab in tabs]
        self.verbs(*(charge.pay(self.context, each, submission(each)) for each in shown))

    @precondition(lambda self: self.payment.live)
    @rule(tabs=st.sampled_from((1, 1, 5)), fault=query_faults, disk=disk_faults)
    def waits(self, tabs: int, fault: str, disk: str) -> None:
        self.prepare(query=fault, disk=disk)
        self.verbs(*(status_query.refresh_if_due(self.context, self.payment) for _ in range(tabs)))

    @precondition(lambda self: self.payment.live)
    @rule(tabs=st.sampled_from((1, 1, 5)), fault=query_faults, disk=disk_faults)
    def polls(self, tabs: int, fault: str, disk: str) -> None:
        """As `waits`, on pages that no query holds up."""
        self.prepare(query=fault, disk=disk)
        payment = self.payment

        async def notice() -> None:
            for tab in range(tabs):
                self.lines[tab % len(self.lines)].notice(payment)

        self.loop.begin(notice())
        self.clock.move(GATHER)
        self.verbs()

    @rule(attempt=which, fault=query_faults, disk=disk_faults)
    def lands(self, attempt: int, fault: str, disk: str) -> None:
        self.prepare(query=fault, disk=disk)
        ticket = self.attempts[attempt % len(self.attempts)].return_ticket
        self.verb(customer_actions.returned(self.context, ticket))

    @precondition(lambda self: self.payment.status is Status.REQUIRES_ACTION)
    @rule(fault=query_faults, disk=disk_faults)
    def leaves(self, fault: str, disk: str) -> None:
        self.prepare(query=fault, disk=disk)
        self.verb(customer_actions.abandon(self.context, self.payment))

    @precondition(lambda self: self.payment.status is Status.REQUIRES_ACTION)
    @rule(disk=disk_faults)
    def says_it_is_paid(self, disk: str) -> None:
        self.prepare(disk=disk)
        self.verb(customer_actions.confirm(self.context, self.payment))

    # The bank

    @precondition(lambda self: self.bank.notices)
    @rule(place=which, attempt=which)
    def somebody_forges(self, place: int, attempt: int) -> None:
        """Nothing comes of it: a changed body, an unknown ticket."""
        notice = self.bank.notices[place % len(self.bank.notices)]
        attempt_ = self.attempts[attempt % len(self.attempts)]
        body = notice.body.replace(b'"status": "', b'"status":  "')
        for ticket, error in ((attempt_.notify_ticket, Unauthorized), ("x" * 22, NotFound)):
            try:
                self.done(receive_notification(self.context, "cards", ticket, notice.headers, body))
            except error:
                continue
            raise AssertionError("a forged notification was taken")

    # The network and the server

    @rule(seconds=steps_of_time, swept=st.booleans())
    def time_passes(self, seconds: float, swept: bool) -> None:
        """`swept`: the server does its work meanwhile; else it is down, or busy."""
        for _ in range(4 if swept else 1):
            self.clock.move(seconds / 4 if swept else seconds)
            self.bank.arrive()
            self.rest()
            if swept:
                self.prepare()
                self.verb(sweep(self.context))

    @rule(fault=query_faults, disk=disk_faults)
    def house_sweeps(self, fault: str, disk: str) -> None:
        self.prepare(query=fault, disk=disk)
        self.verb(sweep(self.context))

    @rule()
    def gateway_goes_down_or_comes_back(self) -> None:
        """Down, it takes charges but answers no query."""
        self.bank.down = not self.bank.down

    @precondition(lambda self: len(self.attempts) > 1 or self.clock() > BEGINNING + 60)
    @rule(what=st.sampled_from(RARE), fault=query_faults)
    def something_rare(self, what: str, fault: str) -> None:
        """One rule for all: none of them may rule the payments."""
        self.prepare(query=fault)
        match what:
            case "the server dies":
                self.die()
            case "a day passes":
                self.time_passes(26 * HOUR, swept=False)
            case "the customer gives up":
                self.verb(customer_actions.cancel(self.context, self.payment))
            case "the operator accepts" | "the operator refuses":
                self.judge(accept=what.endswith("accepts"))
            case "the operator reconciles":
                self.verb(reconcile(self.context, self.uid))

    # How a step is made

    def judge(self, *, accept: bool) -> None:
        """Refused without a query, so an alert about money that the bank has taken stays."""
        if any(attempt.mismatch and attempt.live for attempt in self.attempts):
            self.verb(
                review.resolve_mismatch(
                    self.context, self.uid, accept=accept, by=samples.ANN, reason="seen"
                )
            )

    # What must always be true

    @invariant()
    def check(self) -> None:
        if not self.uid:
            return
        assert not [line for line in self.said if line["event"] == "gateway.fault"], (
            "a fault of ours"
        )
        payment, now = self.payment, self.clock()
        self.one_charge_an_attempt(payment)
        self.forward_only(payment)
        self.one_live_attempt(payment)
        self.status_of_its_attempts(payment, now)
        self.letters_agree(payment)
        self.few_questions(payment)

    def one_charge_an_attempt(self, payment: Payment) -> None:
        sent = Counter(call.key for call in self.bank.calls if call.method == "POST")
        assert set(sent) <= {attempt.key for attempt in payment.attempts}, "sent without a claim"
        assert all(count == 1 for count in sent.values()), "a charge was sent twice"
        taken = Counter[str]()
        for transaction in self.bank.transactions.values():
            taken[transaction.key] += transaction.takings
        assert all(count <= 1 for count in taken.values()), "the money was taken twice"

    def forward_only(self, payment: Payment) -> None:
        at: dict[int | None, Status] = {}
        for event in self.now.events:
            if event.kind == "claimed":
                at[event.attempt] = Status.SUBMITTING
            elif event.kind in ("moved", "left"):
                before = at[event.attempt]
                after = Status(event.data.get("to", Status.CANCELLED))
                assert after in MOVES[before], f"{before} -> {after}"
                at[event.attempt] = after
        assert at == {attempt.number: attempt.status for attempt in payment.attempts}
        if self.won:
            assert payment.status in SUCCESSFUL, "paid was left"
        self.won = payment.status in SUCCESSFUL

    def one_live_attempt(self, payment: Payment) -> None:
        assert sum(attempt.live for attempt in payment.attempts) <= 1
        assert [attempt.number for attempt in payment.attempts] == list(
            range(1, len(payment.attempts) + 1)
        )
        declined = sum(attempt.status is Status.DECLINED for attempt in payment.attempts)
        assert declined <= payment.order.attempts, "more tries than the shop allows"

    def status_of_its_attempts(self, payment: Payment, now: float) -> None:
        late = now >= payment.expires_at
        possible = {
            payment_status(
                [attempt.status for attempt in payment.attempts],
                allowed=payment.order.attempts,
                expired=expired,
                cancelled=payment.cancelled,
            )
            for expired in {False, late}
        }
        assert payment.status in possible

    def letters_agree(self, payment: Payment) -> None:
        webhooks = self.now.webhooks
        notified = [status_told(webhook) for webhook in webhooks]
        assert len(set(notified)) == len(notified), f"notified twice: {notified}"
        if payment.status in FINAL:
            assert notified, f"not notified: {payment.status}"
            assert notified[-1] == outward(payment.status)
            body = msgspec.json.decode(webhooks[-1].body)
            if payment.status in SUCCESSFUL:
                assert body["transaction"]["message"] != "Payment was declined"
        else:
            assert notified == []

    def few_questions(self, payment: Payment) -> None:
        """Never two within a second, but when the customer comes back: that counts anew."""
        landed = {attempt.key: attempt.returned_at for attempt in payment.attempts}
        last: dict[str, float] = {}
        for call in self.bank.calls:
            if call.method != "GET":
                continue
            before = last.get(call.key)
            if before is not None and call.at - before < 1.0:
                back = landed[call.key]
                assert back is not None, "asked twice in an interval"
                assert before <= back <= call.at, "asked twice in an interval"
            last[call.key] = call.at

    # The end

    def teardown(self) -> None:
        try:
            if self.uid:
                self.all_works_again()
                self.check()
                self.settled()
        finally:
            self.close()

    def all_works_again(self) -> None:
        """Slow answers come, lost notifications are sent again, recovery runs."""
        self.prepare()
        self.bank.down = False
        while self.bank.held:
            self.bank.let_go()
            self.rest()
        self.clock.move(banks.LATEST)
        self.bank.arrive()
        late = [n for n in self.bank.notices if not n.heard]
        for notice in late:
            self.hear(notice)
            self.clock.move(3)
            self.rest()
        self.sweeps_until_nothing_is_due()
        if any(line["event"] == "sweep.unsettled" for line in self.said):
            # Recovery stops after a payment's expiry; the operator reconciles.
            self.clock.move(HOUR)
            self.verb(reconcile(self.context, self.uid))
            self.sweeps_until_nothing_is_due()

    def sweeps_until_nothing_is_due(self) -> None:
        for _ in range(80):
            due = [a.sweep_at for a in self.attempts if a.sweep_at is not None]
            if self.payment.status is Status.OPEN:
                due.append(self.payment.expires_at)
            if not due:
                return
            self.clock.move(max(0.0, min(due) - self.clock()))
            self.bank.arrive()
            self.verb(sweep(self.context))
            self.clock.move(1)
        raise AssertionError("the sweep never ends")

    def settled(self) -> None:
        payment = self.payment
        paid = [t for t in self.bank.transactions.values() if t.money_moved]
        kinds = Counter(event.kind for event in self.now.events)
        by_key = {attempt.key: attempt for attempt in payment.attempts}
        for transaction in paid:
            attempt = by_key[transaction.key]
            # The gateway stated other facts: an operator was alerted, and has to decide.
            flagged = attempt.mismatch and kinds["mismatch"]
            assert attempt.status in SUCCESSFUL or flagged, f"paid, and we say {attempt.status}"
        if any(not by_key[transaction.key].mismatch for transaction in paid):
            assert payment.status in SUCCESSFUL, "paid, and shown as unpaid"
        if not paid:
            assert payment.status not in SUCCESSFUL, "unpaid, and shown as paid"
        if len(paid) > 1:
            alerts = kinds["late_success"] + kinds["mismatch"]
            assert alerts >= len(paid) - 1, "paid twice, and nobody was alerted"
        for attempt in payment.attempts:
            known = bool(self.bank.by_key(attempt.key))
            assert attempt.status is not Status.SUBMITTING
            if attempt.status is Status.NOT_SENT:
                assert not known, "lost, and the bank has it"
            if attempt.status in LIVE:
                open_at_the_bank = [
                    t.state in banks.UNFINISHED for t in self.bank.by_key(attempt.key)
                ]
                assert any(open_at_the_bank) or attempt.mismatch, "nothing is under way"


def outward(status: Status) -> str:
    """What a shop's webhook calls it."""
    return "error" if status is Status.EXPIRED else OUTWARD[status]
