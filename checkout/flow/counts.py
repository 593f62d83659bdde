"""What the operator's `/metrics` counts; no label ever names a payment or a customer."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

PAYMENTS: Final = Counter("checkout_payments", "Payments created", ["shop"])
ATTEMPTS: Final = Counter("checkout_attempts", "Moves of attempts", ["account", "status"])
QUERIES: Final = Counter("checkout_status_queries", "Status queries to gateways", ["account"])
LETTERS: Final = Counter("checkout_letters", "Tries of notifications to shops", ["answer"])
MAILS: Final = Counter("checkout_mails", "Tries of mails to customers", ["kind", "answer"])
LIMITED: Final = Counter(
    "checkout_limited", "What the limits did to a try", ["limit", "answer"]
)  # answer: refused, slowed, challenged, met
VIOLATIONS: Final = Counter(
    "checkout_policy_violations", "What browsers stopped on our pages", ["page", "directive"]
)
ALERTS: Final = Counter("checkout_alerts", "What a person has to look at", ["kind"])
