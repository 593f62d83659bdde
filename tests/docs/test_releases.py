"""CHANGELOG.md and docs/releases: the newest version there is the one that is built."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Final

import pytest

from checkout import __version__
from checkout.web import widget
from tests.support.servers import ROOT

CHANGELOG: Final = (ROOT / "CHANGELOG.md").read_text()
VERSIONS: Final = re.findall(
    r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE
)
KINDS: Final = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_newest_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert VERSIONS[0][0] == project["version"]


def test_its_widget_is_frozen() -> None:
    """Shops pin it by its hash: what has changed since is the latest's alone, until the next."""
    kept = (widget.FOLDER / f"{__version__}.js").read_bytes()
    assert widget.SCRIPTS[__version__].body == kept
    unreleased = CHANGELOG.partition("## [Unreleased]")[2].partition("\n## ")[0].strip()
    assert unreleased or widget.LATEST_SCRIPT.body == kept


def test_it_has_the_shape_of_keep_a_changelog() -> None:
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert headings == ["[Unreleased]", *(f"[{name}] - {day}" for name, day in VERSIONS)]
    assert set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)) <= KINDS
    days = [date.fromisoformat(day) for _, day in VERSIONS]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("version", [name for name, _ in VERSIONS])
def test_a_version_has_its_release_note(version: str) -> None:
    note = ROOT / "docs" / "releases" / f"{version}.md"
    text = note.read_text()
    assert text.startswith(f"# checkout {version}\n")
    assert "\n## Upgrading\n" in text
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (note.parent / link).is_file(), link
