"""Alembic's entry: the connection comes from `checkout.ledger.store.migrate`."""

from alembic import context

from checkout.ledger.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
