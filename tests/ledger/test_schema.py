"""The migrations make what `schema` says, on every database."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, create_mock_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from checkout.ledger import lists, operations, outbox, payments
from checkout.ledger.lists import ListFilter
from checkout.ledger.migrate import migrate
from checkout.ledger.rows import text as text_of
from checkout.ledger.schema import METADATA
from checkout.ledger.schema_version import CONTRACT, MIGRATIONS, VERSION, newest
from checkout.model.money import Money
from checkout.model.outcome import GatewayFacts
from tests.support.databases import reading
from tests.support.samples import order

COMPARED: Final[dict[str, Any]] = {
    "version_table": VERSION,
    "include_object": lambda _object, name, *_: name != CONTRACT,
}


def config() -> Config:
    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    found.set_main_option("path_separator", "os")
    return found


def test_migrations_make_the_schema(url: str) -> None:
    with reading(url) as conn:
        context = MigrationContext.configure(conn, opts=COMPARED | {"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert set(inspect(conn).get_table_names()) == {*METADATA.tables, VERSION, CONTRACT}


def test_migrating_twice_changes_nothing(url: str) -> None:
    migrate(url)
    migrate(url)


def test_the_newest_is_the_last_one() -> None:
    """What is there already is not migrated, and alembic not even loaded."""
    assert newest() == ScriptDirectory.from_config(config()).get_current_head()


def test_one_that_is_behind_is_brought_up_to_date(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=NullPool)
    steps = config()
    with engine.begin() as conn:
        steps.attributes["connection"] = conn
        command.upgrade(steps, "0011")
    migrate(f"sqlite:///{tmp_path}/x.db")
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts=COMPARED), METADATA) == []
    engine.dispose()


def test_all_the_way_down_and_up(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=NullPool)
    steps = config()
    with engine.begin() as conn:
        steps.attributes["connection"] = conn
        command.upgrade(steps, "head")
        command.downgrade(steps, "base")
        assert set(inspect(conn).get_table_names()) == {VERSION, CONTRACT}
        command.upgrade(steps, "head")
        assert compare_metadata(MigrationContext.configure(conn, opts=COMPARED), METADATA) == []
    engine.dispose()


def test_operations_made_before_they_had_parents(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    engine = create_engine(url, poolclass=NullPool)
    steps = config()
    old = {
        "uid": "o-1", "payment": "p-1", "attempt": 1, "kind": "refund", "by_gateway": False,
        "key": "k-1", "amount": 500, "status": "refunded", "absences": 0, "created_at": 1.0,
        "updated_at": 2.0,
    }  # fmt: skip
    with engine.begin() as conn:
        steps.attributes["connection"] = conn
        command.upgrade(steps, "0004")
        names, values = ", ".join(old), ", ".join(f":{name}" for name in old)
        conn.execute(text(f"INSERT INTO operations ({names}) VALUES ({values})"), old)
        command.upgrade(steps, "head")
        found = operations.find(conn, "o-1")
    engine.dispose()
    assert found is not None
    assert (found.parent, found.capture, found.notified, found.facts) == (
        None,
        None,
        None,
        GatewayFacts(),
    )
    assert (found.amount, found.done) == (500, True)


def test_webhooks_that_waited_before_they_had_queues(tmp_path: Path) -> None:
    """They belong to their payment's shop, and are found."""
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=NullPool)
    steps = config()
    paid = {"uid": "p-1", "token": "t", "secret": "s", "shop": "361", "status": "paid",
            "amount": 1, "currency": "EUR", "terms": "{}", "cancelled": False, "attempts": 1,
            "created_at": 1.0, "updated_at": 1.0, "expires_at": 1.0}  # fmt: skip
    webhook = {"id": "l-1", "payment": "p-1", "url": "https://shop.example/", "body": "{}",
              "tries": 2, "due_at": 5.0, "created_at": 1.0}  # fmt: skip
    with engine.begin() as conn:
        steps.attributes["connection"] = conn
        command.upgrade(steps, "0005")
        for table, row in (("payments", paid), ("outbox", webhook)):
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            conn.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        command.upgrade(steps, "head")
        (found,) = outbox.due(conn, 5.0)
    engine.dispose()
    assert (found.id, found.shop, found.tries) == ("l-1", "361", 2)


def test_payments_made_before_there_were_lists(tmp_path: Path) -> None:
    """They and what followed them are found by type, shop and currency."""
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=NullPool)
    steps = config()
    terms = text_of(order(transaction_type="authorization", money=Money(5, "USD")))
    held = {"uid": "p-1", "token": "t", "secret": "s", "shop": "361", "status": "authorized",
            "amount": 5, "currency": "USD", "terms": terms, "cancelled": False, "attempts": 0,
            "created_at": 1.0, "updated_at": 1.0, "expires_at": 1.0}  # fmt: skip
    void = {"uid": "o-1", "payment": "p-1", "attempt": 1, "kind": "void", "by_gateway": False,
            "key": "k-1", "amount": 5, "status": "refunded", "absences": 0, "created_at": 2.0,
            "updated_at": 2.0}  # fmt: skip
    with engine.begin() as conn:
        steps.attributes["connection"] = conn
        command.upgrade(steps, "0010")
        for table, row in (("payments", held), ("operations", void)):
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            conn.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        command.upgrade(steps, "head")
        wanted = ListFilter(shop="361", currency="USD")
        found, _ = lists.transactions(conn, wanted, now=3.0, after=None, limit=5)
        wanted = ListFilter(shop="361", type="authorization")
        by_type, _ = lists.checkouts(conn, wanted, now=3.0, after=None, limit=5)
        (plan,) = conn.execute(
            text("EXPLAIN QUERY PLAN SELECT uid FROM operations WHERE shop = '361'")
        )
    engine.dispose()
    assert [done.uid if done else payment.uid for payment, done in found] == ["o-1", "p-1"]
    assert [payment.uid for payment in by_type] == ["p-1"]
    assert "operations_by_shop" in plan[-1]


def test_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1


@pytest.mark.parametrize("name", METADATA.tables)
def test_ddl_compiles_for_postgresql(name: str) -> None:
    table = METADATA.tables[name]
    said = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert f"CREATE TABLE {name}" in said
    for index in table.indexes:
        assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=postgresql.dialect()))


def test_migrations_compile_for_postgresql() -> None:
    """Without a server: the SQL that an upgrade would send."""
    said = StringIO()
    engine = create_mock_engine("postgresql+psycopg://", lambda *_args, **_more: None)
    steps = config()
    steps.attributes["connection"] = None
    context = MigrationContext.configure(
        dialect=engine.dialect, opts={"as_sql": True, "output_buffer": said}
    )
    script = ScriptDirectory.from_config(steps)
    with context.begin_transaction(), _operations(context):
        for revision in reversed(list(script.walk_revisions())):
            revision.module.upgrade()
    for table in METADATA.tables:
        assert f"CREATE TABLE {table}" in said.getvalue()


def _operations(context: MigrationContext):  # type: ignore[no-untyped-def]
    from alembic.operations import Operations

    return Operations.context(context)


def test_rows_are_held_where_the_database_can() -> None:
    """PostgreSQL's transactions run side by side: whoever changes a payment holds its row."""
    assert "FOR NO KEY UPDATE" in str(
        payments.LOCK.payment.select.compile(dialect=postgresql.dialect())
    )
