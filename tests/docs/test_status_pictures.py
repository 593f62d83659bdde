"""The documents show how statuses follow each other: their pictures are made of the tables."""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Final

import pytest

from checkout.model.status import MOVES, OUTWARD, Status
from tools.marked_documents import DOCS
from tools.status_pictures import BOXES, MARKED, PICTURES, picture, written

DOCUMENTS = sorted(path for path in DOCS.glob("*.md") if MARKED.search(path.read_text()))
ARROW: Final = re.compile(r"^ +(\S+) --> (\S+)$", re.MULTILINE)
ENDS: Final = {"failed", "canceled", "expired"}


def arrows(name: str) -> list[tuple[str, str]]:
    return ARROW.findall(picture(name))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_pictures_are_the_tables(path: Any) -> None:
    text = path.read_text()
    assert written(text) == text, "`make docs` draws them anew"


def test_each_picture_is_in_a_document() -> None:
    found = [name for path in DOCUMENTS for _, name, _ in MARKED.findall(path.read_text())]
    assert sorted(found) == sorted(PICTURES)


def test_an_attempts_arrows_are_its_moves() -> None:
    def meant(name: str) -> list[Status]:
        return sorted(BOXES[name]) if name in BOXES else [Status[name]]

    drawn = [
        pair
        for before, after in arrows("attempt")
        if before != "[*]"
        for pair in product(meant(before), meant(after))
    ]
    moves = [(before, after) for before, targets in MOVES.items() for after in targets]
    assert sorted(drawn) == sorted(moves), "each move once"


def test_every_status_of_an_attempt_is_drawn() -> None:
    shown = set(re.findall(r"\b[A-Z_]+\b", picture("attempt")))
    assert shown == {s.name for s in Status} - {Status.OPEN.name, Status.ACCEPTED.name}


def test_a_payments_arrows_are_what_a_shop_may_rely_on() -> None:
    drawn = {pair for pair in arrows("payment") if pair[0] != "[*]"}
    assert {name for pair in drawn for name in pair} == set(OUTWARD.values())
    ended = {pair for pair in drawn if pair[0] in ENDS}
    assert {after for _, after in ended} == {"successful", "incomplete"}
    assert [before for before, after in ended if after == "incomplete"] == ["canceled"]
    assert {after for before, after in drawn if before == "successful"} == {"refunded"}
    assert ("pending", "canceled") not in drawn, "nobody gives up what may be paid"
