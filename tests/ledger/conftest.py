"""A ledger for each test, on SQLite, and where requested on PostgreSQL too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from checkout.ledger.base import Ledger
from checkout.ledger.store import open_ledger
from tests.support.databases import BACKENDS, database


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as address:
        yield address


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    opened = open_ledger(url)
    yield opened
    await opened.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[Ledger]:
    """Another worker's ledger on the same database."""
    opened = open_ledger(url)
    yield opened
    await opened.close()
