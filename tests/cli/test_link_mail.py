"""`checkout link --email`, to a real mail server on loopback."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import Result

from checkout.model.validation.reader import Invalid
from checkout.settings import Smtp
from checkout.shop_api.mail import Undelivered, send
from checkout.web.invoice_mail import invoice
from tests.cli.conftest import Run, answered
from tests.support import samples
from tests.support.clock import BEGINNING
from tests.support.mail_server import PASSWORD, USER, MailServer, open_mail_server
from tests.support.tls import certificate

LINK = ("link", "--shop", "361", "--amount", "12.50", "--currency", "EUR",
        "--description", "Two <chairs> & a table")  # fmt: skip
ANNA = "anna@example.com"
CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


def with_smtp(config: Path, port: int, scheme: str = "smtp", credentials: str = "") -> Path:
    url = f"{scheme}://{credentials}127.0.0.1:{port}"
    more = f'\n[smtp]\nurl = "{url}"\nsender = "pay@example.com"\n'
    config.write_text(config.read_text() + more)
    return config


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_an_invoice(run: Run, config: Path, mail_server: MailServer) -> None:
    said = run(*LINK, "--tracking-id", "chair-7", "--email", ANNA, "--config",
               with_smtp(config, mail_server.port))  # fmt: skip
    assert said.exit_code == 0, said.output
    url = said.stdout.strip()
    (mail,), (envelope,) = mail_server.mails, mail_server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("pay@example.com", [ANNA])
    assert mail["From"] == "Demo shop <pay@example.com>"
    assert mail["To"] == ANNA
    assert mail["Reply-To"] == "Demo shop <help@shop.example.com>"
    assert mail["Subject"] == "Invoice from Demo shop: €12.50"
    assert re.fullmatch(r"<[^<>@\s]+@example\.com>", mail["Message-ID"])
    assert abs(parsedate_to_datetime(mail["Date"]).timestamp() - time.time()) < 60
    assert mail["Content-Language"] == "en"
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = parts(mail)
    for text in ("€12.50", "chair-7", "Demo shop", "help@shop.example.com"):
        assert text in plain
        assert text in html
    assert "Two <chairs> & a table" in plain
    assert "Two &lt;chairs&gt; &amp; a table" in html
    assert url in plain.splitlines()
    assert f'href="{url}"' in html
    in_a_week = datetime.fromtimestamp(time.time() + 7 * 24 * 3600, UTC)
    for text in (plain, html):
        assert f"works until {in_a_week:%B} {in_a_week.day}, {in_a_week.year}, " in text
    assert len(re.findall("<script|<img|<link", html)) == 0


def test_two_invoices_are_two_mails(run: Run, config: Path, mail_server: MailServer) -> None:
    with_smtp(config, mail_server.port)
    for _ in range(2):
        assert run(*LINK, "--email", ANNA, "--config", config).exit_code == 0
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 2
    assert len({parts(mail)[0] for mail in mail_server.mails}) == 2


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [("de", "Zahlungsaufforderung von Demo shop: 12,50 €", "12,50 € bezahlen"),
     ("ru", "Счёт от Demo shop: 12,50 €", "Оплатить 12,50 €")],
)  # fmt: skip
def test_in_the_links_language(
    run: Run, config: Path, mail_server: MailServer, language: str, subject: str, button: str
) -> None:
    with_smtp(config, mail_server.port)
    found = answered(
        run(*LINK, "--language", language, "--email", ANNA, "--json", "--config", config)
    )
    assert found["email"] == ANNA
    (mail,) = mail_server.mails
    assert mail["Subject"].replace("\u00a0", " ") == subject
    assert mail["Content-Language"] == language
    plain, html = parts(mail)
    assert f'<html lang="{language}"' in html
    assert button in html.replace("\u00a0", " ")
    assert "Pay here" not in plain
    assert "Questions" not in plain + html


def test_starttls_and_a_password(run: Run, config: Path, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    with open_mail_server(
        tls_context=context, require_starttls=True, auth_required=True
    ) as mail_server:
        with_smtp(config, mail_server.port, credentials=CREDENTIALS)
        said = run(*LINK, "--email", ANNA, "--config", config, SSL_CERT_FILE=str(trusted))
        assert said.exit_code == 0, said.output
        assert (mail_server.secure, mail_server.users) == ([True], [USER.encode()])


# A handshake that our side breaks off leaves aiosmtpd with a socket that it never closes.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_that_nobody_vouches_for(run: Run, config: Path, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with open_mail_server(
        tls_context=context, require_starttls=True, auth_required=True
    ) as mail_server:
        with_smtp(config, mail_server.port, credentials=CREDENTIALS)
        said = run(*LINK, "--email", ANNA, "--config", config)
        assert_failed(said, "certificate verify failed")
        assert not mail_server.mails + mail_server.users


def test_a_wrong_password(run: Run, config: Path, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    with open_mail_server(
        tls_context=context, require_starttls=True, auth_required=True
    ) as mail_server:
        with_smtp(config, mail_server.port, credentials=f"{USER}:mistaken@")
        said = run(*LINK, "--email", ANNA, "--config", config, SSL_CERT_FILE=str(trusted))
        assert_failed(said, "refused our user name and password")
        assert "mistaken" not in said.output


def test_tls_from_the_first_byte(run: Run, config: Path, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    with open_mail_server(ssl_context=context) as mail_server:
        with_smtp(config, mail_server.port, scheme="smtps")
        said = run(*LINK, "--email", ANNA, "--config", config, SSL_CERT_FILE=str(trusted))
        assert said.exit_code == 0, said.output
        assert len(mail_server.mails) == 1


def assert_failed(said: Result, reason: str) -> None:
    assert said.exit_code == 1
    assert said.stdout == ""
    assert reason in said.stderr
    assert "Traceback" not in said.stderr


def test_a_refused_address(run: Run, config: Path, mail_server: MailServer) -> None:
    mail_server.refuses[ANNA] = "550 no such box here"
    said = run(*LINK, "--email", ANNA, "--config", with_smtp(config, mail_server.port))
    assert_failed(said, "refused the address: 550 no such box here")


def test_a_refused_mail(run: Run, config: Path, mail_server: MailServer) -> None:
    mail_server.spoils = "554 looks like spam"
    said = run(*LINK, "--email", ANNA, "--config", with_smtp(config, mail_server.port))
    assert_failed(said, "refused the mail: 554 looks like spam")


def test_nobody_there(run: Run, config: Path) -> None:
    with socket.socket() as bound:  # bound, but nobody listens
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        said = run(*LINK, "--email", ANNA, "--config", with_smtp(config, port))
    assert_failed(said, f"127.0.0.1:{port} can't be used")


async def test_a_server_that_says_nothing() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        smtp = Smtp(url=f"smtp://127.0.0.1:{port}", sender="pay@example.com")
        begun = time.monotonic()
        with pytest.raises(Undelivered, match=r"did not answer in 0\.3 seconds"):
            await send(made(), smtp, host="pay.example.com", seconds=0.3)
        assert time.monotonic() - begun < 10


async def test_no_password_without_tls(mail_server: MailServer) -> None:
    """Elsewhere than on loopback nothing is said before TLS. Of 127.1 only the resolver knows
    where that is."""
    smtp = Smtp(url=f"smtp://{CREDENTIALS}127.1:{mail_server.port}", sender="pay@example.com")
    assert smtp.user == USER
    with pytest.raises(Undelivered, match="STARTTLS"):
        await send(made(), smtp, host="pay.example.com", seconds=5)
    assert not mail_server.mails + mail_server.users


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "a@b.de, c@d.de", "a@b.de\nBcc: c@d.de", "a@b.de\r\n", "x" * 300],
)
def test_no_address(run: Run, config: Path, mail_server: MailServer, address: str) -> None:
    said = run(*LINK, "--email", address, "--config", with_smtp(config, mail_server.port))
    assert said.exit_code == 2
    assert (
        "--email: must be an e-mail address" if address else "--email: is required"
    ) in said.stderr
    assert said.stdout == ""
    assert not mail_server.envelopes


def test_without_a_mail_server(run: Run, config: Path) -> None:
    said = run(*LINK, "--email", ANNA, "--config", config)
    assert said.exit_code == 2
    assert "smtp: is needed" in said.stderr


def made(**changes: Any) -> EmailMessage:
    values: dict[str, Any] = {
        "sender": "pay@example.com", "to": ANNA, "language": "en", "now": BEGINNING,
    }  # fmt: skip
    shop = changes.pop("shop", samples.shop())
    order = changes.pop("order", samples.order())
    return invoice(order, shop, "https://pay.example.com/pay/x", **(values | changes))


def test_no_header_is_injected() -> None:
    evil = "Shop\r\nBcc: c@d.de\nX-Evil: 1"
    mail = made(
        shop=samples.shop(name=evil), order=samples.order(description=evil, tracking_id=evil)
    )
    assert set(mail.keys()) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    head = bytes(mail).partition(b"\r\n\r\n")[0]
    assert not re.search(rb"^(Bcc|X-Evil):", head, re.MULTILINE)


def test_addresses_of_other_alphabets() -> None:
    mail = made(to="анна@пример.рф")
    assert mail["To"].addresses[0].domain == "xn--e1afmkfd.xn--p1ai"
    assert "анна@xn--e1afmkfd.xn--p1ai".encode() in bytes(mail)
    with pytest.raises(Invalid):
        made(to=f"anna@{'x' * 70}.example.com")


def test_a_mail_that_is_sent_twice_is_known_by_its_name() -> None:
    """A worker may die after the mail server took it."""
    first, again = made(id="7f3c1a9e"), made(id="7f3c1a9e")
    assert first["Message-ID"] == again["Message-ID"] == "<7f3c1a9e@example.com>"
    assert made()["Message-ID"] != made()["Message-ID"]
