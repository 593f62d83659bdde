"""An invoice: a payment link that we mail, send reminders of and can cancel."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PREFIX: Final = "inv_"


class Kind(StrEnum):
    """The kind of a mail about an invoice."""

    INVOICE = "invoice"
    REMINDER = "reminder"


class Delivery(StrEnum):
    """The status of a mail."""

    QUEUED = "queued"  # to be handed to the mail server, now or at its time
    SENT = "sent"  # the mail server accepted it
    FAILED = "failed"  # refused for good, or tried often enough
    DROPPED = "dropped"  # not needed any more: paid, cancelled, replaced
