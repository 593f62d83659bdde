"""The table of disasters: what happens, step by step, and what the shop should have made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from checkout.drill.customer import CHALLENGE
from checkout.drill.post import FORGERIES
from checkout.drill.scene import Order, Scene
from checkout.merchant.letters import letter as written
from checkout.model.status import Status


class Disaster(NamedTuple):
    """`says`: what happens, in a line."""

    name: str
    says: str
    play: Callable[[Scene], Awaitable[None]]


async def tab_closed(scene: Scene) -> None:
    order = await scene.order()
    letter = await scene.paid(order)
    await scene.deliver(letter, "the notification")
    await scene.expect_paid(order, "the notification alone")


async def notification_first(scene: Scene) -> None:
    order = await scene.order()
    letter = await scene.paid(order)
    await scene.deliver(letter, "the notification")
    await scene.expect_paid(order, "the notification")
    scene.shown("the customer's return", await _comes_back(order))
    await scene.expect_paid(order, "the customer's return after it")


async def notification_late(scene: Scene) -> None:
    order = await scene.order()
    letter = await scene.paid(order)
    scene.shown("the customer's return", await _comes_back(order))
    await scene.deliver(letter, "the notification")
    await scene.expect_paid(order, "the notification after the return")


async def notification_doubled(scene: Scene) -> None:
    """At once (two workers, a retry that overtakes) and once more, later."""
    order = await scene.order()
    letter = await scene.paid(order)
    answers = await asyncio.gather(scene.post.deliver(letter), scene.post.deliver(letter))
    if not any(answer.startswith("2") for answer in answers):
        scene.answered("two equal notifications at once", answers[0])
    await scene.expect_paid(order, "two equal notifications at once")
    await scene.deliver(letter, "the same notification, later")
    await scene.expect_paid(order, "the same notification, later")


async def notification_reordered(scene: Scene) -> None:
    """The payment failed, then the money came: the older letter arrives last."""
    order = await scene.order()
    failed = await scene.failed(order)
    paid = await scene.paid_late(order)
    await scene.deliver(paid, "the newer notification: paid")
    await scene.expect_paid(order, "the newer notification", handed_over=False)
    await scene.deliver(failed, "the older notification: failed")
    await scene.expect_paid(order, "the older notification, after it", handed_over=False)


async def notification_forged(scene: Scene) -> None:
    order, other = await scene.order(), await scene.order()
    seen = await scene.paid(other)
    await scene.deliver(seen, "another order's notification")
    body = await _claim(scene, order)
    for how in FORGERIES:
        await scene.post.forge(how, order.notification_url, body, seen)
        await scene.expect_unpaid(order, f"a notification {how}")
    await scene.post.deliver(seen, order.notification_url)
    await scene.expect_unpaid(order, "a genuine notification of another order")
    await scene.expect_paid(other, "its own notification twice")
    await scene.deliver(await scene.paid(order), "the genuine notification")
    await scene.expect_paid(order, "the genuine notification")


async def returned_twice(scene: Scene) -> None:
    order = await scene.order()
    letter = await scene.paid(order)
    back = await order.customer.way_back()
    await scene.deliver(letter, "the notification")
    for answer in await asyncio.gather(order.customer.visit(back), order.customer.visit(back)):
        scene.shown("two returns at once", answer)
    scene.shown("a reload", await order.customer.visit(back))
    await scene.expect_paid(order, "three returns")


async def return_tampered(scene: Scene) -> None:
    order, other = await scene.order(), await scene.order()
    claimed = order.return_with("successful", order.token, order.uid)
    await order.customer.visit(claimed)
    await scene.expect_unpaid(order, "a return that says successful, unpaid")
    await scene.deliver(await scene.paid(other), "another order's notification")
    await order.customer.visit(order.return_with("successful", other.token, other.uid))
    await scene.expect_unpaid(order, "a return with another paid order's token")
    borrowed = (await other.customer.way_back()).partition("?")[2].partition("#")[0]
    joint = "&" if "?" in order.return_url else "?"
    await order.customer.visit(f"{order.return_url.partition('#')[0]}{joint}{borrowed}")
    await scene.expect_unpaid(order, "a return with another order's whole query")
    story = await scene.declined(order)
    await order.customer.visit(claimed)
    await scene.expect_unpaid(order, "a return that says successful, declined")
    if story.payment.status is Status.OPEN:
        await scene.deliver(await scene.paid(order), "the genuine notification")
        await scene.expect_paid(order, "the genuine notification")


async def declined_then_paid(scene: Scene) -> None:
    order = await scene.order()
    story = await scene.declined(order)
    if story.payment.status is Status.OPEN:  # the page has taken another card
        paid = await scene.paid(order)
    else:  # one attempt alone: the shop hears of the failure, and the money comes after all
        failed = await scene.letter(order, Status.DECLINED)
        await scene.deliver(failed, "the notification: failed")
        await scene.expect_unpaid(order, "the notification: failed")
        paid = await scene.paid_late(order)
    await scene.deliver(paid, "the notification: paid")
    late = story.payment.status is not Status.OPEN
    await scene.expect_paid(order, "the notification: paid", handed_over=not late)


async def paid_after_expiry(scene: Scene) -> None:
    order = await scene.order()
    await order.customer.pay(CHALLENGE)  # and stays at the bank
    await scene.deliver(await scene.expired(order), "the notification: expired")
    await scene.expect_unpaid(order, "the notification: expired")
    await scene.deliver(await scene.paid_late(order), "the notification: paid")
    await scene.expect_paid(order, "the late payment", handed_over=False)


async def refund_first(scene: Scene) -> None:
    """A refund of a part is told before the payment, and once more after it."""
    order = await scene.order()
    paid = await scene.paid(order)
    refund = await scene.refunded(order)
    await scene.deliver(refund, "a refund's notification")
    await scene.expect_unpaid(order, "a refund's notification, which is no payment")
    await scene.deliver(paid, "the payment's notification")
    await scene.expect_paid(order, "the payment's notification")
    await scene.deliver(refund, "the refund's notification, after it")
    await scene.expect_paid(order, "the refund's notification, after it")


async def payment_alike(scene: Scene) -> None:
    """Genuine notifications of payments with the order's number and money that the shop never asked
    for: each succeeded, none is the order's."""
    order = await scene.order()
    test = await scene.is_test(order)
    lookalikes: dict[str, dict[str, Any]] = {
        "a card that was kept": {"transaction_type": "tokenization"},
        "money that was only reserved": {"transaction_type": "authorization"},
        "a payment that is no test" if test else "a test payment": {"test": not test},
        "another's payment, alike but for its token": {},
    }
    for what, changes in lookalikes.items():
        letter = await scene.alike(order, **changes)
        await scene.post.deliver(letter, order.notification_url)
        await scene.expect_unpaid(order, f"a genuine notification of {what}")
    await scene.deliver(await scene.paid(order), "the order's own notification")
    await scene.expect_paid(order, "the order's own notification")


DISASTERS: Final = (
    Disaster("tab-closed", "The customer pays and closes the tab", tab_closed),
    Disaster(
        "notification-first", "The notification comes before the customer", notification_first
    ),
    Disaster("notification-late", "The notification comes after the customer", notification_late),
    Disaster("notification-doubled", "The notification comes twice", notification_doubled),
    Disaster("notification-reordered", "An older notification comes last", notification_reordered),
    Disaster("notification-forged", "Somebody else writes notifications", notification_forged),
    Disaster("payment-alike", "Somebody else's payment has the order's number", payment_alike),
    Disaster("returned-twice", "The customer comes back again and again", returned_twice),
    Disaster("return-tampered", "The return address is made up", return_tampered),
    Disaster("declined-then-paid", "A card is declined, then the money comes", declined_then_paid),
    Disaster("refund-first", "A refund is told before the payment", refund_first),
    Disaster("paid-after-expiry", "The time is over, then the money comes", paid_after_expiry),
)


async def _comes_back(order: Order) -> str:
    return await order.customer.visit(await order.customer.way_back())


async def _claim(scene: Scene, order: Order) -> bytes:
    """What a forger would write who knows everything about the order: that it is paid."""
    story = await scene.story(order)
    shop = scene.flow.settings.shops[story.payment.shop]
    return written(story, Status.PAID, shop, scene.checkout, scene.flow.clock()).encode()
