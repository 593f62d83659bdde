"""Alerts: the kinds of log lines that a person has to look at, and their counts.

A line logged with `alert=True` is one. `counted` is a step of the log (`log.configure`): it counts
each in `checkout_alerts_total`, also where the line itself can't be written.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from prometheus_client import Counter

# What each means: docs/operating.md, "Alerts". A test compares all three: code, table, document.
KINDS: Final = (
    # Money
    "late_success",
    "late_operation",
    "mismatch",
    "by_gateway.refund",
    "by_gateway.chargeback",
    "by_gateway.void",
    "by_gateway.capture",
    "operation.unknown",
    "operation.unsettled",
    "operation.mismatch",
    "operation.parent_unknown",
    "oversold",
    "sweep.unsettled",
    # A restored ledger
    "ledger.restored",
    "adoption.unaskable",
    "adoption.fault",
    # Gateways
    "gateway.refused_us",
    "gateway.refused_request",
    "gateway.refused",
    "gateway.unwanted",
    "gateway.cannot",
    "gateway.needs_a_person",
    "gateway.unknown_account",
    "gateway.unreadable_facts",
    "gateway.unusable_step",
    "gateway.no_step",
    "gateway.sums_unstated",
    "gateway.another_type",
    "gateway.another_order",
    "gateway.echoed_card",
    "gateway.plain_address",
    "gateway.fault",
    # Shops
    "product.no_method",
    "shop.unreadable",
    "verification.failed",
    "verification.unclear",
    "verification.fault",
    "webhook.given_up",
    "mail.unsent",
    "mailer.fault",
    # The server
    "reload.refused",
    "worker.ended",
    "worker.not_started",
    "unready",
    "ledger.sync_failed",
    "background.fault",
    "background.ended",
    "sweep.fault",
    "purge.fault",
    "payments.fault",
    "web.fault",
    "proxy.unnamed",
    "reload.refused",
    "worker.ended",
    "worker.not_started",
    # Strangers
    "card_testing",
    "limit.declines",
    "limit.openings",
    "limit.app_payments",
    "password.wrong",
    "policy.violation",
)
ALERTS: Final = Counter("checkout_alerts", "What a person has to look at", ["kind"])
for _kind in KINDS:
    ALERTS.labels(_kind)  # there from the start, as 0: only so does the first one show as a rise


def counted(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor. `alert` stays in a line only where it is true."""
    if line.pop("alert", False):
        ALERTS.labels(line["event"]).inc()
        line["alert"] = True
    return line
