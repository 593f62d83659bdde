"""Reads the body of `/invoices` (and the command line's options) into the payload of a
payment link and the mails to send, and shapes the answers.

No source names the fields: those of a link are a link's, the others are ours. A body is flat;
nulls, digit strings and unknown fields are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.errors import Unprocessable
from checkout.ledger.invoices import Standing
from checkout.model.mail import Kind
from checkout.model.order import Order
from checkout.model.status import OUTWARD
from checkout.model.validation.description import says
from checkout.model.validation.reader import BASE, Invalid, Reader, drop_nulls
from checkout.model.validation.rules import (
    cardless,
    choice,
    integer,
    loose_flag,
    minor_units,
    moment,
    sendable_email_address,
)
from checkout.model.validation.table import Field, FieldTable
from checkout.settings import Settings, Shop
from checkout.shop_api import answers
from checkout.shop_api.breakdown import BREAKDOWN
from checkout.shop_api.card_numbers import body_reader
from checkout.shop_api.checkout_request import (
    DAY,
    LAST_MOMENT,
    LINK_ATTEMPTS,
    LINK_SETTINGS,
    PAYMENT,
    PAYMENT_METHOD,
    SETTINGS,
    TERMS,
    read_link_order,
)
from checkout.shop_api.customer import CUSTOMER
from checkout.shop_api.mail import mailbox
from checkout.shop_api.responses import bank_result
from checkout.shop_api.responses import moment as written_moment

LASTS: Final = 7 * DAY  # an invoice that names no end
REMINDED: Final = DAY  # before its end, by default
TYPES: Final = ("payment", "authorization")
PLACES: Final = ("order.", "settings.")
TIME: Final = "must be a time like 2030-01-31T12:00:00+03:00, or in seconds since 1970"
REMIND: Final = "must be seconds before the end, or a time like 2030-01-31T12:00:00+03:00"
NO_KEYS: Final = "shops.{shop}.link_keys: is needed in the settings (checkout keys makes one)"
NO_SMTP: Final = "smtp: is needed in the settings to send mails; false makes the link alone"
DRAFT: Final = "draft"  # of the mail: none is to be sent so far


@says("an address with a dot in its domain", type="string", maxLength=254)
def address(value: Any) -> str:
    """A rule: where a mail can go."""
    found = cardless(sendable_email_address)(value)
    mailbox(found)
    return found


@says("a time like `2030-01-31T12:00:00+03:00`, or seconds since 1970", type=["string", "integer"])
def _end(value: Any) -> int:
    try:
        at = moment(value) if isinstance(value, str) and not value.isdigit() else None
        return integer(0, LAST_MOMENT - 1, digits=True)(value if at is None else int(at))
    except Invalid:
        raise Invalid(TIME) from None


@says("seconds before the end, or a time", type=["string", "integer", "boolean"])
def _reminder(value: Any) -> tuple[int | None, float | None]:
    """A rule: (seconds before the end, a time); both None for 0 and false: no reminder."""
    try:
        if isinstance(value, str) and not value.isdigit() and value != "false":
            return None, moment(value)
        if value in (False, "false"):
            return None, None
        return integer(0, LAST_MOMENT, digits=True)(value) or None, None
    except Invalid:
        raise Invalid(REMIND) from None


# What stands in the link: it is read by the rules of a payment.
ORDERED: Final = FieldTable(
    amount=Field(minor_units(), "what is paid", required=True),
    **TERMS.only(("currency", "description", "tracking_id")),
    **BREAKDOWN,
    transaction_type=Field(choice(TYPES), "`payment` unless said"),
    attempts=PAYMENT["attempts"]._replace(
        note=f"how many declines end its payment; {LINK_ATTEMPTS} unless said"
    ),
    test=PAYMENT["test"],
    customer=Field(CUSTOMER),
    payment_method=Field(PAYMENT_METHOD),
    **SETTINGS.only(LINK_SETTINGS),
)
MAILED: Final = FieldTable(
    send=Field(loose_flag, "`false`: the link alone, to be mailed later or never", default=True),
    email=Field(address, "where it is mailed to; required unless `send` is false"),
    expires=Field(_end, "until when it can be paid; 7 days unless said"),
    remind=Field(
        _reminder,
        "one reminder by mail, to who was mailed and has not paid; a day before the end unless "
        "said, `0` or `false`: none",
        default=(None, None),
    ),
)
INVOICE: Final = FieldTable(**ORDERED, **MAILED)
AGAIN: Final = FieldTable(email=Field(address, "where it goes from now on"))


class Draft(Struct, frozen=True, kw_only=True):
    """An invoice before it is signed. `payload` is the link's; `given`: the shop's own fields;
    `send`: mail it now, to `email`; `remind_at`: None for no reminder."""

    payload: dict[str, Any]
    order: Order
    given: dict[str, Any]
    email: str | None
    send: bool
    remind_at: float | None


def read_invoice(data: Any, shop: Shop, settings: Settings, now: float) -> Draft:
    """Raises Unprocessable, naming every wrong field; also where we can't sign or send."""
    fields = body_reader(data)
    fields.done()
    given = {name: value for name, value in fields.given.items() if name in ORDERED}
    if not shop.link_keys:
        fields.wrong("", NO_KEYS.format(shop=shop.id))
    send, email = _mail(fields, settings)
    ends = MAILED.take(fields, "expires")
    expires = int(now + LASTS) if ends is None else ends
    if expires <= now:
        fields.wrong("expires", "must be in the future")
    remind_at = _remind_at(fields, expires, now)
    payload = given | {"expires": expires}
    order = _order(fields, payload, shop, settings, now)
    if order is not None:
        for name in ("amount", "transaction_type"):
            ORDERED.take(fields, name)
    fields.done()
    if order is None:
        raise ValueError("an order without problems is read")
    if "customer" in given:  # as it is kept; what was dropped may be anything
        given["customer"] = payload["customer"] = msgspec.to_builtins(order.customer)
    order = msgspec.structs.replace(order, dropped=fields.dropped | _in_flat_body(order.dropped))
    return Draft(
        payload=payload, order=order, given=given, email=email, send=send, remind_at=remind_at
    )


def _mail(fields: Reader, settings: Settings) -> tuple[bool, str | None]:
    send = MAILED.take(fields, "send")
    email = MAILED.take(fields, "email")
    if send and not fields.has("email"):
        fields.wrong("email", "is required unless send is false")
    if send and settings.smtp is None:
        fields.wrong("send", NO_SMTP)
    return send, email


def read_address(data: Any) -> str | None:
    """Another address to send an invoice to, in the body of `POST /invoices/{id}/send`."""
    fields = Reader(drop_nulls(data), tolerant=True)
    email: str | None = AGAIN.take(fields, "email")
    fields.done()
    return email


def _remind_at(fields: Reader, expires: int, now: float) -> float | None:
    default = expires - REMINDED
    if not fields.has("remind"):
        return default if default > now else None
    before: float | None
    at: float | None
    before, at = MAILED.take(fields, "remind")
    if before is not None:
        at = expires - before
    if at is not None and not now < at < expires:
        fields.wrong("remind", "must be between now and the end")
    return at


def _order(
    fields: Reader, payload: Mapping[str, Any], shop: Shop, settings: Settings, now: float
) -> Order | None:
    """As the link is read when it is opened."""
    try:
        return read_link_order(payload, shop, sandbox=settings.sandbox, now=now)
    except Unprocessable as error:
        for path, reasons in error.fields.items():
            for reason in reasons:
                fields.wrong(_own_name(path), reason)
        return None


def _in_flat_body(dropped: Mapping[str, str]) -> dict[str, str]:
    return {_own_name(path): reason for path, reason in dropped.items()}


def _own_name(path: str) -> str:
    """ "order.amount" is "amount" in a flat body."""
    for place in PLACES:
        path = path.removeprefix(place)
    return "" if path == BASE else path


def shape(standing: Standing, public_url: str, now: float) -> dict[str, Any]:
    """An invoice as its shop reads it: its terms, where it is paid, and what became of it."""
    invoice, payment = standing.invoice, standing.payment
    status, order = standing.status(now), invoice.order
    mail, reminder = standing.latest(Kind.INVOICE), standing.latest(Kind.REMINDER)
    result = bank_result(payment, status) if payment else None
    found: answers.Invoice = {
        "id": invoice.id,
        "url": f"{public_url}/pay/{invoice.signed}",
        "status": OUTWARD[status],
        "amount": order.money.minor,
        "currency": order.money.currency,
        "description": order.description,
        "tracking_id": order.tracking_id,
        "test": order.test,
        "language": order.page_settings.language,
        "email": invoice.email,
        "mail_status": mail.state if mail else DRAFT,
        "mail_error": mail.error if mail else None,
        "mailed_at": written_moment(standing.sent_at(Kind.INVOICE)),
        "remind_at": written_moment(invoice.remind_at),
        "remind_error": reminder.error if reminder else None,
        "reminded_at": written_moment(standing.sent_at(Kind.REMINDER)),
        "uid": payment.uid if payment else None,
        "paid_at": result["paid_at"] if result else None,
        "cancelled_at": written_moment(invoice.cancelled_at),
        "expires": written_moment(invoice.expires_at),
        "created_at": written_moment(invoice.created_at),
        "updated_at": written_moment(invoice.updated_at),
    }
    return {**invoice.given, **found}
