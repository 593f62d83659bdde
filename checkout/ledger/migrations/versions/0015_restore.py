"""Restored ledgers: which time is lost, and which payments wait until their gateways were asked"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

HELD = sa.text("adopt_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "restores",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
    )
    op.create_table(
        "lineage",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )
    op.add_column("payments", sa.Column("adopt_at", sa.Double()))
    op.create_index(
        "payments_to_adopt", "payments", ["adopt_at"], sqlite_where=HELD, postgresql_where=HELD
    )


def downgrade() -> None:
    op.drop_index("payments_to_adopt", "payments")
    op.drop_column("payments", "adopt_at")
    op.drop_table("lineage")
    op.drop_table("restores")
