"""Verbs over attempts: each is one authorization requested of a gateway."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence, Set
from typing import Any, Final, Protocol

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from checkout.ledger.index_steps import earliest, steps
from checkout.ledger.rows import Attempt, attempt_of, text
from checkout.ledger.schema import attempts, payments
from checkout.ledger.statements import Change, Query, alone
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, Status

STRUCTURED: Final = (Struct, tuple)
COLUMNS: Final = {  # an attempt's field -> its column
    name: {"next_action": "step"}.get(name, name) for name in Attempt.__struct_fields__
}

# Built once: building a statement takes longer than running it.
ADD: Final = Change(insert(attempts))
CHANGE: Final = Change(update(attempts).where(attempts.c.key == bindparam("of_key")))
BY_KEY: Final = Query(select(attempts).where(attempts.c.key == bindparam("value")))
BY_RETURN_TICKET: Final = Query(
    select(attempts).where(attempts.c.return_ticket == bindparam("value"))
)
BY_NOTIFY_TICKET: Final = Query(
    select(attempts).where(attempts.c.notify_ticket == bindparam("value"))
)

TAKE_QUERY: Final = Change(
    update(attempts)
    .where(attempts.c.key == bindparam("of_key"), attempts.c.next_query_at <= bindparam("now"))
    .values(
        next_query_at=bindparam("until"),
        asked_at=bindparam("now"),
        queries=attempts.c.queries + 1,
    )
)
# By the row as it is when its turn comes: a query may just have been taken.
_interval_ends = attempts.c.asked_at + bindparam("interval", type_=Float)
_earliest = case((_interval_ends > bindparam("now"), _interval_ends), else_=bindparam("now"))
_soon = case(
    (
        or_(attempts.c.asked_at.is_(None), attempts.c.next_query_at < _earliest),
        attempts.c.next_query_at,
    ),
    else_=_earliest,
)
QUERY_SOON: Final = Change(
    update(attempts)
    .where(attempts.c.key == bindparam("of_key"))
    .values(
        next_query_at=_soon,
        sweep_at=case((_soon > bindparam("now"), _soon), else_=bindparam("now")),
    )
)
MADE: Final = Change(
    update(payments)
    .where(payments.c.uid == bindparam("of_uid"))
    .values(
        attempts=bindparam("number"),
        opened_at=func.coalesce(payments.c.opened_at, bindparam("now")),
    )
)
TAKE_QUERY_NOW: Final = Change(
    update(attempts)
    .where(
        attempts.c.key == bindparam("of_key"),
        or_(attempts.c.asked_at.is_(None), attempts.c.asked_at <= bindparam("before")),
    )
    .values(next_query_at=bindparam("until"), asked_at=bindparam("now"), queries=1)
)
ASKED: Final = Query(select(attempts.c.asked_at).where(attempts.c.key == bindparam("value")))
TAKE_SWEEP: Final = Change(
    update(attempts)
    .where(attempts.c.key == bindparam("of_key"), attempts.c.sweep_at == bindparam("was_sweep_at"))
    .values(sweep_at=bindparam("until"))
)
LOCK_MARK: Final = Query(select(func.pg_advisory_xact_lock(bindparam("number"))))
MOST_TRIES: Final = 500  # the newest ones that limits count


def _newest(name: str) -> Select[Any]:
    columns = ("payment", "status", "created_at", "bin_mark")
    return (
        select(*(attempts.c[each] for each in columns))
        .where(attempts.c[name] == bindparam("value"), attempts.c.created_at > bindparam("since"))
        .order_by(attempts.c.created_at.desc())
        .limit(MOST_TRIES)
    )


TRIED: Final = {name: Query(_newest(name)) for name in ("address_mark", "bin_mark")}
SUCCEEDED: Final = SUCCESSFUL | {Status.REFUNDED}
ENDED: Final = FINAL - SUCCEEDED  # sent, and ended without success
# Without a card only a decline counts: such payments take long.
OTHERS: Final = frozenset({Status.DECLINED})

_of_shop = _newest("shop").subquery()


def _one_of(statuses: Set[Status]) -> ColumnElement[int]:
    return case(dict.fromkeys(sorted(statuses), 1), value=_of_shop.c.status, else_=0)


_by_card = _of_shop.c.bin_mark.is_not(None)
# Counted by the database, as there are hundreds most often.
_sums: list[ColumnElement[Any]] = [
    func.sum(case((_by_card, _one_of(ENDED)), else_=_one_of(OTHERS))).label("failed"),
    func.sum(_one_of(SUCCEEDED)).label("succeeded"),
]
ENDS: Final = Query(select(*_sums))

_swept = attempts.c.sweep_at.is_not(None)
_accounts = steps(attempts.c.account, _swept, name="accounts")
ACCOUNTS: Final = Query(
    _accounts.where(
        earliest(
            attempts.c.sweep_at, _swept, attempts.c.account == _accounts.selected_columns.value
        )
        <= bindparam("now")
    )
)
_due = ("key", "payment", "number", "account", "status", "created_at", "sweep_at")
TO_SWEEP: Final = Query(
    select(*(attempts.c[name] for name in _due), payments.c.expires_at)
    .join(payments, payments.c.uid == attempts.c.payment)
    .where(attempts.c.account == bindparam("account"), attempts.c.sweep_at <= bindparam("now"))
    .order_by(attempts.c.sweep_at)
    .limit(bindparam("most"))
)

Free = Callable[[str], int]
"""How many queries to an account may start now."""


def add(conn: Connection, attempt: Attempt) -> None:
    """Insert a submitted attempt, before the gateway is called.

    Raises IntegrityError when another request has submitted this number.
    """
    ADD.queue(conn, {column: _column(getattr(attempt, name)) for name, column in COLUMNS.items()})
    MADE.queue(
        conn, {"of_uid": attempt.payment, "number": attempt.number, "now": attempt.created_at}
    )


def change(conn: Connection, /, key: str, **values: Any) -> None:
    CHANGE.queue(conn, {"of_key": key, **values})


def save(conn: Connection, before: Attempt, after: Attempt) -> None:
    """Update the fields in which `after` differs."""
    changes = {}
    for name, column in COLUMNS.items():
        value = getattr(after, name)
        if value != getattr(before, name):
            changes[column] = _column(value)
    if changes:
        change(conn, before.key, **changes)


def _column(value: Any) -> Any:
    """The value for its column: structured values are JSON text."""
    return text(value) if isinstance(value, STRUCTURED) else value


def by_key(conn: Connection, key: str) -> Attempt | None:
    return _one(conn, BY_KEY, key)


def by_return_ticket(conn: Connection, ticket: str) -> Attempt | None:
    return _one(conn, BY_RETURN_TICKET, ticket)


def by_notify_ticket(conn: Connection, ticket: str) -> Attempt | None:
    return _one(conn, BY_NOTIFY_TICKET, ticket)


def _one(conn: Connection, query: Query, value: str) -> Attempt | None:
    row = query.first(conn, value=value)
    return None if row is None else attempt_of(row)


def query_soon(conn: Connection, key: str, *, now: float, interval: float) -> None:
    """Let it be queried, also by recovery, `interval` seconds after its last query or now. Before
    the charge is answered nothing changes but recovery's time."""
    QUERY_SOON(conn, {"of_key": key, "now": now, "interval": interval})


@alone
def take_query(conn: Connection, key: str, *, now: float, until: float) -> bool:
    """Take the right to query the gateway: one worker has it until `until`."""
    return TAKE_QUERY(conn, {"of_key": key, "now": now, "until": until}) == 1


def take_queries(
    conn: Connection, keys: Collection[str], *, now: float, intervals: Sequence[float]
) -> set[str]:
    """`take_query` for many at once; the keys of those that were taken. Attempts that have ended
    are not. The n-th query of an attempt is followed by the n-th interval, in seconds; the last one
    repeats.

    Rows that another transaction holds are left out: two workers that take the same attempts in
    another order would wait for each other.
    """
    due = (attempts.c.key.in_(keys), attempts.c.next_query_at <= now, attempts.c.status.in_(LIVE))
    free = select(attempts.c.key).where(*due).with_for_update(skip_locked=True)
    interval = case(dict(enumerate(intervals)), value=attempts.c.queries, else_=intervals[-1])
    taken = conn.execute(
        update(attempts)
        .where(attempts.c.key.in_(free), *due)
        .values(next_query_at=now + interval, asked_at=now, queries=attempts.c.queries + 1)
        .returning(attempts.c.key)
    )
    return set(taken.scalars())


def take_query_now(conn: Connection, key: str, *, now: float, interval: float) -> float:
    """`take_query`, however long the attempt's interval is: `interval` seconds after the last
    query. 0: taken, and the intervals start anew; else the seconds to wait, during which
    `take_query` of others fails.
    """
    until = now + interval
    taken = {"of_key": key, "now": now, "before": now - interval, "until": until}
    if TAKE_QUERY_NOW(conn, taken) == 1:
        return 0.0
    change(conn, key, next_query_at=until + interval)
    (row,) = ASKED.all(conn, value=key)
    last: float = row.asked_at
    return max(last + interval - now, 0.01)


class Due(Struct, frozen=True):
    """An attempt that recovery has to query; nothing in it needs decoding."""

    key: str
    payment: str
    number: int
    account: str
    status: str
    created_at: float
    sweep_at: float | None
    expires_at: float  # of the payment


def to_sweep(
    conn: Connection, now: float, limit: int = 50, *, free: Free = lambda _account: 50
) -> list[Due]:
    """The attempts that recovery has to query: of each account as many as are `free`, longest due
    first."""
    found = []
    for row in ACCOUNTS.all(conn, now=now):
        most = min(free(row.value), limit)
        if most > 0:
            rows = TO_SWEEP.all(conn, account=row.value, now=now, most=most)
            found += [Due(**each._asdict()) for each in rows]
    return found


@alone
def take_sweep(conn: Connection, due: Due | Attempt, *, until: float | None) -> bool:
    """Lease one of `to_sweep`, until `until`. False: another worker has it."""
    return TAKE_SWEEP(conn, {"of_key": due.key, "was_sweep_at": due.sweep_at, "until": until}) == 1


class Try(Protocol):
    """An attempt as limits count it: a row, as there may be hundreds."""

    @property
    def payment(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def created_at(self) -> float: ...
    @property
    def bin_mark(self) -> str | None: ...


def tried(conn: Connection, /, since: float, **mark: str) -> Sequence[Try]:
    """The attempts since then with this `address_mark` or `bin_mark`, the newest first,
    those under way too; at most `MOST_TRIES`."""
    ((name, value),) = mark.items()
    return TRIED[name].all(conn, value=value, since=since)


def ends(conn: Connection, shop: str, since: float) -> tuple[int, int]:
    """How many of the shop's attempts since then have failed and how many succeeded; of the newest
    `MOST_TRIES`."""
    row = ENDS.all(conn, value=shop, since=since)[0]
    return row.failed or 0, row.succeeded or 0


def lock_mark(conn: Connection, mark: str) -> None:
    """Lock the mark until the transaction ends, so that counts at the same time don't all see the
    same number. SQLite runs one writing transaction at a time anyway."""
    if conn.dialect.name == "postgresql":
        LOCK_MARK.queue(conn, number=int(mark[:15], 16))
