"""Operations are told as transactions of their own, and know what they are of"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ADDED = {
    "parent": sa.String(length=36),
    "capture": sa.String(length=36),
    "facts": sa.Text(),
    "told": sa.String(length=16),
}


def upgrade() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        for name, kind in ADDED.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        for name in reversed(ADDED):
            batch_op.drop_column(name)
