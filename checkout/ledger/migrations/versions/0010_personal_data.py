"""A payment's first opening, who said to be its customer, and what was purged"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOT_PURGED = sa.text("purged_at IS NULL")
# What is swept away by its age, and by what it is found.
PURGED = {"payments": ["status", "updated_at", "uid"], "invoices": ["expires_at", "id"]}


def upgrade() -> None:
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opened_at", sa.Double(), nullable=True))
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stranger", sa.Boolean(), nullable=True))
    for table, columns in PURGED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("purged_at", sa.Double(), nullable=True))
        op.create_index(
            f"{table}_to_purge",
            table,
            columns,
            sqlite_where=NOT_PURGED,
            postgresql_where=NOT_PURGED,
        )
    # Whoever has tried to pay has opened it.
    op.execute("UPDATE payments SET opened_at = created_at WHERE attempts > 0")
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("payment", sa.String(length=36), nullable=False),
        sa.Column("address_mark", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["payment"], ["payments.uid"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("answers_by_payment", "answers", ["payment", "at"])
    op.create_index("answers_by_address", "answers", ["address_mark", "at"])
    op.create_index("answers_by_age", "answers", ["at"])


def downgrade() -> None:
    op.drop_table("answers")
    for table in reversed(PURGED):
        op.drop_index(f"{table}_to_purge", table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("purged_at")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("stranger")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_column("opened_at")
