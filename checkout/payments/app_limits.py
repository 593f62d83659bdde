"""Rate limits on payments made with a shop's publishable key, which anybody can read in its app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import TooMany
from checkout.ledger import app_counts
from checkout.model.client_network import network_of
from checkout.payments.context import Context
from checkout.settings import Shop

log = structlog.get_logger(__name__)

TOO_MANY: Final = "Too many payments by the publishable key: try again later"


async def count_app_payment(context: Context, shop: Shop, address: str) -> None:
    """Count one more payment of this shop and from this address. Raises TooMany."""
    most, kind = context.settings.limits, "app payments"
    limits = {
        context.mark(kind, "address", network_of(address)): most.app_payments_per_address_10min,
        context.mark(kind, "shop", shop.id): most.app_payments_per_shop_10min,
    }
    now = context.clock()
    # Read first: requests over the limit must not keep the ledger's writer busy.
    _refuse(await context.ledger.read(app_counts.full, limits, now), limits, now, shop)
    try:
        await context.ledger.write_unsynced(_count, limits, now, shop)
    except IntegrityError:  # another worker inserted the same row first
        await context.ledger.write_unsynced(_count, limits, now, shop)


def _count(conn: Connection, limits: Mapping[str, int], now: float, shop: Shop) -> None:
    _refuse(app_counts.take(conn, limits, now), limits, now, shop)


def _refuse(full: str | None, limits: Mapping[str, int], now: float, shop: Shop) -> None:
    if full is None:
        return
    by_all = full == list(limits)[-1]
    log.warning("limit.app_payments", shop=shop.id, all=by_all, alert=by_all)
    raise TooMany(retry_after=app_counts.wait(now), message=TOO_MANY)
