"""A method's own inputs, which its gateway declares.

Their labels are the gateway's, shown as plain text. The values are sent to the gateway and are not
stored.
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
from checkout.web.pages.customer_fields import CARD_HERE, CUSTOMER_INPUTS, EMAIL_PATTERN, slips
from checkout.web.pages.field_values import LONGEST_AGAIN, shown_again

TERMS = "terms"


def name_of(method: str, field: MethodInput) -> str:
    """Its name in the form: two methods may have inputs of the same name."""
    return f"{method}-{field.name}"


def read_inputs(
    method: str, inputs: Sequence[MethodInput], fields: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(values by the gateway's names; errors by the form's names, marked)."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for each in inputs:
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
        return CUSTOMER_INPUTS["email"].wrong if _is_wrong_address(written) else None
    return None if len(written) <= field.longest and written.isprintable() else messages.INPUT_WRONG


def _is_wrong_address(written: str) -> bool:
    try:
        email_address(written)
    except Invalid:
        return True
    return False


def input_fields(
    method: str,
    inputs: Sequence[MethodInput],
    customer: Customer,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
) -> tuple[Field, ...]:
    """The inputs, with what was typed; an empty e-mail input has the known address."""
    _, wrong = gettext(language), CUSTOMER_INPUTS["email"].wrong
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
            pattern=EMAIL_PATTERN if each.kind == "email" else None,
            slips=slips(_(messages.INPUT_MISSING), _(wrong) if each.kind == "email" else None),
        )
        for each in inputs
        if each.kind != TERMS
    )


def input_terms(
    method: str,
    inputs: Sequence[MethodInput],
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    language: str,
) -> tuple[Checkbox, ...]:
    """The checkboxes."""
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
        for each in inputs
        if each.kind == TERMS
    )
