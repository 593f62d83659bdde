"""Background tasks end when they are cancelled, also when work comes at that very moment."""

from __future__ import annotations

import asyncio
import time
from typing import NoReturn

import httpx
import pytest

from checkout.payments.background import Background, Task
from checkout.payments.mailer import Mailer
from checkout.payments.webhook_sender import WebhookSender
from tests.support.harness import Harness


async def nobody(*_: object) -> NoReturn:
    raise AssertionError("nothing is to be sent")


@pytest.mark.parametrize("turns", range(6))
async def test_work_that_comes_with_the_end_does_not_hold_it_up(
    harness: Harness, turns: int
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(nobody)) as http:
        for runs, waiting in (
            (WebhookSender(harness.context, http).deliver, harness.context.webhooks_due),
            (Mailer(harness.context, nobody, {}).deliver, harness.context.mails_due),
        ):
            running = Background([Task("it", runs, 3600.0, wake=waiting)])
            running.start()
            await asyncio.sleep(0.1)
            waiting.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            began = time.monotonic()
            await running.stop()
            assert time.monotonic() - began < 0.5, "cancelled once"
