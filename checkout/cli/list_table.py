"""A list printed as a table of lines: what is to be copied is whole on any console."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

BETWEEN: Final = 3  # characters that a column takes beside its text: its line and a blank each side
LONGEST: Final = 40  # characters of a text
UNBOUNDED: Final = 1000  # columns of what is no terminal, and where none are named


def print_table(rows: Sequence[Mapping[str, str]], columns: Iterable[str], first: str) -> None:
    """Prints the columns in their order. Where the console is too narrow the last ones are left
    out; `first` never."""
    names = list(columns)
    out = Console(markup=False)
    if not out.is_terminal and not os.environ.get("COLUMNS"):
        out = Console(markup=False, width=UNBOUNDED)
    fit = fitting(rows, names, first, out.width)
    table = Table(*(Column(name, no_wrap=True) for name in fit))
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
    left, found = width - 1 - taken[first], {first}
    for name in names:
        if name != first:
            left -= taken[name]
            if left < 0:
                break
            found.add(name)
    return [name for name in names if name in found]
