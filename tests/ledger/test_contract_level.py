"""Releases run beside each other: a migration adds, or says whose code may run no more."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

from checkout.ledger.schema_version import FIRST_CONTRACT, MIGRATIONS

ADDS: Final = {"create_table", "create_index", "add_column"}
# What 0.1.0 has is the beginning.
SINCE: Final = sorted(
    path
    for path in (MIGRATIONS / "versions").glob("[0-9]*.py")
    if path.name.partition("_")[0] > FIRST_CONTRACT
)


def problems(source: str) -> list[str]:
    """Why older code could not run on what `upgrade` makes; none where the level is raised."""
    module = ast.parse(source)
    if any(isinstance(each, ast.Assign) and _names(each) == ["contract"] for each in module.body):
        return []
    upgrade = next(
        each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"
    )
    return [said for node in ast.walk(upgrade) if isinstance(node, ast.Call) for said in _of(node)]


def _names(assigned: ast.Assign) -> list[str]:
    return [each.id for each in assigned.targets if isinstance(each, ast.Name)]


def _of(call: ast.Call) -> list[str]:
    match call.func:
        case ast.Attribute(value=ast.Name(id="op" | "batch_op"), attr=name):
            pass
        case _:
            return []
    if name in {"batch_alter_table", "get_context", "get_bind", "execute", "f"}:
        return []
    if name not in ADDS:
        return [name]
    return _of_column(call) if name == "add_column" else _of_index(call)


def _of_column(call: ast.Call) -> list[str]:
    column = call.args[-1]
    assert isinstance(column, ast.Call)
    said = {each.arg: ast.unparse(each.value) for each in column.keywords}
    bare = said.get("nullable") == "False" and "server_default" not in said
    return ["a column that older code gives no value"] if bare else []


def _of_index(call: ast.Call) -> list[str]:
    unique = any(
        each.arg == "unique" and ast.unparse(each.value) == "True" for each in call.keywords
    )
    return ["a unique index, which may refuse what older code writes"] if unique else []


@pytest.mark.parametrize("path", SINCE, ids=lambda path: path.stem)
def test_a_migration_adds_or_raises_the_level(path: Path) -> None:
    assert problems(path.read_text()) == []


def test_the_level_is_known() -> None:
    for path in SINCE:
        names = [each for each in ast.parse(path.read_text()).body if isinstance(each, ast.Assign)]
        for each in names:
            if _names(each) == ["contract"]:
                level = ast.literal_eval(each.value)
                assert FIRST_CONTRACT <= level <= path.name.partition("_")[0]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("op.add_column('a', sa.Column('b', sa.Text))", []),
        ("op.add_column('a', sa.Column('b', sa.Text, nullable=False, server_default='-'))", []),
        (
            "op.add_column('a', sa.Column('b', sa.Text, nullable=False))",
            ["a column that older code gives no value"],
        ),
        ("op.drop_column('a', 'b')", ["drop_column"]),
        ("op.rename_table('a', 'b')", ["rename_table"]),
        (
            "op.create_index('i', 'a', ['b'], unique=True)",
            ["a unique index, which may refuse what older code writes"],
        ),
    ],
)
def test_what_is_found(step: str, problem: list[str]) -> None:
    assert problems(f"def upgrade():\n    {step}") == problem
    assert problems(f"contract = '0014'\ndef upgrade():\n    {step}") == []
