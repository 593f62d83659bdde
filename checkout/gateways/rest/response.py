"""Reading the REST gateway's answers: one object for payments, inquiries and notifications.

Tolerated: missing fields, blanks for missing, texts for numbers, both spellings of the list of
parameters. Not tolerated: an amount, currency or key that is stated and can't be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from checkout.gateways.parsing import (
    LONGEST,
    LONGEST_VALUE,
    Object,
    address,
    digits,
    fits,
    identifier,
    safe,
    section,
    text,
    token,
)
from checkout.gateways.rest.codes import FOUND, LONG, NO_RECORD, NOT_FOUND, OUR_BRANDS, SHORT
from checkout.model.money import KNOWN_EXPONENTS, LARGEST, Money
from checkout.model.next_action import PostForm, Redirect
from checkout.model.outcome import GatewayFacts, PaidCard
from checkout.model.pan import brand_of

UNREADABLE: Final = "?"
NOTHING: Final = ("", "-", "null", "N/A")  # how "there is none" is written
LISTS: Final = ("parameters", "listofParameters")
_AMOUNT: Final = re.compile(r"[0-9]{1,14}(\.[0-9]{1,4})?", re.ASCII)


class StatedPayment(Struct, frozen=True):
    """One answer as stated. `short` is its `transactionStatus`, `long` its `status`, both in lower
    case. `sound`: what it says of money and key could be read."""

    id: str | None
    short: str
    long: str
    code: str | None
    mode: str | None  # CC, NB, ...
    payment_type: str | None  # DB, PA, PO
    registration: str | None  # the `id` of a registration alone
    step: Redirect | PostForm | None
    facts: GatewayFacts
    sentences: tuple[str | None, str | None]  # the bank's, then the platform's
    sound: bool

    @property
    def word(self) -> str:
        """The word that decides: the long one where there is one."""
        return self.long or self.short

    @property
    def says_nothing(self) -> bool:
        """Whether it is only about the call, and not about a payment."""
        return self.id is None and not self.word and self.step is None

    @property
    def proves_nothing(self) -> bool:
        """Whether its short N is for a missing record, or for a long word that no table has."""
        return self.no_record and self.long not in LONG

    @property
    def no_record(self) -> bool:
        """Whether its short N only means that no record was found."""
        absent = self.code == NOT_FOUND or any(
            NO_RECORD in (sentence or "").lower() for sentence in self.sentences
        )
        return self.short == "n" and absent


def payment(data: Any, asked: Money | None) -> StatedPayment | None:
    """The payment of an answer; None where it is no answer of this gateway. `asked`: the money
    asked about, whose currency and decimals count where the answer has none."""
    if not isinstance(data, dict):
        return None
    decimals = {asked.currency: asked.decimals} if asked else {}
    found = read(data, decimals, asked.currency if asked else None)
    # Without a result or the gateway's own field it may be another object: many have a "status".
    return found if found.code or stated(data, "transactionStatus") else None


def read(
    data: Object, decimals: Mapping[str, int | None], currency: str | None = None
) -> StatedPayment:
    """The same of what is known to be the gateway's. `decimals`: of the currencies that the account
    counts otherwise than ISO."""
    result = section(data, "result")
    code = safe(text(result, "code") or text(data, "resultCode"))
    uid = stated(data, "paymentId")
    description = safe(text(result, "description") or text(data, "resultDescription"))
    remark = safe(text(data, "remark"))
    message = remark if code == FOUND else description or remark
    money, amount, key, sound = _money(data, decimals, currency)
    short, long = _words(data)
    return StatedPayment(
        id=identifier(uid),
        short=short,
        long=long,
        code=code,
        mode=text(data, "paymentMode", 32),
        payment_type=text(data, "paymentType", 8),
        registration=_registration(data, "id"),
        step=_step(section(data, "redirect")),
        facts=GatewayFacts(
            money=money,
            amount=amount,
            key=key,
            card=_card(data),
            descriptor=safe(text(data, "descriptor")),
            code=None if code == FOUND else code,
            message=message,
        ),
        sentences=(remark, description),
        sound=sound,
    )


def stated(fields: Object, name: str, longest: int = LONGEST) -> str | None:
    """A field's text; None where it is empty or a word for nothing."""
    value = text(fields, name, longest)
    return None if value in NOTHING else value


def _registration(data: Object, name: str) -> str | None:
    found = token(data, name)
    return None if found in NOTHING else found


def _words(data: Object) -> tuple[str, str]:
    """The short and the long word, in lower case. Some deployments write the short word in the long
    one's field; where the two differ it stays there, as a word that no table has."""
    short, long = _word(data, "transactionStatus"), _word(data, "status")
    return (long, "") if long in SHORT and short in ("", long) else (short, long)


def _word(data: Object, name: str) -> str:
    """In lower case; "" for none. `UNREADABLE`, which no table has, for one that can't be read."""
    if isinstance(data.get(name), str | None):
        return (stated(data, name) or "").lower()
    return text(data, name) or UNREADABLE


def minor_units(amount: str, currency: str, decimals: int | None = None) -> int | None:
    """Of "50.00" 5000; None unless it is plain digits and a whole number of minor units."""
    if not _AMOUNT.fullmatch(amount):
        return None
    minor = Decimal(amount).scaleb(KNOWN_EXPONENTS[currency] if decimals is None else decimals)
    return int(minor) if minor == minor.to_integral_value() and minor <= LARGEST else None


def _money(
    data: Object, decimals: Mapping[str, int | None], asked: str | None
) -> tuple[Money | None, int | None, str | None, bool]:
    """Money, or the amount alone, and our key as stated; and whether all that is stated could be
    read. Amounts are in major units, also of currencies without decimals (1999.00 JPY)."""
    names = ("amount", "currency", "merchantTransactionId")
    there = [data.get(name) not in (None, *NOTHING) for name in names]
    amount, code, key = (stated(data, name) for name in names)
    currency = code if code in KNOWN_EXPONENTS else None
    in_currency = asked if code is None else currency
    counted = decimals.get(in_currency or "")
    minor = minor_units(amount, in_currency, counted) if amount and in_currency else None
    read = (minor, currency, key)
    sound = all(one is not None for one, stands in zip(read, there, strict=True) if stands)
    if minor is not None and currency is not None:
        return Money(minor, currency, counted), None, key, sound
    return None, minor, key, sound


def _card(data: Object) -> PaidCard | None:
    """What may be kept of a card: each field with its own number of digits at most."""
    card = section(data, "card")
    bin_ = digits(card, "bin", 6)
    registration = _registration(data, "registrationId")
    brand = OUR_BRANDS.get((text(data, "paymentBrand") or "").upper())
    if brand is None and bin_ and (found := brand_of(bin_)):
        brand = found.name
    last_4 = digits(card, "last4Digits", 4) or digits(card, "lastFourDigits", 4)
    if not (bin_ or last_4 or registration):
        return None
    return PaidCard(
        brand=brand,
        last_4=last_4,
        first_1=bin_[0] if bin_ else None,
        bin=bin_,
        token=registration,
    )


def _step(redirect: Object) -> Redirect | PostForm | None:
    """Where the customer has to go. `target` is ignored: no pop-ups."""
    url = address(redirect, "url")
    method = (text(redirect, "method") or "").upper()
    listed = next((redirect[name] for name in LISTS if redirect.get(name)), None)
    pairs = _pairs(listed)
    if url is None or pairs is None or method not in ("", "GET", "POST"):
        return None
    return PostForm(url, pairs) if pairs or method == "POST" else Redirect(url)


def _pairs(listed: Any) -> tuple[tuple[str, str], ...] | None:
    """A form's inputs, byte for byte. None: unreadable."""
    if not listed:
        return ()
    items = _items(listed)
    if items is None:
        return None
    pairs = [pair for item in items if (pair := _pair(item)) is not None]
    return tuple(pairs) if len(pairs) == len(items) and fits(pairs) else None


def _items(listed: Any) -> list[Any] | None:
    """A list of {name, value}; also where one of them stands without a list, inside another object,
    or as name: value, as XML and some deployments write it."""
    if isinstance(listed, dict) and len(listed) == 1:
        inner = next(iter(listed.values()))  # <parameters><parameter>...
        listed = inner if isinstance(inner, dict | list) else listed
    if isinstance(listed, list):
        return listed
    if not isinstance(listed, dict):
        return None
    if "name" in listed and set(listed) <= {"name", "value"}:
        return [listed]
    return [{"name": name, "value": value} for name, value in listed.items()]


def _pair(item: Any) -> tuple[str, str] | None:
    name = item.get("name") if isinstance(item, dict) else None
    value = item.get("value") if isinstance(item, dict) else None
    value = "" if value is None else value
    value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(name, str) or not name or not isinstance(value, str):
        return None
    return (name, value) if len(value) <= LONGEST_VALUE else None
