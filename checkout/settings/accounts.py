"""One `[gateways.NAME]` table: the adapter's own options, checked a field at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from checkout.model.money import KNOWN_EXPONENTS, MOST_DECIMALS
from checkout.model.validation.reader import REQUIRED, Invalid, Reader, Rule
from checkout.model.validation.rules import choice, integer
from checkout.model.withdrawn_currencies import why_no_currency
from checkout.settings.rules import gateway_url
from checkout.settings.secret_strength import guessable
from checkout.settings.values import Account

DECIMALS: Final = "decimals"


def read_account(
    fields: Reader, name: str, adapters: Mapping[str, type[Struct]], *, sandbox: bool
) -> Account:
    """The account; its options are None where they have problems. `adapters` may raise Invalid for
    one of its names."""
    adapter: str | None = fields.need("adapter", choice(adapters))
    base_url: str | None = fields.need("base_url", gateway_url(sandbox=sandbox))
    if adapter is None:
        return Account(name=name, adapter="", options=None)
    try:
        options = adapters[adapter]
    except Invalid as error:  # one that came with another distribution, and can't be used
        fields.wrong("adapter", str(error))
        return Account(name=name, adapter=adapter, options=None)
    return Account(name=name, adapter=adapter, options=_options(fields, options, base_url))


def _options(fields: Reader, options: type[Struct], base_url: str | None) -> Any:
    table: dict[str, Any] = {"base_url": base_url}
    for field in msgspec.structs.fields(options):
        name = field.encode_name
        if name == "base_url":
            continue
        if name == DECIMALS:
            value: Any = _decimals(fields.within(name))
        else:
            value = fields.get(name, _typed(field.type))
        if value is not None:
            table[name] = value
        elif field.required and not fields.has(name):
            fields.wrong(name, REQUIRED)
    _check_secrets(fields, options, table)
    fields.no_others()
    return _made(fields, options, table) if fields.ok else None


def _made(fields: Reader, options: type[Struct], table: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(table, options)
    except msgspec.ValidationError as error:
        # What the Struct's own __post_init__ refuses: "public_key: is not base64" or a sentence.
        name, _, reason = str(error).partition(": ")
        known = reason and name in {field.encode_name for field in msgspec.structs.fields(options)}
        fields.wrong(name if known else "", reason if known else str(error))
        return None


def _check_secrets(fields: Reader, options: type[Struct], table: Mapping[str, Any]) -> None:
    for name in getattr(options, "secrets", ()):
        if isinstance(secret := table.get(name), str) and secret and guessable(secret):
            fields.wrong(name, "can be guessed: use the one that the gateway gave you")


def _decimals(fields: Reader) -> dict[str, int]:
    """How the account counts currencies: their codes and numbers of decimals."""
    found: dict[str, int] = {}
    for code in fields.names:
        if code not in KNOWN_EXPONENTS:
            fields.wrong(code, why_no_currency(code, KNOWN_EXPONENTS))
        elif (count := fields.get(code, integer(0, MOST_DECIMALS))) is not None:
            found[code] = count
    return found


def _typed(kind: Any) -> Rule[Any]:
    """A rule for a field's type. Returns the plain value; all options are converted at the end."""
    if get_origin(kind) is Literal:
        return choice(get_args(kind))

    def rule(value: Any) -> Any:
        try:
            msgspec.convert(value, kind, strict=True)
        except msgspec.ValidationError as error:
            raise Invalid(_readable(str(error))) from None
        return value

    return rule


def _readable(reason: str) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.x`" in our words, without the value,
    which msgspec includes for an enum."""
    reason, _, place = reason.partition(" - at `$")
    where = f" (at {place.rstrip('`').lstrip('.')})" if place else ""
    if reason.startswith("Invalid enum value"):
        return "must be one of the documented values" + where
    expected = re.match(r"Expected `([^`]*)`", reason)
    names = {"str": "text", "int": "an integer", "bool": "true or false", "array": "a list"}
    if expected:
        parts = (names.get(part, part) for part in expected[1].split(" | ") if part != "null")
        return f"must be {' or '.join(parts)}{where}"
    return f"is wrong: {reason}{where}"
