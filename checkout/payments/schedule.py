"""The schedule: every timeout, interval and retry of payments, in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

# Between two queries of one attempt while the customer waits; the last one repeats.
POLL_INTERVALS: Final = (1, 1, 2, 3, 5, 8, 13, 20, 30)
# Without the customer: seconds after the submission; then hourly, or at a slow gateway's interval.
RECOVERY_INTERVALS: Final = (5, 30, 120, 300, 900)
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
LONGEST_RECOVERY: Final = 14 * DAY  # for a payment that is pending at a slow gateway
# For an operation that the gateway has accepted, as banks may take weeks: (until so long after the
# request, the interval).
ACCEPTED_INTERVALS: Final = ((DAY, HOUR), (7 * DAY, 6 * HOUR), (30 * DAY, DAY))
# The Standard Webhooks schedule, after the first try at once.
WEBHOOK_RETRIES: Final = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
# Of a mail to a customer, after the first try at once; and the delay of the mail of an invoice that
# is being paid.
MAIL_RETRIES: Final = (60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MAIL_POSTPONED: Final = 900.0


class Schedule(Struct, frozen=True, kw_only=True):
    charge_timeout: float = 25.0  # the deadline of a charge
    query_timeout: float = 6.0  # and of a query
    answer_timeout: float = 30.0  # after which a submitted attempt without an answer is queried
    settle_window: float = 60.0  # before which the answer "no such payment" does not end an attempt
    recovery_interval: float = (
        1.0  # between two turns of the recovery, the mailer and the webhook sender
    )
    purge_interval: float = HOUR  # between two turns of the retention
    cache_seconds: float = 1.0  # how old an answer to status polling may be
    verification_timeout: float = 10.0  # the deadline of a shop's answer before a charge
    verification_wait: float = 5.0  # how long a charge waits for a slot to ask it
    webhook_timeout: float = 15.0  # the deadline of a webhook
    webhook_lease: float = 60.0  # after which a webhook is due again whose worker died
    mail_lease: float = 120.0  # the same of a mail, which may take 30 s to be handed over
    notify_wait: float = 3.0  # how long the result page waits for the webhook to be sent

    @property
    def between_absences(self) -> float:
        """Between the two such answers that end it: more than a charge may be under way."""
        return max(self.settle_window / 2, next_query(0))

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Schedule:
        return cls(**values)


def next_query(queries: int) -> float:
    """Seconds to the next query after this many."""
    return float(POLL_INTERVALS[min(queries, len(POLL_INTERVALS) - 1)])


def next_recovery(
    created_at: float,
    now: float,
    expires_at: float,
    *,
    slow: float | None = None,
    alive: bool = False,
) -> float | None:
    """When recovery queries next; None from an hour after the payment's expiry.

    `slow`: `Capabilities.query_interval` of a gateway whose payments take long. It is queried so
    often for the first day, and where the attempt is pending there (`alive`) also after the
    payment's expiry, for up to `LONGEST_RECOVERY`.
    """
    soon = (created_at + offset for offset in RECOVERY_INTERVALS if created_at + offset > now)
    step = slow if slow is not None and now < created_at + DAY else HOUR
    at = min(next(soon, now + HOUR), now + step)
    end = max(expires_at, created_at + RECOVERY_INTERVALS[-1]) + HOUR
    if slow is not None and alive:
        end = max(end, created_at + LONGEST_RECOVERY)
    return at if at <= end else None


def next_operation_recovery(created_at: float, now: float, *, accepted: bool) -> float | None:
    """When to query an operation next: for a day where its end is unknown, for 30 days where the
    gateway has `accepted` it; None after that."""
    if not accepted:
        return next_recovery(created_at, now, created_at + DAY)
    every = next((every for until, every in ACCEPTED_INTERVALS if now < created_at + until), None)
    return None if every is None else now + every


def next_webhook(tries: int) -> float | None:
    """Seconds to the next try of a webhook after this many; None when all are used up."""
    return float(WEBHOOK_RETRIES[tries - 1]) if tries <= len(WEBHOOK_RETRIES) else None


def next_mail(tries: int) -> float | None:
    """Seconds to the next try of a mail after this many; None when all are used up."""
    return float(MAIL_RETRIES[tries - 1]) if tries <= len(MAIL_RETRIES) else None
