"""The metrics of `/metrics`; no label ever names a payment or a customer."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

PAYMENTS: Final = Counter("checkout_payments", "Payments created", ["shop"])
ATTEMPTS: Final = Counter("checkout_attempts", "Moves of attempts", ["account", "status"])
QUERIES: Final = Counter("checkout_status_queries", "Status queries to gateways", ["account"])
WEBHOOKS: Final = Counter("checkout_webhooks", "Tries of notifications to shops", ["answer"])
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
ALERTS: Final = Counter("checkout_alerts", "What a person has to look at", ["kind"])
LAST_TURN: Final = Gauge(
    "checkout_background_last_turn_seconds", "When it last turned, since 1970", ["task"]
)
FAULTS: Final = Counter("checkout_background_faults", "Turns that raised", ["task"])
SLOTS_HELD: Final = Gauge("checkout_rooms_held", "Calls under way", ["room"])
SLOTS_FULL: Final = Counter("checkout_rooms_full", "Calls that found no room and wait", ["room"])
LEDGER_WRITABLE: Final = Gauge("checkout_ledger_writable", "1, or 0 when a write failed")
WAITING: Final = Gauge("checkout_webhooks_due", "Notifications whose time has come, up to 10,000")
OLDEST: Final = Gauge("checkout_webhooks_oldest_seconds", "How long the first of them has waited")
