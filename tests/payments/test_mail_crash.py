"""kill -9 while a receipt is handed over: it comes again, under the same name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.support.fake_network import FakeNetwork, open_fake_network
from tests.support.form_customer import CARD, FormCustomer
from tests.support.killable_server import PACE, KillableServer
from tests.support.mail_server import MailServer, open_mail_server

ANNA = "anna@example.com"


@pytest.fixture
async def network() -> AsyncIterator[FakeNetwork]:
    async with open_fake_network() as opened:
        yield opened


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


@pytest.fixture
async def server(
    url: str, tmp_path: Path, network: FakeNetwork, mail_server: MailServer
) -> AsyncIterator[KillableServer]:
    smtp = {"url": f"smtp://127.0.0.1:{mail_server.port}", "sender": "pay@example.com"}
    schedule = PACE | {"mail_lease": 1.0}
    opened = KillableServer(tmp_path, network.url, schedule, database=url, top={"smtp": smtp})
    try:
        yield opened
    finally:
        await opened.kill()


async def come(mail_server: MailServer, number: int) -> list[EmailMessage]:
    for _ in range(600):
        if len(mail_server.mails) >= number:
            break
        await asyncio.sleep(0.05)
    return mail_server.mails


async def test_a_receipt_survives_its_server(
    server: KillableServer, network: FakeNetwork, mail_server: MailServer
) -> None:
    mail_server.slow = 60.0
    await server.start()
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        customer = FormCustomer(server, client, f"{network.url}/webhooks")
        bought = await customer.buy()
        form = await customer.form(bought)
        assert form
        data = CARD | {"form_token": form[1], "email": ANNA}
        headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
        answer = await client.post(form[0], data=data, headers=headers)
        assert answer.status_code == 303, answer.text
        (first,) = await come(mail_server, 1)
        await server.kill()
        mail_server.slow = 0.0
        await server.start()
        _, again = await come(mail_server, 2)
        assert await customer.status(bought) == "successful"
    assert first["To"] == again["To"] == ANNA
    assert first["Message-ID"] == again["Message-ID"]
    assert first.get_body(("plain",)) is not None
    await asyncio.sleep(2.5)
    assert len(mail_server.mails) == 2, "sent, and not again after its lease"
    assert len(network.bank.transactions) == 1
    assert await server.stop() == 0
