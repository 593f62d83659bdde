"""docs/decisions: each record is complete, and what it names as enforcing it is there."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.servers import ROOT

FOLDER: Final = ROOT / "docs" / "decisions"
RECORDS: Final = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS: Final = ["Context", "Choice", "What enforces it", "Alternatives"]
LONGEST: Final = 40  # lines

# How the section "What enforces it" names something.
TEST: Final = re.compile(r"`(tests/[\w/]+\.py)`")
CONTRACT: Final = re.compile(r"contract\s+`(\w+)`")
TARGET: Final = re.compile(r"`make (\w+)`")


def sections(record: Path) -> dict[str, str]:
    _, *parts = re.split(r"^## ", record.read_text(), flags=re.MULTILINE)
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


def contracts() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {each["id"]: each for each in project["tool"]["importlinter"]["contracts"]}


def targets() -> set[str]:
    return set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_complete(record: Path) -> None:
    number, text = int(record.name[:4]), record.read_text()
    assert text.startswith(f"# {number}. ")
    found = sections(record)
    assert list(found) == HEADINGS
    assert all(section.strip() for section in found.values())
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_what_enforces_it_is_there(record: Path) -> None:
    text = sections(record)["What enforces it"]
    tests, named, made = TEST.findall(text), CONTRACT.findall(text), TARGET.findall(text)
    assert [path for path in tests if not (ROOT / path).is_file()] == []
    assert set(named) <= set(contracts())
    assert set(made) <= targets()
    assert tests or named
    for line in text.strip().split("\n- "):
        assert re.search(r"`(tests/|make )|contract\s+`", line), "nothing that could fail"


def test_the_numbers_have_no_gap_and_the_index_has_all() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    index = (FOLDER / "README.md").read_text()
    for record in RECORDS:
        title = record.read_text().splitlines()[0].partition(". ")[2]
        assert f"| [{record.name[:4]}]({record.name}) | {title} |" in index
    assert index.count("](0") == len(RECORDS)


def test_the_chain_of_imports_is_written_once() -> None:
    """In the contract alone: each copy would be out of date some day."""
    layers = contracts()["chain"]["layers"]
    words = [layer.replace(" ", "") for layer in layers]
    steps = [rf"\b({upper})\)? -> \(?({lower})\b" for upper, lower in pairwise(words)]
    chain = re.compile("|".join(steps))
    assert chain.search("cli -> (drill | pci) -> app")
    for place in ("*.md", "*.toml", "docs/**/*.md", "checkout/**/*.py", "tests/**/*.py"):
        for path in set(ROOT.glob(place)) - {Path(__file__)}:
            assert not chain.search(path.read_text(encoding="utf-8")), path
