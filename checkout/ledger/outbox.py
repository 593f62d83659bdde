"""The outbox: webhooks to shops, written in the transaction of the status that they report.

Each shop and host is a queue of its own and is read by itself, so that no queue delays another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, tuple_, update

from checkout.identifiers import fitting
from checkout.ledger.index_steps import earliest, steps
from checkout.ledger.paging import newest_first, page
from checkout.ledger.schema import outbox, payments
from checkout.ledger.statements import Change, Query, alone
from checkout.model.cursor import Cursor

MOST: Final = 200  # webhooks read at a time
HOSTS: Final = 32  # of one shop that are read at a time
LONGEST_HOST: Final = 255  # characters of the column
COUNTED: Final = 10_000  # due webhooks that are counted at most

Free = Callable[[str, str | None], int]
"""How many webhooks of a shop may be sent now, to a host or at all."""

# Built once: building a statement takes longer than running it.
ADD: Final = Change(
    insert(outbox).values(
        shop=select(payments.c.shop)
        .where(payments.c.uid == bindparam("of_payment"))
        .scalar_subquery()
    )
)
_waiting = outbox.c.due_at.is_not(None)
_shops = steps(outbox.c.shop, _waiting, name="shops")
SHOPS: Final = Query(
    _shops.where(
        earliest(outbox.c.due_at, _waiting, outbox.c.shop == _shops.selected_columns.value)
        <= bindparam("now")
    )
)
_of_shop = outbox.c.shop == bindparam("shop")
_hosts = steps(outbox.c.host, _waiting, _of_shop, name="hosts", bounded=True)
QUEUES: Final = Query(
    _hosts.add_columns(
        earliest(
            outbox.c.due_at, _waiting, _of_shop, outbox.c.host == _hosts.selected_columns.value
        ).label("due_at")
    )
)
DUE: Final = Query(
    select(outbox)
    .where(_of_shop, outbox.c.host == bindparam("host"), outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at)
    .limit(bindparam("most"))
)
_overdue = (
    select(outbox.c.due_at)
    .where(outbox.c.due_at <= bindparam("now"))
    .order_by(outbox.c.due_at)
    .limit(COUNTED)
    .subquery()
)
_sums: list[ColumnElement[Any]] = [
    func.count(_overdue.c.due_at).label("count"),
    func.min(_overdue.c.due_at).label("since"),
]
OVERDUE: Final = Query(select(*_sums))
OF: Final = Query(
    select(outbox).where(outbox.c.payment == bindparam("value")).order_by(outbox.c.created_at)
)
GIVEN_UP: Final = Query(
    select(outbox)
    .where(
        outbox.c.due_at.is_(None),
        outbox.c.delivered_at.is_(None),
        outbox.c.url != "",
        outbox.c.body != "",  # not erased
        outbox.c.created_at >= bindparam("since"),
        outbox.c.id > bindparam("after"),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
BY_ID: Final = Query(select(outbox).where(outbox.c.id == bindparam("value")))
RENEW: Final = Change(update(outbox).where(outbox.c.id == bindparam("of_id")))
TAKE: Final = Change(
    update(outbox)
    .where(
        outbox.c.id
        # On PostgreSQL one that another server is just taking is not waited for.
        == select(outbox.c.id)
        .where(outbox.c.id == bindparam("of_id"), outbox.c.due_at == bindparam("was_due_at"))
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    .values(due_at=bindparam("until"), tries=bindparam("more"))
)
SETTLE: Final = Change(update(outbox).where(outbox.c.id == bindparam("of_id")))


class Webhook(Struct, frozen=True, kw_only=True):
    """`id` stays the same at every try; `due_at` None: delivered, given up, or never to be sent,
    where it has no `url`."""

    id: str
    payment: str
    shop: str
    host: str
    url: str
    body: str
    tries: int
    due_at: float | None
    delivered_at: float | None
    answer: str | None
    created_at: float


class Backlog(Struct, frozen=True):
    """The webhooks that are due: how many, counted up to `COUNTED`, and since when the first."""

    count: int
    since: float | None


def add(conn: Connection, *, id: str, payment: str, url: str, body: str, now: float) -> None:
    """Due at once; never with the url "", for a listener."""
    ADD.queue(
        conn,
        {
            "id": id,
            "payment": payment,
            "of_payment": payment,
            "host": host_of(url),
            "url": url,
            "body": body,
            "tries": 0,
            "due_at": now if url else None,
            "created_at": now,
        },
    )


def host_of(url: str) -> str:
    """The host of an address, as its queue is named."""
    try:
        found = urlsplit(url).hostname
    except ValueError:
        found = None
    return (
        fitting((found or "").rstrip("."), LONGEST_HOST) or "-"
    )  # a dot at the end is the same host


def due(
    conn: Connection,
    now: float,
    limit: int = MOST,
    *,
    free: Free = lambda _shop, _host: MOST,
    seen: dict[str, str] | None = None,
) -> list[Webhook]:
    """The due webhooks, of each queue as many as are `free`, longest due first. Shops with the most
    free slots come first, equal ones at random. `seen` keeps for the next call which host was the
    last of a shop with more than `HOSTS`."""
    found: list[Webhook] = []
    shops = [row.value for row in SHOPS.all(conn, now=now)]
    random.shuffle(shops)
    for shop in sorted(shops, key=lambda each: -free(each, None)):
        most = min(free(shop, None), limit - len(found))
        if most > 0:
            found += _of_one(conn, shop, now, most, free, {} if seen is None else seen)
    return found


def _of_one(
    conn: Connection, shop: str, now: float, limit: int, free: Free, seen: dict[str, str]
) -> list[Webhook]:
    found: list[Webhook] = []
    queues = QUEUES.all(conn, shop=shop, after=seen.pop(shop, ""), most=HOSTS)
    if len(queues) == HOSTS:
        seen[shop] = queues[-1].value
    hosts = [queue.value for queue in queues if queue.due_at is not None and queue.due_at <= now]
    random.shuffle(hosts)
    for host in hosts:
        most = min(free(shop, host), limit - len(found))
        if most > 0:
            found += _webhooks(DUE.all(conn, shop=shop, host=host, now=now, most=most))
    return found


def waiting(conn: Connection, now: float) -> Backlog:
    row = OVERDUE.all(conn, now=now)[0]
    return Backlog(row.count, row.since)


def of(conn: Connection, payment: str) -> list[Webhook]:
    return _webhooks(OF.all(conn, value=payment))


def given_up(
    conn: Connection, since: float, *, after: str = "", limit: int = MOST
) -> list[Webhook]:
    """Those written since then whose tries are over, undelivered; by id, from `after` on."""
    return _webhooks(GIVEN_UP.all(conn, since=since, after=after, most=limit))


def by_id(conn: Connection, id: str) -> Webhook | None:
    return next(iter(_webhooks(BY_ID.all(conn, value=id))), None)


def listed(
    conn: Connection, shop: str, *, payment: str | None, limit: int, after: Cursor | None
) -> tuple[list[Webhook], Cursor | None]:
    """A shop's, or of one of its payments; the newest first, with the cursor of the next page."""
    query = select(outbox).where(outbox.c.shop == shop)
    if payment is not None:
        query = query.where(outbox.c.payment == payment)
    query = newest_first(query, outbox.c.created_at, outbox.c.id, after=after, limit=limit + 1)
    shown, following = page(_webhooks(conn.execute(query)), limit, _place)
    return list(shown), following


def since(conn: Connection, shop: str, after: Cursor, limit: int) -> list[Webhook]:
    """A shop's, the oldest first."""
    place = (outbox.c.created_at, outbox.c.id)
    query = select(outbox).where(outbox.c.shop == shop, tuple_(*place) > tuple_(*after))
    return _webhooks(conn.execute(query.order_by(*place).limit(limit)))


def _place(webhook: Webhook) -> Cursor:
    return Cursor(webhook.created_at, webhook.id)


def _webhooks(rows: Iterable[Any]) -> list[Webhook]:
    return [Webhook(**row._asdict()) for row in rows]


@alone
def take(conn: Connection, webhook: Webhook, *, until: float) -> bool:
    """Lease it, so that one worker sends it; if that worker dies, it is due again at `until`."""
    return TAKE(conn, _taken(webhook, until)) == 1


def _taken(webhook: Webhook, until: float) -> dict[str, Any]:
    was, more = webhook.due_at, webhook.tries + 1
    return {"of_id": webhook.id, "was_due_at": was, "until": until, "more": more}


@alone
def take_all(conn: Connection, webhooks: Iterable[Webhook], *, until: float) -> set[str]:
    """Lease each; the ids of those that were leased."""
    # In the same order everywhere: else two workers could deadlock on the same rows.
    ordered = sorted(webhooks, key=lambda webhook: webhook.id)
    counts = TAKE.each(conn, [_taken(webhook, until) for webhook in ordered])
    return {webhook.id for webhook, taken in zip(ordered, counts, strict=True) if taken}


@alone
def give_back(conn: Connection, webhook: Webhook, *, until: float) -> bool:
    """Undo a lease, as nothing was sent: it is due as before."""
    was = webhook.due_at
    values = {"of_id": webhook.id, "was_due_at": until, "until": was, "more": webhook.tries}
    return TAKE(conn, values) == 1


def renew(conn: Connection, id: str, *, url: str, now: float) -> None:
    """Due at once, to this address, as if it had never been tried."""
    RENEW.queue(conn, {"of_id": id, "url": url, "host": host_of(url), "due_at": now, "tries": 0})


def settle(
    conn: Connection,
    id: str,
    *,
    answer: str,
    due_at: float | None,
    delivered_at: float | None = None,
) -> None:
    SETTLE.queue(
        conn, {"of_id": id, "answer": answer, "due_at": due_at, "delivered_at": delivered_at}
    )
