"""An empty database of a PostgreSQL, for the ledger that several servers share.

CHECKOUT_POSTGRES names the folder of its programs: a server is started, with the settings that it
comes with, so that what it commits is on disk. Else CHECKOUT_TEST_POSTGRES names one that runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import psycopg
from sqlalchemy import make_url

from tests.support.postgres import PROGRAMS, postgres_server


@contextmanager
def postgres() -> Iterator[str | None]:
    """Its URL; None where there is no server."""
    given = os.environ.get("CHECKOUT_TEST_POSTGRES")
    if PROGRAMS:
        with postgres_server({}) as server:
            yield server.url()
    elif given:
        with _database(given) as url:
            yield url
    else:
        yield None


@contextmanager
def _database(server: str) -> Iterator[str]:
    """On a server whose user may create databases."""
    name = f"bench_{token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
