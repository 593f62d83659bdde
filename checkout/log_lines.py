"""What others log in our processes (the server's program, libraries, Python itself) as lines of the
same shape as ours: one JSON object an event, on standard error.

    {"event": "server", "detail": "Listening at: …", "level": "info", "timestamp": "…Z"}

No address goes further than its host, and an exception is told by its class and the lines that it
came through: what it says may hold what a customer typed. Only the standard library is loaded here.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

SERVER: Final = "_granian"  # the logger of the server's program
LONGEST: Final = 500  # characters of what somebody else says
DEEPEST: Final = 8  # lines that an exception came through, the last
_ADDRESS: Final = re.compile(r"(\w+://)(?:[^/@\s]*@)?([^/\s?#'\"]*)[^\s'\"]*")
_PATH: Final = re.compile(r"(?<![\w.])/(?:[a-zA-Z-]+/)?(?:payment|order|pay|return|notify)/\S*")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event = "server" if record.name.partition(".")[0] == SERVER else "library"
        line: dict[str, Any] = {"event": event, "detail": told(record.getMessage())}
        if event == "library":
            line["logger"] = record.name
        if record.exc_info and record.exc_info[1]:
            line |= trace(record.exc_info[1])
        line["level"] = record.levelname.lower()
        line["timestamp"] = timestamp(record.created)
        return json.dumps(line)


# For Granian, which adds its own level to it.
CONFIG: Final[dict[str, Any]] = {
    "formatters": {"json": {"()": f"{__name__}.{JsonLines.__name__}"}},
    "handlers": {
        "lines": {
            "class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"
        }
    },
    "loggers": {SERVER: {"handlers": ["lines"], "level": "INFO", "propagate": False}},
}  # fmt: skip


def timestamp(seconds: float) -> str:
    """A time since 1970 as all lines have it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def told(text: str) -> str:
    """The first line of a text, without addresses' secrets: what follows may be anybody's."""
    first = text.partition("\n")[0][: 4 * LONGEST]
    return _PATH.sub("/…", _ADDRESS.sub(r"\1\2", first))[:LONGEST]


def trace(error: BaseException) -> dict[str, Any]:
    """The error's class and the lines it came through, without values."""
    lines, step = [], error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        lines.append(f"{code.co_filename.rpartition('/')[2]}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return {"error": type(error).__name__, "trace": lines[-DEEPEST:]}


def configure() -> None:
    """For a process: libraries, below warnings quiet (httpx would log whole URLs), warnings of
    Python, and what nobody caught."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    logging.basicConfig(handlers=[lines], level=logging.WARNING, force=True)
    logging.raiseExceptions = False  # it would raise where standard error is closed
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _uncaught(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    logging.getLogger("python").critical(
        "an exception that nobody caught", exc_info=(kind, error, at)
    )
