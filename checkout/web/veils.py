"""What is known of the customer, as a stranger sees it: enough to be recognised by who knows it,
and no e-mail address, name or street for who doesn't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from checkout.i18n import N_, gettext
from checkout.web.views import Field

DOTS: Final = "•••"
LEAVE: Final = N_("Leave it empty to use %(value)s")
LEAVE_ALL: Final = N_("Leave it empty to use what the shop knows")


def _email(value: str) -> str:
    local, _, host = value.rpartition("@")
    name, _, zone = host.rpartition(".")
    return f"{local[:1]}{DOTS}@{name[:1]}{DOTS}{'.' if name else ''}{zone if name else ''}"


def _name(value: str) -> str:
    return value[:1] + DOTS


def _phone(value: str) -> str:
    return DOTS + value[-2:]


# By the names of `model.order.Customer`, and the card's holder; of all others nothing is shown.
VEILS: Final[dict[str, Callable[[str], str]]] = {
    "email": _email,
    "first_name": _name,
    "last_name": _name,
    "holder": _name,
    "phone": _phone,
}


def veil(name: str, value: str) -> str:
    return VEILS[name](value) if name in VEILS else DOTS


def veiled(known: str, language: str, **field: Any) -> Field:
    """A field of whose `known` value a stranger sees as much. Left empty, it means that value."""
    if not known or field["value"]:
        return Field(**field)
    shown = veil(field["name"], known)
    if field.get("read_only"):
        return Field(**field | {"value": shown, "type": "text", "options": ()})
    hint = gettext(language)(LEAVE_ALL if shown == DOTS else LEAVE)
    hint = hint.replace("%(value)s", shown)
    return Field(**field | {"hint": hint, "required": False})
