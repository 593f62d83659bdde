"""Logs: one JSON line an event on standard error, without bodies, cards or addresses.

A line that can't be written (the disk is full, the pipe is closed) is counted and dropped: no
payment fails because of the log.
"""

from __future__ import annotations

import sys
from typing import Any, Final, TextIO

import structlog
from prometheus_client import Counter

from checkout import alerts, log_lines

NOT_SENT: Final = Counter("checkout_log_lost_lines", "Log lines that could not be written")


def configure() -> None:
    """Sets up a process's log, also for what others say in it (`log_lines`)."""
    log_lines.configure()
    structlog.configure(
        processors=[
            alerts.counted,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lines_to(sys.stderr),
        cache_logger_on_first_use=True,
    )


def lines_to(stream: TextIO | None) -> Any:
    """For structlog: makes loggers that write lines there."""
    lines = _Lines(stream)
    return lambda *_: lines


class _Lines:
    """`stream` None: the process was started without one."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        try:
            if self._stream is None:
                raise OSError("no standard error")
            self._stream.write(message + "\n")  # one write: threads' lines don't mix
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: it is closed
            NOT_SENT.inc()

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg
