"""Where a payment's webhooks go."""

from __future__ import annotations

from sqlalchemy import Connection

from checkout.ledger import listeners
from checkout.ledger.rows import PaymentRow


def webhook_address(conn: Connection, payment: PaymentRow, now: float) -> str | None:
    """The order's `notification_url`. Without one: "" while somebody listens to the shop's
    webhooks, else None: there is nobody to tell."""
    url = payment.order.page_settings.notification_url
    if url is None and listeners.present(conn, payment.shop, now):
        return ""
    return url
