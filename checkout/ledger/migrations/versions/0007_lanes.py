"""Letters have lanes, a shop and a host, and attempts are swept account by account; a row to try
whether the ledger can be written"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = sa.text("due_at IS NOT NULL")
SWEPT = sa.text("sweep_at IS NOT NULL")
NOBODY = "-"  # what was written before, or by a worker from before: a lane of its own
OF_PAYMENT = "SELECT shop FROM payments WHERE payments.uid = outbox.payment"


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shop", sa.String(64), nullable=False, server_default=NOBODY))
        batch_op.add_column(
            sa.Column("host", sa.String(255), nullable=False, server_default=NOBODY)
        )
    op.execute(f"UPDATE outbox SET shop = ({OF_PAYMENT}) WHERE due_at IS NOT NULL")  # noqa: S608
    _index("outbox_by_shop", "outbox", ["shop", "due_at"], WAITING)
    _index("outbox_by_lane", "outbox", ["shop", "host", "due_at"], WAITING)
    op.drop_index("attempts_to_sweep", "attempts")
    _index("attempts_to_sweep", "attempts", ["account", "sweep_at"], SWEPT)
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("pulse")
    op.drop_index("attempts_to_sweep", "attempts")
    op.create_index("attempts_to_sweep", "attempts", ["sweep_at"])
    op.drop_index("outbox_by_lane", "outbox")
    op.drop_index("outbox_by_shop", "outbox")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("host")
        batch_op.drop_column("shop")


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
