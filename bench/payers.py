"""Customers who pay, one whole payment after the other: the shop creates it, the page is opened,
Pay is pressed, the result is seen.

    python -m bench.payers

Reads jobs, a line of JSON each, and answers each with a line: how many payments in how many
seconds, and how long each Pay POST took. A process of its own, with the barest of clients, so that
the load costs little beside what it asks for. Each payment's customer has another address, as a
trusted proxy tells it.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from base64 import b64encode
from typing import Final
from urllib.parse import urlsplit

import msgspec

from bench.line import Answer, Line

ORDER: Final = msgspec.json.encode(
    {
        "checkout": {
            "transaction_type": "payment",
            "test": True,
            "order": {"amount": 1999, "currency": "EUR", "description": "Two tickets"},
        }
    }
)
CARD: Final = b"&method=credit_card&number=4200000000000000&expiry=08%2F39&code=123&holder=JANE+DOE"
_TOKEN: Final = re.compile(rb'name="form_token" value="([^"]+)"')
_REDIRECT: Final = re.compile(rb'"redirect_url": *"([^"]+)"')


class Job(msgspec.Struct):
    """Pay at `checkout` for so many `seconds`, `payers` at once."""

    checkout: str
    shop: str
    secret: str
    payers: int
    seconds: float


class Paid(msgspec.Struct):
    """What came of it; `pay` are the seconds of each Pay POST."""

    payments: int
    seconds: float
    pay: list[float]


class Payer:
    """One customer's browser and the shop behind it, over one kept connection."""

    def __init__(self, job: Job, number: int) -> None:
        parts = urlsplit(job.checkout)
        self.address = parts.hostname or "", parts.port or 80
        self._origin = job.checkout.encode()
        self._authorization = b64encode(f"{job.shop}:{job.secret}".encode())
        self._number = number
        self._made = 0
        self.pay: list[float] = []

    async def pays(self, until: float) -> None:
        line = await Line.to(*self.address)
        while time.monotonic() < until:
            await self.pays_once(line)
        line.close()

    async def pays_once(self, line: Line) -> None:
        """A whole payment. Raises RuntimeError where it does not end in a result page."""
        self._made += 1
        who = b"X-Forwarded-For: 100.%d.%d.%d\r\n" % (
            64 + self._number % 64,
            self._made >> 8 & 255,
            self._made & 255,
        )
        made = await line.post(
            b"/ctp/api/checkouts",
            ORDER,
            b"Content-Type: application/json\r\nAuthorization: Basic %s\r\n" % self._authorization,
        )
        link = _found(_REDIRECT, made.expecting(201))
        opened = (await line.get(link.removeprefix(self._origin), who)).expecting(302, 303)
        address = opened.header(b"location").removeprefix(self._origin)
        page = (await line.get(address, who)).expecting(200)
        cookie = page.header(b"set-cookie") or opened.header(b"set-cookie")
        who += b"Cookie: %s\r\n" % cookie.partition(b";")[0] if cookie else b""
        form = b"form_token=" + _found(_TOKEN, page) + CARD
        began = time.perf_counter()
        sent = await line.post(
            address + b"/pay",
            form,
            who + b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Origin: %s\r\n" % self._origin,
        )
        self.pay.append(time.perf_counter() - began)
        ended = sent.expecting(303).header(b"location").removeprefix(self._origin)
        (await line.get(ended, who)).expecting(200)
        if not ended.endswith(b"/result"):
            raise RuntimeError(f"paying ended at {ended.decode()}")


def _found(pattern: re.Pattern[bytes], answer: Answer) -> bytes:
    found = pattern.search(answer.body)
    if found is None:
        raise RuntimeError(f"no {pattern.pattern!r} in the answer")
    return found[1]


async def paid(job: Job) -> Paid:
    began = time.monotonic()
    customers = [Payer(job, number) for number in range(job.payers)]
    async with asyncio.TaskGroup() as group:
        for each in customers:
            group.create_task(each.pays(began + job.seconds))
    took = [one for each in customers for one in each.pay]
    return Paid(len(took), time.monotonic() - began, took)


def main() -> None:
    for line in sys.stdin.buffer:
        found = asyncio.run(paid(msgspec.json.decode(line, type=Job)))
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
