"""docs/adding-a-gateway.md shows a gateway that exists: its blocks are pieces of it, and it is run
by tests/gateways/test_stranger.py. What the document says of the interface is what there is."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from checkout.gateways.base import VERBS, Capabilities, Options
from checkout.model.outcome import Outcome
from checkout.model.status import Status
from tests.gateways.kit import Side
from tests.support.document_blocks import Block, blocks
from tests.support.servers import ROOT

DOCUMENT = ROOT / "docs" / "adding-a-gateway.md"
STRANGER = ROOT / "tests" / "gateways" / "stranger"
BLOCKS = [block for block in blocks(DOCUMENT) if block.name]
TEXT = DOCUMENT.read_text()


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_a_block_is_a_piece_of_the_example(block: Block) -> None:
    file = (STRANGER / block.name).read_text()
    if block.language == "json":
        assert json.loads(block.code) == json.loads(file)
    else:
        assert f"\n{block.code}" in f"\n{file}"


def test_every_block_of_code_is_one() -> None:
    assert len(BLOCKS) > 10
    assert {b.language for b in blocks(DOCUMENT) if not b.name} <= {"sh", "text"}
    assert len(re.findall(r"^ *```", TEXT, re.MULTILINE)) == 2 * len(blocks(DOCUMENT))


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_explained(status: Status) -> None:
    assert f"`{status.name}`" in TEXT


@pytest.mark.parametrize("struct", [Outcome, Options])
def test_every_field_is_explained(struct: type[msgspec.Struct]) -> None:
    for name in set(struct.__struct_fields__) - {"status"}:
        assert f"`{name}`" in TEXT, name


def test_every_verb_and_what_a_side_has_is_explained() -> None:
    said = [*VERBS, *(name for name in vars(Side) if not name.startswith("_")), "secrets"]
    for name in said:
        assert f"`{name}`" in TEXT, name


def test_abilities_that_change_what_is_asked_are_explained() -> None:
    for name in (
        "merchant_initiated", "recurring", "full_amount_only", "once_only", "exponents",
        "card_modes", "accepts_tokens", "query_interval", "parameters",
        "merchant_initiated_parameters", "lookup_by_key", "tokenizes", "wallets",
    ):  # fmt: skip
        assert name in Capabilities.__struct_fields__
        assert f"`CAPABILITIES.{name}`" in TEXT
