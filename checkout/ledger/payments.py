"""Verbs over payments: add, find, lock, change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from checkout.ledger.rows import Attempt, Payment, PaymentRow, attempt_of, payment_of, text
from checkout.ledger.schema import attempts, creations, payments
from checkout.ledger.statements import Change, Query, alone, together
from checkout.model.status import Status

MOST_OF_TRACKING_ID: Final = 10  # newest payments with one tracking id
KEPT_SECONDS: Final = 24 * 3600  # how long an idempotency key gives the same answer
VALUE: Final = bindparam("value", type_=String)

# Built once: building a statement takes longer than running it.
ADD: Final = Change(insert(payments))
CHANGE: Final = Change(update(payments).where(payments.c.uid == bindparam("of_uid")))
# For links: of two workers' openings one is the first.
ADD_FOR_LINK: Final = Change(
    postgresql.insert(payments).on_conflict_do_nothing(index_elements=["link"])
)
OPENED: Final = Change(
    update(payments)
    .where(payments.c.uid == bindparam("of_uid"), payments.c.opened_at.is_(None))
    .values(opened_at=bindparam("now"))
)
BY_TRACKING_ID: Final = Query(
    select(payments)
    .where(
        payments.c.shop == bindparam("shop_id"),
        payments.c.tracking_id == bindparam("value"),
        payments.c.attempts > 0,
    )
    .order_by(payments.c.created_at.desc(), payments.c.uid.desc())
    .limit(MOST_OF_TRACKING_ID)
)


TO_EXPIRE: Final = Query(
    select(payments.c.uid)
    .where(payments.c.status == Status.OPEN, payments.c.expires_at <= bindparam("now"))
    .limit(bindparam("most"))
)
_same_key = (
    creations.c.shop == bindparam("of_shop"), creations.c.idempotency_key == bindparam("of_key")
)  # fmt: skip
CREATION: Final = Query(select(creations).where(*_same_key))
CREATED: Final = Change(insert(creations))
CREATED_AGAIN: Final = Change(update(creations).where(*_same_key))


class _Found(NamedTuple):
    """A query for one payment, and one for its attempts."""

    payment: Query
    attempts: Query


def _found(where: ColumnElement[bool], uid: ColumnElement[str], *, lock: bool = False) -> _Found:
    payment = select(payments).where(where)
    if lock:  # SQLite locks all; PostgreSQL the row, while rows that refer to it may still be added
        payment = payment.with_for_update(key_share=True)
    tried = select(attempts).where(attempts.c.payment == uid).order_by(attempts.c.number)
    return _Found(Query(payment), Query(tried))


def _found_by(column: ColumnElement[str]) -> _Found:
    is_it = column == VALUE
    return _found(is_it, select(payments.c.uid).where(is_it).scalar_subquery())


_uid_by_key = select(attempts.c.payment).where(attempts.c.key == VALUE).scalar_subquery()
BY_UID: Final = _found(payments.c.uid == VALUE, VALUE)
BY_TOKEN: Final = _found_by(payments.c.token)
BY_LINK: Final = _found_by(payments.c.link)
LOCK: Final = _found(payments.c.uid == VALUE, VALUE, lock=True)
LOCK_BY_KEY: Final = _found(payments.c.uid == _uid_by_key, _uid_by_key, lock=True)


def add(conn: Connection, payment: PaymentRow) -> None:
    """Raises IntegrityError when its uid, token or link is there already."""
    ADD.queue(conn, _columns(payment))


def _columns(payment: PaymentRow) -> dict[str, Any]:
    return {
        "uid": payment.uid,
        "token": payment.token,
        "secret": payment.secret,
        "shop": payment.shop,
        "link": payment.link,
        "status": payment.status,
        "amount": payment.order.money.minor,
        "currency": payment.order.money.currency,
        "tracking_id": payment.order.tracking_id,
        "type": payment.order.transaction_type,
        "terms": text(payment.order),
        "cancelled": payment.cancelled,
        "attempts": 0,
        "told": payment.notified,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
        "expires_at": payment.expires_at,
        "adopt_at": payment.adopt_at,
    }


def change(conn: Connection, /, uid: str, **values: Any) -> None:
    CHANGE.queue(conn, {"of_uid": uid, **values})


@alone
def recognise_first_browser(conn: Connection, uid: str, now: float) -> bool:
    """Record the first opening; True for that one only."""
    return OPENED(conn, {"of_uid": uid, "now": now}) == 1


def by_uid(conn: Connection, uid: str) -> Payment | None:
    return _payment(conn, BY_UID, uid)


def lock(conn: Connection, uid: str) -> Payment | None:
    """The payment, locked until this transaction ends."""
    return _payment(conn, LOCK, uid)


def lock_by_key(conn: Connection, key: str) -> Payment | None:
    """The payment of the attempt with this key, locked until this transaction ends."""
    return _payment(conn, LOCK_BY_KEY, key)


def by_token(conn: Connection, token: str) -> Payment | None:
    return _payment(conn, BY_TOKEN, token)


def by_link(conn: Connection, link: str) -> Payment | None:
    return _payment(conn, BY_LINK, link)


def by_tracking_id(conn: Connection, shop: str, tracking_id: str) -> list[Payment]:
    """A shop's payments with this tracking id that were tried, the newest first, 10 at most."""
    rows = BY_TRACKING_ID.all(conn, shop_id=shop, value=tracking_id)
    return [payment_of(row, attempts_of(conn, row.uid)) for row in rows]


def _payment(conn: Connection, queries: _Found, value: str) -> Payment | None:
    found = together(conn, *queries, value=value)
    row = next(iter(next(found)), None)
    if row is None:
        return None
    # Most payments that are read have no attempt yet: on SQLite one statement is enough.
    return payment_of(row, tuple(map(attempt_of, next(found))) if row.attempts else ())


def attempts_of(conn: Connection, uid: str) -> tuple[Attempt, ...]:
    return tuple(attempt_of(row) for row in BY_UID.attempts.all(conn, value=uid))


def by_uids(conn: Connection, uids: Sequence[str]) -> dict[str, Payment]:
    """Payments with their attempts, by uid; two statements, however many."""
    if not uids:
        return {}
    tried = defaultdict[str, list[Attempt]](list)
    theirs = select(attempts).where(attempts.c.payment.in_(uids)).order_by(attempts.c.number)
    for row in conn.execute(theirs):
        tried[row.payment].append(attempt_of(row))
    rows = conn.execute(select(payments).where(payments.c.uid.in_(uids)))
    return {row.uid: payment_of(row, tuple(tried[row.uid])) for row in rows}


def to_expire(conn: Connection, now: float, limit: int = 100) -> list[str]:
    """Uids of the open payments that have expired."""
    return [row.uid for row in TO_EXPIRE.all(conn, now=now, most=limit)]


def add_once(
    conn: Connection, payment: PaymentRow, *, idempotency_key: str, digest: str
) -> tuple[PaymentRow, bool]:
    """Add the payment; where the shop used the key in the last 24 h, return the one made then.

    The second value is False when the key was used for another body.
    """
    same = {"of_shop": payment.shop, "of_key": idempotency_key}
    row = CREATION.first(conn, **same)
    if row is not None and row.created_at > payment.created_at - KEPT_SECONDS:
        before = by_uid(conn, row.payment)
        if before is None:
            raise LookupError(row.payment)
        return before, row.digest == digest
    add(conn, payment)
    values = {"digest": digest, "payment": payment.uid, "created_at": payment.created_at}
    if row is not None:
        CREATED_AGAIN.queue(conn, same | values)
    else:
        keyed = {"shop": payment.shop, "idempotency_key": idempotency_key}
        CREATED.queue(conn, keyed | values)
    return payment, True


def add_for_link(conn: Connection, payment: PaymentRow) -> PaymentRow:
    """Add a link's payment; where an earlier opening has added it, return that one."""
    if payment.link is None:
        raise ValueError("a link's payment names its link")
    if before := by_link(conn, payment.link):
        return before
    if not ADD_FOR_LINK(conn, _columns(payment)):  # another worker's opening was first
        if before := by_link(conn, payment.link):
            return before
        raise LookupError(payment.uid)
    return payment


def uids(conn: Connection, statuses: Iterable[Status]) -> list[str]:
    """Uids of the payments with one of `statuses`, oldest first."""
    query = (
        select(payments.c.uid)
        .where(payments.c.status.in_(list(statuses)))
        .order_by(payments.c.created_at)
    )
    return list(conn.execute(query).scalars())
