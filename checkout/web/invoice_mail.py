"""The mail that carries a payment link: whom to pay, how much, for what, until when.

HTML and plain text, both in the link's language. What shops and customers wrote stands in one
line of a header at most, and `EmailMessage` refuses a header with a line break.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from checkout.i18n import N_, choose_language, gettext, locale
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.model.invoice import Kind
from checkout.model.order import Order
from checkout.payments.context import Context
from checkout.payments.mailer import Post
from checkout.settings import Settings, Shop, Smtp
from checkout.shop_api.mail import Undelivered, mailbox, send
from checkout.web.pages import messages
from checkout.web.pages.formatting import amount, date_and_time, fill
from checkout.web.render import environment

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
QUESTIONS = N_("Questions?")


class InvoiceMail(Struct, frozen=True):
    """A mail with a payment link (`mail/invoice.html`); each text is a single line."""

    lang: str
    dir: str
    subject: str
    remark: str | None  # the first sentence
    shop: str
    amount: str
    description: str
    reference: str | None
    url: str
    pay_label: str
    until: str  # a sentence
    email: str | None  # where questions go, else to `home`
    home: str
    accent: str
    on_accent: str


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
) -> EmailMessage:
    """The invoice or the reminder for `order`, from the settings' sender and in the link's
    language. Raises Undelivered without a mail server, Invalid for a bad address."""
    return invoice(
        order,
        shop,
        url,
        sender=_smtp(settings).sender,
        to=to,
        language=choose_language(order.page_settings.language),
        now=now,
        kind=kind,
        id=id,
    )


async def post(mail: EmailMessage, settings: Settings) -> None:
    """Hand it to the settings' mail server, once. Raises Undelivered."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    await send(mail, _smtp(settings), host=host)


def invoice_sender(context: Context) -> Post:
    """The function by which the mailer sends an invoice."""

    async def send_invoice(standing: Standing, mail: Mail) -> None:
        settings, about = context.settings, standing.invoice
        shop, to = settings.shops.get(about.shop), about.email
        if shop is None or to is None:
            raise Undelivered("The shop is not in the settings")
        url, now = settings.url(f"/pay/{about.signed}"), context.clock()
        made = mail_of(settings, shop, about.order, url, to=to, now=now, kind=mail.kind, id=mail.id)
        await post(made, settings)

    return send_invoice


def _smtp(settings: Settings) -> Smtp:
    if settings.smtp is None:
        raise Undelivered("There is no mail server in the settings")
    return settings.smtp


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
) -> EmailMessage:
    """The mail about `order`, payable at `url`; `to` is a customer's address, `now` its date. `id`
    stands in its Message-ID, by which mail programs recognise a mail that was sent twice."""
    view = _view(order, shop, url, language, kind)
    recipient = mailbox(to)
    # The name of a domain has an ASCII form, that of a person's box has none.
    message = EmailMessage(policy=SMTP if recipient.addr_spec.isascii() else SMTPUTF8)
    from_ = mailbox(sender, view.shop)
    message["From"] = from_
    message["To"] = recipient
    if shop.email:
        message["Reply-To"] = mailbox(shop.email, view.shop)
    message["Subject"] = view.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    domain = from_.domain
    message["Message-ID"] = f"<{id}@{domain}>" if id else make_msgid(domain=domain)
    message.set_content("\n".join(_lines(view)) + "\n")
    page = environment(language, assets=None).get_template("mail/invoice.html").render(mail=view)
    message.add_alternative(page, subtype="html")
    message["Content-Language"] = language
    return message


def _view(order: Order, shop: Shop, url: str, language: str, kind: Kind) -> InvoiceMail:
    _, money = gettext(language), amount(order.money, language)
    subject, remark = TEXTS[kind]
    name = _one_line(shop.name)
    return InvoiceMail(
        lang=language,
        dir=locale(language).text_direction,
        subject=fill(_(subject), shop=name, amount=money),
        remark=_(remark) if remark else None,
        shop=name,
        amount=money,
        description=_one_line(order.description),
        reference=_one_line(order.tracking_id) if order.tracking_id else None,
        url=url,
        pay_label=order.page_settings.button_text or fill(_(messages.PAY), amount=money),
        until=fill(_(UNTIL), time=date_and_time(order.expires_at, language)),
        email=shop.email,
        home=shop.url,
        accent=shop.accent,
        on_accent=shop.on_accent,
    )


def _lines(view: InvoiceMail) -> Iterator[str]:
    """The plain text."""
    _ = gettext(view.lang)
    yield view.subject
    yield ""
    if view.remark:
        yield view.remark
        yield ""
    yield view.description
    if view.reference:
        yield f"{_(messages.ROW_REFERENCE)}: {view.reference}"
    yield ""
    yield _(PAY_HERE)
    yield view.url
    yield ""
    yield view.until
    yield _(UNASKED)
    yield f"{_(QUESTIONS)} {view.email or view.home}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
