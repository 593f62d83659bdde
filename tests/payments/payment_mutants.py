"""Flows that are wrong in one thing each: every one of them has to be found out."""

from __future__ import annotations

from typing import Any, Final

from checkout.gateways.base import Charge, PaymentReference
from checkout.gateways.overpay.cards import OverpayCards
from checkout.ledger import attempts
from checkout.ledger.base import Ledger, P, T, Verb
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status
from checkout.payments.context import Context
from checkout.payments.schedule import Schedule
from tests.payments.payment_state_machine import Payments
from tests.support.ledgers import WrappedLedger


class TimeoutMeansFailed(OverpayCards):
    async def pay(self, charge: Charge) -> Outcome:
        outcome = await super().pay(charge)
        if outcome == UNKNOWN:
            return Outcome(Status.DECLINED, reason=DeclineReason.TIMED_OUT)
        return outcome


class TimeoutMeansNotSent(OverpayCards):
    async def pay(self, charge: Charge) -> Outcome:
        outcome = await super().pay(charge)
        return Outcome(Status.NOT_SENT) if outcome == UNKNOWN else outcome


class TimeoutMeansAgain(OverpayCards):
    async def pay(self, charge: Charge) -> Outcome:
        outcome = await super().pay(charge)
        return await super().pay(charge) if outcome == UNKNOWN else outcome


class FailedQueryMeansAbsent(OverpayCards):
    async def status(self, reference: PaymentReference) -> Outcome:
        outcome = await super().status(reference)
        return Outcome(Status.NOT_SENT) if outcome == UNKNOWN else outcome


class AsksAtEachLook(Context):
    async def write_unsynced(
        self, uid: str, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        done = await super().write_unsynced(uid, verb, *args, **kwargs)
        return True if verb is attempts.take_query else done  # type: ignore[return-value]


class _TakesAll(WrappedLedger):
    async def write_unsynced(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        done = await super().write_unsynced(verb, *args, **kwargs)
        return set(args[0]) if verb is attempts.take_queries else done


class AsksAtEachPoll(Context):
    def __init__(self, settings: Any, ledger: Ledger, *args: Any, **kwargs: Any) -> None:
        super().__init__(settings, _TakesAll(ledger), *args, **kwargs)


class Impatient(Context):
    """It takes a payment for lost that the gateway does not know yet."""

    @property
    def schedule(self) -> Schedule:
        return Schedule(settle_window=0)

    @schedule.setter
    def schedule(self, _: Schedule) -> None:
        pass


GATEWAYS: Final = (
    TimeoutMeansFailed,
    TimeoutMeansNotSent,
    TimeoutMeansAgain,
    FailedQueryMeansAbsent,
)
CONTEXTS: Final = (AsksAtEachLook, AsksAtEachPoll, Impatient)


def with_gateway(mutant: type[OverpayCards]) -> type[Payments]:
    return type(f"With{mutant.__name__}", (Payments,), {"gateway_class": mutant})


def with_context(mutant: type[Context]) -> type[Payments]:
    return type(f"With{mutant.__name__}", (Payments,), {"context_class": mutant})
