"""docs/glossary.md: each class and module takes its noun from it, and no retired word is back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.servers import ROOT

GLOSSARY: Final = ROOT / "docs" / "glossary.md"
# Words that mean what they mean in any program.
PLAIN: Final = frozenset(
    """
    about address api app asset backlog base blank body bought browser cache call
    cancelled cannot change check checkbox choice code colour common config connection
    constructor count customer description detail dns document draft due encoding entry
    env erased error field file filter find form format formatting group header host html
    i18n id index instruction item key kind large list listening local log logo mail
    mailer mark markup mime missing name network number of opening option other page
    paging parameter parsing part patience payload permission place policy process proof
    proxy read record recorded redirect refusal remaining renderer request resolver
    resource response result reuse run scope scoped script secret security send sender
    serve server setting shop side size smtp state static step store strength summary
    table tag target task template text thread txt type unavailable unconfirmed unexpected
    url use value wait who with work
    """.split()
)
# Modules and interfaces of one verb.
VERBS: Final = frozenset("cancel confirm create created migrate pay render verify withdraw".split())
RETIRED: Final = frozenset(
    "story stories courier landing landings glance heard wary pace told tells".split()
)
# The ledger's columns are older.
KEPT: Final = frozenset({"told"})


def words(name: str) -> list[str]:
    """Of SavedCardOffer, saved_card or SUCCESSFUL: its words, in small letters."""
    parts = (
        name.split("_")
        if "_" in name or name.islower() or name.isupper()
        else list(re.findall(r"[A-Z]+(?=[A-Z][a-z]|$|\d)|[A-Z]?[a-z0-9]+", name))
    )
    return [part.lower() for part in parts if part]


def singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) else word


def headwords() -> set[str]:
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return {singular(word.lower()) for row in rows for word in re.findall(r"\w+", row)}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "checkout").rglob("*.py")):
        place = path.relative_to(ROOT)
        if not {"sandbox", "migrations", "cli"}.intersection(
            place.parts
        ):  # cli: its commands' names
            yield place.as_posix(), ast.parse(path.read_text(encoding="utf-8"))


MODULES: Final = dict(modules())
FAILURES: Final = frozenset({"Invalid", "Unprocessable", "NotFound", "Unavailable"})


def nouns(place: str) -> Iterator[tuple[str, str]]:
    """(name, its noun) of the module and of its public classes."""
    if not Path(place).stem.startswith("__"):
        yield place, words(Path(place).stem)[-1]
    for node in MODULES[place].body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not failure(node):
            yield f"{place}::{node.name}", words(node.name)[-1]


def failure(node: ast.ClassDef) -> bool:
    """An exception is called what has happened: `Cancelled`, `TooMany`."""
    bases = {ast.unparse(base) for base in node.bases}
    return any(base.endswith(("Error", "Exception")) or base in FAILURES for base in bases)


@pytest.mark.parametrize("place", MODULES)
def test_each_noun_is_in_the_glossary(place: str) -> None:
    known = headwords() | PLAIN | VERBS
    missing = [
        f"{name}: {noun}" for name, noun in nouns(place) if not {noun, singular(noun)} & known
    ]
    assert missing == []


@pytest.mark.parametrize("place", MODULES)
def test_no_retired_word_is_a_name(place: str) -> None:
    named = {Path(place).stem: 1}
    for node in ast.walk(MODULES[place]):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            named[node.name] = node.lineno
        elif isinstance(node, ast.arg):
            named[node.arg] = node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            named[node.id] = node.lineno
    found = [
        f"{place}:{line} {name}"
        for name, line in named.items()
        if RETIRED.intersection(words(name)) and name not in KEPT
    ]
    assert found == []


def test_no_word_is_explained_twice() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    given = [row for row in rows if row != "word"]
    assert len(given) == len(set(given))
