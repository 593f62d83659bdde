"""An invoice: a payment link that we mail, remind of and can shut."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PREFIX: Final = "inv_"


class Kind(StrEnum):
    """What a mail about an invoice is."""

    INVOICE = "invoice"
    REMINDER = "reminder"


class Delivery(StrEnum):
    """Where a mail is."""

    QUEUED = "queued"  # to be handed to the mail server, now or at its time
    SENT = "sent"  # the mail server took it
    FAILED = "failed"  # refused for good, or tried often enough
    DROPPED = "dropped"  # not needed any more: paid, cancelled, another one in its place
