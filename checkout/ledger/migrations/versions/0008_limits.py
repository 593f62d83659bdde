"""The limits count what is under way, and by shop"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

MARKS = {"attempts_by_address": "address_mark", "attempts_by_bin": "bin_mark"}
DECLINED = sa.text("status = 'declined'")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("shop", sa.String(64)))
    op.create_index("attempts_by_shop", "attempts", ["shop", "created_at"])
    for name, mark in MARKS.items():
        op.drop_index(name, "attempts")
        op.create_index(name, "attempts", [mark, "created_at"])


def downgrade() -> None:
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
