"""A mail: which it is, and how far it has got."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a mail is about, and to whom it goes."""

    INVOICE = "invoice"  # to the customer: a link to pay by
    REMINDER = "reminder"
    RECEIPT = "receipt"  # to the customer: a payment was made
    REFUND = "refund"  # to the customer: money went back
    PAID = "paid"  # to the shop: a payment was made
    SUMMARY = "summary"  # to the shop: what came and went in a day


class Delivery(StrEnum):
    """The status of a mail."""

    QUEUED = "queued"  # to be handed to the mail server, now or at its time
    SENT = "sent"  # the mail server accepted it
    FAILED = "failed"  # refused for good, or tried often enough
    DROPPED = "dropped"  # not needed any more: paid, cancelled, replaced
