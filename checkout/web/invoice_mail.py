"""The mail that carries a payment link: whom to pay, how much, for what, until when.

HTML and plain text, both in the link's language. What shops and customers wrote stands in one
line of a header at most, and `EmailMessage` refuses a header with a line break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Final

from msgspec import Struct

from checkout.i18n import N_, choose_language, gettext
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.model.mail import Kind
from checkout.model.order import Order
from checkout.payments.context import Context
from checkout.payments.mailer import Post
from checkout.settings import Settings, Shop
from checkout.shop_api.mail import Undelivered
from checkout.web import mail as mails
from checkout.web.mail import (
    QUESTIONS,
    MailHeader,
    MailLayout,
    layout_of,
    one_line,
    post,
    sender_of,
)
from checkout.web.pages import messages
from checkout.web.pages.components import Row
from checkout.web.pages.formatting import amount, date_and_time, fill
from checkout.web.pages.order_lines import order_lines
from checkout.web.render import StaticFile, environment

LogoOf = Callable[[Shop], StaticFile | None]

# The subject of each kind of mail, and its first sentence.
TEXTS: Final[dict[Kind, tuple[str, str | None]]] = {
    Kind.INVOICE: (N_("Invoice from %(shop)s: %(amount)s"), None),
    Kind.REMINDER: (
        N_("Reminder: invoice from %(shop)s, %(amount)s"),
        N_("This invoice has not been paid yet."),
    ),
}
UNTIL = N_("The link works until %(time)s.")
PAY_HERE = N_("Pay here:")
UNASKED = N_("If you did not order this, you do not need to do anything.")


class InvoiceMail(Struct, frozen=True):
    """A mail with a payment link (`mail/invoice.html`); each text is a single line."""

    remark: str | None  # the first sentence
    amount: str
    description: str
    reference: str | None
    sums: tuple[Row, ...]  # what the amount is made of
    url: str
    pay_label: str
    until: str  # a sentence


def mail_of(
    settings: Settings,
    shop: Shop,
    order: Order,
    url: str,
    *,
    to: str,
    now: float,
    kind: Kind = Kind.INVOICE,
    id: str | None = None,
    logo: StaticFile | None = None,
) -> EmailMessage:
    """The invoice or the reminder for `order`, from the shop's sender and in the link's
    language. Raises Undelivered without a mail server, Invalid for a bad address."""
    return invoice(
        order,
        shop,
        url,
        sender=sender_of(settings, shop),
        to=to,
        language=choose_language(order.page_settings.language),
        now=now,
        kind=kind,
        id=id,
        logo=logo,
    )


def invoice_sender(context: Context, logo: LogoOf = lambda _: None) -> Post:
    """The function by which the mailer sends an invoice, with the shop's logo."""

    async def send_invoice(standing: Standing, mail: Mail) -> None:
        settings, about = context.settings, standing.invoice
        shop, to = settings.shops.get(about.shop), about.email
        if shop is None or to is None:
            raise Undelivered("The shop is not in the settings")
        made = mail_of(
            settings,
            shop,
            about.order,
            settings.url(f"/pay/{about.signed}", shop),
            to=to,
            now=context.clock(),
            kind=mail.kind,
            id=mail.id,
            logo=logo(shop),
        )
        await post(made, settings)

    return send_invoice


def invoice(
    order: Order,
    shop: Shop,
    url: str,
    *,
    sender: str,
    to: str,
    language: str,
    now: float,
    kind: Kind = Kind.INVOICE,
    id: str | None = None,
    logo: StaticFile | None = None,
) -> EmailMessage:
    """The mail about `order`, payable at `url`; `to` is a customer's address, `now` its date. `id`
    stands in its Message-ID, by which mail programs recognise a mail that was sent twice."""
    view = _view(order, url, language, kind)
    subject = fill(gettext(language)(TEXTS[kind][0]), shop=one_line(shop.name), amount=view.amount)
    layout = layout_of(shop, language, subject, f"{view.description} {view.until}", logo=logo)
    template = environment(language, assets=None).get_template("mail/invoice.html")
    return mails.mail_of(
        MailHeader(sender=sender, to=to, now=now, id=id, reply_to=shop.email),
        layout,
        text="\n".join(_lines(view, layout)) + "\n",
        page=template.render(mail=view, layout=layout),
        logo=logo,
    )


def _view(order: Order, url: str, language: str, kind: Kind) -> InvoiceMail:
    _, money = gettext(language), amount(order.money, language)
    remark = TEXTS[kind][1]
    return InvoiceMail(
        remark=_(remark) if remark else None,
        amount=money,
        description=one_line(order.description),
        reference=one_line(order.tracking_id) if order.tracking_id else None,
        sums=tuple(Row(*each) for each in order_lines(order, language)),
        url=url,
        pay_label=order.page_settings.button_text or fill(_(messages.PAY), amount=money),
        until=fill(_(UNTIL), time=date_and_time(order.expires_at, language)),
    )


def _lines(view: InvoiceMail, layout: MailLayout) -> Iterator[str]:
    """The plain text."""
    _ = gettext(layout.lang)
    yield layout.subject
    yield ""
    if view.remark:
        yield view.remark
        yield ""
    yield view.description
    if view.reference:
        yield f"{_(messages.ROW_REFERENCE)}: {view.reference}"
    yield ""
    if view.sums:
        yield from (f"{one_line(row.label)}: {row.value}" for row in view.sums)
        yield ""
    yield _(PAY_HERE)
    yield view.url
    yield ""
    yield view.until
    yield _(UNASKED)
    yield f"{_(QUESTIONS)} {layout.email or layout.home}"
