"""A gateway that says what a test wants it to say, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from checkout.errors import Unauthorized
from checkout.gateways.base import (
    VERBS,
    Capabilities,
    Charge,
    Gateway,
    OperationReference,
    PaymentReference,
)
from checkout.model.money import Money
from checkout.model.next_action import Redirect
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status

Said = Outcome | BaseException | Callable[[], Awaitable[Outcome]]

TYPES: Final = frozenset({"payment", "authorization"})
CAN_CARDS: Final = Capabilities(
    card=True, browser=True, lookup_by_key=True, transaction_types=TYPES
)
BANK_PAGE: Final = Redirect("https://bank.example/3ds?x=1")

PAID: Final = Outcome(Status.PAID, "g-1", facts=GatewayFacts(money=Money(1250, "EUR")))
AUTHORIZED: Final = Outcome(Status.AUTHORIZED, "g-1", facts=GatewayFacts(money=Money(1250, "EUR")))
PENDING: Final = Outcome(Status.PENDING, "g-1", facts=GatewayFacts(money=Money(1250, "EUR")))
REQUIRES_ACTION: Final = Outcome(
    Status.REQUIRES_ACTION, "g-1", BANK_PAGE, facts=GatewayFacts(money=Money(1250, "EUR"))
)
DECLINED: Final = Outcome(Status.DECLINED, "g-1", reason=DeclineReason.INSUFFICIENT_FUNDS)
EXPIRED: Final = Outcome(Status.EXPIRED, "g-1", reason=DeclineReason.TIMED_OUT)
UNREACHABLE: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE)
ABSENT: Final = Outcome(Status.NOT_SENT)

GENUINE: Final[Mapping[str, str]] = {"authorization": "genuine"}
PROVED: Final = "hash=genuine"  # the same, in the query of the address


class FakeGateway(Gateway):
    """`answers` (to charges), `states` (to queries), `replies` (to what the customer says),
    `results` (of what the shop orders after it) and `traces` (what became of that) are used up one
    by one; the last one stays. `news` is what a genuine notification means."""

    def __init__(self, can: Capabilities = CAN_CARDS) -> None:
        self.capabilities = can
        self.answers: deque[Said] = deque([PAID])
        self.states: deque[Said] = deque([PENDING])
        self.news: Outcome = PAID
        self.replies: deque[Said] = deque([UNKNOWN])
        self.prompts: list[tuple[str, PaymentReference]] = []
        self.results: deque[Said] = deque([UNKNOWN])
        self.traces: deque[Said] = deque([UNKNOWN])
        self.traced: list[tuple[PaymentReference, OperationReference]] = []
        self.orders: list[tuple[str, PaymentReference, Money, str]] = []
        self.charges: list[Charge] = []
        self.queries: list[PaymentReference] = []

    def has(self, *verbs: str) -> None:
        """Make it a gateway that can do these things besides."""
        bases = (FakeGateway, *(VERBS[verb] for verb in verbs))
        self.__class__ = type("FakeGatewayWithVerbs", bases, {})

    def will_answer(self, *said: Said) -> None:
        self.answers = deque(said)

    def will_reply(self, *said: Said) -> None:
        self.replies = deque(said)

    def will_do(self, *said: Said) -> None:
        self.results = deque(said)

    def will_trace(self, *said: Said) -> None:
        self.traces = deque(said)

    def will_state(self, *said: Said) -> None:
        self.states = deque(said)

    async def pay(self, charge: Charge) -> Outcome:
        self.charges.append(charge)
        return await _next(self.answers)

    async def status(self, reference: PaymentReference) -> Outcome:
        self.queries.append(reference)
        return await _next(self.states)

    async def capture(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        self.orders.append(("capture", reference, money, key))
        return await _next(self.results)

    async def void(self, reference: PaymentReference, money: Money, key: str) -> Outcome:
        self.orders.append(("void", reference, money, key))
        return await _next(self.results)

    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        self.orders.append((f"refund: {reason}", reference, money, key))
        return await _next(self.results)

    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        self.traced.append((reference, asked))
        return await _next(self.traces)

    async def confirm(self, reference: PaymentReference) -> Outcome:
        self.prompts.append(("confirm", reference))
        return await _next(self.replies)

    async def withdraw(self, reference: PaymentReference) -> Outcome:
        self.prompts.append(("withdraw", reference))
        return await _next(self.replies)

    def notification(self, headers: Mapping[str, str], body: bytes, query: str = "") -> Outcome:
        if dict(headers) != GENUINE and query != PROVED:
            raise Unauthorized
        return self.news


class Held:
    """Something to say that waits until a test lets it."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def __call__(self) -> Outcome:
        self.asked.set()
        await self.let.wait()
        return self.outcome


async def _next(script: deque[Said]) -> Outcome:
    said = script.popleft() if len(script) > 1 else script[0]
    if isinstance(said, BaseException):
        raise said
    return said if isinstance(said, Outcome) else await said()
