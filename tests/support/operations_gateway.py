"""A gateway of one payment that is honest about its money: captures, voids, refunds, chargebacks.

Two kinds, as gateways are: one where each operation is a transaction of its own, found by its id or
by our key, and refused where it names another parent than the one that took the money; and one that
knows operations by the payment's state alone, refunds once, and tells no amounts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from checkout.gateways.base import (
    Capabilities,
    Captures,
    Charge,
    FindsOperations,
    OperationReference,
    PaymentReference,
    Refunds,
    Voids,
)
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, UNSIGNED, GatewayFacts, OperationNotice, Outcome
from checkout.model.status import Status
from tests.support.honest_gateway import LATEST, Crash

PAYMENT: Final = "g-1"
CURRENCY: Final = "EUR"
DONE: Final = {
    "capture": Status.PAID,
    "void": Status.REFUNDED,
    "refund": Status.REFUNDED,
    "chargeback": Status.REFUNDED,
}
BEFORE: Final = ("unreachable", "unknown before", "crash before")
AFTER: Final = ("unknown after", "crash after", "fault after")
FAULTS: Final = (*BEFORE, *AFTER, "held before", "held after")
QUERY_FAULTS: Final = ("unknown before", "crash before", "unknown after", "held after")
TYPES: Final = frozenset({"payment", "authorization"})


@dataclass
class Movement:
    """What was done to the payment, or will be. `key`: ours, where we asked for it; `of`: the id
    of the capture whose money goes back."""

    id: str
    kind: str
    key: str | None
    amount: int
    state: str  # done, accepted, failed
    of: str | None
    listed_at: float = 0.0


@dataclass
class Books:
    """Of both kinds. `by_state`: the second kind; `tells_key`: its notifications name our key."""

    clock: Callable[[], float]
    total: int = 1250
    held: bool = False  # an authorization
    by_state: bool = False
    tells_key: bool = True
    lag: float = 0.0  # seconds before a new movement is found by our key
    movements: list[Movement] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # the key of each order that we sent
    misnamed: list[str] = field(default_factory=list)  # orders with a wrong parent
    notices: list[Outcome] = field(default_factory=list)
    heard: set[int] = field(default_factory=set)

    def sum(self, *kinds: str, states: tuple[str, ...] = ("done",), of: str | None = None) -> int:
        return sum(
            each.amount
            for each in self.movements
            if each.kind in kinds and each.state in states and of in (None, each.of)
        )

    @property
    def taken(self) -> int:
        return self.sum("capture") if self.held else self.total

    def left(self, kind: str, of: str | None = None) -> int:
        promised = ("done", "accepted")
        if kind in ("capture", "void"):
            if not self.held or self.sum("capture", states=promised):
                return 0
            return self.total - self.sum("void", states=promised)
        if self.by_state and self.sum("refund", "chargeback", states=promised):
            return 0 if kind == "refund" else self.taken - self.sum("refund", "chargeback")
        left = self.taken - self.sum("refund", "chargeback", states=promised)
        if of is None:
            return left
        took = next((each.amount for each in self.movements if each.id == of), self.total)
        return min(left, took - self.sum("refund", "chargeback", states=promised, of=of))

    def move(self, kind: str, amount: int, state: str, key: str | None, of: str | None) -> Movement:
        made = Movement(f"m-{len(self.movements) + 1}", kind, key, amount, state, of, self.clock())
        self.movements.append(made)
        self.tell(made)
        return made

    def end(self, movement: Movement, state: str) -> None:
        """What was accepted is done, or is not after all."""
        movement.state = state
        self.tell(movement)

    def tell(self, movement: Movement) -> None:
        if self.by_state:
            self.notices.append(UNSIGNED)
            return
        if movement.state == "done":
            key = movement.key if self.tells_key else None
            news = OperationNotice(
                movement.kind, movement.id, key, Money(movement.amount, CURRENCY)
            )
            self.notices.append(Outcome(Status.PENDING, notice=news))

    def state(self) -> Outcome:
        """How the payment stands. The first kind says what it was, whatever was done to it then."""
        facts = GatewayFacts(money=Money(self.total, CURRENCY))
        if not self.by_state:
            return Outcome(Status.AUTHORIZED if self.held else Status.PAID, PAYMENT, facts=facts)
        if self.sum("chargeback"):
            charged_back = GatewayFacts(money=facts.money, taken_back="chargeback")
            return Outcome(Status.REFUNDED, PAYMENT, facts=charged_back)
        if self.sum("refund"):
            return Outcome(Status.REFUNDED, PAYMENT, facts=facts)
        if self.sum("void"):
            return Outcome(Status.CANCELLED, PAYMENT, facts=GatewayFacts(taken_back="void"))
        if self.sum("refund", "capture", "void", states=("accepted",)):
            return Outcome(Status.PENDING, PAYMENT, facts=facts)
        paid = not self.held or self.sum("capture")
        return Outcome(Status.PAID if paid else Status.AUTHORIZED, PAYMENT, facts=facts)


class OperationsGateway(Captures, Voids, Refunds, FindsOperations):
    """`verdicts`, `faults` and `query_faults` are used up one a call; then all is done at once.
    `down`: it takes orders, and answers no query."""

    def __init__(self, books: Books) -> None:
        self.capabilities = Capabilities(
            card=True,
            browser=True,
            lookup_by_key=True,
            transaction_types=TYPES,
            full_amount_only=frozenset({"void"} if books.by_state else ()),
            once_only=frozenset({"capture", "void", "refund"} if books.by_state else ()),
        )
        self.books = books
        self.verdicts: list[str] = []
        self.faults: list[str] = []
        self.query_faults: list[str] = []
        self.down = False
        self.gates: list[asyncio.Event] = []
        self.on_the_way: list[tuple[float, Callable[[float], Outcome]]] = []

    async def pay(self, charge: Charge) -> Outcome:
        return self.books.state()

    async def capture(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        return await self._order("capture", reference, money, key)

    async def void(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        return await self._order("void", reference, money, key)

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        return await self._order("refund", reference, money, key)

    async def _order(
        self, kind: str, reference: PaymentReference, money: Money, key: str
    ) -> Outcome:
        self.books.sent.append(key)
        verdict = self.verdicts.pop(0) if self.verdicts else "done"
        return await self._call(
            lambda at: self._taken(kind, reference, money, key, verdict, at),
            self.faults,
            sends=True,
        )

    def _taken(
        self,
        kind: str,
        reference: PaymentReference,
        money: Money,
        key: str,
        verdict: str,
        at: float,
    ) -> Outcome:
        books, of = self.books, None
        if kind == "refund" and books.held and not books.by_state:
            of = reference.capture
            if not any(each.id == of and each.state == "done" for each in books.movements):
                books.misnamed.append(key)
                return Outcome(Status.DECLINED)
        if verdict == "declined" or not 0 < money.minor <= books.left(kind, of):
            return Outcome(Status.DECLINED)
        made = books.move(kind, money.minor, verdict, key, of)
        made.listed_at = at + books.lag
        return self._said(made)

    def _said(self, made: Movement) -> Outcome:
        status = {
            "done": DONE[made.kind], "accepted": Status.ACCEPTED, "failed": Status.DECLINED,
        }[made.state]  # fmt: skip
        if self.books.by_state:
            return Outcome(status, PAYMENT)
        return Outcome(status, made.id, facts=GatewayFacts(money=Money(made.amount, CURRENCY)))

    async def status(self, reference: PaymentReference) -> Outcome:
        return await self._call(lambda _: self.books.state(), self.query_faults)

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        look = self._by_state if self.books.by_state else self._by_name
        return await self._call(lambda _: look(asked), self.query_faults)

    def _by_name(self, asked: OperationReference) -> Outcome:
        now = self.books.clock()
        for each in self.books.movements:
            by_key = asked.id is None and asked.key == each.key and each.listed_at <= now
            if each.id == asked.id or by_key:
                return self._said(each)
        return Outcome(Status.NOT_SENT)

    def _by_state(self, asked: OperationReference) -> Outcome:
        """What the payment's state tells of it, as far as it does."""
        done = self.books.sum
        unknown = Outcome(Status.PENDING, PAYMENT)
        if done(asked.kind) or (asked.kind == "refund" and done("chargeback")):
            return Outcome(DONE[asked.kind], PAYMENT) if done(asked.kind) else unknown
        if done(asked.kind, states=("accepted",)):
            return Outcome(Status.ACCEPTED, PAYMENT)
        if asked.kind == "refund" or done("capture", "void", states=("done", "accepted")):
            return unknown
        return Outcome(Status.NOT_SENT)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        return self.books.notices[int(body)]

    # The network

    async def _call(
        self, work: Callable[[float], Outcome], faults: list[str], *, sends: bool = False
    ) -> Outcome:
        fault = faults.pop(0) if faults else ""
        if self.down and not sends:
            fault = "unknown before"
        if fault == "unreachable":
            return Outcome(Status.NOT_SENT)
        if fault == "unknown before":
            return UNKNOWN
        if fault == "crash before":
            raise Crash
        if fault == "held before":
            await self._hold(work if sends else None)
        said = work(self.books.clock())
        if fault == "held after":
            await self._hold(None)
        if fault == "crash after":
            raise Crash
        if fault == "fault after":
            raise RuntimeError(fault)
        return UNKNOWN if fault == "unknown after" else said

    async def _hold(self, unsent: Callable[[float], Outcome] | None) -> None:
        """Wait until let go. An order whose sender dies may still arrive later."""
        gate, sent_at = asyncio.Event(), self.books.clock()
        self.gates.append(gate)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            if unsent is not None and self.books.clock() < sent_at + LATEST:
                self.on_the_way.append((sent_at + LATEST, unsent))
            raise
        finally:
            if gate in self.gates:
                self.gates.remove(gate)

    def let_go(self, place: int = 0) -> None:
        self.gates.pop(place).set()

    def arrive(self) -> None:
        """What was on the way gets there when its time has come."""
        for at, work in list(self.on_the_way):
            if at <= self.books.clock():
                self.on_the_way.remove((at, work))
                work(at)
