"""The customer's fields (name, e-mail, address) on a page: shown, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from checkout.i18n import N_, gettext, locale
from checkout.model.order import Customer, Order
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import HoldsCard
from checkout.shop_api.country import is_country
from checkout.shop_api.customer import DIGITS, TYPED, fitted, without
from checkout.web.pages.components import Field
from checkout.web.pages.field_values import masked_field, prefilled_field, shown_again


class CustomerInput(NamedTuple):
    """The texts and attributes of one customer field; English, marked for the catalogues."""

    label: str
    missing: str
    wrong: str
    autocomplete: str
    type: str = "text"
    inputmode: str | None = None
    longest: int = 255


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
        N_("Enter your last name"),
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
        N_("Enter the date of birth like 1990-12-31"),
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
# What is wrong with the fields of `shop_api.customer.LOCAL`, whose format the country decides.
LOCAL: Final = {
    "state": N_("Enter the state as two letters, like NY"),
    "zip": N_("Enter the postal code like 10001 or 10001-1234"),
}


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
    values = {name: getattr(known, name) for name in Customer.__struct_fields__}
    errors: dict[str, str] = {}
    fixed = fixed_names(order)
    editable = [name for name in input_names(order) if name not in fixed]
    for name in editable:
        if typed := " ".join(fields.get(name, "").split()):
            _read_field(name, typed, values, errors)
        elif is_customer or not values[name]:
            errors[name] = CUSTOMER_INPUTS[name].missing
    values["ip"] = ip or None
    customer, misfits = fitted(Customer(**values))
    for name in misfits:
        if name in editable:
            errors.setdefault(name, LOCAL[name])
        else:  # a part of the shop's address, which doesn't fit the country just chosen
            customer = without(customer, (name,))
    return customer, errors


def _read_field(name: str, typed: str, values: dict[str, Any], errors: dict[str, str]) -> None:
    try:
        values[name] = TYPED.rule(name)(typed)
    except HoldsCard:
        errors[name] = CARD_HERE
    except Invalid:
        errors[name] = CUSTOMER_INPUTS[name].wrong


def fixed_names(order: Order) -> frozenset[str]:
    """The fields whose values the shop gave and the customer can't change."""
    names = order.page_settings.customer_fields.read_only
    return frozenset(name for name in names if getattr(order.customer, name, None))


def customer_fields(
    order: Order,
    known: Customer,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
    *,
    is_customer: bool,
) -> tuple[Field, ...]:
    """The inputs of the customer's fields: with what was typed, else with what is known, which a
    stranger (not `is_customer`) is shown masked."""
    names = input_names(order)
    if not names:
        return ()
    _ = gettext(language)
    fixed = fixed_names(order)
    return tuple(
        (prefilled_field if is_customer else masked_field)(
            getattr(known, name) or "",
            language,
            name=name,
            label=_(CUSTOMER_INPUTS[name].label),
            value=shown_again(typed.get(name), digits=name in DIGITS) if name not in fixed else "",
            error=_(errors[name]) if name in errors else None,
            type=CUSTOMER_INPUTS[name].type,
            autocomplete=CUSTOMER_INPUTS[name].autocomplete,
            inputmode=CUSTOMER_INPUTS[name].inputmode,
            maxlength=CUSTOMER_INPUTS[name].longest,
            read_only=name in fixed,
            options=countries(language) if name == "country" else (),
        )
        for name in names
    )


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country in the language's own order of the alphabet."""
    names = locale(language).territories
    pairs = [(code, name) for code, name in names.items() if is_country(code)]
    return tuple(sorted(pairs, key=lambda pair: pair[1]))
