"""What a person has to look at."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import Connection

from checkout.ledger import events
from checkout.ledger.rows import Attempt
from checkout.payments.metrics import ALERTS

log = structlog.get_logger(__name__)


def alert(conn: Connection, attempt: Attempt, kind: str, now: float, **data: Any) -> None:
    """Somebody has to look: an event for the ledger, a count, a line for the log."""
    events.append(conn, attempt.payment, kind, now, attempt.number, **data)
    ALERTS.labels(kind).inc()
    log.error(kind, payment=attempt.payment, attempt=attempt.number, alert=True)
