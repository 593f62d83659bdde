"""A harness for each test: a ledger of its own, on SQLite, and where requested on PostgreSQL
too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.databases import BACKENDS, database
from tests.support.harness import Harness, open_harness


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as address:
        yield address


@pytest.fixture
async def harness(url: str) -> AsyncIterator[Harness]:
    async with open_harness(url) as opened:
        yield opened
