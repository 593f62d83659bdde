"""The write of the readiness check: whether the ledger can be written."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from checkout.ledger.schema import pulse
from checkout.ledger.statements import Change, alone

THE_ONE: Final = 1
_beat = postgresql.insert(pulse)
BEAT: Final = Change(
    _beat.on_conflict_do_update(index_elements=["id"], set_={"at": _beat.excluded.at})
)


@alone
def beat(conn: Connection, now: float) -> None:
    BEAT(conn, {"id": THE_ONE, "at": now})
