"""What every mail has: who it is from, its headers, its HTML and plain text, and its way out."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from checkout.i18n import N_, locale
from checkout.settings import Settings, Shop, Smtp
from checkout.shop_api.mail import Undelivered, mailbox, send
from checkout.web.context import AppContext
from checkout.web.render import StaticFile

QUESTIONS: Final = N_("Questions?")
TEST: Final = (N_("Test mode."), N_("No money moves."))
LOGO: Final = "logo"  # its Content-ID, before the @
LARGEST_LOGO: Final = 32 * 1024  # bytes
PICTURES: Final = ("image/png", "image/jpeg", "image/gif")  # that mail programs show


class MailLayout(Struct, frozen=True):
    """What `mail/base.html` has around the content; each text is a single line. `preview`: what
    mailboxes show after the subject; `email`: where questions go, else to `home`."""

    lang: str
    dir: str
    subject: str
    preview: str
    shop: str
    email: str | None
    home: str
    accent: str
    on_accent: str
    logo: str | None = None  # its address inside the mail


class MailHeader(Struct, frozen=True, kw_only=True):
    """Whom a mail goes to, and as which. `now`: its date; `id` stands in its Message-ID, by which
    mail programs recognise a mail that was sent twice; `reply_to`: the shop's address; `automatic`:
    nobody pressed a button for it, so that no holiday note answers."""

    sender: str
    to: str
    now: float
    id: str | None = None
    reply_to: str | None = None
    automatic: bool = False


def layout_of(
    shop: Shop, language: str, subject: str, preview: str, *, logo: StaticFile | None = None
) -> MailLayout:
    return MailLayout(
        lang=language,
        dir=locale(language).text_direction,
        subject=subject,
        preview=preview,
        shop=one_line(shop.name),
        email=shop.email,
        home=shop.url,
        accent=shop.accent,
        on_accent=shop.on_accent,
        logo=f"cid:{LOGO}" if logo else None,
    )


def logo_of(app: AppContext, shop: Shop) -> StaticFile | None:
    """The shop's logo, where it was fetched, mail programs show such a picture, and it is no burden
    in each mail."""
    address = app.logos.get((shop.id, shop.logo)) if shop.logo else None
    found = app.render.assets.files.get((address or "").removeprefix("/static/"))
    if found is None or found.media_type not in PICTURES or len(found.body) > LARGEST_LOGO:
        return None
    return found


def mail_of(
    header: MailHeader,
    layout: MailLayout,
    *,
    text: str,
    page: str,
    logo: StaticFile | None = None,
) -> EmailMessage:
    """The mail: `text` and `page`, the HTML, say the same. Raises Invalid for a bad address."""
    recipient = mailbox(header.to)
    # The name of a domain has an ASCII form, that of a person's box has none.
    message = EmailMessage(policy=SMTP if recipient.addr_spec.isascii() else SMTPUTF8)
    from_ = mailbox(header.sender, layout.shop)
    message["From"] = from_
    message["To"] = recipient
    if header.reply_to:
        message["Reply-To"] = mailbox(header.reply_to, layout.shop)
    message["Subject"] = layout.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(header.now, UTC))
    name, domain = header.id, from_.domain
    message["Message-ID"] = f"<{name}@{domain}>" if name else make_msgid(domain=domain)
    if header.automatic:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    if logo is not None:
        kind, _, form = logo.media_type.partition("/")
        html = message.get_body(("html",))
        assert isinstance(html, EmailMessage)  # noqa: S101
        html.add_related(logo.body, kind, form, cid=f"<{LOGO}>", disposition="inline")
    message["Content-Language"] = layout.lang
    return message


async def post(mail: EmailMessage, settings: Settings) -> None:
    """Hand it to the settings' mail server, once. Raises Undelivered."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    await send(mail, smtp_of(settings), host=host)


def sender_of(settings: Settings, shop: Shop) -> str:
    """Whom the shop's mails come from: its own sender, else the mail server's. Raises Undelivered
    without a mail server."""
    usual = smtp_of(settings).sender
    return shop.sender or usual


def smtp_of(settings: Settings) -> Smtp:
    """Raises Undelivered without one."""
    if settings.smtp is None:
        raise Undelivered("There is no mail server in the settings")
    return settings.smtp


def one_line(text: str) -> str:
    return " ".join(text.split())
