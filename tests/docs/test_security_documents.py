"""docs/threat-model.md, pci.md, security.md: the tests and addresses that they name are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkout.cli import main
from tests.support.servers import ROOT

DOCS = ROOT / "docs"
THREATS, PCI, SCORES = (DOCS / f"{name}.md" for name in ("threat-model", "pci", "security"))
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
ACTORS = (
    "publishable key", "customer", "stranger", "card numbers", "shop on a server", "employee",
    "gateway", "on the way", "stop", "database", "built from",
)  # fmt: skip


@cache
def collected(path: str) -> frozenset[str]:
    """The functions and methods of a file that pytest would collect; a kit's are its users'."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def missing(text: str) -> Iterator[str]:
    for path, name in NAMED.findall(text):
        if not (ROOT / path).is_file():
            yield path
        elif not collected(path) or (name and name not in collected(path)):
            yield f"{path}::{name}"


def rows(document: Path) -> Iterator[str]:
    for line in document.read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| threat |", "| requirement |")):
            yield line


@pytest.mark.parametrize("document", [THREATS, PCI, SCORES], ids=lambda path: path.name)
def test_every_test_that_is_named_is_there(document: Path) -> None:
    text = document.read_text()
    assert NAMED.search(text)
    assert list(missing(text)) == []
    assert text.count("tests/") == len(NAMED.findall(text)), "named so that it is not looked for"


def test_a_name_that_is_not_there_is_found() -> None:
    here = Path(__file__).relative_to(ROOT).as_posix()
    ours = "test_a_name_that_is_not_there_is_found"
    assert list(missing(f"`{here}::{ours}`")) == []
    assert list(missing(f"`{here}::test_nothing`")) == [f"{here}::test_nothing"]
    assert list(missing("`tests/none.py`")) == ["tests/none.py"]


def test_every_threat_has_its_test() -> None:
    found = list(rows(THREATS))
    assert len(found) > 40
    for row in found:
        threat, defence, test = (cell.strip() for cell in row.strip("|").split(" | "))
        assert threat
        assert defence
        assert NAMED.search(test), row
        assert all(name for _, name in NAMED.findall(test)), f"a whole file: {row}"
    heads = re.findall(r"(?m)^## (.+)$", THREATS.read_text())
    for actor in ACTORS:
        assert any(actor in head for head in heads), actor


def test_every_link_leads_somewhere() -> None:
    for document in (THREATS, PCI):
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
            if target.startswith("https://"):
                continue
            name, _, place = target.partition("#")
            linked = (document.parent / name).resolve() if name else document
            assert linked.is_file(), target
            heads = re.findall(r"(?m)^#+ (.+)$", linked.read_text())
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert not place or place in slugs, target


def test_the_commands_are_as_they_are_called() -> None:
    text = PCI.read_text()
    for words in re.findall(r"(?m)^.*?(checkout (?:pci|link) [^\n>|#`]+)", text):
        command = words.split()[1:3] if words.split()[1] == "pci" else ["link"]
        told = CliRunner().invoke(main, [*command, "--help"]).output
        for option in re.findall(r"(?<![\w-])--[a-z-]+", words):
            assert option in told, words
    for option in ("--framed", "--config", "--user-agent"):
        assert option in CliRunner().invoke(main, ["pci", "verify", "--help"]).output
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
    assert set(re.findall(r"`?make ([a-z]+)", text)) <= set(targets)
