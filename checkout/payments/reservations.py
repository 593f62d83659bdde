"""Reservations of a product's stock: held by the buyer's POST, sold when the payment is paid,
released when the payment ends unpaid or after a quarter of an hour.

A POST costs nothing, so unpaid reservations are limited: to a share of the stock, and for each
address. Beyond that a buyer's pieces are taken when they press Pay.

Who pays after the release has still bought, as the money is taken. Where too few pieces are left
then, a person is alerted.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import Connection

from checkout.errors import SoldOut
from checkout.ledger import events, openings, payments, products
from checkout.ledger.products import HELD, RELEASED, SOLD, ProductStock
from checkout.model.status import FINAL, SUCCESSFUL, UNPAID_ENDS, Status
from checkout.payments.schedule import HOUR
from checkout.settings import Limits

log = structlog.get_logger(__name__)

HOLD: Final = 900.0  # seconds that a buyer has
SMALL_STOCK: Final = 10  # pieces that may be reserved at once, however small the stock
SMALL_SHARE: Final = 3  # pieces that one address may have reserved within an hour, of any stock
POSTPONED: Final = 60.0  # seconds, where a charge is under way when the time is over


def reserve(
    conn: Connection,
    limits: Limits,
    stocked: ProductStock,
    count: int,
    mark: str | None,
    now: float,
) -> bool:
    """Take pieces from the stock for a buyer, unless that exceeds what may be reserved unpaid.
    `mark`: of the buyer's address."""
    quantity = stocked.product.quantity
    if quantity is None:
        return products.take(conn, stocked.id, count, now)
    if mark is not None:
        share = quantity * limits.reserved_per_address_percent // 100
        most = max(share, SMALL_SHARE, stocked.product.most_at_once)
        since = now - openings.KEPT
        if openings.unpaid_pieces(conn, mark, stocked.id, since) + count > most:
            return False
    most = max(quantity * limits.reserved_percent // 100, SMALL_STOCK)
    return products.take(conn, stocked.id, count, now, most_held=most)


def hold(conn: Connection, uid: str, now: float) -> None:
    """The buyer presses Pay: take the pieces, if they are not reserved. Raises SoldOut."""
    wanted = products.reservation(conn, uid)
    if wanted is None or wanted.state != RELEASED:
        return
    if not products.take(conn, wanted.product, wanted.quantity, now):
        raise SoldOut
    products.taken_after_all(conn, uid, now + HOLD)
    events.append(conn, uid, "held", now, None, product=wanted.product, quantity=wanted.quantity)


def follow(conn: Connection, uid: str, status: Status, now: float) -> None:
    """Sell or release the pieces when the payment comes to `status`; the caller has locked it."""
    taken = products.reservation(conn, uid)
    if taken is None or status not in FINAL or taken.state == SOLD:
        return
    if status in UNPAID_ENDS:
        if taken.state == HELD:
            _release(conn, uid, now)
    elif status in SUCCESSFUL:
        products.move(conn, taken, SOLD)
        events.append(conn, uid, "sold", now, None, product=taken.product, quantity=taken.quantity)
        if taken.state == RELEASED and (excess := products.oversold(conn, taken.product)):
            events.append(conn, uid, "oversold", now, None, product=taken.product, by=excess)
            log.error("oversold", payment=uid, product=taken.product, by=excess, alert=True)


def lapse(conn: Connection, uid: str, now: float) -> bool:
    """The buyer's time is over: release the pieces. While a charge is under way they are kept a
    little longer, as the money may have moved. True: released."""
    payment = payments.lock(conn, uid)
    if payment is None:
        return False
    under_way = payment.status_at(now) is Status.PENDING
    if under_way and now < payment.created_at + HOLD + HOUR:
        products.postpone(conn, uid, now + POSTPONED)
        return False
    return _release(conn, uid, now)


def _release(conn: Connection, uid: str, now: float) -> bool:
    taken = products.reservation(conn, uid)
    if taken is None or taken.state != HELD:
        return False
    products.move(conn, taken, RELEASED)
    events.append(conn, uid, "released", now, None, product=taken.product, quantity=taken.quantity)
    return True
