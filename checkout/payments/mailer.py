"""Invoices and reminders on their way to customers: once each, as far as a mail server lets us.

What is due is leased, so that of several workers one sends it; a worker that dies leaves it due
again. A mail server that is away is tried again with the schedule of `schedule.MAILS`; one that
refuses the address or the mail for good is not. What is not needed any more (paid, cancelled, over)
is dropped, what is being paid is looked at again later.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from checkout.ledger import invoices, mails
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.model.invoice import Delivery, Kind
from checkout.model.status import LIVE, Status
from checkout.payments.concurrency import Rooms
from checkout.payments.context import Context
from checkout.payments.metrics import ALERTS, MAILS
from checkout.payments.schedule import MAIL_POSTPONED, next_mail
from checkout.shop_api.mail import Undelivered

log = structlog.get_logger(__name__)

Post = Callable[[Standing, Mail], Awaitable[None]]

SERVER: Final = "mail"  # the one host: of its room a shop takes half at most
UNFORESEEN: Final = "The mail could not be made"


class Mailer:
    """Sends the mails of one ledger; several workers share them by leases. `post` makes one and
    hands it over, once; it raises Undelivered."""

    def __init__(self, context: Context, post: Post) -> None:
        self._context = context
        self._post = post
        self._rooms = Rooms("mails")
        self._full = False  # whether something waits for room
        self._under_way: set[asyncio.Task[None]] = set()

    async def deliver(self) -> None:
        """Start sending every mail that is due, has room and can be leased."""
        ledger, now = self._context.ledger, self._context.clock()
        self._full = False
        for mail in await ledger.read(mails.due, now):
            if not self._rooms.take(mail.shop, SERVER):
                self._full = True
                continue
            ours = False
            try:
                ours = await ledger.write(
                    mails.take, mail, until=now + self._context.schedule.mail_lease
                )
            finally:
                if not ours:
                    self._rooms.leave(mail.shop, SERVER)
            if ours:
                task = asyncio.create_task(self._send(mail))
                self._under_way.add(task)
                task.add_done_callback(partial(self._done, mail))

    def _done(self, mail: Mail, task: asyncio.Task[None]) -> None:
        """A mail whose end could not be written down is due again when its lease is over."""
        self._under_way.discard(task)
        self._rooms.leave(mail.shop, SERVER)
        if self._full:
            self._context.mails_due.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("mailer.failed", error=type(error).__name__)

    async def finish(self, seconds: float = 30.0) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _send(self, mail: Mail) -> None:
        ledger, now = self._context.ledger, self._context.clock()
        standing = await ledger.read(invoices.by_id, mail.invoice)
        if standing is None:
            raise LookupError(mail.invoice)
        status = standing.status(now)
        if status in LIVE:
            await ledger.write(mails.postpone, mail.id, now + MAIL_POSTPONED)
        elif status is Status.EXPIRED and mail.error is not None:
            # Tried in vain until its invoice was over: that is no mail which nobody needed.
            await ledger.write(mails.failed, mail.id, mail.error, again_at=None)
            self._given_up(mail)
        elif status is not Status.OPEN or _unasked(standing, mail):
            await ledger.write(mails.drop, mail.invoice, mail.kind)
        else:
            await self._try(standing, mail)

    async def _try(self, standing: Standing, mail: Mail) -> None:
        try:
            await self._post(standing, mail)
        except Undelivered as error:
            await self._failed(mail, error.message, final=error.final)
        except Exception as error:  # noqa: BLE001 - ours, but the mail must not die of it unseen
            log.error("mailer.fault", invoice=mail.invoice, error=type(error).__name__, alert=True)
            await self._failed(mail, UNFORESEEN, final=False)
        else:
            await self._context.ledger.write(mails.sent, mail.id, self._context.clock())
            self._note(mail, "sent")

    async def _failed(self, mail: Mail, why: str, *, final: bool) -> None:
        wait = None if final else next_mail(mail.tries + 1)
        if wait is not None:
            # Jitter: a mail server that was away is not asked for all in the same second.
            wait = self._context.clock() + wait * random.uniform(1.0, 1.1)
        await self._context.ledger.write(mails.failed, mail.id, why, again_at=wait)
        self._note(mail, "refused" if final else "failed")
        if wait is None and not final:
            self._given_up(mail)

    def _given_up(self, mail: Mail) -> None:
        """Refusals are for the shop to read; this one is for whoever runs the server."""
        ALERTS.labels("mail.unsent").inc()
        log.error("mail.unsent", invoice=mail.invoice, kind=mail.kind, alert=True)

    def _note(self, mail: Mail, answer: str) -> None:
        MAILS.labels(mail.kind, answer).inc()
        log.info("mail.tried", invoice=mail.invoice, kind=mail.kind, answer=answer)


def _unasked(standing: Standing, mail: Mail) -> bool:
    """A reminder of what never came: its invoice was not sent, perhaps to no such address."""
    sent = any(each.state is Delivery.SENT for each in standing.of(Kind.INVOICE))
    return mail.kind is Kind.REMINDER and not sent
