"""Sends mails: invoices, reminders and receipts to customers, and to shops what concerns them.

A mail that is due is leased, so that one of several workers sends it; when that worker dies, it is
due again after the lease. It is retried as `schedule.MAIL_RETRIES` says while the mail server is
unavailable, but not after a permanent refusal. Mails of invoices that are paid, cancelled or
expired are dropped; those of an invoice that is being paid are postponed. Any other mail is dropped
where nobody is left to send it to.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import structlog

from checkout.errors import CheckoutError
from checkout.ledger import invoices, mails
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.model.mail import Delivery, Kind
from checkout.model.status import LIVE, Status
from checkout.payments.concurrency import Slots
from checkout.payments.context import Context
from checkout.payments.metrics import MAILS
from checkout.payments.schedule import MAIL_POSTPONED, next_mail
from checkout.shop_api.mail import Undelivered

log = structlog.get_logger(__name__)

Post = Callable[[Standing, Mail], Awaitable[None]]
Notify = Callable[[Mail], Awaitable[None]]

SERVER: Final = "mail"  # the only host: a shop takes at most half of its slots
UNFORESEEN: Final = "The mail could not be made"


class Unneeded(CheckoutError):
    """There is nobody to send it to any more."""

    message = "The mail is not needed"


class Mailer:
    """Sends the mails of one ledger; several workers share them by leases. `post` makes a mail of
    an invoice and hands it to the mail server, once; it raises Undelivered. `notify` has a function
    for each other kind, which may raise Unneeded too."""

    def __init__(self, context: Context, post: Post, notify: Mapping[Kind, Notify]) -> None:
        self._context = context
        self._post = post
        self._notify = notify
        self._slots = Slots("mails")
        self._full = False  # whether a mail waits for a slot
        self._under_way: set[asyncio.Task[None]] = set()

    async def deliver(self) -> None:
        """Start sending every mail that is due, has a free slot and can be leased."""
        ledger, now = self._context.ledger, self._context.clock()
        self._full = False
        for mail in await ledger.read(mails.due, now):
            if not self._slots.take(mail.shop, SERVER):
                self._full = True
                continue
            ours = False
            try:
                ours = await ledger.write(
                    mails.take, mail, until=now + self._context.schedule.mail_lease
                )
            finally:
                if not ours:
                    self._slots.release(mail.shop, SERVER)
            if ours:
                task = asyncio.create_task(self._send(mail))
                self._under_way.add(task)
                task.add_done_callback(partial(self._done, mail))

    def _done(self, mail: Mail, task: asyncio.Task[None]) -> None:
        """Where the result could not be recorded, the mail is due again after its lease."""
        self._under_way.discard(task)
        self._slots.release(mail.shop, SERVER)
        if self._full:
            self._context.mails_due.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("mailer.failed", error=type(error).__name__)

    async def finish(self, seconds: float = 30.0) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _send(self, mail: Mail) -> None:
        if mail.invoice is None:
            await self._try(mail, self._notify[mail.kind](mail))
        else:
            await self._send_of_invoice(mail, mail.invoice)

    async def _send_of_invoice(self, mail: Mail, invoice: str) -> None:
        ledger, now = self._context.ledger, self._context.clock()
        standing = await ledger.read(invoices.by_id, invoice)
        if standing is None:
            raise LookupError(invoice)
        status = standing.status(now)
        if status in LIVE:
            await ledger.write_unsynced(mails.postpone, mail.id, now + MAIL_POSTPONED)
        elif status is Status.EXPIRED and mail.error is not None:
            # Every try until the invoice expired has failed: that is no mail to drop silently.
            await ledger.write(mails.failed, mail.id, mail.error, again_at=None)
            self._alert_unsent(mail)
        elif status is not Status.OPEN or _is_pointless(standing, mail):
            await ledger.write(mails.drop_of_invoice, invoice, mail.kind)
        else:
            await self._try(mail, self._post(standing, mail))

    async def _try(self, mail: Mail, sending: Awaitable[None]) -> None:
        try:
            await sending
        except Unneeded:
            await self._context.ledger.write(mails.drop, mail.id)
        except Undelivered as error:
            await self._failed(mail, error.message, final=error.final)
        except Exception as error:  # noqa: BLE001 - a fault here must not lose the mail
            name = type(error).__name__
            log.error("mailer.fault", **_subject(mail), error=name, alert=True)
            await self._failed(mail, UNFORESEEN, final=False)
        else:
            await self._context.ledger.write(mails.sent, mail.id, self._context.clock())
            self._note(mail, "sent")

    async def _failed(self, mail: Mail, why: str, *, final: bool) -> None:
        wait = None if final else next_mail(mail.tries + 1)
        if wait is not None:
            # Jitter: a mail server that comes back must not get all retries in the same second.
            wait = self._context.clock() + wait * random.uniform(1.0, 1.1)
        await self._context.ledger.write(mails.failed, mail.id, why, again_at=wait)
        self._note(mail, "refused" if final else "failed")
        if wait is None and not final:
            self._alert_unsent(mail)

    def _alert_unsent(self, mail: Mail) -> None:
        """A mail whose tries are used up concerns the operator; a refusal only the shop."""
        log.error("mail.unsent", **_subject(mail), kind=mail.kind, alert=True)

    def _note(self, mail: Mail, answer: str) -> None:
        MAILS.labels(mail.kind, answer).inc()
        log.info("mail.tried", **_subject(mail), kind=mail.kind, answer=answer)


def _subject(mail: Mail) -> dict[str, str]:
    """What a mail is about, for the log."""
    named = {"invoice": mail.invoice, "payment": mail.payment, "about": mail.about}
    return {name: value for name, value in named.items() if value is not None}


def _is_pointless(standing: Standing, mail: Mail) -> bool:
    """Whether it is the reminder of an invoice whose own mail was never sent."""
    sent = any(each.state is Delivery.SENT for each in standing.of(Kind.INVOICE))
    return mail.kind is Kind.REMINDER and not sent
