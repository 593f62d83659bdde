"""The database that servers of the bench share."""

from __future__ import annotations

import psycopg
import pytest

from bench.database import postgres
from bench.payments import over_postgres
from checkout.ledger.migrate import migrate
from tests.support.databases import BACKENDS

has_server = "postgresql" in BACKENDS


@pytest.mark.skipif(not has_server, reason="no PostgreSQL")
def test_it_is_empty_and_gone_afterwards() -> None:
    with postgres() as url:
        assert url
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)
        migrate(url)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


@pytest.mark.skipif(has_server, reason="there is a PostgreSQL")
def test_without_a_server_there_is_nothing_to_measure() -> None:
    assert over_postgres(1, 0.1) == []
