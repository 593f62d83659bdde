"""What lists of payments and operations are filtered by"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OF_PAYMENTS = {
    "payments_by_shop": ["shop", "created_at", "uid", "currency", "type"],
    "payments_by_status": ["shop", "status", "created_at", "uid", "expires_at", "cancelled"],
    "payments_by_tracking_id": ["shop", "tracking_id", "created_at", "uid"],
    "payments_by_amount": ["shop", "amount", "created_at", "uid"],
}
OF_OPERATIONS = ["shop", "created_at", "uid", "kind", "status", "currency"]
ORDER_TYPE = {
    "sqlite": "json_extract(terms, '$.transaction_type')",
    "postgresql": "terms::json ->> 'transaction_type'",
}


def upgrade() -> None:
    op.add_column("payments", sa.Column("type", sa.String(16), nullable=True))
    op.add_column("operations", sa.Column("shop", sa.String(64), nullable=True))
    op.add_column("operations", sa.Column("currency", sa.String(3), nullable=True))
    order_type = ORDER_TYPE[op.get_context().dialect.name]
    op.execute(f"UPDATE payments SET type = {order_type}")  # noqa: S608
    for column in ("shop", "currency"):
        of_payment = f"SELECT {column} FROM payments WHERE uid = operations.payment"  # noqa: S608
        op.execute(f"UPDATE operations SET {column} = ({of_payment})")  # noqa: S608
    op.drop_index("payments_by_shop", "payments")
    for name, columns in OF_PAYMENTS.items():
        op.create_index(name, "payments", columns)
    op.create_index("operations_by_shop", "operations", OF_OPERATIONS)


def downgrade() -> None:
    op.drop_index("operations_by_shop", "operations")
    for name in OF_PAYMENTS:
        op.drop_index(name, "payments")
    op.create_index("payments_by_shop", "payments", ["shop", "created_at"])
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_column("currency")
        batch_op.drop_column("shop")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_column("type")
