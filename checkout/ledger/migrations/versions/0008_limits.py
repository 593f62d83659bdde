"""The limits count what is under way, by shop, and what visitors open"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MARKS = {"attempts_by_address": "address_mark", "attempts_by_bin": "bin_mark"}
DECLINED = sa.text("status = 'declined'")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("shop", sa.String(64)))
    op.create_table(
        "openings",
        sa.Column("payment", sa.String(36), primary_key=True),
        sa.Column("address_mark", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("openings_by_address", "openings", ["address_mark", "created_at"])
    op.create_index("openings_by_age", "openings", ["created_at"])
    op.create_index("attempts_by_shop", "attempts", ["shop", "created_at"])
    for name, mark in MARKS.items():
        op.drop_index(name, "attempts")
        op.create_index(name, "attempts", [mark, "created_at"])


def downgrade() -> None:
    op.drop_table("openings")
    for name, mark in MARKS.items():
        op.drop_index(name, "attempts")
        op.create_index(
            name,
            "attempts",
            [mark, "updated_at"],
            sqlite_where=DECLINED,
            postgresql_where=DECLINED,
        )
    op.drop_index("attempts_by_shop", "attempts")
    op.drop_column("attempts", "shop")
