"""A harness for each test: a ledger of its own, on SQLite, and where requested on PostgreSQL
too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.databases import BACKENDS, database
from tests.support.harness import Harness, open_harness
from tests.support.ledgers import InlineLedger


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as address:
        yield address


@pytest.fixture(params=BACKENDS)
def inline_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InlineLedger]:
    """For the state machines."""
    with ExitStack() as opened:
        address = "sqlite://"
        if request.param != "sqlite":
            address = opened.enter_context(database(request.param, tmp_path))
        ledger = InlineLedger(address)
        opened.callback(ledger.end)
        yield ledger


@pytest.fixture
async def harness(url: str) -> AsyncIterator[Harness]:
    async with open_harness(url) as opened:
        yield opened
