"""What the page asks the customer about themselves: shown, read, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

import msgspec

from checkout.i18n import N_, gettext, locale
from checkout.model.order import Customer, Order
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import HoldsCard
from checkout.shop_api.customer import CUSTOMER, fitted
from checkout.web.pages.components import Field
from checkout.web.pages.field_values import masked_field, prefilled_field, shown_again


class AskedField(NamedTuple):
    """How one customer field is asked for, in English (marked for the catalogues)."""

    label: str
    missing: str
    wrong: str
    autocomplete: str
    type: str = "text"
    inputmode: str | None = None
    longest: int = 255


# The names of `Customer` that a page can ask for, in the order in which it does.
ASKED: Final[dict[str, AskedField]] = {
    "email": AskedField(
        N_("E-mail"),
        N_("Enter your e-mail address"),
        N_("Check the e-mail address: it looks like name@example.com"),
        "email",
        "email",
        "email",
        254,
    ),
    "first_name": AskedField(
        N_("First name"),
        N_("Enter your first name"),
        N_("Shorten the first name"),
        "given-name",
        longest=30,
    ),
    "last_name": AskedField(
        N_("Last name"),
        N_("Enter your last name"),
        N_("Shorten the last name"),
        "family-name",
        longest=30,
    ),
    "phone": AskedField(
        N_("Phone"),
        N_("Enter your phone number"),
        N_("Check the phone number"),
        "tel",
        "tel",
        "tel",
        100,
    ),
    "country": AskedField(
        N_("Country"), N_("Choose your country"), N_("Choose your country"), "country"
    ),
    "address": AskedField(
        N_("Address"), N_("Enter your address"), N_("Shorten the address"), "street-address"
    ),
    "city": AskedField(
        N_("City"),
        N_("Enter your city"),
        N_("Shorten the city's name"),
        "address-level2",
        longest=60,
    ),
    "state": AskedField(
        N_("State or region"),
        N_("Enter your state or region"),
        N_("Shorten the state or region"),
        "address-level1",
        longest=60,
    ),
    "zip": AskedField(
        N_("Postal code"),
        N_("Enter your postal code"),
        N_("Check the postal code"),
        "postal-code",
        longest=20,
    ),
    "birth_date": AskedField(
        N_("Date of birth"),
        N_("Enter your date of birth"),
        N_("Enter the date of birth like 1990-12-31"),
        "bday",
        longest=10,
    ),
    "taxpayer_id": AskedField(
        N_("Taxpayer number"),
        N_("Enter your taxpayer number"),
        N_("Check the taxpayer number"),
        "off",
    ),
}


CARD_HERE: Final = N_("Do not enter the card number here")
# What the customer's country wants: of the fields in `merchant.customer.LOCAL`.
LOCAL: Final = {
    "state": N_("Enter the state as two letters, like NY"),
    "zip": N_("Enter the postal code like 10001 or 10001-1234"),
}


def asked_names(order: Order) -> tuple[str, ...]:
    """Which customer fields the page shows: visible or read-only ones, without the hidden."""
    wanted = order.page_settings.customer_fields
    if not (wanted.visible or wanted.read_only):
        return ()
    shown = {*wanted.visible, *wanted.read_only} - set(wanted.hidden)
    return tuple(name for name in ASKED if name in shown)


def read_customer(
    order: Order, known: Customer, fields: Mapping[str, str], ip: str, *, is_customer: bool
) -> tuple[Customer, dict[str, str]]:
    """The customer with what the form adds, and what is wrong by field (English, marked).

    What the shop fixed stays fixed, whatever the form says. What somebody else than the customer
    leaves empty is what is known, which they were not shown.
    """
    values = {name: getattr(known, name) for name in Customer.__struct_fields__}
    errors: dict[str, str] = {}
    fixed = fixed_names(order)
    asked = [name for name in asked_names(order) if name not in fixed]
    for name in asked:
        typed = " ".join(fields.get(name, "").split())
        if not typed:
            if is_customer or not values[name]:
                errors[name] = ASKED[name].missing
            continue
        try:
            values[name] = CUSTOMER.rule(name)(typed)
        except HoldsCard:
            errors[name] = CARD_HERE
        except Invalid:
            errors[name] = ASKED[name].wrong
    values["ip"] = ip or None
    customer, misfits = fitted(Customer(**values))
    for name in misfits:
        if name in asked:
            errors.setdefault(name, LOCAL[name])
        else:  # of the address that the shop knows, in another country than the one just chosen
            customer = msgspec.structs.replace(customer, **{name: None})
    return customer, errors


def fixed_names(order: Order) -> frozenset[str]:
    """What the shop says and lets nobody change."""
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
    names = asked_names(order)
    if not names:
        return ()
    _ = gettext(language)
    fixed = fixed_names(order)
    return tuple(
        (prefilled_field if is_customer else masked_field)(
            getattr(known, name) or "",
            language,
            name=name,
            label=_(ASKED[name].label),
            value=shown_again(typed.get(name)) if name not in fixed else "",
            error=_(errors[name]) if name in errors else None,
            type=ASKED[name].type,
            autocomplete=ASKED[name].autocomplete,
            inputmode=ASKED[name].inputmode,
            maxlength=ASKED[name].longest,
            read_only=name in fixed,
            options=countries(language) if name == "country" else (),
        )
        for name in names
    )


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country in the language's own order of the alphabet."""
    names = locale(language).territories
    pairs = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    unreal = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
    return tuple(sorted((p for p in pairs if p[0] not in unreal), key=lambda pair: pair[1]))
