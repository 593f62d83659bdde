"""Sends webhooks to shops: at least once, retried as `schedule.WEBHOOK_RETRIES` says.

2xx is success; redirects are not followed; 410 stops the retries; Retry-After is obeyed.
`shop_requests` checks the address.

Each shop and host has its own slots. A webhook without a free slot stays due in the outbox; waiting
does not count as a try.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import httpx
import structlog
from sqlalchemy import Connection

from checkout import tracing
from checkout.ledger import events, outbox, payments
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import PaymentRow
from checkout.model.order import BY_APP
from checkout.payments.call_failures import UNKNOWN_SHOP, in_words, label
from checkout.payments.concurrency import NoSlot, Slots
from checkout.payments.context import Context
from checkout.payments.dns import Resolve, Resolver
from checkout.payments.metrics import SLOTS_FULL, WEBHOOK_DELAY, WEBHOOK_SECONDS, WEBHOOKS
from checkout.payments.schedule import next_webhook
from checkout.payments.shop_requests import FAILURES, posted
from checkout.shop_api.webhooks import headers

log = structlog.get_logger(__name__)

LONGEST_RETRY_AFTER: Final = 24 * 3600
LONGEST_DATE: Final = 64  # characters of one in a header


class WebhookSender:
    """Delivers the outbox of one ledger; several workers share it by leases."""

    def __init__(
        self, context: Context, http: httpx.AsyncClient, resolve: Resolve | None = None
    ) -> None:
        self._context = context
        self._http = http
        self._slots = Slots("webhooks")
        self._names = Resolver("webhooks_names")
        self._resolve = resolve
        self._seen: dict[str, str] = {}
        self._full = False  # whether a webhook may wait for a slot
        self._under_way: set[asyncio.Task[None]] = set()

    async def deliver(self) -> None:
        """Start sending every webhook that is due, has a free slot and can be leased."""
        ledger, now = self._context.ledger, self._context.clock()
        free: dict[tuple[str, str | None], int] = {}

        def slots(shop: str, host: str | None) -> int:
            free[shop, host] = min(self._slots.free(shop, host), self._names.free(shop, host))
            return free[shop, host]

        due = await ledger.read(outbox.due, now, free=slots, seen=self._seen)
        used = Counter((each.shop, host) for each in due for host in (each.host, None))
        full = sum(used[queue] >= slots for queue, slots in free.items())
        self._full = full > 0
        SLOTS_FULL.labels("webhooks").inc(full)
        found = [webhook for webhook in due if self._slots.take(webhook.shop, webhook.host)]
        until, ours = now + self._context.schedule.webhook_lease, set[str]()
        try:
            if found:
                ours = await ledger.write(outbox.take_all, found, until=until)
        finally:
            for webhook in found:
                if webhook.id in ours:
                    self._start(webhook, until)
                else:
                    self._slots.release(webhook.shop, webhook.host)

    def _start(self, webhook: Webhook, until: float) -> None:
        task = asyncio.create_task(self._send(webhook, until))
        self._under_way.add(task)
        task.add_done_callback(partial(self._done, webhook))

    def _done(self, webhook: Webhook, task: asyncio.Task[None]) -> None:
        """Where the result could not be recorded, the webhook is due again after its lease."""
        self._under_way.discard(task)
        self._slots.release(webhook.shop, webhook.host)
        if self._full:
            self._context.webhooks_due.set()
        if tried := self._context.webhook_tried.get(webhook.payment):
            tried.set()
        self._context.forget(webhook.payment)  # for a page that waits at another server
        if not task.cancelled() and (error := task.exception()):
            log.warning("webhook.failed", error=type(error).__name__)

    async def finish(self, seconds: float = 30.0) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _send(self, webhook: Webhook, until: float) -> None:
        """`until`: the end of its lease."""
        tries, began = webhook.tries + 1, time.perf_counter()
        about: dict[str, str | int] = {"shop": webhook.shop, "tries": tries}
        with tracing.span("notification", webhook.payment, asks=True, **about) as span:
            try:
                answer, retry_after = await self._post(webhook)
            except NoSlot:
                await self._context.ledger.write_unsynced(outbox.give_back, webhook, until=until)
                return
            tracing.state(span, answer=label(answer))
        WEBHOOK_SECONDS.observe(time.perf_counter() - began)
        now = self._context.clock()
        delivered = answer.isdigit() and 200 <= int(answer) < 300
        wait = None if delivered or answer == "410" else next_webhook(tries)
        if wait is not None:
            # Jitter: shops that come back must not get all retries in the same second.
            wait = max(wait * random.uniform(1.0, 1.1), retry_after)
        await self._context.ledger.write(
            _delivered, webhook, answer, now, due_at=None if wait is None else now + wait
        )
        WEBHOOKS.labels(label(answer)).inc()
        if delivered:
            WEBHOOK_DELAY.observe(max(now - webhook.created_at, 0.0))
        log.info("webhook.sent", payment=webhook.payment, tries=tries, answer=answer)
        if wait is None and not delivered:
            which = {"payment": webhook.payment, "webhook": webhook.id, "shop": webhook.shop}
            log.error("webhook.given_up", **which, tries=tries, answer=answer, alert=True)

    async def _post(self, webhook: Webhook) -> tuple[str, float]:
        """The answer (an HTTP status, or in words why there is none), and its Retry-After in
        seconds."""
        body = webhook.body.encode()
        try:
            payment = await self._context.ledger.read(_payment_of, webhook.payment)
            shop = self._context.settings.shops.get(payment.shop)
            if shop is None:
                return UNKNOWN_SHOP, 0
            async with asyncio.timeout(self._context.schedule.webhook_timeout):
                now, public = self._context.clock(), payment.created_by == BY_APP
                response = await posted(
                    self._http,
                    webhook.url,
                    body,
                    headers(shop, webhook.id, body, now, public=public, tries=webhook.tries)
                    | tracing.headers(),
                    resolve=self._resolve or self._names.of(webhook.shop),
                    settings=self._context.settings,
                )
                await response.aclose()  # only the status counts: the body is not read
        except FAILURES as error:
            return in_words(error), 0
        return str(response.status_code), _retry_after(response, self._context.clock())


def _retry_after(response: httpx.Response, now: float) -> float:
    """The Retry-After header in seconds; it may be a number or a date."""
    value = response.headers.get("retry-after", "")[:LONGEST_DATE]
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return 0
    return min(max(seconds, 0), LONGEST_RETRY_AFTER)


def _payment_of(conn: Connection, uid: str) -> PaymentRow:
    payment = payments.by_uid(conn, uid)
    if payment is None:
        raise LookupError(uid)
    return payment


def _delivered(
    conn: Connection, webhook: Webhook, answer: str, now: float, *, due_at: float | None
) -> None:
    delivered = answer.isdigit() and answer.startswith("2")
    outbox.settle(
        conn, webhook.id, answer=answer, due_at=due_at, delivered_at=now if delivered else None
    )
    events.append(conn, webhook.payment, "letter", now, answer=answer, event=webhook.id)
