"""What runs in the background goes on, whatever is raised in it; when it doesn't, that is known."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.payments.background import Background, Task
from checkout.payments.recovery import sweep
from tests.support.clock import Clock
from tests.support.fake_gateway import PAID, PENDING
from tests.support.harness import Harness
from tests.support.polling import until

RAISED = (
    RuntimeError("a fault of ours"),
    Unavailable(),
    MemoryError(),
    RecursionError(),
    asyncio.CancelledError("somebody else's"),
    SystemExit(1),
    ExceptionGroup("several", [ValueError("x")]),
    BaseExceptionGroup("several", [SystemExit(2)]),
    StopAsyncIteration(),
)


class Turns:
    """Counts them; raises or waits first where the test wants that."""

    def __init__(self) -> None:
        self.count = 0
        self.raised: list[BaseException] = []
        self.waits: Callable[[], Awaitable[object]] | None = None

    async def __call__(self) -> None:
        self.count += 1
        if self.raised:
            raise self.raised.pop(0)
        if self.waits is not None:
            await self.waits()

    async def reach(self, count: int) -> None:
        async def reached() -> bool:
            return self.count >= count

        await until(reached)


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_whatever_is_raised_it_goes_on(error: BaseException) -> None:
    turns = Turns()
    turns.raised = [error, error]
    background = Background([Task("it", turns, 0.01)])
    with capture_logs() as said:
        background.start()
        await turns.reach(4)
        await background.stop()
    (first, second) = said
    assert first == second
    assert (first["task"], first["error"]) == ("it", type(error).__name__)
    assert first.get("alert", False) is not isinstance(error, Unavailable)
    assert "fault of ours" not in repr(said)


async def test_one_does_not_hold_up_another() -> None:
    stuck, other = Turns(), Turns()
    stuck.waits = asyncio.Event().wait
    background = Background([Task("stuck", stuck, 0.01), Task("other", other, 0.01)])
    background.start()
    await other.reach(5)
    assert stuck.count == 1
    await background.stop()


async def test_a_turn_that_never_ends_is_given_up() -> None:
    turns = Turns()
    turns.waits = asyncio.Event().wait
    background = Background([Task("it", turns, 0.01, longest=0.05)])
    with capture_logs() as said:
        background.start()
        await turns.reach(3)
        await background.stop()
    assert {(line["event"], line["error"]) for line in said} == {
        ("background.fault", "TimeoutError")
    }


async def test_one_that_has_not_turned_for_its_time_is_overdue() -> None:
    clock, turns, other = Clock(), Turns(), Turns()
    background = Background(
        [Task("it", turns, 10.0, longest=30.0), Task("other", other, 0.01)], clock=clock
    )
    assert background.overdue() == []
    background.start()
    await other.reach(2)
    clock.move(40)
    await other.reach(other.count + 2)
    assert background.overdue() == []
    clock.move(1)
    await other.reach(other.count + 2)
    assert background.overdue() == ["it"]
    await background.stop()


async def test_one_whose_turns_are_given_up_is_overdue() -> None:
    clock, turns = Clock(), Turns()
    turns.waits = asyncio.Event().wait
    background = Background([Task("it", turns, 0.0, longest=0.02)], clock=clock)
    background.start()
    clock.move(1)
    await turns.reach(3)
    assert background.overdue() == ["it"]
    turns.waits = None
    await turns.reach(6)
    assert background.overdue() == []
    await background.stop()


async def test_one_that_somebody_ends_is_alerted_and_overdue() -> None:
    clock, turns = Clock(), Turns()
    background = Background([Task("it", turns, 3600.0)], clock=clock)
    background.start()
    await turns.reach(1)
    with capture_logs() as said:
        for each in asyncio.all_tasks():
            if each.get_name() == "it":
                each.cancel()
        await asyncio.sleep(0.05)
    assert [(line["event"], line["task"], line["alert"]) for line in said] == [
        ("background.ended", "it", True)
    ]
    clock.move(2 * 3600)
    assert background.overdue() == ["it"]
    await background.stop()


async def test_it_ends_although_a_turn_swallows_the_end() -> None:
    async def deaf() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return

    background = Background([Task("it", deaf, 3600.0)])
    background.start()
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await background.stop()


async def test_it_is_woken(harness: Harness) -> None:
    wake, turns = asyncio.Event(), Turns()
    background = Background([Task("it", turns, 3600.0, wake=wake)])
    background.start()
    await turns.reach(1)
    wake.set()
    await turns.reach(2)
    await background.stop()


async def test_a_gateway_that_cancels_does_not_end_recovery(harness: Harness) -> None:
    """What an adapter's library raises may look like the end of the server."""
    payments = [await harness.paid_with(PENDING) for _ in range(3)]
    harness.gateway.will_state(asyncio.CancelledError(), PAID, PAID, PAID)
    harness.clock.move(5)
    background = Background([Task("sweep", partial(sweep, harness.context), 0.01)])
    background.start()

    async def settled() -> bool:
        harness.clock.move(1)
        return all([await harness.status(each) is PAID.status for each in payments])

    await until(settled)
    await background.stop()


LOGGING = """
import asyncio, os, sys
from checkout import log
from checkout.payments.background import Background, Task

log.configure()
turns = 0

async def turn():
    global turns
    turns += 1
    raise RuntimeError("fault")

async def main():
    background = Background([Task("it", turn, 0.001)])
    background.start()
    while turns < 20:
        await asyncio.sleep(0.001)
    await background.stop()

{broken}
asyncio.run(main())
print("went on", log.NOT_SENT.collect()[0].samples[0].value > 0)
"""

BROKEN = {
    "closed": "sys.stderr.close()",
    "closed under it": "os.close(2)",
    "disk full": "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)",
    "nobody reads": "r, w = os.pipe(); os.close(r); os.dup2(w, 2)",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_log_that_can_not_be_written_ends_nothing(broken: str) -> None:
    if "/dev/full" in broken and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    command = [sys.executable, "-c", LOGGING.format(broken=broken)]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True, text=True)
    assert done.stdout.strip() == "went on True"
