"""Logs: one JSON line an event on standard error, without bodies, cards or addresses."""

from __future__ import annotations

import logging
import sys

import structlog


def configure() -> None:
    """For a process of ours; libraries stay quiet below warnings (httpx would log whole URLs)."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
