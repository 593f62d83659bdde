"""Alerts: what needs a person, in the ledger, in the metrics and in the log."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import Connection

from checkout.ledger import events
from checkout.ledger.rows import Attempt

log = structlog.get_logger(__name__)


def alert(conn: Connection, attempt: Attempt, kind: str, now: float, **data: Any) -> None:
    """Write an event to the ledger, and log it as an alert."""
    events.append(conn, attempt.payment, kind, now, attempt.number, **data)
    log.error(kind, payment=attempt.payment, attempt=attempt.number, alert=True)
