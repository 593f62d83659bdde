"""The mails about a payment, by a real mail server: to the customer and to the shop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio

from checkout.payments.operations import start_operation
from checkout.payments.summaries import Summaries
from tests.support.mail_server import MailServer, open_mail_server
from tests.web.page import Page
from tests.web.server import CARD, DECLINED, CreatedPayment, Server, open_server

ANNA, OWNER = "anna@example.com", "owner@shop.example.com"
LOGO = "https://shop.example.com/logo.png"
OF_ANNA: dict[str, Any] = {"customer": {"email": ANNA}}


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def server(
    pem: str, tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer
) -> AsyncIterator[Server]:
    top = f'[smtp]\nurl = "smtp://127.0.0.1:{mail_server.port}"\nsender = "pay@example.com"\n'
    more = f'notify_email = "{OWNER}"\nnotify_language = "de"\nlogo = "{LOGO}"\n'
    folder = tmp_path_factory.mktemp("mails")
    async with open_server(folder, pem, top=top, apps=more) as found:
        yield found


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML, with plain blanks."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    texts = (part.get_content().replace("\u00a0", " ") for part in (plain, html))
    return next(texts), next(texts)


async def come(
    made: CreatedPayment, mail_server: MailServer, to: str, number: int = 1
) -> EmailMessage:
    """The mail to somebody about this payment, once so many have come."""
    for _ in range(500):
        made.server.app.state.context.context.mails_due.set()
        sent = [mail for mail in mail_server.mails if mail["To"] == to]
        found = [mail for mail in sent if made.uid in parts(mail)[0]]
        if len(found) >= number:
            return found[-1]
        await asyncio.sleep(0.02)
    raise AssertionError([mail["To"] for mail in mail_server.mails])


async def paid(server: Server, lang: str = "en", **changes: Any) -> CreatedPayment:
    made = await server.create(**changes)
    async with server.customer() as customer:
        page = await customer.open(made.path(lang=lang))
        answer = await customer.submit(page.form("pay"), **CARD)
        assert answer.status_code == 303, answer.text
    return made


async def test_who_has_paid_gets_a_receipt(server: Server, mail_server: MailServer) -> None:
    made = await paid(server, **OF_ANNA)
    mail = await come(made, mail_server, ANNA)
    assert mail["From"] == "Demo shop <pay@example.com>"
    assert mail["Reply-To"] == "Demo shop <help@shop.example.com>"
    assert mail["Subject"] == "Receipt from Demo shop: €19.99"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    plain, html = parts(mail)
    for text in ("€19.99", "Two tickets", "order-7", "Visa •••• 0000", made.uid, "Demo shop"):
        assert text in plain
        assert text in html
    assert "4200000000000000" not in plain + html
    assert made.secret not in plain + html, "it may be passed on"
    address = next(line for line in plain.splitlines() if "/en/order/" in line)
    assert f'href="{address}"' in html
    async with server.customer() as stranger:
        page = await stranger.open(address.removeprefix(server.settings.public_url))
        assert "Paid" in page.text


async def test_in_the_language_in_which_it_was_paid(
    server: Server, mail_server: MailServer
) -> None:
    made = await paid(server, lang="ru", **OF_ANNA)
    mail = await come(made, mail_server, ANNA)
    assert mail["Content-Language"] == "ru"
    assert mail["Subject"].replace("\u00a0", " ") == "Квитанция от Demo shop: 19,99 €"


async def test_the_shop_learns_of_it_in_its_own(server: Server, mail_server: MailServer) -> None:
    made = await paid(server, lang="ru")
    mail = await come(made, mail_server, OWNER)
    assert mail["Subject"].replace("\u00a0", " ") == "Zahlung eingegangen: 19,99 €"
    assert mail["Reply-To"] is None
    plain, html = parts(mail)
    for text in ("Two tickets", "order-7", made.uid):
        assert text in plain
        assert text in html
    assert "/order/" not in plain + html
    to = [each["To"] for each in mail_server.mails if made.uid in parts(each)[0]]
    assert to == [OWNER], "no customer to be mailed"


async def test_of_a_decline_nobody_is_mailed(server: Server, mail_server: MailServer) -> None:
    declined = await server.create(**OF_ANNA)
    async with server.customer() as customer:
        await customer.pay(declined, DECLINED)
    made = await paid(server)
    await come(made, mail_server, OWNER)
    assert not [each for each in mail_server.mails if declined.uid in parts(each)[0]]


async def test_of_each_refund(server: Server, mail_server: MailServer) -> None:
    made = await paid(server, **OF_ANNA)
    context = server.app.state.context.context
    for number, (minor, written) in enumerate([(500, "€5.00"), (1499, "€14.99")], 2):
        refunded = await start_operation(
            context, "refund", made.uid, amount=minor, request_id=f"r-{number}"
        )
        assert refunded.done
        mail = await come(made, mail_server, ANNA, number)
        assert mail["Subject"] == f"Refund from Demo shop: {written}"
        plain, _ = parts(mail)
        assert f"Refunded: {written}" in plain
        assert "Amount: €19.99" in plain
        assert "Visa •••• 0000" in plain


async def test_what_a_stranger_paid_with_is_not_told_to_the_customer(
    server: Server, mail_server: MailServer
) -> None:
    made = await server.create(**OF_ANNA, settings={"customer_fields": {"visible": ["email"]}})
    async with server.customer() as first, server.customer() as stranger:
        await first.open(made.path())
        page = await stranger.open(made.path())
        answer = await stranger.submit(page.form("pay"), **CARD)
        assert answer.status_code == 303
    plain, html = parts(await come(made, mail_server, ANNA))
    assert "Visa" in plain
    assert "0000" not in plain + html.replace("#000000", "")


async def test_what_a_day_has_brought(server: Server, mail_server: MailServer) -> None:
    made = await paid(server)
    context = server.app.state.context.context
    today = datetime.now(UTC)
    server.offset, found = 24 * 3600.0, list[EmailMessage]()
    try:
        for _ in range(500):
            await Summaries(context).turn()
            context.mails_due.set()
            found = [mail for mail in mail_server.mails if "Demo shop am " in mail["Subject"]]
            if found:
                break
            await asyncio.sleep(0.02)
    finally:
        server.offset = 0.0
    (mail,) = found
    assert mail["To"] == OWNER
    assert f"{today:%Y}" in mail["Subject"]
    plain, html = parts(mail)
    for text in (plain, html):
        assert re.search(r"Zahlungen: \d+", text)
        assert "€" in text
    assert made.uid not in plain + html


async def test_what_it_is_made_of(server: Server, mail_server: MailServer) -> None:
    lines = [{"name": "Socks <wool>", "quantity": 2, "amount": 1500}]
    order = {"amount": 1999, "lines": lines, "shipping": 499}
    made = await paid(server, order=order, **OF_ANNA)
    plain, html = parts(await come(made, mail_server, ANNA))
    assert "2 × Socks <wool>: €15.00" in plain
    assert "2 × Socks &lt;wool&gt;" in html
    assert "Shipping: €4.99" in plain


async def test_the_logo_is_inside(server: Server, mail_server: MailServer) -> None:
    app = server.app.state.context
    picture = b"\x89PNG\r\n\x1a\n, as far as we look"
    app.logos["361", LOGO] = app.render.assets.add("logo-361.png", picture)
    try:
        made = await paid(server, **OF_ANNA)
        mail = await come(made, mail_server, ANNA)
    finally:
        del app.logos["361", LOGO]
    (image,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert image["Content-ID"] == "<logo>"
    assert image.get_payload(decode=True) == picture
    html = parts(mail)[1]
    assert 'src="cid:logo"' in html
    assert "<img" not in html.replace('<img src="cid:logo"', "")


# --- The field for it -----------------------------------------------------------------------------


async def test_it_goes_where_the_customer_wants_it(server: Server, mail_server: MailServer) -> None:
    made = await server.create(order={"description": "Another address"})
    async with server.customer() as customer:
        page = await customer.open(made.path())
        assert "E-mail for your receipt" in page.text
        answer = await customer.submit(page.form("pay"), **CARD, email="no address")
        assert answer.status_code == 422
        page = Page(answer.text)
        assert list(page.errors()) == ["email"]
        answer = await customer.submit(page.form("pay"), **CARD, email="ben@example.com")
        assert answer.status_code == 303
    await come(made, mail_server, "ben@example.com")


async def test_left_empty_it_costs_nothing(server: Server, mail_server: MailServer) -> None:
    made = await paid(server)
    await come(made, mail_server, OWNER)
    (attempt,) = made.attempts()
    assert "@" not in attempt["customer"]


@pytest.mark.parametrize(
    "changes",
    [
        OF_ANNA,
        {"settings": {"customer_fields": {"hidden": ["email"]}}},
        {"transaction_type": "tokenization"},
    ],
    ids=["it is known", "the shop hides it", "nothing is paid"],
)
async def test_nobody_is_asked_without_need(server: Server, changes: dict[str, Any]) -> None:
    """Whatever page is kept."""
    usual, made = await server.create(), await server.create(**changes)
    async with server.customer() as customer:
        assert "email" in (await customer.open(usual.path())).form("pay").fields
        assert "email" not in (await customer.open(made.path())).form("pay").fields


async def test_a_stranger_is_not_shown_it(server: Server) -> None:
    made = await server.create()
    async with server.customer() as customer, server.customer() as stranger:
        page = await customer.open(made.path())
        card = CARD | {"number": DECLINED}
        await customer.submit(page.form("pay"), **card, email="ben@example.com")
        again = await customer.open(made.path())
        assert again.form("pay").fields["email"] == "ben@example.com"
        page = await stranger.open(made.path())
        assert "ben@example.com" not in page.html
        assert "b•••@e•••.com" in page.text
