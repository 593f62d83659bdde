"""Shops of the ledger: add, change, disable, rotate, list. The commands and the back office call
these; each is in the audit log, with the names of what changed and never a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import BadSettings, CheckoutError, NotFound
from checkout.ledger import audit, shops
from checkout.ledger.audit import Actor
from checkout.ledger.shops import ACTIVE, DISABLED, ShopRow
from checkout.payments.context import SHOPS, Context
from checkout.payments.ledger_shops import sealer_of, table_of
from checkout.settings import Shop
from checkout.settings.ledger_shop import check_ledger_shop

Table = dict[str, Any]

NO_KEY: Final = (
    "shops_key is not in the settings: it seals the shops of the ledger. `checkout keys` makes one"
)
BATCH: Final = 100  # rows read at once


class Refused(CheckoutError):
    """The message says why."""

    status = 409


class ShopEntry(Struct, frozen=True, kw_only=True):
    """A shop, as lists show it. `source`: file or ledger; `state`: active, disabled or unreadable,
    and then `shop` is None and `why` says why. Times and `changed_by` of the ledger's only."""

    id: str
    source: str
    state: str
    shop: Shop | None = None
    why: str = ""
    created_at: float | None = None
    changed_at: float | None = None
    changed_by: str = ""


async def add(context: Context, id: str, table: Table, *, by: Actor) -> Shop:
    """Add a shop with the table of `[shops.ID]`. Raises BadSettings, Refused."""
    _need_key(context)
    _refuse_file(context, id)
    shop = check_ledger_shop(context.settings, id, table)
    sealed = sealer_of(context.settings).seal(id, msgspec.json.encode(table))
    try:
        await context.ledger.write(_add, id, sealed, context.clock(), by, sorted(table))
    except IntegrityError:
        raise Refused(f"There is a shop {id} in the ledger already") from None
    await _take_over(context)
    return shop


async def change(
    context: Context, id: str, changed: Callable[[Table], Table], *, act: str, by: Actor
) -> tuple[Shop, Table]:
    """The shop and its table as `changed` makes it of the present one; `act`: for the audit log,
    with the names of the keys. Raises NotFound, BadSettings, Refused."""
    row = await row_of(context, id)
    before: Table = table_of(sealer_of(context.settings), row)
    after = changed(msgspec.convert(before, Table))
    shop = check_ledger_shop(context.settings, id, after)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if keys:
        sealed = sealer_of(context.settings).seal(id, msgspec.json.encode(after))
        await _change(context, row, by, act, keys, sealed=sealed)
    return shop, after


async def disable(context: Context, id: str, *, by: Actor) -> bool:
    """The shop takes no new payments; those under way go on. False: it was so before."""
    return await _to_state(context, id, DISABLED, "shop.disable", by)


async def enable(context: Context, id: str, *, by: Actor) -> bool:
    return await _to_state(context, id, ACTIVE, "shop.enable", by)


async def seal_anew(context: Context, *, by: Actor) -> int:
    """Seal with the newest key what an older one has sealed; how many those were."""
    _need_key(context)
    sealer, count = sealer_of(context.settings), 0
    for row in await rows(context):
        content = msgspec.json.encode(table_of(sealer, row))
        if not sealer.is_newest(row.id, row.sealed):
            await _change(context, row, by, "shop.reseal", [], sealed=sealer.seal(row.id, content))
            count += 1
    return count


async def listed(context: Context) -> list[ShopEntry]:
    """All shops, by id."""
    known = context.settings.shops
    found = {
        shop.id: ShopEntry(id=shop.id, source="file", state=ACTIVE, shop=shop)
        for shop in known.values()
        if known.in_file(shop.id)
    }
    if context.ledger_shops is not None:
        unreadable = context.ledger_shops.unreadable
        for row in await rows(context):
            found.setdefault(row.id, _known(row, known.get(row.id), unreadable.get(row.id, "")))
    return [found[name] for name in sorted(found)]


async def rows(context: Context) -> list[ShopRow]:
    """All of the ledger's."""
    found: list[ShopRow] = []
    after = 0
    while some := await context.ledger.read(shops.since, after, BATCH):
        found += some
        after = some[-1].revision
    return found


async def row_of(context: Context, id: str) -> ShopRow:
    """Raises NotFound, Refused for one of the file."""
    _refuse_file(context, id)
    _need_key(context)
    row = await context.ledger.read(shops.by_id, id)
    if row is None:
        raise NotFound(f"There is no shop {id} in the ledger")
    return row


def _known(row: ShopRow, shop: Shop | None, why: str) -> ShopEntry:
    return ShopEntry(
        id=row.id,
        source="ledger",
        state=row.state if shop else "unreadable",
        shop=shop,
        why=why,
        created_at=row.created_at,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


async def _to_state(context: Context, id: str, state: str, act: str, by: Actor) -> bool:
    row = await row_of(context, id)
    if row.state == state:
        return False
    await _change(context, row, by, act, [], state=state)
    return True


async def _change(
    context: Context, row: ShopRow, by: Actor, act: str, keys: list[str], **values: str
) -> None:
    written = await context.ledger.write(_write_change, row, context.clock(), by, act, keys, values)
    if not written:
        raise Refused(f"The shop {row.id} was changed by somebody else meanwhile: look, and repeat")
    await _take_over(context)


async def _take_over(context: Context) -> None:
    """Here at once, elsewhere within a second."""
    if context.ledger_shops is not None:
        await context.ledger_shops.turn()
    if context.wakeups is not None:
        context.wakeups.tell(SHOPS)


def _add(conn: Connection, id: str, sealed: str, now: float, by: Actor, keys: list[str]) -> None:
    shops.add(conn, id, sealed, now, by.who)
    audit.append(conn, by, "shop.add", id, now, shop=id, keys=" ".join(keys))


def _write_change(
    conn: Connection,
    row: ShopRow,
    now: float,
    by: Actor,
    act: str,
    keys: list[str],
    values: Mapping[str, str],
) -> bool:
    if not shops.change(conn, row, now, by.who, **values):
        return False
    audit.append(conn, by, act, row.id, now, shop=row.id, keys=" ".join(keys))
    return True


def _refuse_file(context: Context, id: str) -> None:
    if context.settings.shops.in_file(id):
        raise Refused(f"The shop {id} is in the settings file, which wins: change it there")


def _need_key(context: Context) -> None:
    if context.ledger_shops is None:
        raise BadSettings([("shops_key", NO_KEY)])
