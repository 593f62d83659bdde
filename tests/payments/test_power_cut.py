"""The power goes while a charge is under way: the claim is on disk, the answer is given again."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from checkout.gateways.base import Charge
from checkout.ledger.sqlite import SqliteLedger
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from checkout.payments.context import Context
from tests.support import samples
from tests.support.clock import Clock
from tests.support.databases import sqlite
from tests.support.fake_gateway import CAN_CARDS, DECLINED, PAID, REQUIRES_ACTION, FakeGateway
from tests.support.harness import PACE, Harness


class Power:
    """The database as the disk has it: as it was when it was synced last, before the power went."""

    def __init__(self, path: Path) -> None:
        self.path, self.gone = path, False
        self.image = path.with_name("image.db")

    def sync(self, file: int) -> None:
        if not self.gone:
            os.fdatasync(file)
            for end in ("", "-wal"):
                shutil.copyfile(f"{self.path}{end}", f"{self.image}{end}")


class Bank(FakeGateway):
    """The power goes when it has taken a charge, where `cuts`."""

    power: Power
    cuts = True

    async def pay(self, charge: Charge) -> Outcome:
        self.power.gone = self.cuts
        return await super().pay(charge)


@pytest.fixture
def power(tmp_path: Path) -> Power:
    return Power(Path(sqlite(tmp_path).removeprefix("sqlite:///")))


@asynccontextmanager
async def started(path: Path, power: Power, bank: Bank, clock: Clock) -> AsyncIterator[Harness]:
    settings = samples.settings()
    bank.power = power
    gateways = dict.fromkeys(settings.gateways, bank)
    ledger = SqliteLedger(f"sqlite:///{path}", sync=power.sync)
    context = Context(settings, ledger, gateways, schedule=PACE, clock=clock)
    yield Harness(context, ledger, clock, bank, settings, {**gateways})
    await context.finish(5)
    await ledger.close()


@pytest.mark.parametrize("answer", [PAID, DECLINED, REQUIRES_ACTION], ids=lambda each: each.status)
async def test_what_the_gateway_answered_is_asked_again(power: Power, answer: Outcome) -> None:
    bank, clock = Bank(), Clock()
    bank.will_answer(answer)
    async with started(power.path, power, bank, clock) as before:
        payment = await before.pay(await before.new_payment())
        assert payment.attempts[0].status is answer.status
    bank.will_state(answer)
    async with started(power.image, power, bank, clock) as after:
        (attempt,) = (await after.payment(payment)).attempts
        assert attempt.status is Status.SUBMITTING, "durable before the gateway was called"
        await after.sweep(PACE.answer_timeout + 1)
        await after.context.finish(5)
        found = await after.payment(payment)
        assert found.attempts[0].status is answer.status
        assert found.status is payment.status
    (charge,) = bank.charges
    assert [query.key for query in bank.queries] == [charge.key]


async def test_an_answer_that_is_given_once_is_on_disk_before_anybody_sees_it(
    power: Power,
) -> None:
    bank, clock = Bank(replace(CAN_CARDS, lookup_by_key=False)), Clock()
    bank.cuts = False
    bank.will_answer(PAID)
    async with started(power.path, power, bank, clock) as before:
        payment = await before.pay(await before.new_payment())
        power.gone = True
    async with started(power.image, power, bank, clock) as after:
        assert await after.payment(payment) == payment
