"""The mail that carries a payment link: whom to pay, how much, for what, until when.

HTML and plain text, both in the link's language. What shops and customers wrote stands in one
line of a header at most, and `EmailMessage` refuses a header with a line break.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid

from checkout.model.checks import Wrong
from checkout.model.order import Order
from checkout.model.rules import email_address
from checkout.settings import Shop
from checkout.texts import N_, gettext, locale
from checkout.web import words
from checkout.web.present import amount, date_and_time, fill
from checkout.web.render import environment
from checkout.web.views import InvoiceMail

SUBJECT = N_("Invoice from %(shop)s: %(amount)s")
UNTIL = N_("The link works until %(time)s.")
PAY_HERE = N_("Pay here:")
UNASKED = N_("If you did not order this, you need not do anything.")
QUESTIONS = N_("Questions?")


def invoice(
    order: Order, shop: Shop, url: str, *, sender: str, to: str, language: str, now: float
) -> EmailMessage:
    """The mail about `order`, payable at `url`; `to` is a customer's address, `now` its date."""
    view = _view(order, shop, url, language)
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
    message["Message-ID"] = make_msgid(domain=from_.domain)
    message.set_content("\n".join(_lines(view)) + "\n")
    page = environment(language, assets=None).get_template("mail/invoice.html").render(mail=view)
    message.add_alternative(page, subtype="html")
    message["Content-Language"] = language
    return message


def mailbox(text: str, name: str = "") -> Address:
    """A checked address as mail headers want it. Raises `Wrong`."""
    user, _, domain = email_address(text).rpartition("@")
    try:
        return Address(name, user, domain.encode("idna").decode())
    except (UnicodeError, ValueError):
        raise Wrong("must be an e-mail address") from None


def _view(order: Order, shop: Shop, url: str, language: str) -> InvoiceMail:
    _, money = gettext(language), amount(order.money, language)
    name = _one_line(shop.name)
    return InvoiceMail(
        lang=language,
        dir=locale(language).text_direction,
        subject=fill(_(SUBJECT), shop=name, amount=money),
        shop=name,
        amount=money,
        description=_one_line(order.description),
        reference=_one_line(order.tracking_id) if order.tracking_id else None,
        url=url,
        pay_label=order.ways.button_text or fill(_(words.PAY), amount=money),
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
    yield view.description
    if view.reference:
        yield f"{_(words.ROW_REFERENCE)}: {view.reference}"
    yield ""
    yield _(PAY_HERE)
    yield view.url
    yield ""
    yield view.until
    yield _(UNASKED)
    yield f"{_(QUESTIONS)} {view.email or view.home}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
