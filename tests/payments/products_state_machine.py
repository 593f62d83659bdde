"""Hypothesis state machine: some buyers and one product of which there are few.

They buy, pay, give up, come back with an old form; the bank decides late; the shop changes the
stock; the server dies. The context is the real one; the gateway, the clock and the ledger's disk
are the test's. After every step `check()` looks at what must always be true of the shelf; at the
end all works again, time passes, and `settled()` compares it with the money that was taken.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from checkout.errors import SoldOut
from checkout.ledger import events, schema
from checkout.ledger import products as shelves
from checkout.ledger.events import Event
from checkout.ledger.products import HELD, RELEASED, SOLD, ProductStock, Reservation
from checkout.ledger.rows import Attempt, Payment
from checkout.model.order import PageSettings
from checkout.model.product import Product
from checkout.model.status import FINAL, SUCCESSFUL, UNPAID_ENDS, Status
from checkout.payments import charge, customer_actions, products, status_query, transitions
from checkout.payments.products import Choice, NotForSale
from checkout.payments.recovery import reconcile, sweep
from checkout.payments.reservations import HOLD
from checkout.payments.schedule import DAY, HOUR
from tests.payments.payment_state_machine import (
    SETTINGS,
    BankMachine,
    charge_faults,
    disk_faults,
    first_verdicts,
    query_faults,
    verdicts,
    which,
)
from tests.support import honest_gateway as banks
from tests.support import samples
from tests.support.harness import submission

STOCKS: Final = (1, 2, 12)
MOST: Final = 10  # pieces at once; of 12 no more are held unpaid: the next buyers' are taken by Pay
TERMS: Final = Product(
    name="Ticket",
    description="Row 5",
    currency="EUR",
    amount=1250,
    quantity=3,
    most_at_once=MOST,
    attempts=3,
    page_settings=PageSettings(notification_url=samples.NOTIFIED),
)
AFTER: Final = {"held": HELD, "released": RELEASED, "sold": SOLD}
steps_of_time = st.sampled_from((0.4, 2.0, 8.0, 61.0, 300.0, HOLD, HOUR, DAY))


class Purchase(NamedTuple):
    """A buyer's payment with its pieces. `at_first`: the state in which they were reserved."""

    payment: Payment
    reservation: Reservation
    events: list[Event]


class Shelf(NamedTuple):
    stock: ProductStock
    purchases: list[Purchase]

    @property
    def excess(self) -> int:
        """By how many pieces more are held and sold than there are."""
        return self.stock.held + self.stock.sold - (self.stock.product.quantity or 0)


def look_at(conn: Connection, product: str) -> Shelf:
    """In the order in which they were bought, also with a lost answer: uids are drawn at random."""
    found = shelves.by_id(conn, product)
    assert found is not None
    created = select(schema.events.c.payment).where(schema.events.c.kind == "created")
    bought = conn.execute(created.order_by(schema.events.c.id))
    return Shelf(found, [_purchase(conn, uid) for uid in bought.scalars().all()])


def _purchase(conn: Connection, uid: str) -> Purchase:
    reserved = shelves.reservation(conn, uid)
    assert reserved is not None, "a buyer's payment without pieces"
    return Purchase(transitions.read(conn, uid), reserved, events.of(conn, uid))


class Products(BankMachine):
    def __init__(self) -> None:
        super().__init__()
        self.product = ""
        self.at_first: dict[str, str] = {}  # by the payment: the state of its pieces
        self.by_form: dict[Choice, set[str]] = {}
        self.cut = 0  # pieces that the shop took off the shelf although they were held or sold
        self.before: Shelf | None = None

    @initialize(
        quantity=st.sampled_from(STOCKS),
        lag=st.sampled_from((0.0, 20.0)),
        verdict=first_verdicts,
        fault=charge_faults,
    )
    def put_on_sale(self, quantity: int, lag: float, verdict: str, fault: str) -> None:
        """And bought for the first time, lest nobody buy any."""
        self.bank.lag = lag
        terms = msgspec.structs.replace(TERMS, quantity=quantity)
        shop = SETTINGS.shops[samples.SHOP_ID]
        self.product = self.done(products.make(self.context, terms, {}, shop)).id
        self.buys([0], min(quantity, MOST), "")
        self.check()
        self.pays([0], verdict, fault, "")

    # The buyers

    @rule(
        forms=st.lists(which, min_size=1, max_size=4),
        pieces=st.sampled_from((1, 1, 1, 2, MOST)),
        disk=disk_faults,
    )
    def buys(self, forms: list[int], pieces: int, disk: str) -> None:
        """At once; a form may be sent twice, or again when its payment has ended."""
        self.prepare(disk=disk)
        wanted = [Choice(form=f"form-{form}", quantity=pieces) for form in forms]
        self.verbs(*(self._buy(choice) for choice in wanted))

    async def _buy(self, choice: Choice) -> None:
        try:
            payment = await products.buy(self.context, self.product, choice)
        except NotForSale:
            return
        self.by_form.setdefault(choice, set()).add(payment.uid)

    @precondition(lambda self: self.at_first)
    @rule(
        places=st.lists(which, min_size=1, max_size=4),
        verdict=verdicts,
        fault=charge_faults,
        disk=disk_faults,
    )
    def pays(self, places: list[int], verdict: str, fault: str, disk: str) -> None:
        """At once, and some of them twice."""
        self.prepare(verdict, fault, disk)
        shown = [self.purchase(place).payment for place in places]
        self.verbs(*(self._pay(payment) for payment in shown))

    async def _pay(self, payment: Payment) -> None:
        try:
            await charge.pay(self.context, payment, submission(payment))
        except SoldOut:
            return

    @precondition(lambda self: self.at_first)
    @rule(place=which, fault=query_faults, disk=disk_faults)
    def waits(self, place: int, fault: str, disk: str) -> None:
        self.prepare(query=fault, disk=disk)
        self.verb(status_query.refresh_if_due(self.context, self.purchase(place).payment))

    @precondition(lambda self: self.at_first)
    @rule(place=which, disk=disk_faults)
    def gives_up(self, place: int, disk: str) -> None:
        """At the bank's page, or before."""
        self.prepare(disk=disk)
        payment = self.purchase(place).payment
        leave = payment.status is Status.REQUIRES_ACTION
        self.verb(
            customer_actions.abandon(self.context, payment)
            if leave
            else customer_actions.cancel(self.context, payment)
        )

    # The shop, the network and the server

    @rule(quantity=st.sampled_from(STOCKS), active=st.sampled_from((True, True, False)))
    def shop_changes_the_stock(self, quantity: int, *, active: bool) -> None:
        terms = msgspec.structs.replace(TERMS, quantity=quantity, active=active)
        shop = SETTINGS.shops[samples.SHOP_ID]
        self.done(products.change(self.context, self.product, shop, lambda given: (terms, given)))
        self.cut = max(self.cut, self.shelf.excess)

    @rule(seconds=steps_of_time, fault=query_faults, disk=disk_faults)
    def time_passes(self, seconds: float, fault: str, disk: str) -> None:
        self.clock.move(seconds)
        self.bank.arrive()
        self.rest()
        self.prepare(query=fault, disk=disk)
        self.verb(sweep(self.context))

    @rule(dies=st.sampled_from((True, False, False)))
    def server_dies(self, *, dies: bool) -> None:
        if dies:
            self.die()

    # What is there

    @property
    def shelf(self) -> Shelf:
        return self.ledger.now(look_at, self.product)

    def purchase(self, place: int) -> Purchase:
        found = self.shelf.purchases
        return found[place % len(found)]

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Of all purchases."""
        return tuple(a for each in self.shelf.purchases for a in each.payment.attempts)

    # What must always be true

    @invariant()
    def check(self) -> None:
        if not self.product:
            return
        faults_of_ours = [
            line
            for line in self.said
            if line["event"] in ("payments.fault", "sweep.fault", "gateway.fault")
            and line["error"] != "Crash"
        ]
        assert not faults_of_ours, faults_of_ours
        shelf = self.shelf
        for each in shelf.purchases:
            self.at_first.setdefault(each.payment.uid, each.reservation.state)
        self.counts_agree(shelf)
        self.never_more_than_there_is(shelf)
        self.pieces_follow_the_payment(shelf)
        self.charged_with_pieces_in_hand(shelf)
        self.one_form_one_payment(shelf)
        self.kept_while_money_may_move(shelf)
        self.before = shelf

    def counts_agree(self, shelf: Shelf) -> None:
        """What lies on the shelf beside what the reservations say."""
        lying = Counter[str]()
        for each in shelf.purchases:
            lying[each.reservation.state] += each.reservation.quantity
        assert shelf.stock.held == lying[HELD], "held by nobody"
        assert shelf.stock.sold == lying[SOLD], "sold to nobody"

    def never_more_than_there_is(self, shelf: Shelf) -> None:
        """But where a payment was paid after its pieces had gone back: then a person is told."""
        told = sum(
            each.reservation.quantity
            for each in shelf.purchases
            if any(event.kind == "oversold" for event in each.events)
        )
        assert shelf.excess <= max(0, self.cut) + told, "sold more than there is"

    def pieces_follow_the_payment(self, shelf: Shelf) -> None:
        for each in shelf.purchases:
            status, state = each.payment.status, each.reservation.state
            if status in SUCCESSFUL:
                assert state == SOLD, f"{status}, and its pieces are {state}"
            else:
                assert state != SOLD, f"{status}, and its pieces are sold"
            if status in UNPAID_ENDS:
                assert state == RELEASED, f"{status}, and its pieces are {state}"

    def charged_with_pieces_in_hand(self, shelf: Shelf) -> None:
        """No charge is written down for pieces that are not the buyer's."""
        for each in shelf.purchases:
            state = self.at_first[each.payment.uid]
            for event in each.events:
                assert event.kind != "claimed" or state == HELD, f"charged, its pieces {state}"
                state = AFTER.get(event.kind, state)
            assert state == each.reservation.state

    def one_form_one_payment(self, shelf: Shelf) -> None:
        by_uid = {each.payment.uid: each.payment for each in shelf.purchases}
        for uids in self.by_form.values():
            going = [uid for uid in uids if by_uid[uid].status not in UNPAID_ENDS]
            assert len(going) <= 1, "one form, and two payments"

    def kept_while_money_may_move(self, shelf: Shelf) -> None:
        """Nobody else may buy what a charge is under way for."""
        if self.before is None:
            return
        was = {each.payment.uid: each for each in self.before.purchases}
        for each in shelf.purchases:
            old, now = was.get(each.payment.uid), self.clock()
            if old is None or now >= each.payment.created_at + HOLD + HOUR:
                continue
            pending = {old.payment.status, each.payment.status} == {Status.PENDING}
            let_go = (old.reservation.state, each.reservation.state) == (HELD, RELEASED)
            assert not (pending and let_go), "given back while the money may move"

    # The end

    def teardown(self) -> None:
        try:
            if self.product:
                self.all_works_again()
                self.check()
                self.settled(self.shelf)
        finally:
            self.close()

    def all_works_again(self) -> None:
        """Slow answers come, lost notifications are sent again, the bank decides, recovery runs."""
        self.prepare()
        while self.bank.held:
            self.bank.let_go()
            self.rest()
        self.clock.move(banks.LATEST)
        self.bank.arrive()
        for transaction in self.unfinished:
            self.bank.turn(transaction, "paid", notify=True)
        for notice in [each for each in self.bank.notices if not each.heard]:
            self.hear(notice)
            self.clock.move(3)
            self.rest()
        self.sweeps_until_nothing_is_due()
        if any(line["event"] == "sweep.unsettled" for line in self.said):
            # Recovery stops after a payment's expiry; the operator reconciles.
            for each in self.shelf.purchases:
                self.verb(reconcile(self.context, each.payment.uid))
                self.clock.move(3)
            self.sweeps_until_nothing_is_due()

    def sweeps_until_nothing_is_due(self) -> None:
        for _ in range(300):
            due = [a.sweep_at for a in self.attempts if a.sweep_at is not None]
            bought = [each.payment for each in self.shelf.purchases]
            due += [each.expires_at for each in bought if each.status is Status.OPEN]
            if not due:
                return
            self.clock.move(max(0.0, min(due) - self.clock()))
            self.verb(sweep(self.context))
            self.clock.move(1)
        raise AssertionError("the sweep never ends")

    def settled(self, shelf: Shelf) -> None:
        """Who has paid has the pieces, and nobody else holds any."""
        paid = {t.key for t in self.bank.transactions.values() if t.money_moved}
        flagged = 0
        for each in shelf.purchases:
            keys = {attempt.key for attempt in each.payment.attempts}
            if any(attempt.mismatch for attempt in each.payment.attempts):
                flagged += each.reservation.quantity  # a person has to decide
                continue
            assert each.payment.status in FINAL, f"{each.payment.status} for ever"
            has_them = each.reservation.state == SOLD
            assert has_them is bool(keys & paid), "paid and not sold, or sold and not paid"
        assert shelf.stock.held <= flagged, "held for ever"
