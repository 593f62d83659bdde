"""Two workers, two processes, one payment: one submission."""

from __future__ import annotations

from checkout.ledger import payments
from checkout.ledger.base import Ledger
from tests.support.ledger_rows import payment_row
from tests.support.servers import two_at_once

# Submits each number from 1 on as soon as it can, and prints which ones were its own.
WORKER = """
import asyncio, sys
from sqlalchemy.exc import IntegrityError
from checkout.ledger import attempts, payments
from checkout.ledger.store import open_ledger
from tests.support.ledger_rows import attempt

async def main(url, uid):
    ledger = open_ledger(url)
    payment = await ledger.read(payments.by_uid, uid)
    print("ready", flush=True)
    sys.stdin.readline()
    won = []
    for number in range(1, 31):
        try:
            await ledger.write(attempts.add, attempt(payment, number))
        except IntegrityError:
            continue
        won.append(number)
    await ledger.close()
    print(*won)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_submit_one_payment(url: str, ledger: Ledger) -> None:
    made = payment_row()
    await ledger.write(payments.add, made)
    said = await two_at_once(WORKER, url, made.uid)
    won = sorted(int(number) for number in said)
    assert won == list(range(1, 31)), "each number was claimed once, by one of them"
    assert len(await ledger.read(payments.attempts_of, made.uid)) == 30
