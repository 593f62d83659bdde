"""The shops of the ledger, in a running worker: each change is taken over within a second.

One number is read each second, and what changed since; no request reads any of it. Servers over one
PostgreSQL wake each other besides. A shop that can't be opened or read is missing and alerted; it
ends no server and no other shop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from checkout.errors import BadSettings
from checkout.ledger import shops
from checkout.ledger.base import Ledger
from checkout.ledger.shops import ShopRow
from checkout.sealer import Sealer, Unsealable
from checkout.settings import Settings, Shop
from checkout.settings.ledger_shop import read_ledger_shop

log = structlog.get_logger(__name__)

INTERVAL: Final = 1.0  # seconds
BATCH: Final = 50  # rows that are read at once, so that requests come between
PURPOSE: Final = "shops"  # of `Sealer`
NOT_OPENED: Final = "can't be opened: it was sealed with another shops_key, or changed"


class LedgerShops:
    """`changed` is set when shops were; `unreadable`: shop -> why it is missing."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sealer = sealer_of(settings)
        self._seen = 0
        self.changed = asyncio.Event()
        self.unreadable: dict[str, str] = {}

    async def turn(self) -> None:
        """Take over what has changed. Raises Unavailable: then all stays as it is."""
        newest = await self._ledger.read(shops.newest)
        if newest == self._seen:
            return
        # Lower: the database is another one, of a backup. Nothing of this one is known.
        whole = newest < self._seen
        after, found = 0 if whole else self._seen, dict[str, Shop | None]()
        while rows := await self._ledger.read(shops.since, after, BATCH):
            found |= self._read(rows)
            after = rows[-1].revision
            await asyncio.sleep(0)
        if whole:
            self.unreadable = {name: why for name, why in self.unreadable.items() if name in found}
        self._settings.shops.put_ledger(found, whole=whole)
        self._seen = after
        self.changed.set()

    def _read(self, rows: Sequence[ShopRow]) -> dict[str, Shop | None]:
        found: dict[str, Shop | None] = {}
        for row in rows:
            try:
                found[row.id] = read_row(self._settings, self._sealer, row)
            except BadSettings as error:
                found[row.id] = None
                self._alert(row.id, str(error))
            else:
                self.unreadable.pop(row.id, None)
        return found

    def _alert(self, id: str, why: str) -> None:
        self.unreadable[id] = why
        log.error("shop.unreadable", shop=id, error=why, alert=True)


def sealer_of(settings: Settings) -> Sealer:
    return Sealer(settings.shops_key, PURPOSE)


def read_row(settings: Settings, sealer: Sealer, row: ShopRow) -> Shop:
    """Raises BadSettings, whatever the row holds."""
    try:
        table = table_of(sealer, row)
        shop = read_ledger_shop(settings, row.id, table)
    except BadSettings:
        raise
    except Exception as error:  # noqa: BLE001 - a row is never the end of a server
        why = f"can't be read ({type(error).__name__})"
        raise BadSettings([(f"shops.{row.id}", why)]) from None
    disabled = row.state != shops.ACTIVE
    return msgspec.structs.replace(shop, disabled=disabled, revision=row.revision)


def table_of(sealer: Sealer, row: ShopRow) -> dict[str, object]:
    """The table of `[shops.ID]`. Raises BadSettings."""
    try:
        return msgspec.json.decode(sealer.open(row.id, row.sealed), type=dict[str, object])
    except (Unsealable, msgspec.MsgspecError):
        raise BadSettings([(f"shops.{row.id}", NOT_OPENED)]) from None
