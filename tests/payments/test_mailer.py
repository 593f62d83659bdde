"""Mails about invoices: sent once, tried again while the mail server is away, a reminder before the
end and never without need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from checkout.identifiers import new_payment_secret
from checkout.ledger.invoices import Standing
from checkout.ledger.mails import Mail
from checkout.ledger.rows import Payment
from checkout.model.mail import Delivery, Kind
from checkout.payments import create, invoices
from checkout.payments.background import Background, Task
from checkout.payments.context import Context
from checkout.payments.mailer import Mailer
from checkout.payments.recovery import sweep
from checkout.payments.schedule import MAIL_POSTPONED, MAIL_RETRIES
from checkout.settings import Smtp
from checkout.shop_api.invoices import read_invoice
from checkout.shop_api.mail import Undelivered
from tests.support import samples
from tests.support.fake_gateway import DECLINED, PAID, REQUIRES_ACTION
from tests.support.harness import Harness, open_harness

DAY = 24 * 3600.0
AWAY = Undelivered("mail.example:587 can't be used: Connection refused")
REFUSED = Undelivered("mail.example:587 refused the address: 550 no such box", final=True)


class Office:
    """The mailer's post: what it took. `answers` are used up one by one, then it takes all."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.taken: list[tuple[Kind, str, str | None]] = []  # (kind, the mail's id, to whom)
        self.answers: list[BaseException] = []
        self.door = asyncio.Event()  # shut: whoever comes waits
        self.door.set()
        self.waiting = 0
        self.mailer = self.another()

    def another(self, context: Context | None = None) -> Mailer:
        return Mailer(context or self.harness.context, self.post, dict.fromkeys(Kind, self.notify))

    async def post(self, standing: Standing, mail: Mail) -> None:
        self.waiting += 1
        await self.door.wait()
        self.waiting -= 1
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append((mail.kind, mail.id, standing.invoice.email))

    async def notify(self, mail: Mail) -> None:
        """Where a mail about a payment is made."""
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append((mail.kind, mail.id, None))

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind, _, _ in self.taken]

    async def make(self, *, shop: str = samples.SHOP_ID, **changes: Any) -> Standing:
        body = {"amount": 1250, "currency": "EUR", "description": "Chairs",
                "email": "ann@example.com"} | changes  # fmt: skip
        harness, by = self.harness, self.harness.settings.shops[shop]
        draft = read_invoice(body, by, harness.settings, harness.clock())
        return await invoices.make(harness.context, draft, by)

    async def now(self, made: Standing) -> Standing:
        return await invoices.find(self.harness.context, made.invoice.id)

    async def deliver(self, seconds: float = 0.0) -> None:
        """Let time pass, then send what is due."""
        self.harness.clock.move(seconds)
        await self.mailer.deliver()
        await self.mailer.finish(5)

    async def opened(self, made: Standing) -> Payment:
        invoice = made.invoice
        payment = await create.open_link(
            self.harness.context, invoice.link, invoice.order, self.harness.shop
        )
        return await self.harness.payment(payment.uid)


@pytest.fixture
async def office(url: str) -> AsyncIterator[Office]:
    shop = samples.shop(link_keys=(new_payment_secret() * 2,))
    smtp = Smtp(url="smtp://mail.example:587", sender="pay@example.com")
    other = samples.shop(id="other", link_keys=(new_payment_secret() * 2,))
    async with open_harness(url, settings=samples.settings(shop, other, smtp=smtp)) as harness:
        yield Office(harness)


async def test_it_is_sent_once(office: Office) -> None:
    made = await office.make()
    for seconds in (0, 1, 130):
        await office.deliver(seconds)
    assert office.taken == [(Kind.INVOICE, made.of(Kind.INVOICE)[0].id, "ann@example.com")]
    (mail,) = (await office.now(made)).of(Kind.INVOICE)
    assert (mail.state, mail.error, mail.tries) == (Delivery.SENT, None, 1)
    assert mail.sent_at == office.harness.clock() - 131


async def test_without_a_wish_nothing_is_sent(office: Office) -> None:
    made = await office.make(send=False)
    await office.deliver()
    await office.deliver(6 * DAY + 1)
    assert (made.mails, office.taken) == ((), [])


async def test_several_workers_send_once(office: Office) -> None:
    made = [await office.make() for _ in range(5)]
    workers = [office.mailer, *(office.another(office.harness.restarted()) for _ in range(3))]
    await asyncio.gather(*(worker.deliver() for worker in workers))
    await asyncio.gather(*(worker.finish(5) for worker in workers))
    wanted = sorted(each.of(Kind.INVOICE)[0].id for each in made)
    assert sorted(name for _, name, _ in office.taken) == wanted


async def test_a_worker_that_died_with_it(office: Office) -> None:
    """Its lease ends; the mail comes under the same name, in case it was sent after all."""
    await office.make()
    office.answers = [asyncio.CancelledError()]
    await office.mailer.deliver()
    await office.mailer.finish(5)
    assert office.taken == []
    lease = office.harness.context.schedule.mail_lease
    later = Office(office.harness)
    await later.deliver(lease - 1)
    assert later.taken == []
    await later.deliver(1)
    assert later.kinds == [Kind.INVOICE]


async def test_a_mail_server_that_is_away(office: Office) -> None:
    """The whole schedule, each wait at most a tenth longer; then it has failed, and says so."""
    made = await office.make(expires=int(office.harness.clock() + 30 * DAY))
    office.answers = [AWAY] * (len(MAIL_RETRIES) + 1)
    waits = []
    with capture_logs() as logs:
        for _ in range(20):
            await office.deliver()
            (mail,) = (await office.now(made)).of(Kind.INVOICE)
            assert mail.error == AWAY.message
            if mail.due_at is None:
                break
            assert mail.state is Delivery.QUEUED
            waits.append(mail.due_at - office.harness.clock())
            await office.deliver(waits[-1] - 0.01)
            assert len(office.answers) == len(MAIL_RETRIES) + 1 - len(waits), "not before it is due"
            office.harness.clock.move(0.01)
    assert len(waits) == len(MAIL_RETRIES)
    for wait, least in zip(waits, MAIL_RETRIES, strict=True):
        assert least - 0.01 <= wait <= least * 1.1
    (mail,) = (await office.now(made)).of(Kind.INVOICE)
    assert (mail.state, mail.sent_at) == (Delivery.FAILED, None)
    alerts = [entry for entry in logs if entry.get("alert")]
    assert [entry["event"] for entry in alerts] == ["mail.unsent"]
    assert alerts[0]["invoice"] == made.invoice.id
    assert "ann@" not in repr(logs)
    assert not office.answers
    assert office.taken == []


async def test_it_is_back(office: Office) -> None:
    made = await office.make()
    office.answers = [AWAY, AWAY]
    await office.deliver()
    await office.deliver(70)
    await office.deliver(400)
    assert office.kinds == [Kind.INVOICE]
    (mail,) = (await office.now(made)).of(Kind.INVOICE)
    assert (mail.state, mail.error, mail.tries) == (Delivery.SENT, None, 3)


async def test_another_process_goes_on(office: Office) -> None:
    await office.make()
    office.answers = [AWAY]
    await office.deliver()
    later = office.another(office.harness.restarted())
    office.harness.clock.move(70)
    await later.deliver()
    await later.finish(5)
    assert office.kinds == [Kind.INVOICE]


async def test_an_address_that_is_refused(office: Office) -> None:
    """For good: it is the shop that has to do something, and reads why."""
    made = await office.make()
    office.answers = [REFUSED]
    with capture_logs() as logs:
        await office.deliver()
    (mail,) = (await office.now(made)).of(Kind.INVOICE)
    assert (mail.state, mail.error, mail.due_at) == (Delivery.FAILED, REFUSED.message, None)
    assert not [entry for entry in logs if entry.get("alert")]
    await office.deliver(6 * DAY)
    assert office.taken == [], "no reminder of what never came"


async def test_a_fault_of_ours_is_no_end(office: Office) -> None:
    made, another = await office.make(), await office.make()
    office.answers = [ZeroDivisionError("ann@example.com")]
    with capture_logs() as logs:
        await office.deliver()
    assert office.kinds == [Kind.INVOICE], "the other one went"
    assert [e["error"] for e in logs if e.get("alert")] == ["ZeroDivisionError"]
    assert "ann@" not in repr(logs)
    await office.deliver(70)
    for each in (made, another):
        assert (await office.now(each)).of(Kind.INVOICE)[0].state is Delivery.SENT


async def test_a_crowd_is_not_sent_at_once(office: Office) -> None:
    """And leaves half of the slots to other shops."""
    for _ in range(11):
        await office.make()
    office.door.clear()
    for _ in range(3):
        await office.mailer.deliver()
        await asyncio.sleep(0.05)
    assert office.waiting == 8
    another = await office.make(shop="other")
    await office.mailer.deliver()
    await asyncio.sleep(0.05)
    assert office.waiting == 9
    office.harness.context.mails_due.clear()
    office.door.set()
    await office.mailer.finish(5)
    await asyncio.sleep(0)
    assert office.harness.context.mails_due.is_set(), "a free slot wakes the next turn"
    await office.deliver()
    assert len(office.taken) == 12
    assert (await office.now(another)).of(Kind.INVOICE)[0].state is Delivery.SENT


async def test_it_is_sent_as_soon_as_it_is_made(office: Office) -> None:
    context = office.harness.context
    running = Background([Task("mailer", office.mailer.deliver, 1.0, wake=context.mails_due)])
    running.start()
    try:
        await asyncio.sleep(0.05)
        await office.make()
        for _ in range(50):
            if office.taken:
                break
            await asyncio.sleep(0.01)
        assert office.kinds == [Kind.INVOICE], "half a second, and the look-out is each second"
    finally:
        await running.stop()


# --- The reminder ------------------------------------------------------------------------------


async def test_a_day_before_the_end_once(office: Office) -> None:
    made = await office.make()
    await office.deliver()
    await office.deliver(6 * DAY - 1)
    assert office.kinds == [Kind.INVOICE]
    await office.deliver(1)
    await office.deliver(3600)
    await office.deliver(DAY)
    assert office.kinds == [Kind.INVOICE, Kind.REMINDER]
    standing = await office.now(made)
    assert standing.sent_at(Kind.REMINDER) == made.invoice.created_at + 6 * DAY


async def test_none_where_its_time_was_before_the_beginning(office: Office) -> None:
    made = await office.make(expires=int(office.harness.clock() + DAY))
    assert made.invoice.remind_at is None
    assert made.of(Kind.REMINDER) == ()


async def test_it_is_tried_again_too(office: Office) -> None:
    await office.make()
    await office.deliver()
    office.answers = [AWAY]
    await office.deliver(6 * DAY)
    await office.deliver(70)
    assert office.kinds == [Kind.INVOICE, Kind.REMINDER]


async def test_tried_in_vain_until_the_end(office: Office) -> None:
    made = await office.make(remind=90)
    await office.deliver()
    office.answers = [AWAY] * 5
    await office.deliver(7 * DAY - 90)
    with capture_logs() as logs:
        await office.deliver(100)
    (reminder,) = (await office.now(made)).of(Kind.REMINDER)
    assert (reminder.state, reminder.error) == (Delivery.FAILED, AWAY.message)
    assert [e["event"] for e in logs if e.get("alert")] == ["mail.unsent"]
    assert office.kinds == [Kind.INVOICE]


async def test_not_when_it_is_paid(office: Office) -> None:
    made = await office.make()
    await office.deliver()
    office.harness.gateway.will_answer(PAID)
    await office.harness.pay(await office.opened(made))
    await office.deliver(6 * DAY)
    assert office.kinds == [Kind.INVOICE, Kind.RECEIPT]
    (reminder,) = (await office.now(made)).of(Kind.REMINDER)
    assert (reminder.state, reminder.due_at) == (Delivery.DROPPED, None)


async def test_not_when_it_was_declined_for_good(office: Office) -> None:
    made = await office.make(attempts=1)
    await office.deliver()
    office.harness.gateway.will_answer(DECLINED)
    await office.harness.pay(await office.opened(made))
    await office.deliver(6 * DAY)
    assert office.kinds == [Kind.INVOICE]


async def test_not_when_it_is_cancelled(office: Office) -> None:
    made = await office.make()
    await office.deliver()
    await invoices.cancel(office.harness.context, made.invoice.id)
    await office.deliver(6 * DAY)
    assert office.kinds == [Kind.INVOICE]


async def test_not_when_it_is_over(office: Office) -> None:
    """The server was away at its time."""
    made = await office.make()
    await office.deliver()
    await office.deliver(7 * DAY)
    await sweep(office.harness.context)
    await office.deliver(1)
    assert office.kinds == [Kind.INVOICE]
    (reminder,) = (await office.now(made)).of(Kind.REMINDER)
    assert reminder.state is Delivery.DROPPED


async def test_while_it_is_being_paid_it_waits(office: Office) -> None:
    """And comes when that has come to nothing."""
    made = await office.make()
    await office.deliver()
    office.harness.gateway.will_answer(REQUIRES_ACTION)
    payment = await office.harness.pay(await office.opened(made))
    await office.deliver(6 * DAY)
    assert office.kinds == [Kind.INVOICE]
    await office.harness.left(payment)
    await office.deliver(MAIL_POSTPONED - 1)
    assert office.kinds == [Kind.INVOICE]
    await office.deliver(1)
    assert office.kinds == [Kind.INVOICE, Kind.REMINDER]


async def test_opened_but_unpaid_is_no_reason_to_be_silent(office: Office) -> None:
    """Scanners of mail servers open links."""
    made = await office.make()
    await office.opened(made)
    await office.deliver()
    await office.deliver(6 * DAY)
    assert office.kinds == [Kind.INVOICE, Kind.REMINDER]


# --- Again -------------------------------------------------------------------------------------


async def again(office: Office, made: Standing, email: str | None = None) -> Standing:
    harness = office.harness
    return await invoices.send_again(harness.context, made.invoice.id, harness.shop, email)


async def test_again_to_another_address(office: Office) -> None:
    made = await office.make()
    office.answers = [REFUSED]
    await office.deliver()
    await office.deliver(60)
    await again(office, made, "anna@example.org")
    await office.deliver()
    await office.deliver(6 * DAY - 60)
    assert [(kind, to) for kind, _, to in office.taken] == [
        (Kind.INVOICE, "anna@example.org"), (Kind.REMINDER, "anna@example.org"),
    ]  # fmt: skip


async def test_one_that_still_waits_is_not_sent_besides(office: Office) -> None:
    made = await office.make()
    office.answers = [AWAY]
    await office.deliver()
    await office.deliver(5)
    await again(office, made)
    await office.deliver()
    await office.deliver(70)
    assert office.kinds == [Kind.INVOICE]


async def test_a_draft_is_sent_later_and_reminded_of(office: Office) -> None:
    made = await office.make(send=False, email="bob@example.com")
    await office.deliver(DAY)
    await again(office, made)
    await office.deliver()
    await office.deliver(DAY)
    await again(office, made)
    await office.deliver()
    await office.deliver(4 * DAY)
    await office.deliver(1)
    assert office.kinds == [Kind.INVOICE, Kind.INVOICE, Kind.REMINDER]
