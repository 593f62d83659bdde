"""A shop of the ledger: the same table as `[shops.ID]`, by the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from checkout.errors import BadSettings
from checkout.model.validation.reader import SETTINGS, Invalid, Problems, Reader, check_bounds
from checkout.settings import rules
from checkout.settings.own_addresses import check_addresses
from checkout.settings.secret_reuse import check_reuse
from checkout.settings.shops import read_shop
from checkout.settings.signing_keys import check_whole
from checkout.settings.values import Settings, Shop, ShopDirectory

BAD_NAME = "must be named with letters, digits, _ and - (at most 64)"


def read_ledger_shop(settings: Settings, id: str, table: Mapping[str, Any]) -> Shop:
    """Its values are taken as they stand: `env:` and `file:` lead nowhere. Raises BadSettings with
    every problem, under the keys that it would have in the file."""
    fields, problems = _reader(id, table)
    shop = read_shop(
        fields.within("shops").child(id),
        id,
        frozenset(settings.gateways),
        sandbox=settings.sandbox,
        ports=settings.egress_ports,
    )
    _raise(problems)
    return shop


def check_ledger_shop(settings: Settings, id: str, table: Mapping[str, Any]) -> Shop:
    """Before it is written: also whether its keys are whole, and its secrets serve for nothing
    else. Raises BadSettings."""
    if not rules.NAME.fullmatch(id):
        raise BadSettings([(f"shops.{id}" if id.isprintable() else repr(id), BAD_NAME)])
    try:
        check_bounds(dict(table), SETTINGS)
    except Invalid as wrong:
        raise BadSettings([(f"shops.{id}", str(wrong))]) from None
    shop = read_ledger_shop(settings, id, table)
    others = {name: each for name, each in settings.shops.items() if name != id}
    for key in shop.private_keys:
        try:
            check_whole(key)
        except Invalid as wrong:
            raise BadSettings([(f"shops.{id}.private_key", str(wrong))]) from None
    whole = msgspec.structs.replace(settings, shops=ShopDirectory({**others, id: shop}))
    fields, problems = _reader(id, table)
    check_reuse(fields, whole)
    check_addresses(fields, whole)
    _raise(problems)
    return shop


def _reader(id: str, table: Mapping[str, Any]) -> tuple[Reader, Problems]:
    problems = Problems()
    return Reader({"shops": {id: dict(table)}}, problems=problems), problems


def _raise(problems: Problems) -> None:
    if problems:
        raise BadSettings(
            [(key, why) for key, reasons in problems.by_path().items() for why in reasons]
        )
