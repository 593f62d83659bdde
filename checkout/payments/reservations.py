"""What of a product belongs to whom: reserved by the buyer's POST, sold when the payment is paid,
back on the shelf when it ends unpaid or after a quarter of an hour.

A POST costs nothing, so it reserves a share alone: of what there is, and of what one address may
have. Who comes after that buys all the same: what they want is taken when they press Pay.

Transactions over one connection, for `record` and the sweep. Who pays after that has bought all
the same: the money is taken. Where too few are left then, a person has to see to it.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import Connection

from checkout.errors import SoldOut
from checkout.ledger import events, openings, payments, products
from checkout.ledger.products import HELD, RELEASED, SOLD, Stocked
from checkout.model.status import FINAL, SUCCESSFUL, UNPAID_ENDS, Status
from checkout.payments.metrics import ALERTS
from checkout.payments.schedule import HOUR
from checkout.settings import Limits

log = structlog.get_logger(__name__)

HOLD: Final = 900.0  # seconds that a buyer has
SMALL_STOCK: Final = 10  # pieces that may all be reserved at once
SMALL_SHARE: Final = 3  # pieces that one address may have reserved within an hour, of any stock
LOOK_AGAIN: Final = 60.0  # seconds, while a charge is under way at its end


def reserve(
    conn: Connection, limits: Limits, stocked: Stocked, count: int, mark: str | None, now: float
) -> bool:
    """Take what a visitor wants from the shelf, if so much may be kept for who has not paid.
    `mark`: of the visitor's address."""
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
    """The buyer pays: what was not reserved is taken now. Raises SoldOut."""
    wanted = products.reservation(conn, uid)
    if wanted is None or wanted.state != RELEASED:
        return
    if not products.take(conn, wanted.product, wanted.quantity, now):
        raise SoldOut
    products.taken_after_all(conn, uid, now + HOLD)
    events.append(conn, uid, "held", now, None, product=wanted.product, quantity=wanted.quantity)


def follow(conn: Connection, uid: str, status: Status, now: float) -> None:
    """The payment has come to `status`; the caller holds it."""
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
            ALERTS.labels("oversold").inc()
            log.error("oversold", payment=uid, product=taken.product, by=excess, alert=True)


def lapse(conn: Connection, uid: str, now: float) -> bool:
    """The buyer's time is over. Goods whose charge is under way this moment are kept a little
    longer: the money may have moved. True: they went back."""
    payment = payments.held(conn, uid)
    if payment is None:
        return False
    under_way = payment.status_at(now) is Status.PENDING
    if under_way and now < payment.created_at + HOLD + HOUR:
        products.postpone(conn, uid, now + LOOK_AGAIN)
        return False
    return _release(conn, uid, now)


def _release(conn: Connection, uid: str, now: float) -> bool:
    taken = products.reservation(conn, uid)
    if taken is None or taken.state != HELD:
        return False
    products.move(conn, taken, RELEASED)
    events.append(conn, uid, "released", now, None, product=taken.product, quantity=taken.quantity)
    return True
