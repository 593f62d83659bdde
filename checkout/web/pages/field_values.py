"""The value of an input: what was typed, else what is known of the customer. A stranger sees it
masked: enough for somebody who knows it to recognise it, but no e-mail address, name or street."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from checkout.i18n import N_, gettext
from checkout.model.pan import holds_card_number
from checkout.web.pages.components import Field

LONGEST_AGAIN: Final = 1024  # characters
DOTS: Final = "•••"
LEAVE: Final = N_("Leave it empty to use %(value)s")
LEAVE_ALL: Final = N_("Leave it empty to use what the shop has")


def shown_again(typed: str | None, *, digits: bool = False) -> str:
    """What was typed, as the page shows it again: nothing longer than people type, and never a
    card's number, unless the field is one of `digits`, such as a phone."""
    if typed is None or len(typed) > LONGEST_AGAIN:
        return ""
    return typed if digits or not holds_card_number(typed) else ""


def prefilled_field(known: str, _language: str, **field: Any) -> Field:
    """A field with what was typed, else with what is known."""
    return Field(**field | {"value": field["value"] or known})


def _email(value: str) -> str:
    local, _, host = value.rpartition("@")
    name, _, zone = host.rpartition(".")
    return f"{local[:1]}{DOTS}@{name[:1]}{DOTS}{'.' if name else ''}{zone if name else ''}"


def _name(value: str) -> str:
    return value[:1] + DOTS


def _phone(value: str) -> str:
    return DOTS + value[-2:]


# By the names of `model.order.Customer`, and the card's holder; all other fields are masked
# entirely.
MASKS: Final[dict[str, Callable[[str], str]]] = {
    "email": _email,
    "first_name": _name,
    "last_name": _name,
    "holder": _name,
    "phone": _phone,
}


def mask(name: str, value: str) -> str:
    return MASKS[name](value) if name in MASKS else DOTS


def masked_field(known: str, language: str, **field: Any) -> Field:
    """A field for a stranger, with the `known` value masked. Left empty, it means that value."""
    if not known or field["value"]:
        return Field(**field)
    shown = mask(field["name"], known)
    if field.get("read_only"):
        return Field(**field | {"value": shown, "type": "text", "options": ()})
    hint = gettext(language)(LEAVE_ALL if shown == DOTS else LEAVE)
    hint = hint.replace("%(value)s", shown)
    return Field(**field | {"hint": hint, "required": False})
