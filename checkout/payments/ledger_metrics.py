"""The metrics of what waits in the ledger: read once for each scrape, for all workers and servers
over it; none is kept by a worker, so that none is told that is old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import nan
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from checkout.errors import CheckoutError
from checkout.ledger import backlog
from checkout.ledger.backlog import AGES, OLDER, LedgerBacklog
from checkout.ledger.outbox import Backlog
from checkout.payments.context import Context

# The metrics' names and what they count: a name_oldest_seconds goes with each.
QUEUES: Final = {
    "webhooks": ("checkout_webhooks_due", "Notifications whose time has come, up to 10,000"),
    "mails": ("checkout_mails_due", "Mails whose time has come, up to 10,000"),
    "operations": (
        "checkout_operations_under_way",
        "Captures, voids and refunds without an end, up to 10,000",
    ),
}
OLDEST: Final = {
    "webhooks": "checkout_webhooks_oldest_seconds",
    "mails": "checkout_mails_oldest_seconds",
    "operations": "checkout_operations_oldest_seconds",
}


async def ledger_metrics(context: Context) -> CollectorRegistry:
    """NaN where the ledger can't be read: the other metrics are still shown."""
    now, found = context.clock(), None
    try:
        found = await context.ledger.read(backlog.read, now)
    except CheckoutError:
        pass
    registry = CollectorRegistry()
    registry.register(_Collector(found, now, sorted(context.settings.gateways)))
    return registry


class _Collector:
    """A collector of what was read already. `accounts`: those that are told though they have none
    under way."""

    def __init__(self, found: LedgerBacklog | None, now: float, accounts: Iterable[str]) -> None:
        self._found, self._now, self._accounts = found, now, accounts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "checkout_ledger_readable",
            "1, or 0 when this scrape could not read it",
            value=self._found is not None,
        )
        for queue, (name, meaning) in QUEUES.items():
            waiting = getattr(self._found, queue, None)
            yield GaugeMetricFamily(name, meaning, value=_count(waiting))
            yield GaugeMetricFamily(
                OLDEST[queue], "How long the first of them has waited", value=self._age(waiting)
            )
        undelivered = self._found.webhooks_undelivered if self._found else None
        yield GaugeMetricFamily(
            "checkout_webhooks_undelivered",
            "Notifications that are due or tried again later, up to 10,000",
            value=_count(undelivered),
        )
        yield from self._attempts()

    def _attempts(self) -> Iterator[GaugeMetricFamily]:
        counts = GaugeMetricFamily(
            "checkout_attempts_under_way",
            "Attempts without an end, by age; of up to 10,000 payments",
            labels=["account", "age"],
        )
        oldest = GaugeMetricFamily(
            "checkout_attempts_oldest_seconds",
            "How long ago the first of them was sent",
            labels=["account"],
        )
        found = self._found.attempts if self._found else {}
        for account in sorted({*self._accounts, *(account for account, _ in found)}):
            bands = {age: found.get((account, age)) for age in (*AGES, OLDER)}
            for age, band in bands.items():
                count = _count(band or Backlog(0, None)) if self._found else nan
                counts.add_metric([account, age], count)
            begun = [each.since for each in bands.values() if each and each.since]
            since = min(begun, default=None)
            oldest.add_metric([account], self._age(Backlog(0, since) if self._found else None))
        yield counts
        yield oldest

    def _age(self, waiting: Backlog | None) -> float:
        if waiting is None:
            return nan
        return 0.0 if waiting.since is None else max(self._now - waiting.since, 0.0)


def _count(waiting: Backlog | None) -> float:
    return nan if waiting is None else waiting.count
