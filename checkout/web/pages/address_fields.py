"""The fields of a postal address on a page, as the customer's country has them: which are asked, in
which order, what they are called, which may be left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final

import msgspec

from checkout.i18n import N_, gettext
from checkout.shop_api.country import COUNTRIES
from checkout.shop_api.postal_address import FIELDS, postal_address

GENERAL: Final[dict[str, str]] = {
    "address": N_("Address"),
    "city": N_("City"),
    "state": N_("State or region"),
    "zip": N_("Postal code"),
}
EVERYWHERE: Final = frozenset({"address", "city"})  # required, by Google's rules for no country
# By Google's names of the kinds.
LABELS: Final[dict[str, dict[str, str]]] = {
    "city": {
        "city": N_("City"),
        "district": N_("District"),
        "post_town": N_("Town or city"),
        "suburb": N_("Suburb"),
    },
    "state": {
        "area": N_("Area"),
        "county": N_("County"),
        "department": N_("Department"),
        "district": N_("District"),
        "do_si": N_("Province"),
        "emirate": N_("Emirate"),
        "island": N_("Island"),
        "oblast": N_("Region"),
        "parish": N_("Parish"),
        "prefecture": N_("Prefecture"),
        "province": N_("Province"),
        "state": N_("State"),
    },
    "zip": {
        "eircode": N_("Eircode"),
        "pin": N_("PIN code"),
        "postal": N_("Postal code"),
        "zip": N_("ZIP code"),
    },
}


class AddressField(msgspec.Struct, frozen=True):
    """One field as a country has it; `label` English, marked."""

    name: str
    label: str
    required: bool
    used: bool = True  # else it is no part of an address there


class AddressRules(msgspec.Struct, frozen=True):
    """`address_fields` of every country as the script reads them. `rules`: by ";", each the fields
    ("zip4!": by the fifth of the labels, required), ":" and the countries that have them so; the
    first is of no country. `labels`: by "|"."""

    rules: str
    labels: str


def address_fields(asked: Iterable[str], country: str | None) -> tuple[AddressField, ...]:
    """Those of `asked`, in the country's order, what is not used there at the end. None: nobody
    knows the country yet."""
    names = [name for name in FIELDS if name in asked]
    if country is None or country not in COUNTRIES:
        return tuple(AddressField(name, GENERAL[name], name in EVERYWHERE) for name in names)
    there = postal_address(country)
    used = tuple(
        AddressField(name, _label(name, there.kinds), name in there.required)
        for name in there.order
        if name in names
    )
    unused = (name for name in names if name not in there.order)
    return used + tuple(AddressField(name, GENERAL[name], False, used=False) for name in unused)


def _label(name: str, kinds: Mapping[str, str]) -> str:
    return LABELS[name][kinds[name]] if name in kinds else GENERAL[name]


@lru_cache(maxsize=256)
def address_rules(asked: tuple[str, ...], language: str) -> AddressRules:
    """The rules of every country for the fields that are `asked`."""
    _ = gettext(language)
    labels: list[str] = []

    def rule(country: str | None) -> str:
        return " ".join(
            f"{each.name}{place(_(each.label))}{'!' if each.required else ''}"
            for each in address_fields(asked, country)
            if each.used
        )

    def place(label: str) -> int:
        if label not in labels:
            labels.append(label)
        return labels.index(label)

    rules = sorted((rule(country), country) for country in COUNTRIES)
    alike = groupby(rules, lambda pair: pair[0])
    found = [(rule(None), ""), *((key, " ".join(c for _, c in each)) for key, each in alike)]
    return AddressRules(";".join(":".join(each) for each in found), "|".join(labels))
