"""A payment on a running checkout with sandbox gateways, played to its end for a developer.

All of it is HTTP: the shop's API, the customer's pages without a browser, the sandbox's controls.
Only the test cards of the gateways' documents are used, and the payment is a test payment.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
from msgspec import Struct

from checkout.drill.checks import POLL_INTERVAL
from checkout.drill.customer import CHALLENGE, DECLINED, Customer
from checkout.drill.scenario_run import TimedOut
from checkout.drill.shop import Unusable
from checkout.model.money import Money

SECONDS: Final = 45.0  # how long a step may take: recovery asks for the first time after 5 s
EXPIRY_SECONDS: Final = 3.0
PAID: Final = (
    "4200000000000000",
    "4012000000001006",
    "4012000000001055",
    "5204240000015003",
)
"""The same card and amount twice in a row is a duplicate."""


class TriggeredPayment(Struct, frozen=True, kw_only=True):
    """What became of it; `status` as the shop's API says it, `operations`: the uids of what
    followed."""

    uid: str
    token: str
    status: str | None
    tracking_id: str
    operations: list[str]


@dataclass(slots=True)
class TriggerRun:
    """One payment under way. `api` calls as the shop, `browser` is the customer's, `sandbox` the
    address of the gateways; `order` and `settings` go into the shop's request."""

    api: httpx.AsyncClient
    browser: httpx.AsyncClient
    checkout: str
    sandbox: str
    money: Money
    tracking_id: str
    notification_url: str
    token: str = ""
    uid: str = ""

    async def create(self, kind: str = "payment", *, seconds: float | None = None) -> None:
        """The shop asks for the payment, with one attempt. `seconds`: until it expires."""
        order = {
            "amount": self.money.minor,
            "currency": self.money.currency,
            "description": "A payment of checkout trigger",
            "tracking_id": self.tracking_id,
        }
        if seconds is not None:
            order["expired_at"] = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()
        made = {
            "transaction_type": kind,
            "test": True,
            "attempts": 1,
            "order": order,
            "settings": {"notification_url": self.notification_url},
        }
        answer = await self._call("POST", "/ctp/api/checkouts", {"checkout": made})
        self.token = answer["checkout"]["token"]

    async def opened(self, kind: str = "payment") -> Customer:
        """Create it, and the customer opens its page."""
        await self.create(kind)
        customer = Customer(self.browser, self.checkout)
        await customer.open_payment(f"{self.checkout}/widget/hpp.html?token={self.token}")
        self.uid = customer.uid
        return customer

    async def paid(self, kind: str = "payment") -> None:
        customer = await self.opened(kind)
        await customer.pay(random.choice(PAID))
        await self.until("successful")

    async def settle_at_bank(self, bank: str, status: str) -> None:
        """The bank decides about the transaction whose page is at `bank`."""
        uid = urlsplit(bank).path.rpartition("/")[2]
        answer = await self.browser.post(
            f"{self.sandbox}/sandbox/transactions/{uid}/settle", json={"status": status}
        )
        if answer.status_code == 404:
            raise Unusable(f"{self.checkout} pays by other gateways than those at {self.sandbox}")
        if not answer.is_success:
            raise TimedOut(f"the sandbox answered {answer.status_code} to {status}")

    async def operate(self, kind: str) -> None:
        """The shop captures, voids or refunds all of it."""
        request = {"parent_uid": self.uid, "reason": "checkout trigger"}
        answer = await self._call("POST", f"/transactions/{kind}s", {"request": request})
        done = answer["transaction"]
        if done["status"] != "successful":
            raise TimedOut(f"the {kind} is {done['status']}: {done['message']}")

    async def until(self, status: str) -> None:
        """Wait until the shop's API says so. Raises TimedOut."""
        end = time.monotonic() + SECONDS
        while (found := await self.status()) != status:
            if time.monotonic() > end:
                raise TimedOut(f"after {SECONDS:.0f} s the payment is {found}, not {status}")
            await asyncio.sleep(POLL_INTERVAL)

    async def status(self) -> str | None:
        found = await self._call("GET", f"/ctp/api/checkouts/{self.token}")
        status: str | None = found["checkout"]["status"]
        return status

    async def find(self) -> TriggeredPayment:
        """What became of it, as the shop's lists have it."""
        found = await self._call("GET", f"/transactions?tracking_id={quote(self.tracking_id)}")
        uids = [each["uid"] for each in found["transactions"] if each["token"] == self.token]
        return TriggeredPayment(
            uid=uids[-1],
            token=self.token,
            status=await self.status(),
            tracking_id=self.tracking_id,
            operations=uids[-2::-1],
        )

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        """The shop's API. Raises Unusable where it can't be called, or refuses."""
        try:
            answer = await self.api.request(method, path, json=body)
            said = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unusable(f"{self.checkout} can't be asked ({type(error).__name__})") from None
        if not answer.is_success:
            why = said.get("message") if isinstance(said, dict) else None
            raise Unusable(f"{self.checkout} answered {answer.status_code}: {why}")
        return said


class Trigger(NamedTuple):
    """`description`: what happens, in one line; `webhooks`: how many follow."""

    description: str
    play: Callable[[TriggerRun], Awaitable[None]]
    webhooks: int


async def paid(run: TriggerRun) -> None:
    await run.paid()


async def declined(run: TriggerRun) -> None:
    customer = await run.opened()
    await customer.pay(random.choice(DECLINED))
    await run.until("failed")


async def expired(run: TriggerRun) -> None:
    await run.create(seconds=EXPIRY_SECONDS)
    await run.until("error")


async def canceled(run: TriggerRun) -> None:
    customer = await run.opened()
    await customer.cancel()
    await run.until("canceled")


async def refunded(run: TriggerRun) -> None:
    await run.paid()
    await run.operate("refund")
    await run.until("refunded")


async def captured(run: TriggerRun) -> None:
    await run.paid("authorization")
    await run.operate("capture")


async def voided(run: TriggerRun) -> None:
    await run.paid("authorization")
    await run.operate("void")
    await run.until("refunded")


async def late(run: TriggerRun) -> None:
    """The only attempt ends at the bank, unpaid; then the bank pays after all."""
    customer = await run.opened()
    await customer.pay(CHALLENGE)
    bank = await customer.bank_address()
    await run.settle_at_bank(bank, "failed")
    await run.until("failed")
    await run.settle_at_bank(bank, "successful")
    await run.until("successful")


TRIGGERS: Final[dict[str, Trigger]] = {
    "paid": Trigger("The customer pays.", paid, 1),
    "declined": Trigger("The only attempt is declined.", declined, 1),
    "expired": Trigger("Nobody pays in time.", expired, 1),
    "canceled": Trigger("The customer gives up; not every shop is told.", canceled, 0),
    "refunded": Trigger("Paid, then all of it refunded.", refunded, 2),
    "captured": Trigger("Authorized, then captured.", captured, 2),
    "voided": Trigger("Authorized, then voided.", voided, 2),
    "late": Trigger("Declined at the bank, then paid after all.", late, 2),
}


async def play(trigger: Trigger, run: TriggerRun) -> TriggeredPayment:
    """Play it to its end. Raises Unusable, Refused, TimedOut, httpx.HTTPError."""
    await _sandbox_answers(run)
    await trigger.play(run)
    return await run.find()


async def _sandbox_answers(run: TriggerRun) -> None:
    try:
        answer = await run.browser.get(f"{run.sandbox}/sandbox/public_key")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unusable(f"No sandbox at {run.sandbox} ({type(error).__name__})") from None
    if not answer.is_success:
        raise Unusable(f"No sandbox at {run.sandbox}: it answered {answer.status_code}")
