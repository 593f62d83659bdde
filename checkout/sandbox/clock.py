"""Times as the gateways write them. Inside, a moment is Unix seconds as a float."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_8601(at: float | None) -> str | None:
    """`YYYY-MM-DDThh:mm:ss.SSSZ`, as answers spell times; None stays None."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> float | None:
    """Unix seconds of an ISO 8601 time that states its zone; None if it is no such time."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
