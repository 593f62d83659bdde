"""Two workers, two processes, one payment: one claim."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from checkout.ledger import payments
from checkout.ledger.store import Ledger
from tests.support.rows import payment

ROOT = Path(__file__).parents[2]

# Claims each number from 1 on as soon as it can, and tells which ones were its own.
WORKER = """
import asyncio, sys
from sqlalchemy.exc import IntegrityError
from checkout.ledger import attempts, payments
from checkout.ledger.store import open_ledger
from tests.support.rows import attempt

async def main(url, uid):
    ledger = open_ledger(url)
    story = await ledger.read(payments.by_uid, uid)
    print("ready", flush=True)
    sys.stdin.readline()
    won = []
    for number in range(1, 31):
        try:
            await ledger.write(attempts.claim, attempt(story.payment, number))
        except IntegrityError:
            continue
        won.append(number)
    await ledger.close()
    print(*won)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_claim_one_payment(url: str, ledger: Ledger) -> None:
    made = payment()
    await ledger.write(payments.add, made)
    workers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", WORKER, url, made.uid),
            cwd=ROOT,
            stdin=PIPE,
            stdout=PIPE,
        )
        for _ in range(2)
    ]
    async with asyncio.timeout(60):
        for worker in workers:
            assert worker.stdout
            assert await worker.stdout.readline() == b"ready\n"
        said = await asyncio.gather(*(worker.communicate(b"\n") for worker in workers))
    assert [worker.returncode for worker in workers] == [0, 0]
    won = sorted(int(number) for out, _ in said for number in out.split())
    assert won == list(range(1, 31)), "each number was claimed once, by one of them"
    assert len(await ledger.read(payments.attempts_of, made.uid)) == 30
