"""An empty database of a PostgreSQL, for the ledger that several servers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import psycopg
from sqlalchemy import make_url

GIVEN = "CHECKOUT_TEST_POSTGRES"


@contextmanager
def postgres() -> Iterator[str | None]:
    """Its URL, on the server that CHECKOUT_TEST_POSTGRES names (whose user may create databases);
    None without one."""
    server = os.environ.get(GIVEN)
    if server is None:
        yield None
        return
    name = f"bench_{token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
