"""A list as a command answers it: a table of lines for people, where what is to be copied is whole
on any console; JSON and CSV for machines."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

from checkout.cli.basics import print_json

BETWEEN: Final = 2  # blanks between two columns
LONGEST: Final = 40  # characters of a text
UNBOUNDED: Final = 1000  # columns of what is no terminal, and where none are named
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

csv_option: Final = click.option(
    "--csv", "as_csv", is_flag=True, help="Answer as CSV, with the names of --json."
)


def print_list(
    rows: Sequence[Mapping[str, Any]],
    line: Callable[[Mapping[str, Any]], Mapping[str, str]],
    columns: Iterable[str],
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Prints the rows: as they are for machines, for people each as its `line`. The first of
    `columns` is never left out."""
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        names = list(columns)
        print_table([line(row) for row in rows], names, first=names[0])


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Nothing that a shop or a customer wrote is a formula to a spreadsheet. Lists and objects are
    JSON, None is empty; without rows there is no line of names."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerows([tuple(row) for row in rows[:1]])
    out.writerows([_cell(value) for value in row.values()] for row in rows)


def _cell(value: Any) -> str:
    """A number is what it is: only texts are defused."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if value.lstrip().startswith(FORMULA) or value[:1] in FORMULA else value


def short(moment: str | None) -> str:
    """A time for a line, which is UTC as it came: without its year where that is this one."""
    if not moment:
        return ""
    year, rest = moment[:4], moment[5:16].replace("T", " ")
    return rest if year == f"{datetime.now(UTC).year}" else moment[:10]


def print_table(rows: Sequence[Mapping[str, str]], columns: Iterable[str], first: str) -> None:
    """Prints the columns in their order, but those in which nothing stands. Where the console is
    too narrow the last ones are left out; `first` never."""
    names = [name for name in columns if name == first or any(row[name] for row in rows)]
    out = Console(markup=False)
    if not out.is_terminal and not os.environ.get("COLUMNS"):
        out = Console(markup=False, width=UNBOUNDED)
    fit = fitting(rows, names, first, out.width)
    table = Table(
        *(Column(name, no_wrap=True) for name in fit),
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, BETWEEN - 1, 0, 0),  # the box has one blank
    )
    for row in rows:
        table.add_row(*(row[name][:LONGEST] for name in fit))
    out.print(table)


def fitting(
    rows: Sequence[Mapping[str, str]], names: Sequence[str], first: str, width: int
) -> list[str]:
    """The columns that fit beside each other, from the left, with `first` among them."""
    taken = {
        name: BETWEEN + max(map(cell_len, (name, *(row[name][:LONGEST] for row in rows))))
        for name in names
    }
    left, found = width + BETWEEN - 1 - taken[first], {first}
    for name in names:
        if name != first:
            left -= taken[name]
            if left < 0:
                break
            found.add(name)
    return [name for name in names if name in found]
