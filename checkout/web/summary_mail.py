"""The mail about a day at a shop: what was paid and what went back, by currency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from email.message import EmailMessage
from typing import Final

from babel.dates import format_date
from msgspec import Struct

from checkout.i18n import N_, gettext, locale
from checkout.ledger import shop_summary
from checkout.ledger.mails import Mail
from checkout.ledger.shop_summary import PAYMENT, Total
from checkout.payments.mailer import Unneeded
from checkout.payments.summaries import bounds
from checkout.settings import Shop
from checkout.shop_api.mail import Undelivered
from checkout.web.context import AppContext
from checkout.web.mail import MailHeader, MailLayout, layout_of, mail_of, one_line, post, sender_of
from checkout.web.pages.components import Row
from checkout.web.pages.formatting import amount, fill

SUBJECT: Final = N_("%(shop)s on %(date)s")
# A row for each kind of `shop_summary`.
ROWS: Final = {
    PAYMENT: N_("Payments: %(count)s"),
    "refund": N_("Refunds: %(count)s"),
    "chargeback": N_("Chargebacks: %(count)s"),
}
UTC_DAY: Final = N_("From midnight to midnight, UTC. Test payments are not counted.")


class SummaryMail(Struct, frozen=True):
    """`mail/summary.html`; `remark`: which day that is, a sentence."""

    day: str
    rows: tuple[Row, ...]
    remark: str


def summary_sender(app: AppContext) -> Callable[[Mail], Awaitable[None]]:
    """The function by which the mailer sends one; a day on which nothing moved has none."""

    async def send_summary(mail: Mail) -> None:
        shop = app.settings.shops.get(mail.shop)
        if shop is None:
            raise Undelivered("The shop is not in the settings")
        if shop.notify_email is None or mail.about is None:
            raise Unneeded
        within = bounds(mail.about)
        totals = await app.context.ledger.read(shop_summary.totals, shop.id, *within)
        if not totals:
            raise Unneeded
        await post(summary(app, mail, shop, shop.notify_email, totals), app.settings)

    return send_summary


def summary(
    app: AppContext, mail: Mail, shop: Shop, to: str, totals: tuple[Total, ...]
) -> EmailMessage:
    """The mail. Raises Undelivered without a mail server, Invalid for a bad address."""
    language = shop.notify_language
    _, spoken = gettext(language), locale(language)
    view = SummaryMail(
        day=format_date(date.fromisoformat(mail.about or ""), "long", spoken),
        rows=tuple(
            Row(fill(_(ROWS[each.kind]), count=each.count), amount(each.money, language))
            for each in totals
        ),
        remark=_(UTC_DAY),
    )
    subject = fill(_(SUBJECT), shop=one_line(shop.name), date=view.day)
    preview = ", ".join(f"{row.label}, {row.value}" for row in view.rows)
    layout = layout_of(shop, language, subject, preview)
    header = MailHeader(
        sender=sender_of(app.settings, shop),
        to=to,
        now=mail.created_at,
        id=mail.id,
        automatic=True,
    )
    page = app.render("mail/summary.html", language, mail=view, layout=layout)
    return mail_of(header, layout, text="\n".join(_lines(view, layout)) + "\n", page=page)


def _lines(view: SummaryMail, layout: MailLayout) -> Iterator[str]:
    """The plain text."""
    yield from (layout.subject, "")
    yield from (f"{row.label}, {row.value}" for row in view.rows)
    yield from ("", view.remark)
