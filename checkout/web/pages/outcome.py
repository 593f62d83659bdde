"""How a payment ended, as the result page and the receipt show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Final, Protocol

from checkout.i18n import Gettext
from checkout.ledger.rows import Attempt, Payment
from checkout.model.order import CARD_METHOD, Order
from checkout.model.outcome import DeclineReason
from checkout.model.status import FINAL, SUCCESSFUL, Status
from checkout.settings import Shop
from checkout.web.pages import declines, messages
from checkout.web.pages.components import (
    Notice,
    Row,
    explained,
    method_label,
    notice,
    was_sent,
)
from checkout.web.pages.formatting import amount, iso_time, moment
from checkout.web.pages.layout import payee_of
from checkout.web.pages.payment_request import PaymentRequest

SHORT: Final = 8  # characters of a payment's number by which people tell it


def result_notice(page: PaymentRequest) -> Notice:
    """The headline of the result; with the reason of a decline or of money that went back."""
    payment, status, kind = page.payment, page.status, page.attempt_kind(page.payment.shown)
    attempt = payment.shown
    reason = _shown_reason(attempt, status)
    if attempt is not None and reason is not None:
        cause, sent = declines.CAUSE[reason], was_sent(attempt)
        found = declines.explain(cause, kind, sent=sent, open_=False, several=False)
        return explained(found, page.lang)
    if status in declines.ENDS:
        tried = kind if any(was_sent(each) for each in payment.attempts) else None
        return explained(declines.explain_end(messages.STATUS[status], status, tried), page.lang)
    if status in SUCCESSFUL and not payment.order.moves_money:
        return notice(messages.CARD_ONLY[payment.order.transaction_type].done, page.lang)
    message = messages.STATUS[status]
    if status is Status.AUTHORIZED:
        message = message._replace(text=messages.of_kind(messages.RESERVED, kind))
    return notice(message, page.lang)


def _shown_reason(attempt: Attempt | None, status: Status) -> DeclineReason | None:
    reason = attempt.reason if attempt is not None else None
    returned = status is Status.REFUNDED and reason is DeclineReason.RETURNED
    return reason if status is Status.DECLINED or returned else None


class ReceiptRequest(Protocol):
    """What a receipt is of and whom it is shown to: a `PaymentRequest`, or a mail."""

    @property
    def _(self) -> Gettext: ...
    @property
    def spoken(self) -> str: ...
    @property
    def shop(self) -> Shop: ...
    @property
    def payment(self) -> Payment: ...
    @property
    def order(self) -> Order: ...
    @property
    def status(self) -> Status: ...
    @property
    def time_zone(self) -> tzinfo | None: ...
    @property
    def is_customer(self) -> bool: ...


def receipt_rows(page: ReceiptRequest) -> tuple[Row, ...]:
    """The receipt's rows, without personal data; only the customer sees the card's last digits."""
    uid = Row(page._(messages.ROW_PAYMENT), page.payment.uid, code=True)
    return (*_order_rows(page), *_paid_rows(page), uid)


def result_rows(page: PaymentRequest) -> tuple[Row, ...]:
    """The same beside the order, which a frame does not show: only what is not there, and the
    payment's number in short."""
    uid = page.payment.uid
    short = Row(page._(messages.ROW_PAYMENT), uid[:SHORT], code=True, copies=uid)
    return (*(_order_rows(page) if page.framed else ()), *_paid_rows(page), short)


def _order_rows(page: ReceiptRequest) -> Iterator[Row]:
    _, order = page._, page.order
    if not order.moves_money:
        yield Row(_(messages.ROW_SHOP_ALONE), page.shop.name)
    else:
        yield Row(_(messages.ROW_AMOUNT), amount(order.money, page.spoken))
        yield Row(_(messages.ROW_SHOP), payee_of(page.shop, page.spoken))
    if order.description:  # else it is purged
        yield Row(_(messages.ROW_DESCRIPTION), order.description)
    if order.tracking_id:
        yield Row(_(messages.ROW_REFERENCE), order.tracking_id)


def _paid_rows(page: ReceiptRequest) -> Iterator[Row]:
    attempt, status = page.payment.shown, page.status
    if attempt is not None and status in FINAL:
        at, zone = attempt.updated_at, page.time_zone
        iso = "" if zone else iso_time(at)
        yield Row(page._(messages.ROW_TIME), moment(at, page.spoken, zone), time=iso)
    if attempt is not None and status in SUCCESSFUL:
        yield from _paid_with(page, attempt)


def _paid_with(page: ReceiptRequest, attempt: Attempt) -> Iterator[Row]:
    _, card = page._, attempt.facts.card
    if card and card.last_4:
        brand = messages.BRAND.get(card.brand or "", _("Card"))
        digits = f" •••• {card.last_4}" if page.is_customer else ""
        yield Row(_(messages.ROW_CARD), brand + digits)
    elif attempt.method != CARD_METHOD:
        yield Row(_(messages.ROW_METHOD), method_label(attempt.method, None, _))
    if attempt.facts.auth_code:
        yield Row(_(messages.ROW_AUTH), attempt.facts.auth_code, code=True)
