"""Adapters and flows that are wrong about operations in one thing each: all have to be found."""

from __future__ import annotations

from typing import Final

import msgspec

from checkout.gateways.base import OperationReference, PaymentReference
from checkout.model.money import Money
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status
from tests.payments.operations_state_machine import Operations
from tests.support.operations_gateway import OperationsGateway


class AcceptedMeansDone(OperationsGateway):
    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        outcome = await super().refund(reference, money, key, reason)
        if outcome.status is Status.ACCEPTED:
            return msgspec.structs.replace(outcome, status=Status.REFUNDED)
        return outcome


class TimeoutMeansFailed(OperationsGateway):
    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        outcome = await super().refund(reference, money, key, reason)
        return Outcome(Status.DECLINED) if outcome == UNKNOWN else outcome


class TimeoutMeansAgain(OperationsGateway):
    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        outcome = await super().refund(reference, money, key, reason)
        if outcome == UNKNOWN:
            return await super().refund(reference, money, key, reason)
        return outcome


class FailedQueryMeansAbsent(OperationsGateway):
    async def operation_status(
        self, reference: PaymentReference, asked: OperationReference
    ) -> Outcome:
        outcome = await super().operation_status(reference, asked)
        return Outcome(Status.NOT_SENT) if outcome == UNKNOWN else outcome


class NamesTheAuthorization(OperationsGateway):
    async def refund(
        self, reference: PaymentReference, money: Money, key: str, reason: str
    ) -> Outcome:
        reference = msgspec.structs.replace(reference, capture=None)
        return await super().refund(reference, money, key, reason)


GATEWAYS: Final = (
    AcceptedMeansDone,
    TimeoutMeansFailed,
    TimeoutMeansAgain,
    FailedQueryMeansAbsent,
    NamesTheAuthorization,
)


def with_gateway(mutant: type[OperationsGateway]) -> type[Operations]:
    return type(f"With{mutant.__name__}", (Operations,), {"gateway_class": mutant})


MUTANTS: Final = tuple(map(with_gateway, GATEWAYS))
