"""The operator's log of what a shop sent that was cut or dropped instead of being refused: the
fields' names and the reasons, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def log_dropped(dropped: Mapping[str, str], **about: Any) -> None:
    """One line a request, none where nothing was dropped; `about`: what it has made."""
    if dropped:
        log.warning("data.dropped", **about, fields=dict(dropped))
