"""The audit log: who did what, when and from where, to payments, operations, invoices and products.

Append only: triggers of the database refuse to change or remove a row. Each row holds the hash of
the row before, so a change shows unless all later rows are changed too. The hashes are logged as
well: one that was kept elsewhere also shows that the whole table was rewritten or cut off at its
end.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection, insert, select, text

from checkout.ledger.schema import audit
from checkout.model.pan import mask_card_numbers

FIRST: Final = "0" * 64  # the hash before the first row
LOCK: Final = 0x6175646974  # PostgreSQL: one transaction appends at a time
TRIGGERS: Final = frozenset({"audit_appends", "audit_no_change", "audit_no_removal"})
LONGEST: Final = 255  # characters of a reason, as the shop's API takes them
BATCH: Final = 1000  # rows
MOST_REPORTED: Final = 20  # problems

log = structlog.get_logger(__name__)


class Actor(Struct, frozen=True):
    """`who`: a shop's id, a person's name, a gateway account; `via`: api, cli, gateway, server;
    `origin`: the network address or the machine, where there is one."""

    who: str
    via: str
    origin: str = ""


SERVER: Final = Actor("checkout", "server")


class Entry(Struct, frozen=True, kw_only=True):
    """`subject`: the id of what it was done to. `data` holds no customer's data: a refund's reason
    is not here but with the operation; that of a decision was written by staff."""

    number: int
    at: float
    who: str
    via: str
    origin: str
    act: str
    subject: str
    shop: str
    data: str  # JSON
    previous: str
    hash: str

    def digest(self) -> str:
        """The right `hash`: over all other fields."""
        values = [getattr(self, name) for name in self.__struct_fields__ if name != "hash"]
        return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


class Verdict(Struct, frozen=True, kw_only=True):
    """`wrong`: the problems found, at most `MOST_REPORTED`; empty: the log is intact. `number` and
    `hash`: of the last row, to be kept elsewhere."""

    count: int
    number: int
    hash: str
    wrong: tuple[str, ...]


def append(
    conn: Connection, /, by: Actor, act: str, subject: str, now: float, *, shop: str, **data: Any
) -> None:
    """Append a row, in the transaction of the act itself."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    newest = conn.execute(
        select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    ).first()
    number, previous = newest or (0, FIRST)
    shown = {
        name: mask_card_numbers(value[:LONGEST]) if isinstance(value, str) else value
        for name, value in data.items()
        if value not in (None, "")
    }
    entry = Entry(
        number=number + 1, at=now, who=by.who, via=by.via, origin=by.origin, act=act,
        subject=subject, shop=shop, data=msgspec.json.encode(shown).decode(), previous=previous,
        hash="",
    )  # fmt: skip
    entry = msgspec.structs.replace(entry, hash=entry.digest())
    conn.execute(insert(audit), msgspec.structs.asdict(entry))
    if by.via != "cli":  # a command prints only its answer; the next row has this hash too
        log.info("audit", number=entry.number, act=act, subject=subject, hash=entry.hash)


def listed(
    conn: Connection, *, shop: str | None = None, subject: str | None = None, limit: int = 50
) -> list[Entry]:
    """The newest first."""
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if shop is not None:
        query = query.where(audit.c.shop == shop)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return [_entry(row) for row in conn.execute(query)]


def verify(conn: Connection, noted: tuple[int, str] | None = None) -> Verdict:
    """Check every row. `noted`: the number and hash of a row that were kept elsewhere."""
    number, previous, count, wrong = 0, FIRST, 0, list(_unguarded(conn))
    for entry in _all(conn):
        if len(wrong) < MOST_REPORTED and (found := _wrong(entry, number, previous, noted)):
            wrong.append(found)
        number, previous, count = entry.number, entry.hash, count + 1
    if noted is not None and number < noted[0]:
        wrong.append(f"row {noted[0]} is gone")
    return Verdict(count=count, number=number, hash=previous, wrong=tuple(wrong))


def _wrong(entry: Entry, number: int, previous: str, noted: tuple[int, str] | None) -> str | None:
    if entry.number != number + 1:
        return f"row {number + 1} is gone"
    if entry.previous != previous or entry.hash != entry.digest():
        return f"row {entry.number} was changed"
    if noted is not None and noted[0] == entry.number and noted[1] != entry.hash:
        return f"row {entry.number} is another than was noted"
    return None


def _all(conn: Connection) -> Any:
    """Every row, read in batches."""
    last = -1
    while rows := conn.execute(
        select(audit).where(audit.c.number > last).order_by(audit.c.number).limit(BATCH)
    ).fetchall():
        for row in rows:
            yield _entry(row)
        last = rows[-1].number


def _entry(row: Any) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__struct_fields__})


def _unguarded(conn: Connection) -> list[str]:
    """A problem for each trigger that is missing."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled <> 'D'"
        if conn.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    )
    missing = TRIGGERS - {name for (name,) in conn.execute(text(query))}
    return [f"the trigger {name} is gone" for name in sorted(missing)]
