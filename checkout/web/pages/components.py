"""What several pages show: the order, a notice, rows of a receipt, fields and checkboxes.

A template `pages/NAME.html` gets `page` (the struct of the module `NAME`), `layout` (what every
page has) and the gettext functions; nothing else. All text is in its language already,
amounts are formatted, addresses ready to use.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from checkout.i18n import Gettext, gettext
from checkout.ledger.rows import Attempt, Payment
from checkout.model.order import Order
from checkout.model.status import Status
from checkout.web.pages import declines, messages
from checkout.web.pages.address_fields import AddressRules
from checkout.web.pages.formatting import amount, fill, in_a_row, time_left

LONG: Final = 13  # characters of an amount; more are set smaller
SHOWN_TIME_LEFT: Final = 3600  # seconds; longer than this the time left helps nobody


class Summary(Struct, frozen=True):
    """What is paid: the page's half about the order."""

    amount: str  # "€19.99"
    description: str
    reference: str | None = None  # the shop's own number for it
    lines: tuple[str, ...] = ()  # the receipt text
    order_lines: str | None = None  # `partials/order_lines.html`, rendered
    expires_in: int | str | None = None  # seconds, where the time left is shown
    expires_text: str | None = None  # "23 minutes", the same without a script
    size: str | None = None  # of the amount: "long" is set smaller, "words" may wrap


class Notice(Struct, frozen=True):
    """A headline and what to do about it. `tone`: good, bad, wait, info."""

    title: str
    text: str
    tone: str = "info"
    actions: tuple[tuple[str, str], ...] = ()  # (text, field of the form that it leads to)


class Row(Struct, frozen=True):
    label: str
    value: str
    code: bool = False  # a number to copy
    copies: str | None = None  # the whole of it, where `value` is its beginning
    time: str = ""  # what the value says in UTC, as HTML's `datetime`: a script tells it here


class Field(Struct, frozen=True):
    """One input; `error` is a sentence that says what to do."""

    name: str
    label: str
    value: str = ""
    error: str | None = None
    hint: str | None = None
    type: str = "text"
    autocomplete: str = "off"
    inputmode: str | None = None
    maxlength: int | None = None
    required: bool = True
    read_only: bool = False
    options: tuple[tuple[str, str], ...] = ()  # (value, text): a choice
    # What static/js/check.js says of slips, before the form is sent: (kind, sentence).
    slips: tuple[tuple[str, str], ...] = ()
    pattern: str | None = None  # what the whole text must match, in JavaScript; else "wrong"
    oldest: int | None = None  # of an expiry date: the first month that is not past, as 202611
    used: bool = True  # in addresses of the chosen country
    address: AddressRules | None = None  # of a country: how it changes the fields of the address
    parts: tuple[Field, ...] = ()  # of a date: an input each; `value` and `error` are the whole's


class Checkbox(Struct, frozen=True):
    """`text`, then `link` (the words that lead to `url`), then `after`."""

    name: str
    text: str
    ticked: bool
    hint: str | None = None
    link: str | None = None
    after: str = ""
    url: str | None = None
    missing: str | None = None  # the error where it must be ticked and isn't
    error: str | None = None


def summary(payment: Payment, language: str, now: float, *, timed: bool = False) -> Summary:
    """`timed`: with the time left, where that is short."""
    order = payment.order
    left = int(payment.expires_at - now)
    shown = timed and 0 < left <= SHOWN_TIME_LEFT
    headline = headline_amount(order, language)
    return Summary(
        amount=headline,
        description=order.description,
        reference=order.tracking_id or None,
        lines=order.receipt_text,
        expires_in=left if shown else None,
        expires_text=time_left(left // 60, language) if shown else None,
        size=headline_size(headline) if order.moves_money else "words",
    )


def _card_only(order: Order) -> messages.CardMessages:
    return messages.CARD_ONLY[order.transaction_type]


def headline_amount(order: Order, language: str) -> str:
    """The amount; where nothing is charged, what happens instead."""
    if not order.moves_money:
        return gettext(language)(_card_only(order).headline)
    return amount(order.money, language)


def headline_size(amount: str) -> str | None:
    return "long" if len(amount) > LONG else None


def pay_label(order: Order, language: str) -> str:
    """The button that submits the card; the shop's own text comes first."""
    _ = gettext(language)
    if order.page_settings.button_text:
        return order.page_settings.button_text
    if not order.moves_money:
        return _(_card_only(order).button)
    return fill(_(messages.PAY), amount=amount(order.money, language))


def notice(found: messages.Message, language: str) -> Notice:
    _ = gettext(language)
    return Notice(_(found.title), _(found.text), found.tone)


def explained(found: declines.Explanation, language: str) -> Notice:
    _ = gettext(language)
    text = in_a_row(_(each) for each in found.sentences)
    actions = tuple((_(each.text), each.field) for each in found.actions)
    return Notice(_(found.title), text, found.tone, actions)


def was_sent(attempt: Attempt) -> bool:
    """Whether the charge was sent to the gateway, or may have been."""
    return attempt.status is not Status.NOT_SENT


def method_mark(name: str, kind: str) -> str:
    """The icon of a method: its own drawing, else that of its kind."""
    return messages.MARK.get(name, kind)


def method_label(name: str, label: str | None, _: Gettext) -> str:
    """The settings' label of a method, else our own, else its name."""
    return label or _(messages.METHOD.get(name) or name.replace("_", " ").capitalize())
