"""The indexes that count declines hold declines alone"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {"attempts_by_address": "address_mark", "attempts_by_bin": "bin_mark"}
DECLINED = sa.text("status = 'declined'")


def upgrade() -> None:
    for name, mark in INDEXES.items():
        op.drop_index(name, "attempts")
        op.create_index(
            name,
            "attempts",
            [mark, "updated_at"],
            sqlite_where=DECLINED,
            postgresql_where=DECLINED,
        )


def downgrade() -> None:
    for name, mark in INDEXES.items():
        op.drop_index(name, "attempts")
        op.create_index(name, "attempts", [mark, "updated_at"])
