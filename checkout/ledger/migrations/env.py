"""Alembic's entry: the connection comes from `checkout.ledger.migrate`."""

from typing import Any

from alembic import context

from checkout.ledger.schema import METADATA
from checkout.ledger.schema_version import FIRST_CONTRACT, VERSION, write_contract

made = context.config.attributes.get("made", lambda _version: None)


def applied(ctx: Any, step: Any, _heads: Any = None, _more: Any = None, **_: Any) -> None:
    """Of a migration, in its transaction: the contract level follows, which a way down keeps."""
    if step.is_upgrade and ctx.connection is not None:
        scripts = context.script.iterate_revisions(step.up_revision_id, "base")
        levels = (getattr(script.module, "contract", FIRST_CONTRACT) for script in scripts)
        write_contract(ctx.connection, max(levels))
        made(step.up_revision_id)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    version_table=VERSION,
    transaction_per_migration=True,
    transactional_ddl=True,
    on_version_apply=applied,
)
with context.begin_transaction():
    context.run_migrations()
