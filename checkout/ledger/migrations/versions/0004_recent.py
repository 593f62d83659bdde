"""What was lately asked for by a token"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recent",
        sa.Column("shop", sa.String(64), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("payment", sa.String(36), sa.ForeignKey("payments.uid"), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("shop", "mark"),
    )
    op.create_index("recent_by_payment", "recent", ["payment"])
    op.create_index("recent_by_age", "recent", ["created_at"])


def downgrade() -> None:
    op.drop_table("recent")
