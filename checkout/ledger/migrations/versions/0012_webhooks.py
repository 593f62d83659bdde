"""Lists of a shop's webhooks, and who listens to them"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("outbox_by_age", "outbox", ["shop", "created_at", "id"])
    op.create_table(
        "listeners",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("shop"),
    )


def downgrade() -> None:
    op.drop_table("listeners")
    op.drop_index("outbox_by_age", "outbox")
