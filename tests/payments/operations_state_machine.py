"""Hypothesis state machine: anything that can happen to a payment after it was made: operations
that the shop asks for, what the gateway does by itself, notifications in any order, answers that
get lost.

The context is the real one; the gateway (`tests.support.operations_gateway`), the clock and the
ledger's disk are the test's. After every step `check()` looks at what must always be true; at the
end all works again, time passes, and `settled()` compares our books with the gateway's."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any, ClassVar

import msgspec
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from checkout.errors import Unavailable
from checkout.gateways.base import Gateway
from checkout.ledger.operations import FAILED, OPEN, Operation
from checkout.model.status import Status, payment_status
from checkout.payments import charge, create, remaining, transitions
from checkout.payments.context import Context
from checkout.payments.operations import resolve_operation, start_operation
from checkout.payments.recovery import reconcile, sweep
from checkout.payments.schedule import DAY, HOUR
from tests.payments.payment_state_machine import SETTINGS, Machine
from tests.support import operations_gateway, samples
from tests.support.harness import receive_notification, submission
from tests.support.honest_gateway import LATEST
from tests.support.operations_gateway import Books, Movement, OperationsGateway

which = st.integers(0, 7)  # of several, modulo how many there are
amounts = st.sampled_from((None, 1, 250, 250, 500, 500, 1000, 1251, 0))
verdicts = st.sampled_from(("done", "done", "done", "accepted", "accepted", "declined"))
faults = st.one_of(
    st.just(""), st.just("unknown after"), st.just(""), st.sampled_from(operations_gateway.FAULTS)
)
query_faults = st.one_of(st.just(""), st.just(""), st.sampled_from(operations_gateway.QUERY_FAULTS))
disk_faults = st.sampled_from(("", "", "", "", "", "away", "unheard"))
steps_of_time = st.sampled_from((0.4, 1.0, 2.0, 8.0, 31.0, 61.0, 300.0, HOUR, DAY))
RETURNS = ("refund", "chargeback")
RARE = (
    "the server dies",
    "the operator reconciles",
    "somebody looks at the time",
    "the gateway goes down or comes back",
    "a slow answer comes",
    "a slow answer comes",
)


DONE = {Status.PAID, Status.REFUNDED}
AFTER: dict[Status, set[Status]] = {
    Status.PENDING: {Status.ACCEPTED, *DONE, *FAILED},
    Status.ACCEPTED: {*DONE, *FAILED},
    **{failed: {Status.ACCEPTED, *DONE} for failed in FAILED},
    **{done: set() for done in DONE},
}


class Operations(Machine):
    context_class: ClassVar[type[Context]] = Context
    gateway_class: ClassVar[type[OperationsGateway]] = OperationsGateway

    def other_side(self) -> None:
        self.books = Books(self.clock)
        self.office = self.gateway_class(self.books)

    def new_context(self) -> Context:
        gateways: dict[str, Gateway] = {"cards": self.office}
        return self.context_class(SETTINGS, self.ledger, gateways, clock=self.clock)

    @initialize(
        held=st.booleans(),
        by_state=st.sampled_from((False, False, True)),
        tells_key=st.booleans(),
        lag=st.sampled_from((0.0, 20.0)),
        down=st.sampled_from((False, False, True)),
        amount=amounts,
        verdict=verdicts,
        fault=faults,
    )
    def paid(
        self,
        *,
        held: bool,
        by_state: bool,
        tells_key: bool,
        lag: float,
        down: bool,
        amount: int | None,
        verdict: str,
        fault: str,
    ) -> None:
        """And asked for something, lest a payment have nothing."""
        books = self.books = Books(
            self.clock, held=held, by_state=by_state, tells_key=tells_key, lag=lag
        )
        self.office = self.gateway_class(books)
        self.office.down = down
        self.context = self.new_context()
        order = samples.order(
            transaction_type="authorization" if held else "payment",
            expires_at=self.clock() + HOUR,
        )
        self.uid = self.done(
            create.create(self.context, order, SETTINGS.shops[samples.SHOP_ID])
        ).uid
        self.done(charge.pay(self.context, self.payment, submission(self.payment)))
        self.prepare(verdict, fault)
        self.verb(
            start_operation(self.context, "capture" if held else "refund", self.uid, amount=amount)
        )

    # The shop

    @precondition(lambda self: not self.unheard_by_state)
    @rule(
        kind=st.sampled_from(("capture", "void", "refund", "refund", "refund")),
        amount=amounts,
        parent=which,
        times=st.sampled_from((1, 1, 1, 2)),
        request=st.sampled_from((None, None, "r-1", "r-2")),
        verdict=verdicts,
        fault=faults,
        disk=disk_faults,
        then=st.sampled_from((0, 0, 0, 1, 3, 6)),
    )
    def shop_asks(
        self,
        kind: str,
        amount: int | None,
        parent: int,
        times: int,
        request: str | None,
        verdict: str,
        fault: str,
        disk: str,
        then: int,
    ) -> None:
        """Perhaps twice at once; of the payment, or of a capture by its uid. `then`: for so many
        half minutes nothing else happens, so that a slow order is not known when it is asked
        about."""
        self.prepare(verdict, fault, disk)
        parents = [self.uid, self.uid, *(each.uid for each in self.made if each.kind == "capture")]
        asked: dict[str, Any] = {"amount": amount, "request_id": request}
        named = parents[parent % len(parents)]
        self.verbs(*(start_operation(self.context, kind, named, **asked) for _ in range(times)))
        for _ in range(then):
            self.swept(31)

    # The gateway

    @precondition(lambda self: self.accepted)
    @rule(place=which, state=st.sampled_from(("done", "failed")))
    def bank_ends_what_it_accepted(self, place: int, state: str) -> None:
        found = self.accepted
        self.books.end(found[place % len(found)], state)

    @rule(kind=st.sampled_from(("capture", "void", "refund", "chargeback")), amount=amounts)
    def back_office_does(self, kind: str, amount: int | None) -> None:
        """At a gateway that states no amounts all that is left, and nothing where its state could
        not be told apart from what we requested."""
        if self.books.by_state:
            refunded = kind == "refund" and any(each.kind == "refund" for each in self.made)
            assume(not (self.open or self.unheard_by_state or refunded))
            amount = None
        taken = [each.id for each in self.books.movements if each.kind == "capture"]
        of = taken[-1] if taken and kind in RETURNS and not self.books.by_state else None
        left = self.books.left(kind, of)
        minor = left if amount is None else amount
        assume(0 < minor <= left)
        self.books.move(kind, minor, "done", None, of)

    @precondition(lambda self: self.books.notices)
    @rule(place=which, fault=query_faults, disk=disk_faults)
    def gateway_notifies(self, place: int, fault: str, disk: str) -> None:
        """In any order, any number of times."""
        self.prepare(query=fault, disk=disk)
        self.hear(place % len(self.books.notices))

    # The network and the server

    @rule(seconds=steps_of_time, fault=query_faults, disk=disk_faults)
    def time_passes(self, seconds: float, fault: str, disk: str) -> None:
        self.clock.move(seconds)
        self.office.arrive()
        self.rest()
        self.prepare(query=fault, disk=disk)
        self.verb(sweep(self.context))

    def swept(self, seconds: float) -> None:
        """The server does its work meanwhile."""
        for _ in range(4):
            self.clock.move(seconds / 4)
            self.office.arrive()
            self.prepare()
            self.verb(sweep(self.context))

    @rule(what=st.sampled_from(RARE), place=which, fault=query_faults)
    def something_rare(self, what: str, place: int, fault: str) -> None:
        """One rule for all: none of them may rule the payments."""
        self.prepare(query=fault)
        match what:
            case "the server dies":
                self.die()
            case "the operator reconciles":
                self.verb(reconcile(self.context, self.uid))
            case "somebody looks at the time":  # and its end is derived anew
                now = self.clock()
                self.verb(
                    self.context.write(self.uid, transitions.expire, self.context, self.uid, now)
                )
            case "the gateway goes down or comes back":
                self.office.down = not self.office.down
            case "a slow answer comes" if self.office.gates:
                self.office.let_go(place % len(self.office.gates))
                self.rest()

    # How a step is made

    def prepare(
        self, verdict: str = "done", fault: str = "", disk: str = "", *, query: str = ""
    ) -> None:
        self.office.verdicts = [verdict]
        self.office.faults = [fault]
        self.office.query_faults = [query]
        self.ledger.faults = [disk] if disk else []

    def hear(self, place: int) -> None:
        ticket = self.attempts[0].notify_ticket
        try:
            self.done(receive_notification(self.context, "cards", ticket, {}, str(place).encode()))
        except Unavailable:  # then the gateway sends it again
            return
        finally:
            self.ledger.faults.clear()
        self.books.heard.add(place)

    # What is there

    @property
    def made(self) -> list[Operation]:
        return self.now.operations

    @property
    def open(self) -> list[Operation]:
        return [each for each in self.made if each.status in OPEN]

    @property
    def accepted(self) -> list[Movement]:
        return [each for each in self.books.movements if each.state == "accepted"]

    @property
    def unheard_by_state(self) -> bool:
        """Whether the gateway did something that only the payment's state shows and that is not
        recorded yet: a query now would show ours as done."""
        return self.books.by_state and any(
            each.key is None
            and not any(m.by_gateway and m.kind == each.kind and m.done for m in self.made)
            for each in self.books.movements
        )

    # What must always be true

    @invariant()
    def check(self) -> None:
        if not self.uid:
            return
        faults_of_ours = [
            line
            for line in self.said
            if line["event"] in ("payments.fault", "sweep.fault") and line["error"] != "Crash"
        ]
        assert not faults_of_ours, faults_of_ours
        assert not self.books.misnamed, "another parent than the one that took the money"
        sent = Counter(self.books.sent)
        assert all(count == 1 for count in sent.values()), "an order was sent twice"
        assert set(sent) <= {each.key for each in self.made}, "sent before it was in the ledger"
        self.never_more_than_there_is()
        self.forward_only()
        self.each_is_told_once()
        (attempt,) = self.attempts
        assert self.payment.status is payment_status(
            [attempt.status], allowed=1, expired=False, cancelled=False
        )
        gone = remaining.unspent(self.books.total, self.made, "refund") == 0
        if attempt.status is Status.PAID:
            assert not gone, "all of it has gone, and it is still paid"

    def never_more_than_there_is(self) -> None:
        total = self.books.total
        done = [each for each in self.made if each.done]
        returned = sum(each.amount for each in done if each.kind in RETURNS)
        assert returned <= remaining.collected(total, self.made), "more went back than was taken"
        assert sum(each.amount for each in done if each.kind in ("capture", "void")) <= total
        late = any(event.kind == "late_operation" for event in self.now.events)
        asked = [m for m in self.made if not m.by_gateway and m.status not in FAILED]
        promised = sum(each.amount for each in asked if each.kind == "refund")
        assert late or promised <= remaining.collected(total, self.made), "promised too much"

    def forward_only(self) -> None:
        """What is done stays; what was accepted is never unknown again."""
        steps: dict[str, list[Status]] = {}
        for event in self.now.events:
            kind, _, word = event.kind.partition(".")
            if kind in operations_gateway.DONE and word:
                steps.setdefault(event.data["operation"], []).append(Status(word))
        for each in steps.values():
            for before, after in pairwise(each):
                assert after in AFTER[before], f"{before} -> {after}"

    def each_is_told_once(self) -> None:
        payments, notified = [], Counter[tuple[str, str]]()
        for webhook in self.now.webhooks:
            about = msgspec.json.decode(webhook.body)["transaction"]
            if about["uid"] == self.uid:
                payments.append(about["status"])
            notified[about["uid"], about["status"]] += 1
        assert payments == ["successful"], "the payment's own webhook, again"
        for each in self.made:
            says = {status: count for (uid, status), count in notified.items() if uid == each.uid}
            assert says.get("successful", 0) == (1 if each.done else 0)
            assert says.get("failed", 0) <= (0 if each.by_gateway else 1)
            assert set(says) <= {"successful", "failed"}, "notified before its end"
            if each.status in FAILED and not each.by_gateway and self.was_open(each):
                assert says.get("failed") == 1, "failed later, and not notified"

    def was_open(self, operation: Operation) -> bool:
        """Whether its end was not the answer to the order itself."""
        named = [e.kind for e in self.now.events if e.data.get("operation") == operation.uid]
        return any(kind.endswith((".pending", ".accepted")) for kind in named)

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
        self.prepare()
        self.office.down = False
        while self.office.gates:
            self.office.let_go()
            self.rest()
        self.clock.move(LATEST)
        self.office.arrive()
        for movement in self.accepted:
            self.books.end(movement, "done")
        self.sweeps_until_nothing_is_due()
        for place in range(len(self.books.notices)):
            if place not in self.books.heard:
                self.hear(place)
                self.clock.move(3)
                self.rest()
        self.sweeps_until_nothing_is_due()
        if any(line["event"] == "sweep.unsettled" for line in self.said):
            self.clock.move(3)  # the operator does what the alert says
            self.verb(reconcile(self.context, self.uid))
            self.sweeps_until_nothing_is_due()
        if self.open:
            # Recovery stops after the last query, and a state says little: the operator decides.
            self.clock.move(HOUR)
            self.verb(reconcile(self.context, self.uid))
            self.sweeps_until_nothing_is_due()
            for each in self.open:
                self.verb(
                    resolve_operation(
                        self.context,
                        each.uid,
                        accept=self.truly(each),
                        by=samples.ANN,
                        reason="seen",
                    )
                )
            self.sweeps_until_nothing_is_due()

    def truly(self, operation: Operation) -> bool:
        return any(
            m.state == "done" and (m.key == operation.key or m.id == operation.gateway_id)
            for m in self.books.movements
        )

    def sweeps_until_nothing_is_due(self) -> None:
        for _ in range(300):
            due = [a.sweep_at for a in self.attempts if a.sweep_at is not None]
            due += [m.sweep_at for m in self.made if m.sweep_at is not None]
            if not due:
                return
            self.clock.move(max(0.0, min(due) - self.clock()))
            self.verb(sweep(self.context))
            self.clock.move(1)
        raise AssertionError("the sweep never ends")

    def settled(self) -> None:
        assert not self.open, "nobody knows how it ended"
        books, by_key = self.books, {each.key: each for each in self.made}
        for movement in books.movements:
            if movement.key is not None:
                done = by_key[movement.key].done or self.told_by_the_gateway(movement)
                assert done is (movement.state == "done"), f"{movement}, and we say otherwise"
        for kind in operations_gateway.DONE:
            ours = sum(each.amount for each in self.made if each.kind == kind and each.done)
            assert ours == books.sum(kind), f"{kind}: {books.sum(kind)}, and we say {ours}"
        (attempt,) = self.attempts
        assert attempt.status is self.expected(), f"{self.expected()}, and we say {attempt.status}"

    def told_by_the_gateway(self, movement: Movement) -> bool:
        """It is known by the gateway's own word, where ours was taken for lost."""
        names = (movement.id, operations_gateway.PAYMENT if self.books.by_state else None)
        return any(
            each.by_gateway
            and each.done
            and each.kind == movement.kind
            and each.gateway_id in names
            for each in self.made
        )

    def expected(self) -> Status:
        books = self.books
        if books.held and not books.sum("capture"):
            return Status.REFUNDED if books.sum("void") == books.total else Status.AUTHORIZED
        back = books.sum("refund", "chargeback")
        return Status.REFUNDED if back == books.taken else Status.PAID
