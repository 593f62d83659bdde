"""The customer's fields (name, e-mail, address) on a page: shown, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from checkout.i18n import N_, gettext, locale
from checkout.model.order import Customer, Order
from checkout.model.validation.optional_data import birth_date
from checkout.model.validation.reader import Invalid, Rule
from checkout.model.validation.rules import HoldsCard
from checkout.shop_api.country import COUNTRIES, plain
from checkout.shop_api.customer import DIGITS, TYPED, fitted, without
from checkout.shop_api.phone_number import FEWEST_DIGITS, international, may_be_number
from checkout.shop_api.postal_address import FIELDS, postal_address, postal_code, state_code
from checkout.web.pages import birth_date_field
from checkout.web.pages.address_fields import AddressField, address_fields, address_rules
from checkout.web.pages.birth_date_field import read_parts
from checkout.web.pages.components import Field
from checkout.web.pages.field_values import masked_field, prefilled_field, shown_again
from checkout.web.pages.formatting import fill


class CustomerInput(NamedTuple):
    """The texts and attributes of one customer field; English, marked for the catalogues."""

    label: str
    missing: str
    wrong: str
    autocomplete: str
    type: str = "text"
    inputmode: str | None = None
    longest: int = 255
    pattern: str | None = None  # no text that it does not match is right; JavaScript's


EMAIL_PATTERN: Final = r"[^@\s]+@[^@\s]+\.[^@\s]+"
# The names of `Customer` that a page can ask for, in the page's order.
CUSTOMER_INPUTS: Final[dict[str, CustomerInput]] = {
    "email": CustomerInput(
        N_("E-mail"),
        N_("Enter your e-mail address"),
        N_("Check the e-mail address: use the form name@example.com"),
        "email",
        "email",
        "email",
        254,
        EMAIL_PATTERN,
    ),
    "first_name": CustomerInput(
        N_("First name"),
        N_("Enter your first name"),
        N_("Shorten the first name"),
        "given-name",
        longest=30,
    ),
    "last_name": CustomerInput(
        N_("Last name"),
        N_("Enter your last name, or a dash if you have only one name"),
        N_("Shorten the last name"),
        "family-name",
        longest=30,
    ),
    "phone": CustomerInput(
        N_("Phone"),
        N_("Enter your phone number"),
        N_("Check the phone number"),
        "tel",
        "tel",
        "tel",
        100,
        rf"(\P{{Nd}}*\p{{Nd}}){{{FEWEST_DIGITS}}}.*",
    ),
    "country": CustomerInput(
        N_("Country"), N_("Choose your country"), N_("Choose your country"), "country"
    ),
    "address": CustomerInput(
        N_("Address"), N_("Enter your address"), N_("Shorten the address"), "street-address"
    ),
    "city": CustomerInput(
        N_("City"),
        N_("Enter your city"),
        N_("Shorten the city's name"),
        "address-level2",
        longest=60,
    ),
    "state": CustomerInput(
        N_("State or region"),
        N_("Enter your state or region"),
        N_("Shorten the state or region"),
        "address-level1",
        longest=60,
    ),
    "zip": CustomerInput(
        N_("Postal code"),
        N_("Enter your postal code"),
        N_("Check the postal code"),
        "postal-code",
        longest=20,
    ),
    "birth_date": CustomerInput(
        N_("Date of birth"),
        N_("Enter your date of birth"),
        N_("Check the date of birth"),
        "bday",
        longest=10,
    ),
    "taxpayer_id": CustomerInput(
        N_("Taxpayer number"),
        N_("Enter your taxpayer number"),
        N_("Check the taxpayer number"),
        "off",
    ),
}


CARD_HERE: Final = N_("Do not enter the card number here")
UNKNOWN_STATE: Final = N_("Enter the state's name or its letters")
ZIP_LIKE: Final = N_("Enter the postal code like %(example)s")
# What is wrong with what is none of its country.
MISFIT: Final = {
    "phone": CUSTOMER_INPUTS["phone"].wrong,
    "state": UNKNOWN_STATE,
    "zip": CUSTOMER_INPUTS["zip"].wrong,
}
IN_COUNTRY: Final = {"state": state_code, "zip": postal_code}
# What is read in more ways than the shop's API has for what it is told strictly.
READ: Final[dict[str, Rule[str | None]]] = {birth_date_field.NAME: birth_date}
NO_LAST_NAME: Final = frozenset("-–—.")


def input_names(order: Order) -> tuple[str, ...]:
    """The customer fields that the page shows: visible or read-only ones, without the hidden."""
    wanted = order.page_settings.customer_fields
    if not (wanted.visible or wanted.read_only):
        return ()
    shown = {*wanted.visible, *wanted.read_only} - set(wanted.hidden)
    return tuple(name for name in CUSTOMER_INPUTS if name in shown)


def read_customer(
    order: Order, known: Customer, fields: Mapping[str, str], ip: str, *, is_customer: bool
) -> tuple[Customer, dict[str, str]]:
    """The customer with the form's fields, and the errors by field (English, marked).

    A field that the shop fixed ignores the form. A field that a stranger (not `is_customer`) leaves
    empty keeps the known value, which the page did not show them.
    """
    fixed = fixed_names(order)
    shown = input_names(order)
    typed = {name: _typed(name, fields) for name in shown if name not in fixed}
    values = {name: getattr(known, name) for name in Customer.__struct_fields__}
    errors: dict[str, str] = {}
    for name in sorted(typed, key="country".__ne__):  # it decides what the others need
        if typed[name]:
            _read_field(name, typed[name], values, errors)
        elif is_customer or not values[name]:
            _leave_empty(name, shown, known, values, errors)
    values["ip"] = ip or None
    customer, misfits = fitted(Customer(**values))
    # Parts of the shop's address may be none of the country just chosen.
    customer = without(customer, misfits.keys() - typed.keys())
    return customer, _misfits(customer, known, typed, misfits) | errors


def _misfits(
    customer: Customer, known: Customer, typed: Mapping[str, str], refused: Container[str]
) -> dict[str, str]:
    """What is wrong with what is none of the customer's country; what the shop said of it is not
    held against them, unless a gateway would refuse it."""
    changed = {name for name, value in typed.items() if value and value != getattr(known, name)}
    return {
        name: error
        for name, error in MISFIT.items()
        if (name in refused and name in typed) or (name in changed and _is_misfit(name, customer))
    }


def _typed(name: str, fields: Mapping[str, str]) -> str:
    written = read_parts(fields) if name == birth_date_field.NAME else fields.get(name, "")
    return " ".join(written.split())


def _read_field(name: str, typed: str, values: dict[str, Any], errors: dict[str, str]) -> None:
    if name == "last_name" and typed in NO_LAST_NAME:
        values[name] = None
        return
    try:
        values[name] = (READ.get(name) or TYPED.rule(name))(typed)
    except HoldsCard:
        errors[name] = CARD_HERE
    except Invalid:
        errors[name] = CUSTOMER_INPUTS[name].wrong


def _leave_empty(
    name: str,
    shown: Sequence[str],
    known: Customer,
    values: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """What the country's addresses have no place for stays as the shop said it, for that country
    alone."""
    there = {each.name: each for each in address_fields(FIELDS, values["country"])}
    asked = there.get(name)
    if asked is None or asked.required or (values["country"] is None and "country" not in shown):
        errors[name] = CUSTOMER_INPUTS[name].missing
    elif asked.used or values["country"] != known.country:
        values[name] = None


def _is_misfit(name: str, customer: Customer) -> bool:
    """Whether a value is none of the customer's country."""
    value, country = getattr(customer, name), customer.country
    if name not in MISFIT or not value:
        return False
    if name == "phone":
        return not (international(value, country) if country else may_be_number(value))
    return country is not None and IN_COUNTRY[name](country, value) is None


def fixed_names(order: Order) -> frozenset[str]:
    """The fields whose values the shop gave and the customer can't change."""
    names = order.page_settings.customer_fields.read_only
    return frozenset(name for name in names if getattr(order.customer, name, None))


class FieldContext(NamedTuple):
    """What decides how each of the fields is shown. `country`: the one that is chosen; `fixed`: the
    names of those that can't be changed."""

    known: Customer
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    language: str
    is_customer: bool
    fixed: frozenset[str]
    country: str | None


def customer_fields(
    order: Order,
    known: Customer,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
    *,
    is_customer: bool,
    likely: str | None = None,
) -> tuple[Field, ...]:
    """The inputs of the customer's fields: with what was typed, else with what is known, which a
    stranger (not `is_customer`) is shown masked. `likely`: the country to choose where none is
    known."""
    names = input_names(order)
    if not names:
        return ()
    country = known.country if is_customer else None
    country = _known_code(typed.get("country")) or country or (None if known.country else likely)
    shown = FieldContext(known, typed, errors, language, is_customer, fixed_names(order), country)
    asked = tuple(name for name in names if name in FIELDS)
    address = [_address_field(each, shown, names) for each in address_fields(asked, country)]
    found: list[Field] = []
    for name in names:
        if name in FIELDS:  # all of them in the place of the first
            found, address = [*found, *address], []
        else:
            found.append(_SHOWN.get(name, _field)(name, shown, asked))
    return tuple(found)


def _known_code(typed: str | None) -> str | None:
    return typed if typed in COUNTRIES else None


def slips(missing: str, wrong: str | None = None) -> tuple[tuple[str, str], ...]:
    """Of a field without a table of its own. `wrong`: where it has a pattern."""
    return (("missing", missing), *((("wrong", wrong),) if wrong else ()))


def _field(name: str, shown: FieldContext, _asked: tuple[str, ...] = (), **more: Any) -> Field:
    _, about = gettext(shown.language), CUSTOMER_INPUTS[name]
    fixed = name in shown.fixed
    typed = "" if fixed else shown_again(shown.typed.get(name), digits=name in DIGITS)
    made = {
        "name": name,
        "label": _(about.label),
        "value": typed,
        "error": _(shown.errors[name]) if name in shown.errors else None,
        "type": about.type,
        "autocomplete": about.autocomplete,
        "inputmode": about.inputmode,
        "maxlength": about.longest,
        "read_only": fixed,
        "pattern": about.pattern,
        "slips": slips(_(about.missing), _(about.wrong) if about.pattern else None),
    }
    show: Callable[..., Field] = prefilled_field if shown.is_customer else masked_field
    return show(getattr(shown.known, name) or "", shown.language, **made | more)


def _address_field(there: AddressField, shown: FieldContext, names: tuple[str, ...]) -> Field:
    """A field of the address as the country has it. Where nobody will say which country that is,
    none may be left out."""
    somewhere = shown.country or shown.known.country or "country" in names
    field = _field(
        there.name,
        shown,
        label=gettext(shown.language)(there.label),
        required=there.required or not somewhere,
        used=there.used,
    )
    return replace(field, error=_like(field.error, shown)) if there.name == "zip" else field


def _like(error: str | None, shown: FieldContext) -> str | None:
    """The error of a postal code, with one of the country's as an example."""
    if shown.errors.get("zip") != MISFIT["zip"] or shown.country is None:
        return error
    example = next(iter(postal_address(shown.country).examples), None)
    return fill(gettext(shown.language)(ZIP_LIKE), example=example) if example else error


def _country_field(name: str, shown: FieldContext, asked: tuple[str, ...]) -> Field:
    choices = countries(shown.language)
    if name in shown.fixed:
        code = getattr(shown.known, name)
        field = _field(name, shown)
        return replace(field, value=dict(choices).get(code, code)) if shown.is_customer else field
    masked = not shown.is_customer and any(getattr(shown.known, each) for each in asked)
    rules = address_rules(asked, shown.language) if asked and not masked else None
    return _field(name, shown, value=shown.country or "", options=choices, address=rules)


def _birth_date_field(name: str, shown: FieldContext, _asked: tuple[str, ...]) -> Field:
    field = _field(name, shown)
    if field.read_only and not shown.is_customer:
        return field
    known = field.value if shown.is_customer else ""
    typed = {} if field.read_only else shown.typed
    inputs = birth_date_field.parts(known, typed, shown.language, read_only=field.read_only)
    return replace(field, parts=inputs)


_SHOWN: Final = {"country": _country_field, birth_date_field.NAME: _birth_date_field}


# Their letters with marks stand at the alphabet's end, as Unicode has them.
MARKED_LAST: Final = frozenset({"da", "et", "fi", "nb", "no", "sv"})


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country in the language's own order of the alphabet."""
    names = locale(language).territories
    pairs = [(code, name) for code, name in names.items() if code in COUNTRIES]
    marked_last = language in MARKED_LAST
    return tuple(
        sorted(pairs, key=lambda pair: pair[1] if marked_last else (plain(pair[1]), pair[1]))
    )
