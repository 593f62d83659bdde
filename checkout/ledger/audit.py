"""Who did what, when and from where: money sent back or collected, verdicts, invoices, products.

Append only: the database itself refuses to change or remove a row. Each row holds the hash of the
one before, so that who changes one all the same has to change all that follow. The log tells each
hash: one that was noted elsewhere shows also that all was written anew, or cut off at its end.
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

FIRST: Final = "0" * 64  # what stands before the first row
LOCK: Final = (
    0x6175646974  # PostgreSQL: one appends after the other, until the end of a transaction
)
TRIGGERS: Final = frozenset({"audit_appends", "audit_no_change", "audit_no_removal"})
LONGEST: Final = 255  # characters of a reason, as the shop's API takes them
BATCH: Final = 1000  # rows
MOST_TOLD: Final = 20

log = structlog.get_logger(__name__)


class Actor(Struct, frozen=True):
    """`who`: a shop's id, a person's name, a gateway account; `via`: api, cli, gateway, server;
    `origin`: the network address or the machine, where there is one."""

    who: str
    via: str
    origin: str = ""


SERVER: Final = Actor("checkout", "server")


class Entry(Struct, frozen=True, kw_only=True):
    """`subject`: the id of what it was done to. `data` has no personal data: the reason of a
    refund, which may, stands with the operation; a verdict's is staff's own word."""

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
        """What `hash` has to be: over all the rest."""
        said = [getattr(self, name) for name in self.__struct_fields__ if name != "hash"]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


class Verdict(Struct, frozen=True, kw_only=True):
    """`wrong`: what was found, in words, the first of it; nothing: the log is whole. `number` and
    `hash`: its end, to be noted elsewhere."""

    count: int
    number: int
    hash: str
    wrong: tuple[str, ...]


def append(
    conn: Connection, /, by: Actor, act: str, subject: str, now: float, *, shop: str, **data: Any
) -> None:
    """In the transaction of the act itself: neither is there without the other."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    newest = conn.execute(
        select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    ).first()
    number, previous = newest or (0, FIRST)
    told = {
        name: mask_card_numbers(value[:LONGEST]) if isinstance(value, str) else value
        for name, value in data.items()
        if value not in (None, "")
    }
    entry = Entry(
        number=number + 1, at=now, who=by.who, via=by.via, origin=by.origin, act=act,
        subject=subject, shop=shop, data=msgspec.json.encode(told).decode(), previous=previous,
        hash="",
    )  # fmt: skip
    entry = msgspec.structs.replace(entry, hash=entry.digest())
    conn.execute(insert(audit), msgspec.structs.asdict(entry))
    if by.via != "cli":  # what a command says is its answer; the next row has this hash too
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
    """Look at every row. `noted`: the number and hash of one, as they were once."""
    number, previous, count, wrong = 0, FIRST, 0, list(_unguarded(conn))
    for entry in _all(conn):
        if len(wrong) < MOST_TOLD and (found := _wrong(entry, number, previous, noted)):
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
    """A batch at a time: there may be many."""
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
    """Which guards somebody took away."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled <> 'D'"
        if conn.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    )
    missing = TRIGGERS - {name for (name,) in conn.execute(text(query))}
    return [f"the trigger {name} is gone" for name in sorted(missing)]
