"""The mails about a payment: the customer's receipt when it is paid and when money went back, and
the shop's "you were paid".

No address of a customer is stored for them: it is looked up when the mail is sent, and where it was
erased meanwhile, there is no mail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from email.message import EmailMessage
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from checkout.i18n import N_, choose_language, gettext
from checkout.identifiers import receipt_secret
from checkout.ledger import operations, personal_data
from checkout.ledger import payments as ledger_payments
from checkout.ledger.mails import Mail
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.mail import Kind
from checkout.model.order import Order
from checkout.model.status import Status
from checkout.payments.mailer import Unneeded
from checkout.payments.mails import customer_email
from checkout.settings import Shop
from checkout.shop_api.mail import Undelivered
from checkout.web.context import AppContext
from checkout.web.mail import (
    QUESTIONS,
    TEST,
    MailHeader,
    MailLayout,
    layout_of,
    logo_of,
    mail_of,
    one_line,
    post,
    sender_of,
)
from checkout.web.pages import messages
from checkout.web.pages.components import Row
from checkout.web.pages.formatting import amount, fill, in_a_row
from checkout.web.pages.order_lines import order_lines
from checkout.web.pages.outcome import receipt_rows
from checkout.web.receipt_pdf import has_pdf

OPEN_RECEIPT: Final = N_("Printable receipt")


class Texts(NamedTuple):
    """The subject, the headline and the sentences below it."""

    subject: str
    title: str
    sentences: tuple[str, ...]


TEXTS: Final = {
    Kind.RECEIPT: Texts(
        N_("Receipt from %(shop)s: %(amount)s"),
        messages.STATUS[Status.PAID].title,
        (messages.STATUS[Status.PAID].text,),
    ),
    Kind.REFUND: Texts(
        N_("Refund from %(shop)s: %(amount)s"),
        messages.STATUS[Status.REFUNDED].title,
        (messages.STATUS[Status.REFUNDED].text, N_("Your bank may take a few days to show it.")),
    ),
    Kind.PAID: Texts(
        N_("Payment received: %(amount)s"),
        N_("You were paid"),
        (N_("A customer has paid at %(shop)s."),),
    ),
}


class ReceiptMail(Struct, frozen=True):
    """`mail/receipt.html`; `test`: a sentence, where no money moved; `sums`: what the
    amount is made of; `lines`: the receipt text."""

    title: str
    text: str
    amount: str
    sums: tuple[Row, ...]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]
    test: str | None
    url: str | None  # of the printable receipt
    pdf_url: str | None


class About(NamedTuple):
    """What a mail is about: the payment, its customer's address, and the refund."""

    payment: Payment
    email: str | None
    refund: Operation | None = None


@dataclass(frozen=True, slots=True)
class MailRequest:
    """What a mail says of a payment, as `receipt_rows` reads it."""

    payment: Payment
    shop: Shop
    spoken: str  # the language
    is_customer: bool  # else the card's digits are not shown
    status: Status = Status.PAID
    time_zone: tzinfo | None = None

    @property
    def order(self) -> Order:
        return self.payment.order

    @property
    def _(self) -> Any:
        return gettext(self.spoken)


def receipt_sender(app: AppContext) -> Callable[[Mail], Awaitable[None]]:
    """The function by which the mailer sends a mail about a payment."""

    async def send_receipt(mail: Mail) -> None:
        settings, uid = app.settings, mail.payment
        shop = settings.shops.get(mail.shop)
        if shop is None:
            raise Undelivered("The shop is not in the settings")
        about = await app.context.ledger.read(_read, uid, mail.about)
        await post(receipt(app, mail, about, shop), settings)

    return send_receipt


def _read(conn: Connection, uid: str | None, operation: str | None) -> About:
    """Raises Unneeded."""
    payment = ledger_payments.by_uid(conn, uid) if uid else None
    if payment is None or personal_data.is_purged(conn, payment.uid):
        raise Unneeded
    found = operations.find(conn, operation) if operation else None
    return About(payment, customer_email(conn, payment), found)


def receipt(app: AppContext, mail: Mail, about: About, shop: Shop) -> EmailMessage:
    """The mail about a payment, or about its refund. Raises Unneeded where there is no address,
    Undelivered without a mail server, Invalid for a bad address."""
    payment, by_shop = about.payment, mail.kind is Kind.PAID
    to = shop.notify_email if by_shop else about.email
    if to is None:
        raise Unneeded
    language = shop.notify_language if by_shop else _language(payment)
    logo = logo_of(app, shop)
    header = MailHeader(
        sender=sender_of(app.settings, shop),
        to=to,
        now=mail.created_at,
        id=mail.id,
        reply_to=None if by_shop else shop.email,
        automatic=True,
    )
    view = _view(app, mail, about, shop, language)
    texts, _ = TEXTS[mail.kind], gettext(language)
    subject = fill(_(texts.subject), shop=one_line(shop.name), amount=view.amount)
    preview = one_line(payment.order.description) or view.text
    layout = layout_of(shop, language, subject, preview, logo=logo)
    page = app.render("mail/receipt.html", language, mail=view, layout=layout)
    text = "\n".join(_lines(view, layout)) + "\n"
    return mail_of(header, layout, text=text, page=page, logo=logo)


def _language(payment: Payment) -> str:
    """The one in which it was paid."""
    paid = payment.shown
    spoken = paid.language if paid else None
    return choose_language(spoken, payment.order.page_settings.language)


def _view(app: AppContext, mail: Mail, about: About, shop: Shop, language: str) -> ReceiptMail:
    _, texts, payment = gettext(language), TEXTS[mail.kind], about.payment
    order, attempt = payment.order, payment.shown
    if attempt is not None:  # it may have moved since, as by a refund
        then = msgspec.structs.replace(attempt, updated_at=mail.created_at)
        payment = payment.with_attempt(then)
    known = attempt is not None and not attempt.stranger
    rows = receipt_rows(MailRequest(payment, shop, language, is_customer=known))
    money = order.money
    if about.refund is not None:
        money = money.part(about.refund.amount)
        rows = (Row(_(texts.title), amount(money, language)), *rows)
    url = None if mail.kind is Kind.PAID else _receipt_url(app, payment, language)
    return ReceiptMail(
        title=_(texts.title),
        text=fill(in_a_row(_(each) for each in texts.sentences), shop=one_line(shop.name)),
        amount=amount(money, language),
        sums=() if about.refund else tuple(Row(*each) for each in order_lines(order, language)),
        rows=rows,
        lines=order.receipt_text,
        test=" ".join(_(each) for each in TEST) if order.test else None,
        url=url,
        pdf_url=f"{url}/receipt.pdf" if url and has_pdf() else None,
    )


def _receipt_url(app: AppContext, payment: Payment, language: str) -> str:
    secret = receipt_secret(payment.secret)
    return app.settings.url(f"/{language}/order/{payment.uid}/{secret}", payment.shop)


def _lines(view: ReceiptMail, layout: MailLayout) -> Iterator[str]:
    """The plain text."""
    _ = gettext(layout.lang)
    yield from (f"{view.title}: {view.amount}", "", view.text)
    if view.test:
        yield view.test
    yield ""
    if view.sums:
        yield from (f"{one_line(row.label)}: {row.value}" for row in view.sums)
        yield ""
    yield from (f"{row.label}: {one_line(row.value)}" for row in view.rows)
    if view.lines:
        yield from ("", *view.lines)
    if view.url:
        yield from ("", f"{_(OPEN_RECEIPT)}:", view.url)
        yield from ("", f"{_(QUESTIONS)} {layout.email or layout.home}")
