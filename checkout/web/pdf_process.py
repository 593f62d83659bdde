"""A receipt as a PDF: a program of its own, which reads the `Document` as JSON and writes the file.

What draws it takes 70 MiB and some tenths of a second, which no worker should keep or wait for. It
imports nothing of checkout, is given no environment, and ends with `NO_FONT` where no font of this
machine has every letter.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from fpdf import FPDF

FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts")
# The first that is there, as (regular, bold); the others add the letters that it lacks.
MAIN: Final = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
)
OTHERS: Final = (
    "NotoSans-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
)
NO_FONT: Final = 3  # the exit code
FAMILY: Final = "main"
GREY: Final = 100  # of 255
LINE: Final = 215
LEFT: Final = 20.0  # millimetres
TOP: Final = 22.0
LABEL: Final = 62.0  # the width of one
JOINERS: Final = "\u200c\u200d"  # of what has no shape of its own, the only ones with a meaning

Row = tuple[str, str]


class Document(msgspec.Struct, frozen=True):
    """A receipt; each text in its language. `sums` and `rows`: a label and a value; `made_at`: in
    seconds since 1970."""

    lang: str
    rtl: bool
    title: str
    shop: str
    status: str
    amount: str
    sums: tuple[Row, ...]
    rows: tuple[Row, ...]
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    made_at: float

    def texts(self) -> Iterator[str]:
        yield from (self.title, self.shop, self.status, self.amount, *self.lines, *self.notes)
        for row in (*self.sums, *self.rows):
            yield from row


def draw(document: Document, folders: Iterable[str] = FOLDERS) -> bytes | None:
    """The file, in a font of these folders; None where letters are missing."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    letters = {letter for text in document.texts() for letter in _plain(text)}
    if not _add_fonts(pdf, letters, folders):
        return None
    pdf.set_margins(LEFT, TOP)
    pdf.set_lang(document.lang)
    pdf.set_title(f"{document.title}: {document.shop}")
    pdf.set_creation_date(datetime.fromtimestamp(document.made_at, UTC))
    pdf.set_text_shaping(True)
    pdf.add_page()
    _Sheet(pdf, rtl=document.rtl).draw(document)
    return bytes(pdf.output())


class _Sheet:
    """The page, from top to bottom."""

    def __init__(self, pdf: FPDF, *, rtl: bool) -> None:
        self._pdf = pdf
        self._start, self._end = ("R", "L") if rtl else ("L", "R")
        self._rtl = rtl

    def draw(self, document: Document) -> None:
        self._text(document.shop, 13, bold=True, after=10)
        self._text(document.title, 11, grey=True)
        self._text(document.amount, 28, bold=True)
        self._text(document.status, 11, after=8)
        for rows in (document.sums, document.rows):
            for label, value in rows:
                self._row(label, value)
            if rows:
                self._pdf.ln(6)
        for line in document.lines:
            self._text(line, 10)
        if document.lines:
            self._pdf.ln(6)
        for note in document.notes:
            self._text(note, 9, grey=True)

    def _text(
        self, text: str, size: float, *, bold: bool = False, grey: bool = False, after: float = 1
    ) -> None:
        self._write(size, bold=bold, grey=grey)
        self._pdf.set_x(LEFT)
        self._pdf.multi_cell(0, size * 0.52, _plain(text), align=self._start, **_BELOW)
        self._pdf.ln(after)

    def _row(self, label: str, value: str) -> None:
        pdf, height = self._pdf, 5.2
        width = pdf.epw - LABEL
        self._write(10)
        places = (LEFT + width, LEFT) if self._rtl else (LEFT, LEFT + LABEL)
        cells = ((label, LABEL, self._start), (value, width, self._end))
        lines: list[Any] = [
            pdf.multi_cell(wide, height, _plain(text) or " ", dry_run=True, output="LINES")
            for text, wide, _ in cells
        ]
        taken = height * max(len(each) for each in lines)
        if pdf.will_page_break(taken + 4):
            pdf.add_page()
        top = pdf.get_y() + 2
        pdf.set_draw_color(LINE)
        pdf.line(LEFT, top - 2, LEFT + pdf.epw, top - 2)
        for (text, wide, align), left, grey in zip(cells, places, (True, False), strict=True):
            self._write(10, grey=grey)
            pdf.set_xy(left, top)
            pdf.multi_cell(wide, height, _plain(text) or " ", align=align, **_BELOW)
        pdf.set_xy(LEFT, top + taken + 2)

    def _write(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self._pdf.set_font(FAMILY, "B" if bold else "", size)
        self._pdf.set_text_color(GREY if grey else 20)


_BELOW: Final[dict[str, Any]] = {"new_x": "LMARGIN", "new_y": "NEXT"}


def _plain(text: str) -> str:
    """A line without the marks that only steer its direction."""
    line = " ".join(text.split())
    return "".join(
        letter for letter in line if letter in JOINERS or unicodedata.category(letter) != "Cf"
    )


def _add_fonts(pdf: FPDF, letters: set[str], folders: Iterable[str]) -> bool:
    """Add those that are needed. Whether they have all letters."""
    files = {
        path.name: path for folder in folders for path in sorted(Path(folder).rglob("*.tt[fc]"))
    }
    main = next((pair for pair in MAIN if set(pair) <= files.keys()), None)
    if main is None:
        return False
    for style, name in zip(("", "B"), main, strict=True):
        pdf.add_font(FAMILY, style, files[name])
    missing = letters - set(JOINERS) - _letters_of(pdf, FAMILY)
    added = []
    for name in OTHERS:
        if not missing or name not in files:
            continue
        pdf.add_font(name, fname=files[name])
        found = missing & _letters_of(pdf, name.lower())
        missing -= found
        if found:
            added.append(name)
    pdf.set_fallback_fonts(added, exact_match=False)
    return not missing


def _letters_of(pdf: FPDF, family: str) -> set[str]:
    font: Any = pdf.fonts[family]
    codes: Iterable[int] = font.cmap
    return {chr(code) for code in codes}


def main() -> int:
    document = msgspec.json.decode(sys.stdin.buffer.read(), type=Document)
    made = draw(document)
    if made is None:
        return NO_FONT
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
