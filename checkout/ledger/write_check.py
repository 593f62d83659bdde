"""The write of the readiness check: whether the ledger can be written."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, insert, update

from checkout.ledger.schema import pulse
from checkout.ledger.statements import Change

THE_ONE: Final = 1
BEAT: Final = Change(update(pulse).where(pulse.c.id == bindparam("of_id")))
FIRST: Final = Change(insert(pulse))


def beat(conn: Connection, now: float) -> None:
    if not BEAT(conn, {"of_id": THE_ONE, "at": now}):
        FIRST(conn, {"id": THE_ONE, "at": now})
