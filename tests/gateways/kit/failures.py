"""What a failed call means: not charged, unknown, or nothing learned; and sent once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import httpx
import pytest

from checkout.gateways.base import InputField
from checkout.model.outcome import UNKNOWN
from checkout.model.status import Status
from tests.gateways import faults, samples
from tests.gateways.kit.harness import ASKS, LONG, SHORT, TELLS, Harness, unreachable
from tests.gateways.replay import RecordedExchange, Script

ALL: Mapping[str, faults.Fault] = {**faults.NOT_CHARGED, **faults.UNKNOWN}
LEEWAY = 2.0  # seconds beyond a deadline that a busy machine may take
RENEWS = "401"  # after it, and only after it, a fresh token may be tried once


class Failures(Harness):
    async def test_not_charged_is_lost(self, sending: RecordedExchange) -> None:
        for name, fault in faults.NOT_CHARGED.items():
            outcome, script = await self.broken(sending, fault)
            assert outcome.status is Status.NOT_SENT, name
            most = 2 if name.startswith(RENEWS) else 1
            assert 1 <= len(script.charges) <= most, f"{name}: sent {len(script.charges)} times"

    async def test_unclear_is_pending_and_sent_once(self, sending: RecordedExchange) -> None:
        for name, fault in faults.UNKNOWN.items():
            began = time.monotonic()
            outcome, script = await self.broken(sending, fault)
            assert outcome == UNKNOWN, name
            assert len(script.charges) == 1, f"{name}: what is unclear is never sent again"
            allowed = SHORT if fault in faults.ENDLESS else LONG
            assert time.monotonic() - began < allowed + LEEWAY, name

    async def test_failed_query_is_pending(self, querying: RecordedExchange) -> None:
        for name, fault in ALL.items():
            outcome, _ = await self.broken(querying, fault)
            assert outcome.status is Status.PENDING, name
            assert outcome.id is None, name

    async def test_what_may_not_have_been_heard_can_be_said_again(
        self, telling: RecordedExchange
    ) -> None:
        for name, fault in ALL.items():
            outcome, script = await self.broken(telling, fault)
            assert outcome == UNKNOWN, name
            assert len(script.charges) == 1, name

    async def test_a_failure_before_the_call_sends_nothing_or_is_no_matter(
        self, act: RecordedExchange
    ) -> None:
        """Where a token, a route or a state is asked for first."""
        for place in range(len(act.exchanges) - 1):
            for name, fault in ALL.items():
                outcome, script = await self.broken(act, fault, place=place)
                if script.charges:
                    assert len(script.charges) == 1, name
                elif act.verb in ASKS | TELLS:
                    assert outcome.status is Status.PENDING, name
                else:
                    assert outcome.status in (Status.NOT_SENT, Status.PENDING), name

    async def test_cancelled_call_stays_cancelled(self, act: RecordedExchange) -> None:
        """A server that stops must not read its own cancellation as an answer."""
        asked = asyncio.Event()

        async def silent(request: httpx.Request) -> httpx.Response:
            asked.set()
            await asyncio.sleep(3600)
            raise AssertionError

        task = asyncio.create_task(self.play(act, Script(act, last=silent)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_what_it_learns_beforehand_may_fail(self) -> None:
        for name, fault in ALL.items():
            seconds = SHORT if fault in faults.ENDLESS else LONG
            async with self.opened(fault(b'{"success": true}'), seconds=seconds) as gateway:
                await gateway.prepare()
                why = gateway.refusal_of_amount(samples.CHARGE.money)
                assert why is None or why.strip(), name
                assert all(isinstance(each, InputField) for each in gateway.input_fields("en"))

    async def test_without_an_id_our_key_is_asked_by_or_nothing_was_made(self) -> None:
        """What was never given an id is asked after by our key, or known to be nowhere."""
        async with self.opened(unreachable) as gateway:
            outcome = await gateway.status(samples.REFERENCE)
            assert outcome.status is (
                Status.PENDING if gateway.capabilities.lookup_by_key else Status.NOT_SENT
            )
