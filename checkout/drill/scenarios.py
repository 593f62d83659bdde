"""The table of scenarios: what happens step by step, and the state that the shop should come to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from checkout.drill.customer import CHALLENGE, Order
from checkout.drill.scenario_run import ScenarioRun
from checkout.drill.webhooks import FORGERIES
from checkout.model.status import Status
from checkout.shop_api.webhooks import payment_webhook as webhook_body


class Scenario(NamedTuple):
    """`description`: what happens, in one line."""

    name: str
    description: str
    play: Callable[[ScenarioRun], Awaitable[None]]


async def tab_closed(run: ScenarioRun) -> None:
    order = await run.order()
    webhook = await run.paid(order)
    await run.deliver(webhook, "the notification")
    await run.checks.paid(order, "the notification alone")


async def notification_first(run: ScenarioRun) -> None:
    order = await run.order()
    webhook = await run.paid(order)
    await run.deliver(webhook, "the notification")
    await run.checks.paid(order, "the notification")
    run.checks.page_shown("the customer's return", await _comes_back(order))
    await run.checks.paid(order, "the customer's return after it")


async def notification_late(run: ScenarioRun) -> None:
    order = await run.order()
    webhook = await run.paid(order)
    run.checks.page_shown("the customer's return", await _comes_back(order))
    await run.deliver(webhook, "the notification")
    await run.checks.paid(order, "the notification after the return")


async def notification_doubled(run: ScenarioRun) -> None:
    """At once (two workers, a retry that overtakes) and once more, later."""
    order = await run.order()
    webhook = await run.paid(order)
    answers = await asyncio.gather(run.webhooks.deliver(webhook), run.webhooks.deliver(webhook))
    if not any(answer.startswith("2") for answer in answers):
        run.checks.answered("two equal notifications at once", answers[0])
    await run.checks.paid(order, "two equal notifications at once")
    await run.deliver(webhook, "the same notification, later")
    await run.checks.paid(order, "the same notification, later")


async def notification_reordered(run: ScenarioRun) -> None:
    """The payment failed, then the money came: the older webhook arrives last."""
    order = await run.order()
    failed = await run.failed(order)
    paid = await run.paid_late(order)
    await run.deliver(paid, "the newer notification: paid")
    await run.checks.paid(order, "the newer notification", handed_over=False)
    await run.deliver(failed, "the older notification: failed")
    await run.checks.paid(order, "the older notification, after it", handed_over=False)


async def notification_forged(run: ScenarioRun) -> None:
    order, other = await run.order(), await run.order()
    captured = await run.paid(other)
    await run.deliver(captured, "another order's notification")
    body = await _forged_body(run, order)
    for how in FORGERIES:
        await run.webhooks.forge(how, order.notification_url, body, captured)
        await run.checks.unpaid(order, f"a notification {how}")
    await run.webhooks.deliver(captured, order.notification_url)
    await run.checks.unpaid(order, "a genuine notification of another order")
    await run.checks.paid(other, "its own notification twice")
    await run.deliver(await run.paid(order), "the genuine notification")
    await run.checks.paid(order, "the genuine notification")


async def returned_twice(run: ScenarioRun) -> None:
    order = await run.order()
    webhook = await run.paid(order)
    back = await order.customer.return_address()
    await run.deliver(webhook, "the notification")
    for answer in await asyncio.gather(order.customer.visit(back), order.customer.visit(back)):
        run.checks.page_shown("two returns at once", answer)
    run.checks.page_shown("a reload", await order.customer.visit(back))
    await run.checks.paid(order, "three returns")


async def return_tampered(run: ScenarioRun) -> None:
    order, other = await run.order(), await run.order()
    forged = order.return_with("successful", order.token, order.uid)
    await order.customer.visit(forged)
    await run.checks.unpaid(order, "a return that says successful, unpaid")
    await run.deliver(await run.paid(other), "another order's notification")
    await order.customer.visit(order.return_with("successful", other.token, other.uid))
    await run.checks.unpaid(order, "a return with another paid order's token")
    borrowed = (await other.customer.return_address()).partition("?")[2].partition("#")[0]
    joint = "&" if "?" in order.return_url else "?"
    await order.customer.visit(f"{order.return_url.partition('#')[0]}{joint}{borrowed}")
    await run.checks.unpaid(order, "a return with another order's whole query")
    payment = await run.declined(order)
    await order.customer.visit(forged)
    await run.checks.unpaid(order, "a return that says successful, declined")
    if payment.status is Status.OPEN:
        await run.deliver(await run.paid(order), "the genuine notification")
        await run.checks.paid(order, "the genuine notification")


async def declined_then_paid(run: ScenarioRun) -> None:
    order = await run.order()
    payment = await run.declined(order)
    if payment.status is Status.OPEN:  # the page has taken another card
        paid = await run.paid(order)
    else:  # a single attempt: the failure is notified, then it is paid late
        failed = await run.webhook(order, Status.DECLINED)
        await run.deliver(failed, "the notification: failed")
        await run.checks.unpaid(order, "the notification: failed")
        paid = await run.paid_late(order)
    await run.deliver(paid, "the notification: paid")
    late = payment.status is not Status.OPEN
    await run.checks.paid(order, "the notification: paid", handed_over=not late)


async def paid_after_expiry(run: ScenarioRun) -> None:
    order = await run.order()
    await order.customer.pay(CHALLENGE)  # and does not come back from the bank
    await run.deliver(await run.expired(order), "the notification: expired")
    await run.checks.unpaid(order, "the notification: expired")
    await run.deliver(await run.paid_late(order), "the notification: paid")
    await run.checks.paid(order, "the late payment", handed_over=False)


async def refund_first(run: ScenarioRun) -> None:
    """The webhook about a partial refund comes before the payment's, and once more after it."""
    order = await run.order()
    paid = await run.paid(order)
    refund = await run.refunded(order)
    await run.deliver(refund, "a refund's notification")
    await run.checks.unpaid(order, "a refund's notification, which is no payment")
    await run.deliver(paid, "the payment's notification")
    await run.checks.paid(order, "the payment's notification")
    await run.deliver(refund, "the refund's notification, after it")
    await run.checks.paid(order, "the refund's notification, after it")


async def payment_alike(run: ScenarioRun) -> None:
    """Genuine notifications of successful payments with the order's number and amount that the shop
    did not create: none pays the order."""
    order = await run.order()
    test = await run.is_test(order)
    lookalikes: dict[str, dict[str, Any]] = {
        "a card that was kept": {"transaction_type": "tokenization"},
        "money that was only reserved": {"transaction_type": "authorization"},
        "a payment that is no test" if test else "a test payment": {"test": not test},
        "another's payment, alike but for its token": {},
    }
    for what, changes in lookalikes.items():
        webhook = await run.alike(order, **changes)
        await run.webhooks.deliver(webhook, order.notification_url)
        await run.checks.unpaid(order, f"a genuine notification of {what}")
    await run.deliver(await run.paid(order), "the order's own notification")
    await run.checks.paid(order, "the order's own notification")


SCENARIOS: Final = (
    Scenario("tab-closed", "The customer pays and closes the tab", tab_closed),
    Scenario(
        "notification-first", "The notification comes before the customer", notification_first
    ),
    Scenario("notification-late", "The notification comes after the customer", notification_late),
    Scenario("notification-doubled", "The notification comes twice", notification_doubled),
    Scenario("notification-reordered", "An older notification comes last", notification_reordered),
    Scenario("notification-forged", "Somebody else writes notifications", notification_forged),
    Scenario("payment-alike", "Somebody else's payment has the order's number", payment_alike),
    Scenario("returned-twice", "The customer comes back again and again", returned_twice),
    Scenario("return-tampered", "The return address is made up", return_tampered),
    Scenario("declined-then-paid", "A card is declined, then the money comes", declined_then_paid),
    Scenario("refund-first", "A refund is told before the payment", refund_first),
    Scenario("paid-after-expiry", "The time is over, then the money comes", paid_after_expiry),
)


async def _comes_back(order: Order) -> str:
    return await order.customer.visit(await order.customer.return_address())


async def _forged_body(run: ScenarioRun, order: Order) -> bytes:
    """A notification that the order is paid, as somebody who knows all about it could write it."""
    payment = await run.payment(order)
    shop = run.context.settings.shops[payment.shop]
    return webhook_body(payment, Status.PAID, shop, run.checkout, run.context.clock()).encode()
