"""What the customer typed: the posted form as text, the customer's own fields, their errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from checkout.errors import BadRequest
from checkout.i18n import N_, gettext, locale
from checkout.merchant.customers import CUSTOMER, fitted
from checkout.model.checks import Wrong
from checkout.model.order import CardFields, Customer, Order
from checkout.model.pan import holds_card_number
from checkout.model.rules import HoldsCard
from checkout.web.veils import veiled
from checkout.web.views import Field

LONGEST_AGAIN: Final = 1024  # characters
FORM: Final = "application/x-www-form-urlencoded"


class Asked(NamedTuple):
    """How one customer field is asked for, in English (marked for the catalogues)."""

    label: str
    missing: str
    wrong: str
    autocomplete: str
    type: str = "text"
    inputmode: str | None = None
    longest: int = 255


# The names of `Customer` that a page can ask for, in the order in which it does.
ASKED: Final[dict[str, Asked]] = {
    "email": Asked(
        N_("E-mail"),
        N_("Enter your e-mail address"),
        N_("Check the e-mail address: it looks like name@example.com"),
        "email",
        "email",
        "email",
        254,
    ),
    "first_name": Asked(
        N_("First name"),
        N_("Enter your first name"),
        N_("Shorten the first name"),
        "given-name",
        longest=30,
    ),
    "last_name": Asked(
        N_("Last name"),
        N_("Enter your last name"),
        N_("Shorten the last name"),
        "family-name",
        longest=30,
    ),
    "phone": Asked(
        N_("Phone"),
        N_("Enter your phone number"),
        N_("Check the phone number"),
        "tel",
        "tel",
        "tel",
        100,
    ),
    "country": Asked(
        N_("Country"), N_("Choose your country"), N_("Choose your country"), "country"
    ),
    "address": Asked(
        N_("Address"), N_("Enter your address"), N_("Shorten the address"), "street-address"
    ),
    "city": Asked(
        N_("City"),
        N_("Enter your city"),
        N_("Shorten the city's name"),
        "address-level2",
        longest=60,
    ),
    "state": Asked(
        N_("State or region"),
        N_("Enter your state or region"),
        N_("Shorten the state or region"),
        "address-level1",
        longest=60,
    ),
    "zip": Asked(
        N_("Postal code"),
        N_("Enter your postal code"),
        N_("Check the postal code"),
        "postal-code",
        longest=20,
    ),
    "birth_date": Asked(
        N_("Date of birth"),
        N_("Enter your date of birth"),
        N_("Enter the date of birth like 1990-12-31"),
        "bday",
        longest=10,
    ),
    "taxpayer_id": Asked(
        N_("Taxpayer number"),
        N_("Enter your taxpayer number"),
        N_("Check the taxpayer number"),
        "off",
    ),
}


CARD_HERE: Final = N_("Do not enter the card number here")
# What the customer's country wants: of the fields in `merchant.customers.LOCAL`.
LOCAL: Final = {
    "state": N_("Enter the state as two letters, like NY"),
    "zip": N_("Enter the postal code like 10001 or 10001-1234"),
}


def check_form(content_type: str) -> None:
    """Raises BadRequest where a body doesn't say that it is a form."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise BadRequest("Send the form as " + FORM)


def shown_again(typed: str | None) -> str:
    """What was typed, as the page writes it back: a card's number never, wherever it was typed,
    and not what nobody types."""
    if typed is None or len(typed) > LONGEST_AGAIN or holds_card_number(typed):
        return ""
    return typed


def asked_names(order: Order) -> tuple[str, ...]:
    """Which customer fields the page shows: visible or read-only ones, without the hidden."""
    wanted = order.ways.customer_fields
    if not (wanted.visible or wanted.read_only):
        return ()
    shown = {*wanted.visible, *wanted.read_only} - set(wanted.hidden)
    return tuple(name for name in ASKED if name in shown)


def read_customer(
    order: Order, known: Customer, fields: Mapping[str, str], ip: str, *, own: bool
) -> tuple[Customer, dict[str, str]]:
    """The customer with what the form adds, and what is wrong by field (English, marked).

    What the shop fixed stays fixed, whatever the form says. What a stranger (not `own`) leaves
    empty is what is known, which they were not shown.
    """
    values = {name: getattr(known, name) for name in Customer.__struct_fields__}
    errors: dict[str, str] = {}
    fixed = fixed_names(order)
    asked = [name for name in asked_names(order) if name not in fixed]
    for name in asked:
        typed = " ".join(fields.get(name, "").split())
        if not typed:
            if own or not values[name]:
                errors[name] = ASKED[name].missing
            continue
        try:
            values[name] = CUSTOMER[name](typed)
        except HoldsCard:
            errors[name] = CARD_HERE
        except Wrong:
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
    names = order.ways.customer_fields.read_only
    return frozenset(name for name in names if getattr(order.customer, name, None))


def customer_fields(
    order: Order,
    known: Customer,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
    *,
    own: bool,
) -> tuple[Field, ...]:
    """The inputs of the customer's fields: with what was typed, else with what is known, which a
    stranger (not `own`) is shown in veils."""
    names = asked_names(order)
    if not names:
        return ()
    _ = gettext(language)
    fixed = fixed_names(order)
    return tuple(
        (open_ if own else veiled)(
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


def open_(known: str, _language: str, **field: Any) -> Field:
    """A field with what was typed, else with what is known."""
    return Field(**field | {"value": field["value"] or known})


NO_HOLDER: Final = CardFields()
FOUR_IN_FRONT: Final = N_("4 digits on the front")
CARD_FIELDS: Final = (
    ("number", N_("Card number"), None, "cc-number", "numeric", 32),
    ("expiry", N_("Expiry date"), N_("MM/YY"), "cc-exp", "numeric", 10),
    ("code", N_("Security code"), N_("3 digits on the back"), "cc-csc", "numeric", 4),
    ("holder", N_("Name on card"), None, "cc-name", None, 64),
)


@lru_cache(maxsize=512)
def card_fields(
    language: str,
    errors: tuple[tuple[str, str], ...] = (),
    *,
    oldest: int | None = None,
    holder: CardFields = NO_HOLDER,
    code_optional: bool = False,
    own: bool = True,
) -> tuple[Field, ...]:
    """The card's inputs; nothing that was typed into them ever comes back. `errors`: (name,
    marked sentence); `oldest`: the first month that is not past; `holder`: what the shop says, for
    a stranger (not `own`) in veils; `code_optional`: a card without a security code is taken."""
    _, wrong = gettext(language), dict(errors)
    return tuple(
        (open_ if own else veiled)(
            (holder.holder or "") if name == "holder" else "",
            language,
            name=name,
            label=_(label),
            value="",
            error=_(wrong[name]) if name in wrong else None,
            hint=_(hint) if hint else None,
            autocomplete=autocomplete,
            inputmode=inputmode,
            maxlength=longest,
            required=not (name == "code" and code_optional),
            read_only=name == "holder" and fixed_holder(holder) is not None,
            oldest=oldest if name == "expiry" else None,
        )
        for name, label, hint, autocomplete, inputmode, longest in CARD_FIELDS
    )


def holder_of(wanted: CardFields, fields: Mapping[str, str], *, own: bool) -> str:
    """The name on the card that the form is read with: the shop's, where it has fixed one and where
    a stranger (not `own`) leaves it empty."""
    written = fields.get("holder", "")
    unsaid = not own and not written.strip()
    return fixed_holder(wanted) or (wanted.holder if unsaid else None) or written


def fixed_holder(wanted: CardFields) -> str | None:
    """The name that the shop has fixed, whatever the form says."""
    return wanted.holder if "holder" in wanted.read_only else None


def code_field(
    language: str, errors: tuple[tuple[str, str], ...], four: bool, *, optional: bool
) -> Field:
    """The code of a saved card, where no other card may be used."""
    shown = card_fields(language, errors, code_optional=optional)
    (field,) = (each for each in shown if each.name == "code")
    hint = gettext(language)(FOUR_IN_FRONT) if four else field.hint
    return msgspec.structs.replace(field, hint=hint, maxlength=4)


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country in the language's own order of the alphabet."""
    names = locale(language).territories
    pairs = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    unreal = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
    return tuple(sorted((p for p in pairs if p[0] not in unreal), key=lambda pair: pair[1]))
