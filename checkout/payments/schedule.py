"""How often and how long: every figure of the flow in one place, in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

# While somebody watches, between two queries of one attempt; then the last one again.
POLL_INTERVALS: Final = (1, 1, 2, 3, 5, 8, 13, 20, 30)
# While nobody does: after the claim; then hourly, or at the pace of a slow gateway.
RECOVERY_INTERVALS: Final = (5, 30, 120, 300, 900)
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
LONGEST_RECOVERY: Final = 14 * DAY  # that a payment under way at such a gateway is asked about
# An operation that the gateway has accepted, banks may take weeks over: so long after it was asked
# for, as often.
ACCEPTED_INTERVALS: Final = ((DAY, HOUR), (7 * DAY, 6 * HOUR), (30 * DAY, DAY))
# The Standard Webhooks schedule, after the first try at once.
WEBHOOK_RETRIES: Final = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
# Of a mail to a customer, after the first try at once; and between two looks at a payment that is
# under way at that moment.
MAIL_RETRIES: Final = (60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MAIL_POSTPONED: Final = 900.0


class Schedule(Struct, frozen=True, kw_only=True):
    charge_timeout: float = 25.0  # the deadline of a charge
    query_timeout: float = 6.0  # and of a query
    answer_timeout: float = 30.0  # after which a claim without an answer is looked up
    settle_window: float = 60.0  # before which "no such payment" proves nothing
    recovery_interval: float = 1.0  # between two looks at what is due
    purge_interval: float = HOUR  # between two looks at whose personal data are past their time
    cache_seconds: float = 1.0  # how old an answer to a poll may be
    verification_timeout: float = 10.0  # how long a shop has to say yes before a charge
    verification_wait: float = 5.0  # how long a charge waits to ask it, behind others
    webhook_timeout: float = 15.0  # the deadline of a notification to the shop
    webhook_lease: float = 60.0  # after which another worker sends what one took and died with
    mail_lease: float = 120.0  # the same of a mail, which may take 30 s to be handed over
    notify_wait: float = 3.0  # how long the result page waits for the shop to be told

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
    """When to ask again unwatched; None an hour after the payment's time is over.

    `slow`: the gateway's payments take long, so that it is asked every so many seconds for a day,
    not hourly; and one that is under way there (`alive`) beyond our own time, up to `LONGEST`.
    """
    soon = (created_at + offset for offset in RECOVERY_INTERVALS if created_at + offset > now)
    step = slow if slow is not None and now < created_at + DAY else HOUR
    at = min(next(soon, now + HOUR), now + step)
    end = max(expires_at, created_at + RECOVERY_INTERVALS[-1]) + HOUR
    if slow is not None and alive:
        end = max(end, created_at + LONGEST_RECOVERY)
    return at if at <= end else None


def next_operation_recovery(created_at: float, now: float, *, accepted: bool) -> float | None:
    """When to ask about an operation again: for a day where its end is unknown, for 30 where the
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
