"""A receipt as a PDF, drawn by a process of its own (`pdf_process`): few at a time, and where it
can't be, there is the printable page."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec
import structlog

from checkout.payments.concurrency import NoSlot, Slots
from checkout.web import pdf_process
from checkout.web.pdf_process import FOLDERS, MAIN, NO_FONT, Document

log = structlog.get_logger(__name__)

SECONDS: Final = 20.0  # that one may take
WAIT: Final = 10.0  # seconds for a slot
HERE: Final = "process"  # the only host
PROGRAM: Final = (sys.executable, "-I", pdf_process.__file__)


class PdfSlots:
    """At most two at a time in a worker: each takes most of a second of a processor."""

    def __init__(self) -> None:
        self._slots = Slots("pdf", total=2, shop=2, host=2, waiting=16)

    async def draw(self, document: Document, shop: str) -> bytes | None:
        """The file; None where too many are being drawn, or a font is missing."""
        try:
            async with self._slots.enter(shop, HERE, WAIT):
                return await asyncio.to_thread(_run, document)
        except NoSlot:
            return None


@cache
def has_pdf() -> bool:
    """Whether this machine can draw any: it has the library and a font."""
    fonts = {name for pair in MAIN for name in pair}
    found = {path.name for folder in FOLDERS for path in Path(folder).rglob("*.ttf")}
    there = any(set(pair) <= fonts & found for pair in MAIN)
    return there and all(find_spec(name) for name in ("fpdf", "uharfbuzz"))


def _run(document: Document) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - a program of ours, without a word of others
            PROGRAM,
            input=msgspec.json.encode(document),
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("pdf.failed", error=type(error).__name__)
        return None
    if done.returncode:
        log.warning("pdf.failed", error="no font" if done.returncode == NO_FONT else "fault")
        return None
    return done.stdout
