"""Declines are counted in the index alone, however many attempts a range of cards has seen"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {"attempts_by_address": "address_mark", "attempts_by_bin": "bin_mark"}


def upgrade() -> None:
    for name, mark in INDEXES.items():
        op.drop_index(name, "attempts")
        op.create_index(name, "attempts", [mark, "status", "updated_at"])


def downgrade() -> None:
    for name, mark in INDEXES.items():
        op.drop_index(name, "attempts")
        op.create_index(name, "attempts", [mark, "updated_at"])
