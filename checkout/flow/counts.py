"""What the operator's `/metrics` counts; no label ever names a payment or a customer."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

PAYMENTS: Final = Counter("checkout_payments", "Payments created", ["shop"])
ATTEMPTS: Final = Counter("checkout_attempts", "Moves of attempts", ["account", "status"])
QUERIES: Final = Counter("checkout_status_queries", "Status queries to gateways", ["account"])
LETTERS: Final = Counter("checkout_letters", "Tries of notifications to shops", ["answer"])
MAILS: Final = Counter("checkout_mails", "Tries of mails to customers", ["kind", "answer"])
VIOLATIONS: Final = Counter(
    "checkout_policy_violations", "What browsers stopped on our pages", ["page", "directive"]
)
WRONG_PASSWORDS: Final = Counter(
    "checkout_wrong_passwords", "Wrong passwords of shops, apps, the operator", ["of"]
)
ALERTS: Final = Counter("checkout_alerts", "What a person has to look at", ["kind"])
