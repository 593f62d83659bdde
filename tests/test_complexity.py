"""No function asks too much of its reader."""

from __future__ import annotations

import ast
from typing import Final

import pytest

from tests.support.complexity import complexity, functions, measured

LIMIT: Final = 12


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return 1", 1),
        ("if a: return 1\nelif b: return 2\nelse: return 3", 3),
        ("return a if b else c", 2),
        ("return a and b and c or d", 4),
        ("return [a for b in c if d if e for f in g]", 5),
        ("for a in b:\n  while c: pass", 3),
        ("try: pass\nexcept A: pass\nexcept B: pass\nfinally: pass", 3),
        ("match a:\n  case 1: pass\n  case 2 if b: pass", 3),
        ("def inner():\n  if a: pass\nreturn inner", 1),
        ("return lambda: a or b", 2),
    ],
    ids=[
        "none",
        "if",
        "ternary",
        "and",
        "comprehension",
        "loops",
        "try",
        "match",
        "inner",
        "lambda",
    ],
)
def test_what_counts(code: str, expected: int) -> None:
    body = "\n".join(f"  {line}" for line in code.splitlines())
    (_, found), *_ = functions(ast.parse(f"def function():\n{body}"))
    assert complexity(found) == expected


def test_no_function_is_too_complex() -> None:
    found = dict(measured())
    assert len(found) > 1000
    above = {place: size for place, size in found.items() if size > LIMIT}
    assert above == {}
