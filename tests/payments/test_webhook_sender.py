"""Letters to shops: at least once, the same id at each try, on a schedule, proved to be ours."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.ledger import outbox
from checkout.model.order import PageSettings
from checkout.payments.background import Background, Task
from checkout.payments.schedule import WEBHOOK_RETRIES
from checkout.payments.webhook_sender import WebhookSender
from tests.payments.webhook_receiver import WebhookReceiver, open_webhook_receiver
from tests.support import samples
from tests.support.harness import Harness
from tests.support.ledgers import WrappedLedger
from tests.support.polling import until


@pytest.fixture
async def receiver(harness: Harness) -> AsyncIterator[WebhookReceiver]:
    async with open_webhook_receiver(harness) as opened:
        yield opened


# What arrives


async def test_it_is_delivered_once(receiver: WebhookReceiver) -> None:
    payment = await receiver.paid()
    for _ in range(3):
        await receiver.deliver()
        receiver.harness.clock.move(120)
    (request,) = receiver.requests
    webhook = await receiver.webhook(payment)
    assert (webhook.answer, webhook.due_at, webhook.tries) == ("200", None, 1)
    assert webhook.delivered_at is not None
    assert request.method == "POST"
    assert request.content.decode() == webhook.body
    assert request.headers["content-type"] == "application/json"
    assert "letter" in await receiver.harness.kinds(payment)


async def test_its_signatures_verify(receiver: WebhookReceiver) -> None:
    await receiver.paid()
    await receiver.deliver()
    (request,) = receiver.requests
    said = request.headers
    signature = base64.b64decode(said["content-signature"], validate=True)
    samples.rsa_key().public_key().verify(signature, request.content, PKCS1v15(), SHA256())
    credentials = base64.b64decode(said["authorization"].removeprefix("Basic "), validate=True)
    assert credentials.decode() == f"{samples.SHOP_ID}:{samples.SHOP_SECRET}"


async def test_its_standard_webhooks_headers_verify(receiver: WebhookReceiver) -> None:
    payment = await receiver.paid()
    await receiver.deliver()
    (request,) = receiver.requests
    said, webhook = request.headers, await receiver.webhook(payment)
    assert said["webhook-id"] == webhook.id
    assert said["webhook-timestamp"] == str(int(receiver.harness.clock()))
    signed = f"{webhook.id}.{said['webhook-timestamp']}.{webhook.body}".encode()
    mac = hmac.new(samples.SHOP_SECRET.encode(), signed, hashlib.sha256).digest()
    assert said["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


async def test_nothing_is_written_where_the_shop_wants_nothing(receiver: WebhookReceiver) -> None:
    payment = await receiver.paid(page_settings=PageSettings())
    await receiver.deliver()
    assert await receiver.harness.webhooks(payment) == []
    assert receiver.requests == []


# Tries


async def test_the_schedule(receiver: WebhookReceiver) -> None:
    """0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each at most a tenth later."""
    payment = await receiver.paid()
    receiver.answers = [500] * 20
    clock = receiver.harness.clock
    waits = []
    for _ in range(20):
        await receiver.deliver()
        due_at = (await receiver.webhook(payment)).due_at
        if due_at is None:
            break
        waits.append(due_at - clock())
        clock.move(waits[-1] - 0.01)
        await receiver.deliver()
        assert len(receiver.requests) == len(waits), "not before it is due"
        clock.move(0.01)
    assert len(waits) == len(WEBHOOK_RETRIES) == 9
    for wait, least in zip(waits, WEBHOOK_RETRIES, strict=True):
        assert least <= wait <= least * 1.1
    assert len(receiver.requests) == 10
    webhook = await receiver.webhook(payment)
    assert (webhook.delivered_at, webhook.due_at, webhook.answer) == (None, None, "500")


async def test_shops_are_not_all_called_in_the_same_second(receiver: WebhookReceiver) -> None:
    payments = [await receiver.paid() for _ in range(10)]
    receiver.answers = [500] * 10
    await receiver.deliver()
    assert len({(await receiver.webhook(payment)).due_at for payment in payments}) > 5


async def test_the_id_is_the_same_at_each_try(receiver: WebhookReceiver) -> None:
    await receiver.paid()
    receiver.answers = [500, httpx.ConnectError("refused"), httpx.ReadTimeout("silence"), 404, 200]
    for _ in range(6):
        await receiver.deliver()
        receiver.harness.clock.move(10_000)
    assert len(receiver.requests) == 5
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.content for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 5


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_success(receiver: WebhookReceiver, status: int) -> None:
    payment = await receiver.paid()
    receiver.answers = [status]
    await receiver.deliver()
    assert (await receiver.webhook(payment)).delivered_at is not None


@pytest.mark.parametrize("status", [300, 302, 307, 400, 401, 404, 409, 429, 500, 503])
async def test_all_else_is_tried_again(receiver: WebhookReceiver, status: int) -> None:
    payment = await receiver.paid()
    receiver.answers = [httpx.Response(status, headers={"location": "https://shop.example.com/x"})]
    await receiver.deliver()
    webhook = await receiver.webhook(payment)
    assert (webhook.delivered_at, webhook.answer) == (None, str(status))
    assert webhook.due_at is not None
    assert len(receiver.requests) == 1, "a redirect is not followed"


@pytest.mark.parametrize(("answer", "tries"), [(410, 1), (500, 10)])
async def test_one_that_is_given_up_is_an_alert(
    receiver: WebhookReceiver, answer: int, tries: int
) -> None:
    payment = await receiver.paid()
    receiver.answers = [answer] * tries
    with capture_logs() as lines:
        for _ in range(tries + 2):
            await receiver.deliver()
            receiver.harness.clock.move(2 * WEBHOOK_RETRIES[-1])
    (said,) = [line for line in lines if line.get("alert")]
    webhook = await receiver.webhook(payment)
    assert said == {
        "event": "webhook.given_up",
        "log_level": "error",
        "alert": True,
        "payment": payment.uid,
        "webhook": webhook.id,
        "shop": samples.SHOP_ID,
        "answer": str(answer),
        "tries": tries,
    }
    (found,) = await receiver.harness.ledger.read(outbox.given_up, webhook.created_at)
    assert found.id == webhook.id
    assert not await receiver.harness.ledger.read(outbox.given_up, webhook.created_at + 1)


async def test_410_stops(receiver: WebhookReceiver) -> None:
    payment = await receiver.paid()
    receiver.answers = [410]
    await receiver.deliver()
    webhook = await receiver.webhook(payment)
    assert (webhook.delivered_at, webhook.due_at, webhook.answer) == (None, None, "410")


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120, 120),
        ("2", 5, 5.5),  # never sooner than the schedule
        ("999999999999", 24 * 3600, 24 * 3600),
        ("-5", 5, 5.5),
        ("soon", 5, 5.5),
        ("", 5, 5.5),
        ("١٢٠", 5, 5.5),
    ],
)
async def test_retry_after_is_obeyed(
    receiver: WebhookReceiver, said: str, least: float, most: float
) -> None:
    payment = await receiver.paid()
    headers = [(b"retry-after", said.encode())] if said else []
    receiver.answers = [httpx.Response(503, headers=headers)]
    await receiver.deliver()
    due_at = (await receiver.webhook(payment)).due_at
    assert due_at is not None
    assert least <= due_at - receiver.harness.clock() <= most


@pytest.mark.parametrize(("ahead", "least"), [(600, 600), (-600, 5)])
async def test_retry_after_may_be_a_date(
    receiver: WebhookReceiver, ahead: float, least: float
) -> None:
    payment = await receiver.paid()
    at = datetime.fromtimestamp(receiver.harness.clock() + ahead, UTC)
    receiver.answers = [
        httpx.Response(429, headers={"retry-after": format_datetime(at, usegmt=True)})
    ]
    await receiver.deliver()
    due_at = (await receiver.webhook(payment)).due_at
    assert due_at is not None
    assert least <= due_at - receiver.harness.clock() <= least * 1.1


# Several senders, and the death of one


async def test_two_senders_send_once(receiver: WebhookReceiver) -> None:
    for _ in range(10):
        await receiver.paid()
    other = receiver.another()
    for _ in range(3):
        await asyncio.gather(receiver.deliver(), receiver.deliver(other))
    assert len(receiver.requests) == 10


async def test_a_webhook_outlives_its_sender(receiver: WebhookReceiver) -> None:
    """Killed after the shop has answered and before that was written down: sent again, the same."""
    payment = await receiver.paid()
    receiver.answers = [asyncio.CancelledError()]
    await receiver.deliver()
    webhook = await receiver.webhook(payment)
    assert (webhook.delivered_at, webhook.tries) == (None, 1)
    next_one = receiver.another()
    receiver.harness.clock.move(59)
    await receiver.deliver(next_one)
    assert len(receiver.requests) == 1, "the lease holds for a minute"
    receiver.harness.clock.move(1)
    await receiver.deliver(next_one)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (await receiver.webhook(payment)).delivered_at is not None


async def test_a_webhook_that_could_not_be_written_down_is_no_loss(
    receiver: WebhookReceiver,
) -> None:
    payment = await receiver.paid()
    context = receiver.harness.restarted()
    webhook_sender = WebhookSender(context, receiver.http, receiver._resolve)
    context.ledger = Forgetful(context.ledger)
    with capture_logs() as said:
        await receiver.deliver(webhook_sender)
    assert "webhook.failed" in [line["event"] for line in said]
    assert (await receiver.webhook(payment)).delivered_at is None
    receiver.harness.clock.move(60)
    await receiver.deliver()
    assert (await receiver.webhook(payment)).delivered_at is not None


class Forgetful(WrappedLedger):
    """A ledger that is away whenever the end of a webhook is to be written."""

    async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        if verb is outbox.take_all:
            return await super().write(verb, *args, **kwargs)
        raise Unavailable


async def test_it_runs_by_itself(receiver: WebhookReceiver) -> None:
    """Woken by the webhook, and not stopped by one that fails."""
    webhook_sender = WebhookSender(receiver.harness.context, receiver.http, receiver._resolve)
    context = receiver.harness.context
    running = Background([Task("webhooks", webhook_sender.deliver, 1.0, wake=context.webhooks_due)])
    running.start()
    receiver.answers = [httpx.ReadError("reset")]
    await asyncio.sleep(0)
    payments = [await receiver.paid() for _ in range(3)]

    async def arrived() -> bool:
        webhooks = [await receiver.webhook(payment) for payment in payments]
        return sum(webhook.delivered_at is not None for webhook in webhooks) == 2

    await until(arrived)
    await running.stop()
    await webhook_sender.finish(5)


async def test_a_shop_that_is_gone_from_the_settings_gets_nothing(
    receiver: WebhookReceiver,
) -> None:
    payment = await receiver.paid()
    context = receiver.harness.restarted(settings=samples.settings(samples.shop(id="another")))
    webhook_sender = WebhookSender(context, receiver.http, receiver._resolve)
    await receiver.deliver(webhook_sender)
    assert receiver.requests == []
    webhook = await receiver.webhook(payment)
    assert webhook.answer == "unknown shop"
    assert webhook.due_at is not None, "it may come back"


async def test_no_secret_is_logged(receiver: WebhookReceiver) -> None:
    receiver.answers = [httpx.ConnectError(f"no route to {samples.NOTIFIED}")]
    with capture_logs() as said:
        await receiver.paid()
        await receiver.deliver()
    everything = repr(said)
    assert "webhook.sent" in everything
    assert samples.SHOP_SECRET not in everything
    assert samples.NOTIFIED not in everything
