"""The lists of payments, and of transactions (payments and the operations on them), newest first.

A list is read in branches, each in the order of an index, from which it takes no more rows than the
page has: payments of one status after the other, then operations. Their rows are merged here, so
that no status, however rare, is looked for among all payments of a shop.

The words of a status are the outward ones, as the items have them. Time alone ends an open payment,
so what the ledger has as open may be failed or expired: the branches ask at `now`, as
`Payment.status_at` does.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct
from sqlalchemy import JSON, ColumnElement, Connection, and_, cast, exists, func, not_, or_, select

from checkout.ledger import operations as ledger_operations
from checkout.ledger import payments as ledger_payments
from checkout.ledger.operations import Operation
from checkout.ledger.paging import newest_first, page
from checkout.ledger.rows import Payment
from checkout.ledger.schema import attempts, operations, payments
from checkout.model.cursor import Cursor
from checkout.model.status import Status

Condition = ColumnElement[bool]
S = Status

OPERATION_TYPES: Final = ("capture", "void", "refund", "chargeback")
UNTRIED: Final = ("open", "null")  # of payments that were not tried, whatever their items say

_of_payment = attempts.c.payment == payments.c.uid
_tried = exists().where(_of_payment, attempts.c.facts.not_like('%"refused":%'))
_last = (
    select(attempts.c.status)
    .where(_of_payment)
    .order_by(attempts.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_declined = func.coalesce(_last, "") == S.DECLINED
# A merchant-initiated payment that was never sent has failed: its customer can't try again. Its
# status is cancelled, but nobody has cancelled it.
_not_sent = and_(
    not_(payments.c.cancelled), exists().where(_of_payment, attempts.c.status == S.NOT_SENT)
)


class StatusFilter(NamedTuple):
    """The payments of one status that a word means. `live`: whether an open one's time is over or
    not; None: whatever the time."""

    status: Status
    live: bool | None = None
    more: Condition | None = None

    def where(self, now: float) -> Iterator[Condition]:
        yield payments.c.status == self.status.value
        if self.live is not None:
            yield payments.c.expires_at > now if self.live else payments.c.expires_at <= now
        if self.more is not None:
            yield self.more


_successful = (StatusFilter(S.PAID), StatusFilter(S.AUTHORIZED))
_failed = (
    StatusFilter(S.DECLINED),
    StatusFilter(S.OPEN, live=False, more=_declined),
    StatusFilter(S.CANCELLED, more=_not_sent),
)
_expired = (StatusFilter(S.EXPIRED), StatusFilter(S.OPEN, live=False, more=~_declined))
_untried = (StatusFilter(S.OPEN, live=True, more=~_tried),)
CHECKOUT_STATUSES: Final[Mapping[str, tuple[StatusFilter, ...]]] = {
    "successful": _successful,
    "failed": _failed,
    "pending": (StatusFilter(S.PENDING),),
    "incomplete": (StatusFilter(S.REQUIRES_ACTION), StatusFilter(S.OPEN, live=True, more=_tried)),
    "expired": _expired,
    "error": _expired,
    "canceled": (StatusFilter(S.CANCELLED, more=~_not_sent),),
    "refunded": (StatusFilter(S.REFUNDED),),
    **dict.fromkeys(UNTRIED, _untried),
}
# A payment that was not tried has no status as a checkout; as a transaction it is incomplete.
TRANSACTION_STATUSES: Final[Mapping[str, tuple[StatusFilter, ...]]] = {
    **CHECKOUT_STATUSES,
    "incomplete": (StatusFilter(S.REQUIRES_ACTION), StatusFilter(S.OPEN, live=True)),
}
OPERATION_STATUSES: Final[Mapping[str, tuple[Status, ...]]] = {
    "successful": (S.PAID, S.REFUNDED),
    "failed": (S.DECLINED, S.NOT_SENT),
    "pending": (S.SUBMITTING, S.PENDING, S.ACCEPTED),
}


class ListFilter(Struct, frozen=True, kw_only=True):
    """What a list shall have; None: all. `status`: an outward word; `type`: of the transaction;
    `amount` in minor units; `search`, of checkouts alone: a part of uid, tracking id or
    description, for which there is no index; times in seconds since 1970, `created_to` is not in
    it."""

    shop: str | None = None
    status: str | None = None
    type: str | None = None
    created_from: float | None = None
    created_to: float | None = None
    tracking_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    search: str | None = None


class _Place(NamedTuple):
    """A row before it is read whole."""

    at: float
    uid: str
    payment: str


def checkouts(
    conn: Connection, wanted: ListFilter, *, now: float, after: Cursor | None, limit: int
) -> tuple[list[Payment], Cursor | None]:
    """A page of payments, with the cursor of the next one."""
    described = _searched(conn, wanted.search)
    queries = _payments(wanted, CHECKOUT_STATUSES, now, described)
    found, following = _page(queries, conn, after, limit)
    known = ledger_payments.by_uids(conn, [each.payment for each in found])
    return [known[each.uid] for each in found], following


def transactions(
    conn: Connection, wanted: ListFilter, *, now: float, after: Cursor | None, limit: int
) -> tuple[list[tuple[Payment, Operation | None]], Cursor | None]:
    """A page of payments and operations, these with the payment that they are on."""
    branches = [*_payments(wanted, TRANSACTION_STATUSES, now), *_operations(wanted)]
    found, following = _page(branches, conn, after, limit)
    known = ledger_payments.by_uids(conn, list({each.payment for each in found}))
    done = ledger_operations.by_uids(conn, [e.uid for e in found if e.uid != e.payment])
    return [(known[each.payment], done.get(each.uid)) for each in found], following


_Query = Callable[[Cursor | None, int], Any]


def _page(
    branches: list[_Query], conn: Connection, after: Cursor | None, limit: int
) -> tuple[list[_Place], Cursor | None]:
    rows = [[_Place(*row) for row in conn.execute(query(after, limit + 1))] for query in branches]
    merged = list(heapq.merge(*rows, key=lambda each: each[:2], reverse=True))
    shown, following = page(merged, limit, lambda each: Cursor(each.at, each.uid))
    return list(shown), following


def _payments(
    wanted: ListFilter,
    statuses: Mapping[str, tuple[StatusFilter, ...]],
    now: float,
    more: Sequence[Condition] = (),
) -> list[_Query]:
    if wanted.type in OPERATION_TYPES:
        return []
    columns = payments.c
    where = [
        *_equal(columns.shop, wanted.shop),
        *_equal(columns.type, wanted.type),
        *_equal(columns.amount, wanted.amount),
        *_equal(columns.currency, wanted.currency),
        *_equal(columns.tracking_id, wanted.tracking_id),
        *_between(columns.created_at, wanted),
        *more,
    ]
    query = select(columns.created_at, columns.uid, columns.uid).where(*where)
    branches = [query]
    if wanted.status is not None:
        branches = [query.where(*each.where(now)) for each in statuses[wanted.status]]
    return [_newest(each, columns.created_at, columns.uid) for each in branches]


def _operations(wanted: ListFilter) -> list[_Query]:
    kinds = wanted.type is None or wanted.type in OPERATION_TYPES
    if not kinds or wanted.status not in (None, *OPERATION_STATUSES):
        return []
    columns = operations.c
    where = [
        *_equal(columns.kind, wanted.type),
        *_equal(columns.amount, wanted.amount),
        *_equal(columns.currency, wanted.currency),
        *_between(columns.created_at, wanted),
    ]
    if wanted.status is not None:
        where.append(columns.status.in_([*OPERATION_STATUSES[wanted.status]]))
    query = select(columns.created_at, columns.uid, columns.payment).where(*where)
    branches = [query.where(each) for each in _shops_operations(wanted)]
    return [_newest(each, columns.created_at, columns.uid) for each in branches]


def _shops_operations(wanted: ListFilter) -> list[Condition]:
    """The shop's own, by the index of what they are found by."""
    columns = operations.c
    theirs = select(payments.c.uid).where(*_equal(payments.c.shop, wanted.shop))
    if wanted.tracking_id is not None:
        same = theirs.where(payments.c.tracking_id == wanted.tracking_id)
        return [columns.payment.in_(same)]
    if wanted.shop is None:
        return [columns.payment.is_not(None)]
    # While the server is upgraded an older worker may add some without the shop.
    unnamed = and_(columns.shop.is_(None), columns.payment.in_(theirs))
    return [columns.shop == wanted.shop, unnamed]


def _newest(query: Any, at: Any, uid: Any) -> _Query:
    return lambda after, limit: newest_first(query, at, uid, after=after, limit=limit)


def _searched(conn: Connection, part: str | None) -> list[Condition]:
    """Whatever the case of its letters, as far as the database knows them."""
    if part is None:
        return []
    terms = payments.c.terms
    if conn.dialect.name == "sqlite":
        description = func.json_extract(terms, "$.description")
    else:
        description = cast(terms, JSON)["description"].as_string()
    texts = (payments.c.uid, payments.c.tracking_id, description)
    return [or_(*(text.icontains(part, autoescape=True) for text in texts))]


def _equal(column: ColumnElement[Any], value: Any) -> list[Condition]:
    return [] if value is None else [column == value]


def _between(at: ColumnElement[float], wanted: ListFilter) -> Iterator[Condition]:
    if wanted.created_from is not None:
        yield at >= wanted.created_from
    if wanted.created_to is not None:
        yield at < wanted.created_to
