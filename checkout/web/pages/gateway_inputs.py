"""What a method asks for beside what every page does: the fields of its gateway.

Their labels are the gateway's own words, shown as plain text. What is typed lives for the request
and goes to the gateway; of the ledger it is no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkout.i18n import gettext
from checkout.model.order import Customer
from checkout.model.pan import holds_card_number
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import email_address
from checkout.payments.offered_methods import MethodInput
from checkout.web.pages import checkboxes, messages
from checkout.web.pages.components import Checkbox, Field
from checkout.web.pages.customer_fields import ASKED, CARD_HERE
from checkout.web.pages.field_values import LONGEST_AGAIN, shown_again

TERMS = "terms"


def name_of(method: str, field: MethodInput) -> str:
    """Its name in the form: two methods may ask for the same."""
    return f"{method}-{field.name}"


def read_inputs(
    method: str, asked: Sequence[MethodInput], fields: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(what was written, by the gateway's names; what is wrong, by the form's, marked)."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for each in asked:
        name = name_of(method, each)
        written = " ".join(fields.get(name, "").split())
        if problem := _problem(each, written):
            errors[name] = problem
        elif written:
            values[each.name] = written
    return values, errors


def _problem(field: MethodInput, written: str) -> str | None:
    if not written:
        missing = messages.TERMS_MISSING if field.kind == TERMS else messages.INPUT_MISSING
        return missing if field.required else None
    if holds_card_number(written[:LONGEST_AGAIN]):
        return CARD_HERE
    if field.kind == "email":
        return ASKED["email"].wrong if _is_wrong_address(written) else None
    return None if len(written) <= field.longest and written.isprintable() else messages.INPUT_WRONG


def _is_wrong_address(written: str) -> bool:
    try:
        email_address(written)
    except Invalid:
        return True
    return False


def input_fields(
    method: str,
    asked: Sequence[MethodInput],
    customer: Customer,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
) -> tuple[Field, ...]:
    """The inputs, with what was typed; an e-mail address, where nothing was, with what is known."""
    _ = gettext(language)
    return tuple(
        Field(
            name=(name := name_of(method, each)),
            label=each.label,
            value=shown_again(typed.get(name))
            or (customer.email or "" if each.kind == "email" else ""),
            error=_(errors[name]) if name in errors else None,
            type=each.kind,
            autocomplete="email" if each.kind == "email" else "off",
            inputmode="email" if each.kind == "email" else None,
            maxlength=each.longest,
            required=each.required,
        )
        for each in asked
        if each.kind != TERMS
    )


def input_terms(
    method: str,
    asked: Sequence[MethodInput],
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
) -> tuple[Checkbox, ...]:
    """The boxes to tick."""
    _ = gettext(language)
    return tuple(
        checkboxes.terms(
            name := name_of(method, each),
            each.label or _(messages.TERMS_OF_SERVICE),
            each.url,
            bool(typed.get(name)),
            errors.get(name),
            language,
        )
        for each in asked
        if each.kind == TERMS
    )
