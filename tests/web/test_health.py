"""What an operator sees: ready or not and why, and the figures."""

from __future__ import annotations

import asyncio
import os
import re

from tests.web.conftest import Opened
from tests.web.server import SHOP, Server


async def metrics(server: Server) -> dict[str, float]:
    token = server.settings.operator_token
    async with server.customer() as http:
        answer = await http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return {
        name: float(value)
        for name, value in re.findall(r"^(\w\S*) (\S+)$", answer.text, re.MULTILINE)
    }


async def test_a_ledger_that_is_gone_is_told(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        assert (await http.get("/health/ready")).json() == {"status": "ok"}
        os.unlink(server.database)
        await asyncio.sleep(1.1)
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"status": "unavailable", "failing": ["ledger"]}
        assert (await http.head("/health/ready")).status_code == 503
        assert answer.headers["cache-control"] == "no-store"
        assert (await metrics(server))["checkout_ledger_writable"] == 0


async def test_the_figures_of_the_background(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        assert (await http.get("/health/ready")).status_code == 200
        found = await metrics(server)
        for task in ("recovery", "mailer", "webhooks", "logos", "readiness"):
            name = f'checkout_background_last_turn_seconds{{task="{task}"}}'
            assert abs(found[name] - server.app.state.context.context.clock()) < 60, task
        assert found["checkout_ledger_writable"] == 1
        assert (found["checkout_webhooks_due"], found["checkout_webhooks_oldest_seconds"]) == (
            0,
            0,
        )


async def test_the_figures_of_letters_that_wait(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        server.mailbox.slow = asyncio.Event()
        for number in range(12):
            values = {"notification_url": f"{SHOP}/{number}", "notify_canceled": True}
            made = await server.create(settings=values, order={"tracking_id": f"order-{number}"})
            page = await http.open(made.path())
            await http.submit(page.form("cancel"))
        await asyncio.sleep(0.2)
        found = await metrics(server)
        assert found["checkout_webhooks_due"] == 12 - 8
        assert found['checkout_rooms_held{room="webhooks"}'] >= 8
        assert found['checkout_rooms_full_total{room="webhooks"}'] >= 1
        server.offset = 5.0
        assert 4 < (await metrics(server))["checkout_webhooks_oldest_seconds"] < 15
        server.mailbox.slow.set()
