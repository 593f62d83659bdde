"""A ledger that was restored from a backup has lost a time: what was paid in it, only the gateways
know. Payments that could be paid in it are held until they have said so (`payments.adoption`), and
so is the payment of a link that is opened first after it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from checkout.ledger.schema import events, invoices, lineage, payments, restores
from checkout.ledger.statements import Change, Query, alone
from checkout.model.status import LIVE, Status

LATE: Final = 10.0  # seconds that a transaction may take between its clock and its commit
UNENDED: Final = Query(
    select(restores.c.at)
    .where(restores.c.ended_at.is_(None), restores.c.at.is_not(None))
    .order_by(restores.c.id.desc())
    .limit(1)
)
UNOPENED: Final = Query(select(restores.c.id, restores.c.since).where(restores.c.at.is_(None)))
MADE_AFTER: Final = Query(
    select(invoices.c.id).where(
        invoices.c.link == bindparam("link"), invoices.c.created_at > bindparam("at")
    )
)
DUE: Final = Query(
    select(payments.c.uid, payments.c.adopt_at)
    .where(payments.c.adopt_at <= bindparam("now"))
    .order_by(payments.c.adopt_at)
    .limit(bindparam("most"))
)
TAKE: Final = Change(
    update(payments)
    .where(payments.c.uid == bindparam("of_uid"), payments.c.adopt_at == bindparam("was"))
    .values(adopt_at=bindparam("until"))
)
# Of what could be paid: what has ended otherwise stays as it is.
UNTRIED: Final = (Status.OPEN, Status.CANCELLED)


def at(conn: Connection) -> float | None:
    """When the ledger was restored; None: never, or a person has said that all is well again."""
    row = UNENDED.first(conn)
    return None if row is None else row.at


def mark(conn: Connection, *, since: float, now: float) -> int:
    """From now on the ledger is restored: it lacks what came after `since`. How many payments are
    held. Once for each `since`."""
    known = conn.execute(select(restores.c.id).where(restores.c.since == since)).first()
    if known is not None:
        return 0
    conn.execute(insert(restores), {"since": since, "at": now})
    return _hold(conn, since, now)


def open_copy(conn: Connection, now: float) -> int | None:
    """`mark` a copy that `checkout backup` made, as it is in use now. None: it is no such copy."""
    held = None
    for copy in UNOPENED.all(conn):
        conn.execute(update(restores).where(restores.c.id == copy.id).values(at=now))
        held = (held or 0) + _hold(conn, copy.since, now)
    return held


def is_copy(conn: Connection) -> bool:
    return UNOPENED.first(conn) is not None


def _hold(conn: Connection, since: float, now: float) -> int:
    could_be_paid = (payments.c.expires_at > since, payments.c.adopt_at.is_(None))
    waiting = conn.execute(
        update(payments).where(payments.c.status.in_(LIVE), *could_be_paid).values(adopt_at=now)
    )
    shut = conn.execute(
        update(payments)
        .where(payments.c.status.in_(UNTRIED), *could_be_paid)
        .values(adopt_at=now, status=Status.PENDING)
    )
    return waiting.rowcount + shut.rowcount


def is_suspect(conn: Connection, link: str) -> bool:
    """Whether the payment of a link that is opened first now may have been paid in a time that the
    ledger has lost. The link of an invoice that was made since is not."""
    restored = at(conn)
    return restored is not None and MADE_AFTER.first(conn, link=link, at=restored) is None


def due(conn: Connection, now: float, limit: int) -> list[tuple[str, float]]:
    """The held payments whose gateways are to be asked, and since when."""
    return [(row.uid, row.adopt_at) for row in DUE.all(conn, now=now, most=limit)]


def held(conn: Connection) -> list[tuple[str, float]]:
    """All that are held, and when their gateways are asked next."""
    return due(conn, float("1e300"), 10_000_000)


@alone
def take(conn: Connection, uid: str, *, was: float, until: float) -> bool:
    """Lease one of `due`. False: another worker has it."""
    return TAKE(conn, {"of_uid": uid, "was": was, "until": until}) == 1


def end(conn: Connection, now: float) -> None:
    """A person says that all is well again: links that are opened first are held no longer."""
    conn.execute(update(restores).where(restores.c.ended_at.is_(None)).values(ended_at=now))


def newest_event(conn: Connection) -> float:
    """When the ledger was last written; 0: never."""
    return conn.execute(select(func.max(events.c.at))).scalar() or 0.0


def known_lineage(conn: Connection) -> str | None:
    return conn.execute(select(lineage.c.value)).scalar()


def keep_lineage(conn: Connection, value: str) -> None:
    conn.execute(lineage.delete())
    conn.execute(insert(lineage), {"id": 1, "value": value})


def present_lineage(conn: Connection) -> str | None:
    """Of a PostgreSQL cluster: its name and timeline. A restore to a moment, or a standby that
    takes over, begins another timeline; None: SQLite has none, nor a standby."""
    if conn.dialect.name != "postgresql":
        return None
    query = (
        "SELECT CASE WHEN NOT pg_is_in_recovery() THEN"
        " system_identifier || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
        " FROM pg_control_system()"
    )
    found: str | None = conn.execute(text(query)).scalar()
    return found
