"""`checkout invoices`: what became of them; and that the command and the API send the same mail."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from checkout.app import open_context
from checkout.gateways import OPTIONS
from checkout.ledger.invoices import Standing
from checkout.payments import invoices
from checkout.payments.mailer import Mailer
from checkout.settings import load
from checkout.shop_api.invoices import read_invoice
from checkout.signing import read_link
from checkout.web.invoice_mail import invoice_sender
from tests.cli.conftest import Run, answered
from tests.support.mail_server import MailServer, open_mail_server

CHAIRS: dict[str, Any] = {
    "amount": 1250, "currency": "EUR", "description": "Two <chairs>", "tracking_id": "chair-7",
    "email": "anna@example.com", "language": "de", "customer": {"first_name": "Anna"},
}  # fmt: skip
LINK = ("link", "--shop", "361", "--amount", "12.50", "--currency", "EUR", "--description",
        "Two <chairs>", "--tracking-id", "chair-7", "--language", "de", "--customer",
        "first_name=Anna", "--email", "anna@example.com")  # fmt: skip


def made(config: Path, *, mail: bool = False, **changes: Any) -> Standing:
    """An invoice made by a shop; `mail`: and sent by the server."""

    async def run() -> Standing:
        settings = load(config, {}, OPTIONS)
        async with open_context(settings) as context:
            shop = settings.shops["361"]
            body = CHAIRS | {"send": mail} | changes
            found = await invoices.make(
                context, read_invoice(body, shop, settings, context.clock()), shop
            )
            mailer = Mailer(context, invoice_sender(context), {})
            await mailer.deliver()
            await mailer.finish()
            return found

    return asyncio.run(run())


def test_the_list(run: Run, config: Path) -> None:
    first, second = made(config), made(config, tracking_id="chair-8", amount=99)
    found = answered(run("invoices", "list", "--json", "--config", config))
    assert [each["id"] for each in found] == [second.invoice.id, first.invoice.id]
    assert {each["shop"] for each in found} == {"361"}
    said = run("invoices", "list", "--config", config)
    for text in (first.invoice.id, "12.50 EUR", "0.99 EUR", "incomplete", "draft", "chair-8"):
        assert text in said.output
    for asked, count in ((("--limit", "1"), 1), (("--tracking-id", "nobody's"), 0),
                         (("--status", "canceled"), 0),
                         (("--shop", "framing"), 0), (("--shop", "361"), 2)):  # fmt: skip
        assert len(answered(run("invoices", "list", *asked, "--json", "--config", config))) == count
    assert run("invoices", "list", "--status", "paid", "--config", config).exit_code == 2


def test_one(run: Run, config: Path) -> None:
    invoice = made(config).invoice
    found = answered(run("invoices", "show", invoice.id, "--json", "--config", config))
    assert found["url"].endswith(invoice.signed)
    assert (found["status"], found["email"]) == ("incomplete", "anna@example.com")
    said = run("invoices", "show", invoice.id, "--config", config)
    assert "mail_status: draft" in said.output
    for word in ("show", "cancel"):
        unknown = run("invoices", word, "inv_0000000000000000", "--config", config)
        assert (unknown.exit_code, unknown.stderr) == (1, "Record not found\n")


def test_shutting_one(run: Run, config: Path) -> None:
    invoice = made(config).invoice
    said = run("invoices", "cancel", invoice.id, "--config", config)
    assert (said.exit_code, said.output) == (0, f"{invoice.id}  canceled\n")
    found = answered(run("invoices", "cancel", invoice.id, "--json", "--config", config))
    assert found["cancelled_at"] is not None


# --- One way to send ---------------------------------------------------------------------------


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


def told(mail: EmailMessage, signed: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Its headers and parts without what differs between two invoices."""
    drawn = ("Message-ID", "Date", "Content-Type")
    head = [(name, str(value)) for name, value in mail.items() if name not in drawn]
    parts = [part.get_content() for part in mail.iter_parts()]
    assert all(signed in part for part in parts)
    return head, [re.sub(r"\d\d?:\d\d", "TIME", part.replace(signed, "LINK")) for part in parts]


def test_the_command_and_the_api_send_the_same(
    run: Run, config: Path, mail_server: MailServer
) -> None:
    more = f'\n[smtp]\nurl = "smtp://127.0.0.1:{mail_server.port}"\nsender = "pay@example.com"\n'
    config.write_text(config.read_text() + more)
    made(config, mail=True, expires=int(time.time()) + 7 * 24 * 3600)
    url = answered(run(*LINK, "--json", "--config", config))["url"]
    by_api, by_command = mail_server.mails
    settings = load(config, {}, OPTIONS)
    listed = answered(run("invoices", "list", "--json", "--config", config))
    (mine,) = [each["url"].rpartition("/")[2] for each in listed]
    theirs = url.rpartition("/")[2]
    assert told(by_api, mine) == told(by_command, theirs)
    assert listed[0]["mail_status"] == "sent"
    drawn = {"id", "expires"}
    one, other = (read_link(each, settings.shops).data for each in (mine, theirs))
    # What the ledger knows of the customer need not stand where anybody can read it.
    assert set(one) == set(other) - {"customer"} > drawn
    assert all(one[name] == other[name] for name in set(one) - drawn)


@pytest.mark.parametrize(
    ("words", "named"),
    [(("--email", "anna"), "--email: must be an e-mail address"),
     (("--customer", "email=anna"), "customer.email: must be an e-mail address"),
     (("--return-url", "ftp://x"), "return_url: "),
     (("--email", "4200000000000000@example.com"), "--email: must not hold a card number")],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_the_command_refuses_what_the_api_refuses(
    run: Run, config: Path, words: tuple[str, ...], named: str
) -> None:
    said = run(*LINK, *words, "--config", config)
    assert said.exit_code == 2
    assert named in said.stderr
    assert said.stdout == ""
