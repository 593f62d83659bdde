"""A story in the words and views of the templates; CLDR formats, the customer's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import segno
from babel.dates import (
    format_date,
    format_datetime,
    format_time,
    format_timedelta,
    get_timezone_gmt,
)
from babel.numbers import NumberPattern, parse_pattern

from checkout.bounded_cache import BoundedCache
from checkout.gateways.base import InputField
from checkout.i18n import Gettext, gettext, locale
from checkout.ledger.rows import Attempt, Story
from checkout.model.browser import Browser
from checkout.model.money import Money
from checkout.model.next_action import Instructions
from checkout.model.order import CARD, CARD_METHOD, COINS, TOKENIZATION, WALLET, Order
from checkout.model.outcome import Reason
from checkout.model.status import FINAL, LIVE, WON, Status
from checkout.web import reasons, words
from checkout.web.views import MethodChoice, Notice, Row, Summary

# CLDR's spacing, which Babel leaves out: a currency's letters stand off from its digits.
_LETTERS_BY_DIGITS: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

CODES: Final = 4 * 1024 * 1024  # bytes of QR codes that are kept: each takes long to draw
_codes: Final = BoundedCache[str, str](CODES)

SHOWN_TIME_LEFT: Final = 48 * 3600  # longer than this the time left helps nobody

BRAND_NAMES: Final = {
    "visa": "Visa",
    "master": "Mastercard",
    "maestro": "Maestro",
    "amex": "American Express",
    "mir": "Mir",
    "belkart": "Belkart",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "diners": "Diners Club",
    "discover": "Discover",
}


@lru_cache(maxsize=64)
def _pattern(language: str, exponent: int) -> NumberPattern:
    """The language's currency format with exactly ISO's decimals: CLDR's differ for some."""
    pattern = parse_pattern(locale(language).currency_formats["standard"].pattern)
    pattern.frac_prec = (exponent, exponent)
    return pattern


@lru_cache(maxsize=4096)
def amount(money: Money, language: str) -> str:
    """ "€19.99", "19,99 €", "KWD 1.999": as the language writes it."""
    pattern = _pattern(language, money.exponent)
    written: str = pattern.apply(
        money.major, locale(language), currency=money.currency, currency_digits=False
    )
    return _LETTERS_BY_DIGITS.sub("\u00a0", written)


def summary(story: Story, language: str, now: float, *, timed: bool = False) -> Summary:
    """The order's half of a page; `timed`: with the time left, where that is short."""
    order = story.payment.order
    left = int(story.payment.expires_at - now)
    shown = timed and 0 < left <= SHOWN_TIME_LEFT
    return Summary(
        amount=headline_amount(order, language),
        description=order.description,
        reference=order.tracking_id or None,
        lines=order.receipt_text,
        expires_in=left if shown else None,
        expires_text=time_left(left // 60, language) if shown else None,
    )


def headline_amount(order: Order, language: str) -> str:
    """What stands in the place of the amount; where none is charged, what happens instead."""
    if order.transaction_type == TOKENIZATION:
        return gettext(language)(words.SAVE_YOUR_CARD)
    return amount(order.money, language)


def pay_label(order: Order, language: str) -> str:
    """The button that sends the card; the shop's own words win."""
    _ = gettext(language)
    if order.ways.button_text:
        return order.ways.button_text
    if order.transaction_type == TOKENIZATION:
        return _(words.SAVE_CARD)
    return fill(_(words.PAY), amount=amount(order.money, language))


@lru_cache(maxsize=4096)
def time_left(minutes: int, language: str) -> str:
    """ "23 hours", as the language says it."""
    return format_timedelta(timedelta(minutes=max(minutes, 1)), locale=locale(language))


def notice(found: words.Words, language: str) -> Notice:
    _ = gettext(language)
    return Notice(_(found.title), _(found.text), found.tone)


def said(found: reasons.Said, language: str) -> Notice:
    _ = gettext(language)
    return Notice(_(found.title), " ".join(_(each) for each in found.sentences), found.tone)


def kind_of(name: str, told: str | None, *, card: bool) -> str:
    """Of which kind a method is, one of `model.order.KINDS`. `told`: what the settings or its
    gateway say; else its name tells, else whether it takes a `card`."""
    if told is not None:
        return told
    _label, known = words.METHOD.get(name, ("", CARD if card else WALLET))
    return known


def last_notice(story: Story, kind: str, language: str, *, ways: bool) -> Notice | None:
    """Why the payment page is shown again: the last attempt's end. `ways`: whether there are
    several to choose from."""
    attempt = story.last
    if attempt is None or attempt.status in WON | LIVE:
        return None
    unknown = Reason.UNKNOWN if attempt.status is Status.DECLINED else None
    reason = attempt.reason or unknown
    cause = reasons.CAUSE[reason] if reason else reasons.UNFINISHED
    return said(reasons.explain(cause, kind, sent=_sent(attempt), open_=True, ways=ways), language)


def _sent(attempt: Attempt) -> bool:
    """Whether the gateway was asked for the money, or may have been."""
    return attempt.status is not Status.LOST


def result_notice(story: Story, status: Status, kind: str, language: str) -> Notice:
    """The headline of the end; a decline says why, and so does money that went back."""
    attempt = story.shown
    why = attempt.reason if attempt is not None else None
    if why is not None and attempt is not None and status in (Status.DECLINED, Status.REFUNDED):
        if status is Status.DECLINED or why is Reason.RETURNED:
            sent = _sent(attempt)
            found = reasons.explain(reasons.CAUSE[why], kind, sent=sent, open_=False, ways=False)
            return said(found, language)
    if status in reasons.ENDS:
        tried = kind if any(_sent(each) for each in story.attempts) else None
        return said(reasons.explain_end(words.STATUS[status], status, tried), language)
    if status is Status.PAID and story.payment.order.transaction_type == TOKENIZATION:
        return notice(words.CARD_SAVED, language)
    found_words = words.STATUS[status]
    if status is Status.AUTHORIZED:
        found_words = found_words._replace(text=reasons.of_kind(reasons.RESERVED, kind))
    return notice(found_words, language)


def wait_notice(attempt: Attempt | None, kind: str, language: str) -> Notice:
    """What we wait for. Never "failed" while it is unknown."""
    if attempt is None:
        return _waiting(reasons.WAITING, words.WAITING_TEXT, kind, language)
    if isinstance(attempt.step, Instructions) and attempt.status is Status.ACTION:
        return notice(words.INSTRUCTIONS, language)
    if attempt.status is Status.ACTION:
        text = reasons.of_kind(reasons.BACK_EARLY_TEXT, kind)
        return _waiting(reasons.BACK_EARLY, text, kind, language)
    if isinstance(attempt.step, Instructions) and not attempt.mismatch:
        return notice(words.CONFIRMED, language)
    if attempt.gateway_id is not None and not attempt.mismatch and attempt.queries < 5:
        return _waiting(reasons.WAITING, words.WAITING_TEXT, kind, language)
    return _waiting(reasons.CHECKING, words.STATUS[Status.PENDING].text, kind, language)


def _waiting(titles: reasons.Titles, text: str, kind: str, language: str) -> Notice:
    return notice(words.Words(reasons.of_kind(titles, kind), text, "wait"), language)


def link_label(todo: Instructions | None, kind: str, language: str) -> str:
    """What opens where the instructions' link is tapped: a page, a wallet, another app."""
    _ = gettext(language)
    if todo is None or todo.link is None:
        return ""
    if todo.link.startswith("http"):
        return _(words.OPEN_PAGE)
    return _(words.OPEN_WALLET if kind == COINS else words.OPEN_APP)


def leaving_notice(attempt: Attempt, language: str) -> Notice:
    by_card = attempt.facts.card is not None
    return notice(words.LEAVING if by_card else words.LEAVING_PROVIDER, language)


def rows(
    story: Story,
    status: Status,
    shop_name: str,
    language: str,
    zone: tzinfo = UTC,
    *,
    own: bool,
) -> tuple[Row, ...]:
    """What a receipt says, without personal data; to the customer (`own`) of which card it was."""
    _ = gettext(language)
    payment, attempt = story.payment, story.shown
    if payment.order.transaction_type == TOKENIZATION:
        found = [Row(_(words.ROW_SHOP_ALONE), shop_name)]
    else:
        money = amount(payment.order.money, language)
        found = [Row(_(words.ROW_AMOUNT), money), Row(_(words.ROW_SHOP), shop_name)]
    if payment.order.description:  # else it is purged
        found.append(Row(_(words.ROW_DESCRIPTION), payment.order.description))
    if payment.order.tracking_id:
        found.append(Row(_(words.ROW_REFERENCE), payment.order.tracking_id))
    if attempt is not None and status in FINAL:
        found.append(Row(_(words.ROW_TIME), moment(attempt.updated_at, language, zone)))
    if attempt is not None and status in WON:
        card = attempt.facts.card
        if card and card.last_4:
            brand = BRAND_NAMES.get(card.brand or "", _("Card"))
            found.append(Row(_(words.ROW_CARD), f"{brand} •••• {card.last_4}" if own else brand))
        elif attempt.method != CARD_METHOD:
            found.append(Row(_(words.ROW_METHOD), method_label(attempt.method, None, _)))
        if attempt.facts.auth_code:
            found.append(Row(_(words.ROW_AUTH), attempt.facts.auth_code, code=True))
    found.append(Row(_(words.ROW_PAYMENT), payment.uid, code=True))
    return tuple(found)


def method_label(name: str, label: str | None, _: Gettext) -> str:
    """The settings' label of a method, else our own word, else its name."""
    ours, _kind = words.METHOD.get(name, (name.replace("_", " ").capitalize(), ""))
    return label or _(ours)


class Offered(NamedTuple):
    """A method that the page offers. `card`: it takes one; `inputs`: what else it asks for."""

    name: str
    label: str | None  # the settings'
    kind: str
    card: bool
    inputs: tuple[InputField, ...] = ()


@lru_cache(maxsize=256)
def method_choices(
    offered: tuple[Offered, ...], chosen: str, language: str
) -> tuple[MethodChoice, ...]:
    """The radio group, without the inputs that a method asks for."""
    _ = gettext(language)
    return tuple(
        MethodChoice(
            each.name,
            method_label(each.name, each.label, _),
            each.kind,
            each.name == chosen,
            each.card,
        )
        for each in offered
    )


def zone_of(browser: Mapping[str, str]) -> tzinfo:
    """The customer's zone, as their browser tells it in `model.browser.FIELDS`; UTC where it
    doesn't, as for a stranger who opens the receipt's link."""
    return _zone(browser.get("time_zone_name", ""), browser.get("time_zone", ""))


@lru_cache(maxsize=128)
def _zone(name: str, offset: str) -> tzinfo:
    """By its name; by its minutes west of UTC where this machine doesn't know the name."""
    told = Browser.read(
        {"time_zone_name": name, "time_zone": offset}, accept="", user_agent="", accept_language=""
    )
    if told.time_zone_name:
        try:
            return ZoneInfo(told.time_zone_name)
        except (ValueError, OSError, LookupError):  # no such zone, or a folder of zones
            pass
    if told.time_zone:
        return timezone(timedelta(minutes=-told.time_zone))
    return UTC


def moment(seconds: float, language: str, zone: tzinfo = UTC) -> str:
    """A point in time, and by which clock: "21 Nov 2026, 23:04:05 GMT+01:00"."""
    at = datetime.fromtimestamp(seconds, zone)
    written = format_datetime(at, "medium", tzinfo=zone, locale=locale(language))
    return f"{written} {_clock(at, language)}"


def date_and_time(seconds: float, language: str) -> str:
    """Like `moment`, to the minute and with the month's name: "28 November 2027, 22:00 UTC"."""
    at, spoken = datetime.fromtimestamp(seconds, UTC), locale(language)
    return f"{format_date(at, 'long', spoken)}, {format_time(at, 'short', locale=spoken)} UTC"


def clock_time(seconds: float, language: str, zone: tzinfo = UTC) -> str:
    at = datetime.fromtimestamp(seconds, zone)
    written = format_time(at, "medium", tzinfo=zone, locale=locale(language))
    return f"{written} {_clock(at, language)}"


def _clock(at: datetime, language: str) -> str:
    """Its distance from UTC in the language's own spelling: a name like CST means several."""
    return get_timezone_gmt(at, locale=locale(language)) if at.utcoffset() else "UTC"


def qr_svg(text: str) -> str:
    """A QR code as inline SVG: no style attributes, so that the strict policy keeps it."""
    found = _codes.get(text)
    if found is None:
        found = _drawn(text)
        _codes.put(text, found)
    return found


def _drawn(text: str) -> str:
    out = BytesIO()
    segno.make(text, micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=4, omitsize=True,
        svgclass="qr", lineclass=None, dark="#000", light="#fff",
    )  # fmt: skip
    return out.getvalue().decode()


def fill(text: str, **values: Any) -> str:
    """A translated text with its values in it."""
    return text % values
