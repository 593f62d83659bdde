"""One disaster under way: its orders, what happens to them, and what the shop should have done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx
import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from checkout.drill.customer import DECLINED, Customer, good_card
from checkout.drill.post import PAYMENT, Post, told
from checkout.drill.shop import Known, Shop, Unusable
from checkout.flow import record
from checkout.flow.operations import operate
from checkout.flow.verbs import Flow
from checkout.ledger import outbox, payments
from checkout.ledger.outbox import Letter
from checkout.ledger.rows import Attempt, Story
from checkout.model.order import BY_APP
from checkout.model.status import Status

SECONDS: Final = 20.0
"""How long the drill's own checkout may take for anything."""

LOOK: Final = 0.1
"""Seconds between two looks."""

TIMES: Final = {0: "not handed over", 1: "handed over once"}

T = TypeVar("T")


class Stuck(Exception):
    """The drill's own side did not do its part."""


class Check(Struct, frozen=True):
    """`after` what, what the shop `should` have done, what it `did`."""

    after: str
    should: str
    did: str
    passed: bool


class Patience(Struct, frozen=True, kw_only=True):
    """Seconds. `most`: how long a shop may take to get something right; `quiet`: how long it must
    stay right after it."""

    most: float = 10.0
    quiet: float = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    customer: Customer
    uid: str
    token: str
    tracking_id: str
    notification_url: str
    return_url: str

    @property
    def names(self) -> dict[str, str]:
        return {"tracking_id": self.tracking_id, "token": self.token, "uid": self.uid}

    def return_with(self, status: str, token: str, uid: str) -> str:
        """The address to which the customer would come back with these parameters."""
        head, mark, fragment = self.return_url.partition("#")
        joint = "&" if "?" in head else "?"
        return f"{head}{joint}token={token}&status={status}&uid={uid}{mark}{fragment}"


@dataclass(slots=True)
class Scene:
    """`flow` is over the ledger of the drill's checkout, beside the server that shows its pages."""

    shop: Shop
    flow: Flow
    post: Post
    sandbox: str
    new_browser: Callable[[], httpx.AsyncClient]
    patience: Patience
    checks: list[Check] = field(default_factory=list)
    _browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def checkout(self) -> str:
        return self.flow.settings.public_url

    # What happens

    async def order(self) -> Order:
        """Somebody orders at the shop and stands before the payment page."""
        browser = self.new_browser()
        self._browsers.append(browser)
        customer = Customer(browser, self.checkout)
        await customer.arrive(await self.shop.open_order(browser, self.checkout))
        payment = (await self.flow.ledger.read(record.read, customer.uid)).payment
        ways = payment.order.ways
        if ways.notification_url is None:
            raise Unusable("the shop's orders name no settings.notification_url")
        return Order(
            customer=customer,
            uid=payment.uid,
            token=payment.token,
            tracking_id=payment.order.tracking_id or "",
            notification_url=ways.notification_url,
            return_url=ways.return_url or ways.success_url or self._home(payment.shop),
        )

    def _home(self, shop: str) -> str:
        return self.flow.settings.shops[shop].url

    async def paid(self, order: Order) -> Letter:
        """The customer pays; the letter that tells so is held back."""
        await order.customer.pay(good_card())
        return await self.letter(order, Status.PAID)

    async def alike(self, order: Order, **changes: Any) -> Letter:
        """Somebody with the key of the shop's apps makes and pays a payment of the same number and
        money, but for `changes` of it; the letter that tells so is held back. It is genuine."""
        asked = (await self.story(order)).payment
        theirs = msgspec.structs.replace(asked.order, created_by=BY_APP, **changes)
        made = await self.flow.create(theirs, self.flow.settings.shop(asked.shop), fixed=True)
        browser = self.new_browser()
        self._browsers.append(browser)
        customer = Customer(browser, self.checkout)
        await customer.arrive(f"{self.checkout}/widget/hpp.html?token={made.token}")
        await customer.pay(good_card())
        return await self._written(made.uid, (PAYMENT, "successful"))

    async def is_test(self, order: Order) -> bool:
        return (await self.story(order)).payment.order.test

    async def declined(self, order: Order) -> Story:
        """One card is declined."""
        story = await self.story(order)
        await order.customer.pay(DECLINED[len(story.attempts) % len(DECLINED)])
        return await self.story(order)

    async def failed(self, order: Order) -> Letter:
        """Cards are declined until no attempt is left."""
        while (await self.declined(order)).payment.status is Status.OPEN:
            pass
        return await self.letter(order, Status.DECLINED)

    async def expired(self, order: Order) -> Letter:
        """The order's time to pay is over."""
        soon = self.flow.clock() - 1
        await self.flow.ledger.write(_over_at, order.uid, soon)
        if (await self.story(order)).live is not None:
            await self.bank_says(order, "expired")
        return await self.letter(order, Status.EXPIRED)

    async def paid_late(self, order: Order) -> Letter:
        """The bank moves the money after all, of an attempt that was over."""
        await self.bank_says(order, "successful")
        return await self.letter(order, Status.PAID)

    async def refunded(self, order: Order) -> Letter:
        """The shop's people send a part of the money back; the letter about it is held back."""
        done = await operate(self.flow, "refund", order.uid, amount=1, reason="The drill's")
        if not done.done:
            raise Stuck(f"the refund is {done.status}")
        return await self._written(order.uid, ("refund", "successful"))

    async def bank_says(self, order: Order, status: str) -> None:
        """Move the last attempt at the gateway, and let checkout learn of it."""
        attempt = (await self.story(order)).attempts[-1]
        address = f"{self.sandbox}/sandbox/transactions/{attempt.gateway_id}/settle"
        async with self.new_browser() as bank:
            answer = await bank.post(address, json={"status": status})
        if not answer.is_success:
            raise Stuck(f"the sandbox answered {answer.status_code} to {status}")
        await _until(lambda: self._asked(attempt), f"checkout to hear that it is {status}")

    async def _asked(self, attempt: Attempt) -> bool:
        """Whether the gateway has told what is new: many may ask, at most once a second."""
        story, _ = await self.flow.ask(attempt)
        return story.attempts[attempt.number - 1].status is not attempt.status

    # Letters

    async def letter(self, order: Order, status: Status) -> Letter:
        """The letter in the outbox that tells this end."""
        words = {Status.PAID: "successful", Status.DECLINED: "failed", Status.EXPIRED: "error"}

        return await self._written(order.uid, (PAYMENT, words[status]))

    async def _written(self, uid: str, what: tuple[str, str]) -> Letter:
        async def written() -> Letter | None:
            letters = await self.flow.ledger.read(outbox.of, uid)
            return next((each for each in letters if told(each) == what), None)

        return await _until(written, f"checkout to write: {' '.join(what)}")

    async def deliver(self, letter: Letter, after: str) -> None:
        """Carry a genuine letter; whatever it tells, a shop that keeps it says 2xx."""
        self.answered(after, await self.post.deliver(letter))

    def answered(self, after: str, answer: str) -> None:
        """A letter was answered: without 2xx it would be sent again for a day."""
        self.check(after, "answers 2xx", f"answered {answer}", answer.startswith("2"))

    def shown(self, after: str, answer: str) -> None:
        """The customer came back: whatever the address says, a page should stand there."""
        passed = answer.startswith("2") or (answer.startswith("4") and answer != "404")
        self.check(after, "shows a page", f"answered {answer}", passed)

    # What the shop should have done

    async def story(self, order: Order) -> Story:
        return await self.flow.ledger.read(record.read, order.uid)

    async def know(self, order: Order) -> Known:
        return await self.shop.ask(order.customer.browser, order.names)

    async def expect_paid(self, order: Order, after: str, *, handed_over: bool = True) -> None:
        """Paid before long, and still so after a while; handed over once. Without `handed_over`
        (money that came late) also not at all."""
        right = (None, 1) if handed_over else (None, 0, 1)
        until = time.monotonic() + self.patience.most
        known = await self.know(order)
        while not (known.paid and known.fulfilled in right) and time.monotonic() < until:
            if (known.fulfilled or 0) > 1:
                break  # that can't be made good
            await asyncio.sleep(LOOK)
            known = await self.know(order)
        await asyncio.sleep(self.patience.quiet)
        known = await self.know(order)
        count = "handed over once" if handed_over else "handed over once at most"
        self._judge(after, known, "paid", count, known.paid and known.fulfilled in right)

    async def expect_unpaid(self, order: Order, after: str) -> None:
        await asyncio.sleep(self.patience.quiet)
        known = await self.know(order)
        right = not known.paid and known.fulfilled in (None, 0)
        self._judge(after, known, "not paid", "not handed over", right)

    def _judge(self, after: str, known: Known, should: str, count: str, passed: bool) -> None:
        if known.fulfilled is None:
            self.check(after, should, known.status, passed)
            return
        times = TIMES.get(known.fulfilled, f"handed over {known.fulfilled} times")
        self.check(after, f"{should}, {count}", f"{known.status}, {times}", passed)

    def check(self, after: str, should: str, did: str, passed: bool) -> None:
        self.checks.append(Check(after, should, did, passed))

    # Behind the scene

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.aclose()


def _over_at(conn: Connection, uid: str, at: float) -> None:
    """The payment's time is over at this moment."""
    payments.change(conn, uid, expires_at=at)


async def _until(found: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What is found, once it is. Raises Stuck."""
    end = time.monotonic() + SECONDS
    while not (value := await found()):
        if time.monotonic() > end:
            raise Stuck(f"waited {SECONDS:.0f} s for {what}")
        await asyncio.sleep(LOOK)
    return value
