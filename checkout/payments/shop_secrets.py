"""The secrets of a shop of the ledger: made when it is added, rotated one by one.

A rotation takes two steps, so that the shop loses nothing between: first there are two, the new
one behind the old one, and both hold; once the shop uses the new one the old one is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from checkout.fresh_keys import new_pair, new_password, new_publishable_key, new_secret
from checkout.ledger.audit import Actor
from checkout.payments import shop_changes
from checkout.payments.context import Context
from checkout.payments.shop_changes import Refused, Table
from checkout.settings import Shop

MAKERS: Final[dict[str, Callable[[], str]]] = {
    "secret_key": new_password,
    "private_key": lambda: new_pair()[0],
    "link_keys": new_secret,
    "publishable_key": new_publishable_key,
}
"""What can be rotated, by its setting."""
ONE: Final = frozenset({"publishable_key"})  # of which there is one: apps have it in them
LISTED: Final = frozenset({"link_keys"})  # a list, also of one
MOST: Final = 2
TWO: Final = "has two already: the shop takes over the new one, then `--finish` drops the old one"
NO_TWO: Final = "has one only: nothing is being rotated"


def with_secrets(table: Table) -> Table:
    """The table of a new shop, with those secrets that it does not have itself."""
    made: Table = {
        "secret_key": new_password(),
        "link_keys": [new_secret()],
        "private_key": MAKERS["private_key"](),
    }
    if table.get("apps") is True and not table.get("apps_public_key"):
        made["publishable_key"] = new_publishable_key()
    return made | table


async def rotate(context: Context, id: str, name: str, *, by: Actor) -> Shop:
    """Add a new one behind the old one. `name`: of `MAKERS`. Raises as `shop_changes.change`."""

    def changed(table: Table) -> Table:
        fresh = MAKERS[name]()
        if name in ONE:
            return table | {name: fresh}
        present = all_of(table.get(name))
        if len(present) >= MOST:
            raise Refused(f"{name} {TWO}")
        return table | {name: _kept(name, [*present, fresh])}

    shop, _ = await shop_changes.change(context, id, changed, act="shop.rotate", by=by)
    return shop


async def finish(context: Context, id: str, name: str, *, by: Actor) -> Shop:
    """Drop the old one."""

    def changed(table: Table) -> Table:
        present = all_of(table.get(name))
        if len(present) < MOST:
            raise Refused(f"{name} {NO_TWO}")
        return table | {name: _kept(name, present[-1:])}

    shop, _ = await shop_changes.change(context, id, changed, act="shop.rotated", by=by)
    return shop


def all_of(value: Any) -> list[str]:
    """Of a secret, or several in a list: the oldest first."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _kept(name: str, values: list[str]) -> Any:
    return values if len(values) > 1 or name in LISTED else values[0]
