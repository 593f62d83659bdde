"""Flows that are wrong about a product's stock in one thing each: all have to be found."""

from __future__ import annotations

from secrets import token_hex
from typing import Any, Final

import msgspec

from checkout.errors import SoldOut
from checkout.ledger import attempts, events
from checkout.payments import products, reservations, transitions
from checkout.payments.context import Context
from checkout.payments.reservations import HOLD
from checkout.payments.schedule import HOUR
from tests.payments.payment_mutants import TimeoutMeansFailed
from tests.payments.products_state_machine import Products
from tests.support.ledgers import WrappedLedger


class NeverGivesBack(Context):
    """A buyer's time may be over: the pieces stay held."""

    async def write(self, uid: str, verb: Any, *args: Any, **kwargs: Any) -> Any:
        if verb is reservations.lapse:
            return False
        return await super().write(uid, verb, *args, **kwargs)


class GivesBackAtOnce(Context):
    """Also while a charge is under way."""

    async def write(self, uid: str, verb: Any, *args: Any, **kwargs: Any) -> Any:
        if verb is reservations.lapse:
            args = (uid, self.clock() + HOLD + HOUR)
        return await super().write(uid, verb, *args, **kwargs)


class ChargesWhatIsSoldOut(Context):
    async def write(self, uid: str, verb: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().write(uid, verb, *args, **kwargs)
        except SoldOut:
            _, attempt, now = args[:3]
            return await super().write(uid, _claim, self, attempt, now)


def _claim(conn: Any, context: Context, attempt: Any, now: float) -> Any:
    payment = transitions.lock(conn, attempt.payment)
    attempts.add(conn, attempt)
    events.append(conn, attempt.payment, "claimed", now, attempt.number)
    return transitions.settle(conn, context, payment.with_attempt(attempt), now), True


class SellsEachTime(Context):
    """A form that is sent twice buys twice."""

    def __init__(self, settings: Any, ledger: Any, gateways: Any, **how: Any) -> None:
        super().__init__(settings, _FreshForms(ledger), gateways, **how)


class _FreshForms(WrappedLedger):
    async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        args = tuple(
            msgspec.structs.replace(each, form=token_hex(4))
            if isinstance(each, products.Choice)
            else each
            for each in args
        )
        return await super().write(verb, *args, **kwargs)


CONTEXTS: Final = (NeverGivesBack, GivesBackAtOnce, ChargesWhatIsSoldOut, SellsEachTime)


def with_context(mutant: type[Context]) -> type[Products]:
    return type(f"With{mutant.__name__}", (Products,), {"context_class": mutant})


MUTANTS: Final = (
    type("WithTimeoutMeansFailed", (Products,), {"gateway_class": TimeoutMeansFailed}),
    *map(with_context, CONTEXTS),
)
