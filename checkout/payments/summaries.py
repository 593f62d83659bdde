"""Queues the mail about a day to each shop that wants one, once the day is over (UTC)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from checkout.ledger import mails
from checkout.model.mail import Kind
from checkout.payments.context import Context


class Summaries:
    """The background task. Several workers may queue the same: there is one mail for each day."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._queued = ""  # the last day

    async def turn(self) -> None:
        settings, now = self._context.settings, self._context.clock()
        day = (datetime.fromtimestamp(now, UTC) - timedelta(days=1)).date().isoformat()
        if day == self._queued or settings.smtp is None:
            return
        shops = [
            shop.id
            for shop in settings.shops.values()
            if shop.notify_email and Kind.SUMMARY in shop.notify_mails
        ]
        if shops:
            await self._context.ledger.write(_queue, shops, day, now)
        self._queued = day


def bounds(day: str) -> tuple[float, float]:
    """When a day, as 2026-11-28, begins and ends."""
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return begins.timestamp(), (begins + timedelta(days=1)).timestamp()


def _queue(conn: Connection, shops: Iterable[str], day: str, now: float) -> None:
    for shop in shops:
        mails.queue_once(conn, Kind.SUMMARY, shop, about=day, now=now)
