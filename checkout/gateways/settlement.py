"""A gateway's settlement file: CSV, of which only the columns' names and the writing of amounts
differ. It is read row by row, however long it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec import Struct

from checkout.model.money import KNOWN_EXPONENTS
from checkout.model.validation.reader import Invalid

DELIMITERS: Final = ",;\t|"
LONGEST: Final = 64 * 1024  # characters of the first line
# The columns, and the names that they have in most files; an account's settings name others.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("uid", "transaction_uid", "transaction_id", "payment_id", "order_id", "id"),
    "key": ("tracking_id", "merchant_transaction_id", "merchant_reference", "reference"),
    "amount": ("amount", "gross_amount", "gross", "sum"),
    "currency": ("currency", "currency_code"),
    "kind": ("type", "transaction_type", "payment_type", "operation"),
    "status": ("status", "state"),
}
REQUIRED: Final = ("amount", "currency")
# How files call what became of money, in lower case; what isn't here is a payment.
KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("refund", "credit", "rf", "возврат"), "refund"),
    **dict.fromkeys(("capture", "cp"), "capture"),
    **dict.fromkeys(("void", "reversal", "rv", "cancel"), "void"),
    **dict.fromkeys(("chargeback", "cb"), "chargeback"),
}
BACK: Final = frozenset({"refund", "chargeback", "void"})
FAILED: Final = frozenset(
    {"failed", "declined", "rejected", "error", "expired", "canceled", "cancelled", "pending"}
)
_AMOUNT: Final = re.compile(r"[-+(]?([0-9]{1,18}(?:[.,][0-9]{1,18}){0,6})[-)]?", re.ASCII)
_BLANKS: Final = str.maketrans("", "", " \u00a0\u202f\u2009'\u2019")


class SettlementRow(Struct, frozen=True, kw_only=True):
    """`line`: the title's is 1. `amount` is never negative: `kind` says where the money
    went. `problem`: why the row can't be read; then nothing else is known."""

    line: int
    id: str | None = None
    key: str | None = None
    amount: Decimal = Decimal(0)
    currency: str = ""
    kind: str = "payment"
    succeeded: bool = True
    problem: str | None = None


@contextmanager
def open_settlement(path: Path, named: Mapping[str, str]) -> Iterator[Iterator[SettlementRow]]:
    """The rows of a file in UTF-8, with or without a BOM; `named`: the columns' own names there.

    Raises Invalid, in a sentence, for a file without the columns that are needed; OSError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            first = file.readline(LONGEST)
        except UnicodeDecodeError:
            raise Invalid("is no text in UTF-8: save it as that") from None
        delimiter = max(DELIMITERS, key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        yield _rows(csv.reader(file, delimiter=delimiter), _places(header, named))


def _places(header: Sequence[str], named: Mapping[str, str]) -> dict[str, int]:
    """Where each column is."""
    if unknown := named.keys() - NAMES.keys():
        raise Invalid(f"has no column {min(unknown)}: they are {', '.join(NAMES)}")
    titles = [_plain(title) for title in header]
    found = {}
    for column, usual in NAMES.items():
        names = (_plain(named[column]),) if column in named else usual
        place = next((titles.index(name) for name in names if name in titles), None)
        if place is not None:
            found[column] = place
        elif column in named or column in REQUIRED:
            raise Invalid(
                f"has no column for {column} among {', '.join(header)[:500]}:"
                f" name it, --columns {column}=TITLE"
            )
    if not {"id", "key"} & found.keys():
        raise Invalid("has no column for id or key: name one, --columns id=TITLE")
    return found


def _plain(title: str) -> str:
    return "_".join(title.strip().lower().replace("-", " ").replace("_", " ").split())


def _rows(lines: Iterator[list[str]], places: Mapping[str, int]) -> Iterator[SettlementRow]:
    number = 1
    try:
        for number, cells in enumerate(lines, 2):
            if any(cell.strip() for cell in cells):
                yield _row(number, cells, places)
    except (csv.Error, UnicodeDecodeError) as error:
        yield SettlementRow(line=number + 1, problem=str(error))


def _row(line: int, cells: Sequence[str], places: Mapping[str, int]) -> SettlementRow:
    if len(cells) <= max(places.values()):
        return SettlementRow(line=line, problem="has too few cells")
    said = {column: cells[place].strip() for column, place in places.items()}
    currency = said["currency"].upper()
    if currency not in KNOWN_EXPONENTS:
        return SettlementRow(line=line, problem=f"no currency: {currency[:20]!r}")
    try:
        amount = read_amount(said["amount"], KNOWN_EXPONENTS[currency])
    except ValueError:
        return SettlementRow(line=line, problem=f"no amount: {said['amount'][:40]!r}")
    kind = KINDS.get(said.get("kind", "").lower(), "payment")
    if amount < 0 and kind not in BACK:
        kind = "refund"
    return SettlementRow(
        line=line,
        id=said.get("id") or None,
        key=said.get("key") or None,
        amount=abs(amount),
        currency=currency,
        kind=kind,
        succeeded=said.get("status", "").lower() not in FAILED,
    )


def read_amount(text: str, decimals: int) -> Decimal:
    """An amount as any country writes it: 1234.50, 1.234,50, 1 234,50, 1'234.50, -12,5, (12.50).
    One mark alone, before three digits, groups them, unless the currency has three `decimals`.
    Raises ValueError."""
    plain = text.translate(_BLANKS)
    match = _AMOUNT.fullmatch(plain)
    if not match:
        raise ValueError(text)
    negative = plain[0] in "-(" or plain[-1] == "-"
    plain = match[1]
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0 and _groups(plain, last, decimals):
        last = -1
    whole = (plain if last < 0 else plain[:last]).replace(".", "").replace(",", "")
    part = "" if last < 0 else plain[last + 1 :]
    found = Decimal(f"{whole}.{part or '0'}")
    return -found if negative else found


def _groups(text: str, last: int, decimals: int) -> bool:
    """Whether the last mark groups thousands."""
    mark, behind = text[last], len(text) - last - 1
    other = "," if mark == "." else "."
    if text.count(mark) > 1:
        return behind == 3
    return behind == 3 and decimals != 3 and other not in text
