"""Settlement files: what countries and programs write."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from checkout.gateways.settlement import SettlementRow, open_settlement, read_amount
from checkout.model.validation.reader import Invalid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12.50", "12.5"), ("12,50", "12.5"), ("1234", "1234"), ("0.05", "0.05"),
        ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("1 234,50", "1234.5"),
        ("1\u202f234,50", "1234.5"), ("1'234.50", "1234.5"), ("1,234", "1234"),
        ("1.234.567", "1234567"), ("1,234,567.8", "1234567.8"), ("-12.50", "-12.5"),
        ("12.50-", "-12.5"), ("(12.50)", "-12.5"), ("+3", "3"), ("12.5000", "12.5"),
    ],
)  # fmt: skip
def test_amounts(text: str, found: str) -> None:
    assert read_amount(text, 2) == Decimal(found)


def test_a_currency_of_three_decimals() -> None:
    assert read_amount("1.234", 3) == Decimal("1.234")


@pytest.mark.parametrize("text", ["", "1e3", "EUR 5", "1.2.3x", "--1", "\u0661", "9" * 40, "NaN"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        read_amount(text, 2)


def read(path: Path, text: bytes, **named: str) -> list[SettlementRow]:
    path.write_bytes(text)
    with open_settlement(path, named) as rows:
        return list(rows)


def test_a_spreadsheet_of_a_country_with_commas(tmp_path: Path) -> None:
    text = "\ufeffUID;Tracking ID;Amount;Currency;Type;Status\r\n"
    text += 'a;k;"1.000,50";eur;payment;successful\r\n;;;;;\r\nb;k;-5,00;EUR;;\r\n'
    paid, back = read(tmp_path / "x.csv", text.encode())
    assert (paid.id, paid.key, paid.amount, paid.currency) == ("a", "k", Decimal("1000.5"), "EUR")
    assert (paid.kind, paid.succeeded, paid.line) == ("payment", True, 2)
    assert (back.kind, back.amount, back.line) == ("refund", Decimal(5), 4)


def test_titles_of_its_own(tmp_path: Path) -> None:
    text = b"Ref,Gross,Cur\nx,1.00,EUR\n"
    (row,) = read(tmp_path / "x.csv", text, id="Ref", currency="Cur")
    assert (row.id, row.amount) == ("x", Decimal(1))


@pytest.mark.parametrize(
    ("text", "named", "why"),
    [
        (b"id,sum\n", {}, "no column for currency among id, sum"),
        (b"amount,currency\n", {}, "no column for id or key"),
        (b"id,amount,currency\n", {"fee": "x"}, "no column fee: they are id"),
        (b"id,amount,currency\n", {"id": "UID"}, "no column for id among"),
        (b"", {}, "no column for amount"),
        (b"\xff\xfe\x00", {}, "no text in UTF-8"),
    ],
)
def test_no_settlement(tmp_path: Path, text: bytes, named: dict[str, str], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(tmp_path / "x.csv", text, **named)


def test_rows_that_cant_be_read(tmp_path: Path) -> None:
    text = b"id,amount,currency\na\nb,x,EUR\nc,1,XYZ\nd,1,EUR\n"
    found = read(tmp_path / "x.csv", text)
    assert [each.problem is None for each in found] == [False, False, False, True]


def test_a_cell_without_an_end(tmp_path: Path) -> None:
    text = b'id,amount,currency\na,1,EUR\nb,"' + b"1\n" * 200_000
    assert [each.problem is None for each in read(tmp_path / "x.csv", text)] == [True, False]
