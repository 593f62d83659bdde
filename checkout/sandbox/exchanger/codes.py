"""The exchanger's status words, in the words of every gateway's transaction and back."""

from __future__ import annotations

TRANSACTION_STATUS: dict[str, str] = {
    "new": "pending",
    "waitPayment": "pending",
    "inProgress": "pending",
    "inProgressPayout": "pending",
    "errorPayout": "pending",
    "hold": "pending",
    "done": "successful",
    "errorPayment": "failed",
    "returned": "refunded",
    "deleted": "deleted",
}
"""An order's word -> the status of its transaction."""

ORDER_STATUS: dict[str, str] = {
    "successful": "done",
    "failed": "errorPayment",
    "error": "errorPayment",
    "expired": "deleted",
    "deleted": "deleted",
    "refunded": "returned",
}
"""The other way round, for what is decided by the transaction's status."""

AWAITING_PAYMENT = frozenset({"new", "waitPayment"})
"""Where the customer may say "I have paid", or give up."""

NEXT: dict[str, str] = {"inProgress": "inProgressPayout", "inProgressPayout": "done"}
"""What happens by itself once the customer has said "I have paid"."""
