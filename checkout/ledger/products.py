"""Verbs over products and their reservations.

`quantity` is the whole stock; `held` and `sold` count against it. They are raised by a single
UPDATE with its condition, so that concurrent buyers can't take more than there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Integer, bindparam, insert, or_, select, update

from checkout.ledger.paging import newest_first, page
from checkout.ledger.rows import text
from checkout.ledger.schema import products, reservations
from checkout.ledger.statements import Change, Query
from checkout.model.cursor import Cursor
from checkout.model.product import Product, Sale

HELD, SOLD, RELEASED = "held", "sold", "released"
ANY_NUMBER: Final = 2**31 - 1  # more than any stock: `most_held` where there is no bound

# Built once: building a statement takes longer than running it.
_of_id = select(products).where(products.c.id == bindparam("value"))
BY_ID: Final = Query(_of_id)
LOCK: Final = Query(_of_id.with_for_update())
CHANGE: Final = Change(update(products).where(products.c.id == bindparam("of_id")))
_held_then = products.c.held + bindparam("count", type_=Integer)
TAKE: Final = Change(
    update(products)
    .where(
        products.c.id == bindparam("of_id"),
        products.c.active,
        or_(products.c.expires_at.is_(None), products.c.expires_at > bindparam("now")),
        or_(products.c.quantity.is_(None), _held_then + products.c.sold <= products.c.quantity),
        _held_then <= bindparam("most_held"),
    )
    .values(held=_held_then)
)
MOVE: Final = Change(
    update(products)
    .where(products.c.id == bindparam("of_id"))
    .values(
        held=products.c.held + bindparam("more_held", type_=Integer),
        sold=products.c.sold + bindparam("more_sold", type_=Integer),
    )
)
_of_payment = reservations.c.payment == bindparam("of_payment")
RESERVE: Final = Change(insert(reservations))
RESERVATION: Final = Query(select(reservations).where(reservations.c.payment == bindparam("value")))
CHANGE_RESERVATION: Final = Change(update(reservations).where(_of_payment))
POSTPONE: Final = Change(update(reservations).where(_of_payment, reservations.c.state == HELD))
OVERDUE: Final = Query(
    select(reservations.c.payment)
    .where(reservations.c.until <= bindparam("now"))
    .order_by(reservations.c.until)
    .limit(bindparam("most"))
)

_product = msgspec.json.Decoder(Product)


class ProductStock(Struct, frozen=True, kw_only=True):
    """A product with its stock; `given`: the fields as the shop sent them. Numbers count pieces."""

    id: str
    shop: str
    product: Product
    given: dict[str, Any]
    held: int
    sold: int
    created_at: float
    updated_at: float

    @property
    def available(self) -> int | None:
        """How many can still be bought; None: unlimited."""
        quantity = self.product.quantity
        return None if quantity is None else max(0, quantity - self.held - self.sold)

    def sale(self, now: float) -> Sale:
        product = self.product
        if not product.active:
            return Sale.INACTIVE
        if product.expires_at is not None and product.expires_at <= now:
            return Sale.ENDED
        if self.available == 0:
            return (
                Sale.RESERVED
                if self.held and self.sold < (product.quantity or 0)
                else (Sale.SOLD_OUT)
            )
        return Sale.OPEN


class Reservation(Struct, frozen=True):
    """The pieces of a product that a payment holds or has bought."""

    payment: str
    product: str
    quantity: int
    state: str


def add(conn: Connection, stocked: ProductStock) -> None:
    conn.execute(
        insert(products).values(
            id=stocked.id,
            shop=stocked.shop,
            held=0,
            sold=0,
            created_at=stocked.created_at,
            updated_at=stocked.updated_at,
            **_terms(stocked.product, stocked.given),
        )
    )


def by_id(conn: Connection, id: str) -> ProductStock | None:
    row = BY_ID.first(conn, value=id)
    return None if row is None else _stocked(row)


def change(
    conn: Connection,
    id: str,
    read: Callable[[dict[str, Any]], tuple[Product, dict[str, Any]]],
    now: float,
) -> ProductStock | None:
    """Change a product to what `read` makes of its present fields; nothing changes where `read`
    raises."""
    row = LOCK.first(conn, value=id)
    if row is None:
        return None
    product, given = read(msgspec.json.decode(row.given))
    CHANGE.queue(conn, {"of_id": id, "updated_at": now, **_terms(product, given)})
    return by_id(conn, id)


def listed(
    conn: Connection, shop: str, *, limit: int, offset: int = 0, after: Cursor | None = None
) -> tuple[list[ProductStock], Cursor | None]:
    """A shop's products, the newest first, with the cursor of the next page."""
    theirs, place = (
        select(products).where(products.c.shop == shop),
        (products.c.created_at, products.c.id),
    )
    query = newest_first(theirs, *place, after=after, limit=limit + 1).offset(offset)
    rows = conn.execute(query).all()
    shown, following = page(rows, limit, lambda row: Cursor(row.created_at, row.id))
    return [_stocked(row) for row in shown], following


def take(
    conn: Connection, id: str, count: int, now: float, *, most_held: int | None = None
) -> bool:
    """Hold `count` pieces, if the product is on sale, so many are available, and no more than
    `most_held` are held then."""
    most = ANY_NUMBER if most_held is None else most_held
    return TAKE(conn, {"of_id": id, "count": count, "now": now, "most_held": most}) == 1


def reserve(
    conn: Connection,
    payment: str,
    id: str,
    count: int,
    *,
    now: float,
    until: float | None,
    state: str = HELD,
) -> None:
    """Add a payment's reservation; with RELEASED its pieces are taken when it is paid."""
    RESERVE.queue(
        conn,
        {
            "payment": payment,
            "product": id,
            "quantity": count,
            "state": state,
            "until": until,
            "created_at": now,
        },
    )


def taken_after_all(conn: Connection, payment: str, until: float) -> None:
    """Change a reservation from RELEASED to HELD; `take` has counted its pieces."""
    CHANGE_RESERVATION.queue(conn, {"of_payment": payment, "state": HELD, "until": until})


def reservation(conn: Connection, payment: str) -> Reservation | None:
    row = RESERVATION.first(conn, value=payment)
    return Reservation(row.payment, row.product, row.quantity, row.state) if row else None


def move(conn: Connection, taken: Reservation, to: str) -> None:
    """Change a reservation's state and the product's counts; the caller has locked the payment. A
    sale after the release may exceed the stock: see `oversold`."""
    CHANGE_RESERVATION.queue(conn, {"of_payment": taken.payment, "state": to, "until": None})
    moved = {HELD: 0, SOLD: 0, RELEASED: 0}
    moved[taken.state] -= taken.quantity
    moved[to] += taken.quantity
    MOVE.queue(conn, {"of_id": taken.product, "more_held": moved[HELD], "more_sold": moved[SOLD]})


def oversold(conn: Connection, id: str) -> int:
    """By how many pieces `held` and `sold` exceed the stock."""
    found = by_id(conn, id)
    if found is None or found.product.quantity is None:
        return 0
    return max(0, found.held + found.sold - found.product.quantity)


def postpone(conn: Connection, payment: str, until: float) -> None:
    POSTPONE.queue(conn, {"of_payment": payment, "until": until})


def overdue(conn: Connection, now: float, limit: int = 100) -> list[str]:
    """Uids of the payments whose reservation has expired."""
    return [row.payment for row in OVERDUE.all(conn, now=now, most=limit)]


def _terms(product: Product, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "given": text(given),
        "terms": text(product),
        "active": product.active,
        "expires_at": product.expires_at,
        "quantity": product.quantity,
    }


def _stocked(row: Any) -> ProductStock:
    return ProductStock(
        id=row.id,
        shop=row.shop,
        product=_product.decode(row.terms),
        given=msgspec.json.decode(row.given),
        held=row.held,
        sold=row.sold,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
