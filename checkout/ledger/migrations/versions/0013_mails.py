"""Mails about payments and to shops, beside those of invoices; each shop has a queue of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAITING = sa.text("due_at IS NOT NULL")
NOBODY = "-"  # of a mail that was settled before
OF_INVOICE = "SELECT shop FROM invoices WHERE invoices.id = mails.invoice"


def upgrade() -> None:
    op.drop_index("mails_due", "mails")
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shop", sa.String(64), nullable=False, server_default=NOBODY))
        batch_op.alter_column("invoice", existing_type=sa.String(20), nullable=True)
        batch_op.add_column(sa.Column("payment", sa.String(36)))
        batch_op.add_column(sa.Column("about", sa.String(36)))
        batch_op.create_foreign_key("mails_payment_fkey", "payments", ["payment"], ["uid"])
    op.execute(f"UPDATE mails SET shop = ({OF_INVOICE})")  # noqa: S608
    op.create_index(
        "mails_by_shop", "mails", ["shop", "due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index("mails_by_payment", "mails", ["payment"])


def downgrade() -> None:
    op.drop_index("mails_by_payment", "mails")
    op.drop_index("mails_by_shop", "mails")
    op.execute("DELETE FROM mails WHERE invoice IS NULL")
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.drop_constraint("mails_payment_fkey", type_="foreignkey")
        batch_op.drop_column("about")
        batch_op.drop_column("payment")
        batch_op.alter_column("invoice", existing_type=sa.String(20), nullable=False)
        batch_op.drop_column("shop")
    op.create_index("mails_due", "mails", ["due_at"])
