"""How much a reader has to keep in mind for a function: each place where it branches counts one.

Ruff's C901 counts statements alone. Here a ternary, an `and` and a comprehension with its `if`
count as the `if` and the `for` that they stand for: a function gets no simpler by being dense.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("checkout", "tools", "bench")

Function = ast.FunctionDef | ast.AsyncFunctionDef
BRANCHES: Final = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.match_case,
)


def measured(folders: tuple[str, ...] = FOLDERS) -> Iterator[tuple[str, int]]:
    """Every function as `checkout/app.py::name` or `::Class.name`, with its complexity."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for name, function in functions(ast.parse(path.read_text(encoding="utf-8"))):
                yield f"{place}::{name}", complexity(function)


def functions(node: ast.AST, around: str = "") -> Iterator[tuple[str, Function]]:
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, Function | ast.ClassDef):
            yield from functions(each, around)
            continue
        if isinstance(each, Function):
            yield f"{around}{each.name}", each
        yield from functions(each, f"{around}{each.name}.")


def complexity(function: Function) -> int:
    """One, and one more for each branch. A function within it is counted for itself."""
    total, rest = 1, list(ast.iter_child_nodes(function))
    while rest:
        node = rest.pop()
        if not isinstance(node, Function | ast.ClassDef):
            total += _branches(node)
            rest += ast.iter_child_nodes(node)
    return total


def _branches(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, BRANCHES))
