"""The inputs of a card on the payment page. Of what was typed into them only the holder's name
comes back, and never from a cache."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from checkout.i18n import N_, gettext
from checkout.model.card_form import SLIPS
from checkout.model.order import CardFields
from checkout.web.pages.components import Field
from checkout.web.pages.field_values import masked_field, prefilled_field, shown_again

NO_HOLDER: Final = CardFields()
FOUR_IN_FRONT: Final = N_("4 digits on the front")
CARD_FIELDS: Final = (
    ("number", N_("Card number"), None, "cc-number", "numeric", 32),
    ("expiry", N_("Expiry date"), N_("MM/YY"), "cc-exp", "numeric", 10),
    ("code", N_("Security code (CVC)"), N_("3 digits on the back"), "cc-csc", "numeric", 4),
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
    is_customer: bool = True,
) -> tuple[Field, ...]:
    """`errors`: (name, marked sentence); `oldest`: the first month that is not past; `holder`: the
    shop's value, masked for a stranger; `code_optional`: a card without a security code is
    accepted."""
    _, wrong = gettext(language), dict(errors)
    return tuple(
        (prefilled_field if is_customer else masked_field)(
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
            slips=tuple((kind, _(text)) for kind, text in SLIPS[name].items()),
        )
        for name, label, hint, autocomplete, inputmode, longest in CARD_FIELDS
    )


def with_holder(fields: tuple[Field, ...], typed: Mapping[str, str]) -> tuple[Field, ...]:
    """The inputs with the name that was typed, where the shop has not fixed one."""
    name = shown_again(typed.get("holder"))
    if not name:
        return fields
    return tuple(
        msgspec.structs.replace(each, value=name)
        if each.name == "holder" and not each.read_only
        else each
        for each in fields
    )


def holder_of(wanted: CardFields, fields: Mapping[str, str], *, is_customer: bool) -> str:
    """The name on the card that the form is read with: the shop's, where it has fixed one and where
    a stranger (not `is_customer`) leaves it empty."""
    written = fields.get("holder", "")
    empty = not is_customer and not written.strip()
    return fixed_holder(wanted) or (wanted.holder if empty else None) or written


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
