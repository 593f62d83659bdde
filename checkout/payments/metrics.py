"""The metrics of `/metrics` that workers count; no label ever names a payment or a customer.

What is known in advance is there from the start, as 0 (`begin`): only so does the first of its kind
show as a rise. What is in the ledger is read at each scrape (`ledger_metrics`); alerts count
themselves (`checkout.alerts`).
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from checkout import __version__
from checkout.model.mail import Kind
from checkout.model.status import Status
from checkout.settings import Settings

# Seconds. Pages take milliseconds, gateways and shops seconds; deadlines are 25 and 30.
QUICK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SLOW: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0)
DELAYS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0, 86400.0, 259200.0)

CALLS: Final = (
    "charge", "status", "capture", "void", "refund", "operation_status", "confirm", "withdraw"
)  # fmt: skip
ANSWERS: Final = ("answered", "unknown", "unreachable", "refused_us")
LIMITS: Final = (
    "submits_per_payment",
    "declines_per_address_10min",
    "declines_per_bin_10min",
    "payments_per_address_10min",
    "openings_per_address_10min",
)
SHEDS: Final = ("new", "under_way", "polled", "address", "caller")

BUILD: Final = Gauge(
    "checkout_build_info", "1; the version runs", ["version"], multiprocess_mode="livesum"
)
PAYMENTS: Final = Counter("checkout_payments", "Payments created", ["shop"])
ATTEMPTS: Final = Counter("checkout_attempts", "Moves of attempts", ["account", "status"])
QUERIES: Final = Counter("checkout_status_queries", "Status queries to gateways", ["account"])
GATEWAY_CALLS: Final = Counter(
    "checkout_gateway_calls", "What came of calls to gateways", ["account", "call", "answer"]
)
GATEWAY_SECONDS: Final = Histogram(
    "checkout_gateway_call_seconds", "Calls to gateways", ["account", "call"], buckets=SLOW
)
REQUESTS: Final = Counter(
    "checkout_requests", "Answers, by the class of their HTTP status", ["page", "status"]
)
REQUEST_SECONDS: Final = Histogram(
    "checkout_request_seconds", "From a request's head to the end of its answer", ["page"],
    buckets=QUICK,
)  # fmt: skip
REQUESTS_UNDER_WAY: Final = Gauge(
    "checkout_requests_under_way", "Requests under way", multiprocess_mode="livesum"
)
SHED: Final = Counter("checkout_requests_shed", "Requests refused in a crowd", ["of"])
WEBHOOKS: Final = Counter("checkout_webhooks", "Tries of notifications to shops", ["answer"])
WEBHOOK_SECONDS: Final = Histogram(
    "checkout_webhook_call_seconds", "Tries of notifications to shops", buckets=SLOW
)
WEBHOOK_DELAY: Final = Histogram(
    "checkout_webhook_delivery_seconds", "From what happened until the shop has it", buckets=DELAYS
)
MAILS: Final = Counter("checkout_mails", "Tries of mails to customers", ["kind", "answer"])
LIMITED: Final = Counter(
    "checkout_limited", "What the limits did to a try", ["limit", "answer"]
)  # answer: refused, slowed, challenged, met
VIOLATIONS: Final = Counter(
    "checkout_policy_violations", "What browsers stopped on our pages", ["page", "directive"]
)
WRONG_PASSWORDS: Final = Counter(
    "checkout_wrong_passwords", "Wrong passwords of shops, apps, the operator", ["of"]
)
PURGED: Final = Counter("checkout_purged", "What lost its personal data", ["kind"])
LAST_TURN: Final = Gauge(
    "checkout_background_last_turn_seconds",
    "When it last turned, since 1970",
    ["task"],
    multiprocess_mode="livemin",
)
FAULTS: Final = Counter("checkout_background_faults", "Turns that raised", ["task"])
SLOTS_HELD: Final = Gauge(
    "checkout_rooms_held", "Calls under way", ["room"], multiprocess_mode="livesum"
)
SLOTS_FULL: Final = Counter("checkout_rooms_full", "Calls that found no room and wait", ["room"])
LEDGER_WRITABLE: Final = Gauge(
    "checkout_ledger_writable", "1, or 0 when a write failed", multiprocess_mode="livemin"
)
LEDGER_WRITABLE.set(1)  # until it is found otherwise: a worker that starts is no fault


def begin(settings: Settings) -> None:
    """What is known in advance, as 0."""
    BUILD.labels(__version__).set(1)
    for shop in settings.shops:
        PAYMENTS.labels(shop)
    for account in settings.gateways:
        _begin_account(account)
    for limit in LIMITS:
        LIMITED.labels(limit, "refused")
    for answer in ("challenged", "met", "refused"):
        LIMITED.labels("challenge", answer)
    LIMITED.labels("slow_seconds", "slowed")
    for who in SHEDS:
        SHED.labels(who)
    for kind in Kind:
        MAILS.labels(kind, "sent")
    for of in ("shop", "app", "operator"):
        WRONG_PASSWORDS.labels(of)
    WEBHOOKS.labels("200")


def _begin_account(account: str) -> None:
    QUERIES.labels(account)
    for status in Status:
        if status not in (Status.OPEN, Status.ACCEPTED):  # no attempt is ever one of these
            ATTEMPTS.labels(account, status)
    for answer in ANSWERS:
        GATEWAY_CALLS.labels(account, "charge", answer)
        GATEWAY_CALLS.labels(account, "status", answer)
