"""Rules for `Reader`: each takes a value as it came and returns it as we keep it.

A rule raises `Invalid` with a reason that never repeats the value, and describes what it accepts
(`model/validation/description.py`). Those with parameters are made by a function:
`fields.need("amount", minor_units())`, `fields.get("email", email_address)`.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, TypeVar

import msgspec
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from checkout.model.browser_urls import browser_url
from checkout.model.money import EXPONENTS, LARGEST
from checkout.model.pan import holds_card_number
from checkout.model.urls import shop_url, web_url
from checkout.model.validation.description import (
    NEVER,
    Json,
    or_blank,
    or_null,
    says,
    schema_of,
    words_of,
)
from checkout.model.validation.reader import (
    Bounds,
    Invalid,
    Rule,
    check_bounds,
    is_left_out,
    suggestion,
)
from checkout.model.withdrawn_currencies import why_no_currency

T = TypeVar("T")

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_AMOUNT = re.compile(r"[ \t\r\n]{0,8}[0-9]{1,18}(?:\.[0-9]{1,18})?[ \t\r\n]{0,8}", re.ASCII)
NEARLY: Final = Decimal("1e-6")  # how far an amount may be from an integer
# The domain needs a dot: mail to a bare name is allowed by the standards but never delivered.
_EMAIL = re.compile(
    r"[^@\s,;:<>()\[\]\"\\]{1,64}"
    r"@(?=.{1,189}$)[^@\s,;:<>()\[\]\"\\.]+(\.[^@\s,;:<>()\[\]\"\\.]+)+"
)
LONGEST_EMAIL: Final = 254  # characters
_PAGE = re.compile(r"https?://[^/\s].*", re.IGNORECASE)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_BOOLEANS: Final[dict[str, bool]] = {"true": True, "1": True, "false": False, "0": False}
# What can't be stored or shown: controls but line breaks and tabs, halves of surrogate pairs.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# An object that goes on as it came, to the gateway or back to the shop.
LARGEST_OBJECT: Final = 16 * 1024  # bytes of it as JSON
MOST_VALUES: Final = 1000  # in it
LARGEST_ECHO: Final = 32 * 1024  # bytes of one that is only stored to be returned


class HoldsCard(Invalid):
    """A card's number in a field of something else; the value must not be shown again."""


def speakable(value: str) -> str:
    """The text without what can't be stored or shown."""
    return _UNSPEAKABLE.sub("", value)


def text(most: int = 255, *, least: int = 1, numbers: bool = False) -> Rule[str]:
    """Text of `least` to `most` characters that is not blank (unless `least` is 0) and has no
    control characters but line breaks and tabs. `numbers`: an integer is taken as its digits."""

    @says(
        f"up to {most} characters",
        type=["string", "integer"] if numbers else "string",
        **({"minLength": least} if least else {}),
        maxLength=most,
    )
    def rule(value: Any) -> str:
        if numbers and isinstance(value, int) and not isinstance(value, bool):
            value = _digits_of(value)
        if not isinstance(value, str):
            raise Invalid("must be text")
        if len(value) > most:  # before anything that reads each character
            raise Invalid(f"must have {least} to {most} characters")
        if _UNSPEAKABLE.search(value):
            raise Invalid("must not contain control characters")
        if least and not value.strip():
            raise Invalid("must not be blank")
        if len(value) < least:
            raise Invalid(f"must have {least} to {most} characters")
        return value

    return rule


def integer(least: int, most: int, *, digits: bool = False) -> Rule[int]:
    """An integer from `least` to `most`. `digits`: a string of ASCII digits is taken too.

    Never a bool, a float or any other writing of a number: "1e3", " 1", "+1", 1.0.
    """
    number: Json = {"type": "integer", "minimum": least, "maximum": most}
    written: Json = {"type": "string", "pattern": "^[0-9]{1,18}$"}

    @says(f"{least} to {most}", **({"anyOf": [number, written]} if digits else number))
    def rule(value: Any) -> int:
        if digits and isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalid("must be an integer")
        if not least <= value <= most:
            raise Invalid(f"must be from {least} to {most}")
        return value

    return rule


def minor_units(*, least: int = 1) -> Rule[int]:
    """An amount in minor units, from `least` to `LARGEST`: an integer, or what comes within
    `NEARLY` of one, also as text. PHP's `19.99 * 100` is 1998.9999999999998, and its
    `number_format` writes "1999.00".

    A real fraction is never rounded: 1999.5 may be a price in another unit.
    """

    @says(
        'minor units: an integer, also as `1999.0`, `"1999"` or `"1999.00"`',
        anyOf=[
            {"type": "integer", "minimum": least, "maximum": LARGEST},
            {"type": "number", "exclusiveMinimum": least - 1, "maximum": LARGEST}
            if least
            else {"type": "number", "minimum": 0, "maximum": LARGEST},
            {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"},
        ],
    )
    def rule(value: Any) -> int:
        exact = _number(value)
        amount = round(exact)
        if abs(exact - amount) > NEARLY:
            raise Invalid("must be an integer: minor units have no fractions")
        if exact < 0 or not least <= amount <= LARGEST:
            raise Invalid(f"must be from {least} to {LARGEST}")
        return amount

    return rule


def _number(value: Any) -> Decimal:
    """A finite number of JSON, or decimal digits as text, exactly as it is."""
    written = isinstance(value, str) and _AMOUNT.fullmatch(value)
    if written or (isinstance(value, int | float) and not isinstance(value, bool)):
        number = Decimal(value.strip() if written else value)
        if number.is_finite():
            return number
    raise Invalid("must be an integer")


@says("`true` or `false`", type="boolean")
def flag(value: Any) -> bool:
    """true or false, nothing else."""
    if not isinstance(value, bool):
        raise Invalid("must be true or false")
    return value


@says("`true` or `false`", enum=[True, False, 1, 0, "true", "false", "1", "0"])
def loose_flag(value: Any) -> bool:
    """true or false, also as 1, 0, "1", "0", "true", "false": what shops really send."""
    if isinstance(value, bool):
        return value
    written = str(value).lower() if isinstance(value, int | str) else ""
    if written not in _BOOLEANS:
        raise Invalid("must be true or false")
    return _BOOLEANS[written]


@says("ISO 4217", enum=list(EXPONENTS))
def currency(value: Any) -> str:
    """A currency that can be paid with. Nothing is suggested by its spelling: UAH is no RUB."""
    if not isinstance(value, str):
        raise Invalid("must be text")
    if value not in EXPONENTS:
        raise Invalid(why_no_currency(value, EXPONENTS))
    return value


def choice(options: Collection[str]) -> Rule[str]:
    """One of `options`. Up to 12 are read out; of more, the one like the value is suggested."""

    @says(", ".join(f"`{each}`" for each in options), enum=list(options))
    def rule(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid("must be text")
        if value in options:
            return value
        if len(options) > 12:
            raise Invalid(suggestion(value[:64], options))
        listed = f"must be one of: {', '.join(sorted(options))}"
        close = get_close_matches(value[:64], options, n=1)
        raise Invalid(f"{listed} (did you mean {close[0]}?)" if close else listed)

    return rule


def matching(pattern: str, reason: str) -> Rule[str]:
    """Text that the whole of `pattern` matches (ASCII classes)."""
    compiled = re.compile(pattern, re.ASCII)

    @says(reason.removeprefix("must be "), type="string", pattern=f"^(?:{pattern})$")
    def rule(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise Invalid(reason)
        return value

    return rule


def many(rule: Rule[T], *, most: int = 100, least: int = 0) -> Rule[tuple[T, ...]]:
    """A list of what `rule` takes. An item's reason names its place, from 1."""

    @says(
        f"up to {most}, each {words_of(rule)}",
        type="array",
        items=schema_of(rule),
        **({"minItems": least} if least else {}),
        maxItems=most,
    )
    def all_of(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise Invalid("must be a list")
        if not least <= len(value) <= most:
            raise Invalid(f"must have {least} to {most} items")
        found = []
        for place, item in enumerate(value, 1):
            try:
                found.append(rule(item))
            except Invalid as wrong:
                raise Invalid(f"item {place} {wrong}") from None
        return tuple(found)

    return all_of


def texts(*, most: int = 100, longest: int = 255) -> Rule[tuple[str, ...]]:
    """A list of texts, `without_blanks`."""
    rule = without_blanks(many(text(longest), most=most))
    return says(f"up to {most} texts", **schema_of(rule))(rule)


def without_blanks(rule: Rule[tuple[T, ...]]) -> Rule[tuple[T, ...]]:
    """What `rule` takes as a list; nulls and blank texts in it are dropped, as everywhere in the
    shops' API."""
    schema = schema_of(rule)

    @says(words_of(rule), **schema | {"items": or_null(or_blank(schema["items"]))})
    def filled(value: Any) -> tuple[T, ...]:
        if isinstance(value, list):
            value = [item for item in value if not is_left_out(item)]
        return rule(value)

    return filled


@says("an object", type="object")
def plain_object(value: Any) -> dict[str, Any]:
    """An object of plain JSON values, kept as it came; `[]` is an empty one."""
    if value == [] and isinstance(value, list):
        return {}
    if not isinstance(value, dict):
        raise Invalid("must be an object")
    if not _plain(value):
        raise Invalid("must hold text, numbers, true, false, lists and objects alone")
    return value


def passed_on(*, values: int = MOST_VALUES) -> Rule[dict[str, Any]]:
    """An object for the gateway, kept as it came: up to `LARGEST_OBJECT`, with so many values."""
    bounds = Bounds(values=values)

    @says("an object", type="object")
    def rule(value: Any) -> dict[str, Any]:
        found = plain_object(value)
        if len(_json(found)) > LARGEST_OBJECT:
            raise Invalid(f"must have at most {LARGEST_OBJECT} bytes as JSON")
        try:
            check_bounds(found, bounds)
        except Invalid:
            raise Invalid(f"must hold at most {values} values") from None
        return found

    return rule


@says("an object", type="object")
def echoed(value: Any) -> msgspec.Raw:
    """An object that is answered back as it came, as the JSON that it is answered by."""
    raw = _json(plain_object(value))
    if len(raw) > LARGEST_ECHO:
        raise Invalid(f"must have at most {LARGEST_ECHO} bytes as JSON")
    return msgspec.Raw(raw)


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (ValueError, OverflowError):  # half of a surrogate pair; an integer without end
        raise Invalid("must hold what can be written as JSON") from None


def shop_address(
    *, origins: Collection[str], sandbox: bool = False, longest: int = 2048
) -> Rule[str]:
    """Where a customer may be sent: `urls.shop_url`, as browsers take it."""

    @says("an address of the shop's own", **_address(longest))
    def rule(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid("must be a URL")
        url = browser_url(value, longest)
        return shop_url(url, origins=origins, sandbox=sandbox, longest=longest)

    return rule


def web_address(
    *,
    sandbox: bool = False,
    longest: int = 2048,
    ports: Collection[int] | None = None,
    plain: Collection[str] | None = None,
) -> Rule[str]:
    """An address that is called or shown, on any site: `urls.web_url`, as browsers take it."""

    @says("an https address", **_address(longest))
    def rule(value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid("must be a URL")
        url = browser_url(value, longest)
        return web_url(url, sandbox=sandbox, longest=longest, ports=ports, plain=plain)

    return rule


def _address(longest: int) -> Json:
    return {"type": "string", "maxLength": longest}


@says("an http or https address", type="string", maxLength=2048)
def page_address(value: Any) -> str:
    """The page of a request, like a browser's Referer: passed on, never called. http is accepted
    too, and letters of any script, as shops' servers really send them."""
    if (
        not isinstance(value, str)
        or len(value) > 2048
        or not value.isprintable()
        or " " in value
        or not _PAGE.fullmatch(value)
    ):
        raise Invalid("must be a URL")
    return value


def cardless(rule: Rule[str]) -> Rule[str]:
    """What `rule` accepts, unless it contains a card's number: people paste it anywhere."""

    @says(words_of(rule), **schema_of(rule))
    def checked(value: Any) -> str:
        found = rule(value)
        if holds_card_number(found):
            raise HoldsCard("must not hold a card number")
        return found

    return checked


def blank_is_none(rule: Rule[T]) -> Rule[T | None]:
    """Plugins send "" for a missing value."""

    @says(words_of(rule), **or_blank(schema_of(rule)))
    def checked(value: Any) -> T | None:
        return None if value == "" else rule(value)

    return checked


def refused(reason: str) -> Rule[None]:
    """The rule of a field that is known and always refused."""

    @says("", **NEVER)
    def rule(value: Any) -> None:
        raise Invalid(reason)

    return rule


@says("an address with a dot in its domain", type="string", maxLength=254)
def email_address(value: Any) -> str:
    """With the domain in its own letters."""
    return _email(value).normalized


@says(words_of(email_address), **schema_of(email_address))
def sendable_email_address(value: Any) -> str:
    """The same with the domain as mail is sent to it (xn--...), as gateways take it."""
    found = _email(value)
    return f"{found.local_part}@{found.ascii_domain}"


def _email(value: Any) -> ValidatedEmail:
    """By the standards' syntax (email-validator); nobody is asked whether it exists."""
    if (
        isinstance(value, str)
        and len(value) <= LONGEST_EMAIL
        and value.isprintable()
        and _EMAIL.fullmatch(value)
    ):
        try:
            return validate_email(value, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError:
            pass
    raise Invalid("must be an e-mail address")


@says("two letters, ISO 3166-1", type="string", pattern="^[A-Za-z]{2}$")
def country(value: Any) -> str:
    """ISO 3166-1 alpha-2; small letters are taken too."""
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise Invalid("must be a country's two letters")
    return value.upper()


def existing(pattern: re.Pattern[str], parse: Callable[[str], object], like: str) -> Rule[str]:
    """Text that `pattern` describes and `parse` takes: a date or time that exists."""

    def rule(value: Any) -> str:
        try:
            if isinstance(value, str) and pattern.fullmatch(value):
                parse(value)
                return value
        except ValueError:
            pass
        raise Invalid(f"must be a {like}")

    return rule


day: Final = says("`YYYY-MM-DD`", type="string", format="date")(
    existing(_DAY, date.fromisoformat, "date like 1990-12-31")
)


@says("ISO 8601, like `2030-01-31T12:00:00+03:00`", type="string", format="date-time")
def moment(value: Any) -> float:
    """A time like 2030-01-31T12:00:00+03:00, in seconds since 1970; without a zone it is UTC."""
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    raise Invalid("must be a time like 2030-01-31T12:00:00+03:00")


@says("an IP address", type="string", maxLength=64)
def ip_address(value: Any) -> str:
    try:
        if isinstance(value, str):
            return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    raise Invalid("must be an IP address")


def _digits_of(number: int) -> str:
    if abs(number) >= 10**30:  # Python refuses to write very long integers
        raise Invalid("must be text")
    return str(number)


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int | bool)
