"""Transitions of a payment and its attempts, each a transaction over one connection: it ends in a
status that `model.status` allows, with an event and, where the payment has ended, a webhook."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from checkout.errors import NotFound
from checkout.identifiers import new_uid
from checkout.ledger import attempts, events, invoices, outbox, payments
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import DeclineReason
from checkout.model.status import FINAL, Status, move
from checkout.payments import limits, mails, reservations
from checkout.payments.context import Context
from checkout.payments.metrics import ATTEMPTS
from checkout.payments.schedule import next_query
from checkout.payments.webhook_address import webhook_address
from checkout.settings import Shop
from checkout.shop_api.webhooks import payment_webhook


def read(conn: Connection, uid: str) -> Payment:
    """Raises NotFound."""
    payment = payments.by_uid(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def lock(conn: Connection, uid: str) -> Payment:
    """The payment, locked until this transaction ends. Raises NotFound."""
    payment = payments.lock(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def lock_attempt(conn: Connection, key: str) -> tuple[Payment, Attempt]:
    payment = payments.lock_by_key(conn, key)
    if payment is None:
        raise NotFound
    return payment, next(each for each in payment.attempts if each.key == key)


def submit(
    conn: Connection, context: Context, attempt: Attempt, now: float, *, under_attack: bool = False
) -> tuple[Payment, bool]:
    """Write the attempt to the ledger before its gateway is called. False: another request has sent
    it, or the payment is not open. `under_attack`: cards are tested at the shop.

    Raises TooMany by the limits on card testing, SoldOut.
    """
    payment = lock(conn, attempt.payment)
    if payment.status_at(now) is not Status.OPEN or attempt.number != payment.next_number:
        return payment, False
    limits.check(conn, context.settings.limits, payment, attempt, now, under_attack=under_attack)
    if payment.order.product is not None:
        reservations.hold(conn, attempt.payment, now)
    attempts.add(conn, attempt)
    events.append(
        conn, attempt.payment, "claimed", now, attempt.number,
        method=attempt.method, account=attempt.account,
    )  # fmt: skip
    return settle(conn, context, payment.with_attempt(attempt), now), True


def customer_returned(conn: Connection, key: str, now: float) -> Attempt:
    """The customer is back from the bank; the first time the query intervals start anew."""
    _, attempt = lock_attempt(conn, key)
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now, next_query_at=now, queries=0)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    return lock_attempt(conn, key)[1]


def customer_confirmed(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer says that the transfer is made: the attempt is pending from now on."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    attempts.change(conn, key, next_query_at=now + next_query(0), queries=0)
    events.append(conn, attempt.payment, "confirmed", now, attempt.number)
    move_attempt(conn, attempt, Status.PENDING, now)
    return update(conn, context, attempt.payment, now)


def abandon(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer ends an unpaid attempt to pay in another way. It may still be paid at the
    gateway, so recovery goes on querying it. An attempt in mismatch is not abandoned."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION or attempt.mismatch:
        return payment
    attempts.change(conn, key, status=Status.CANCELLED, updated_at=now)
    events.append(conn, attempt.payment, "left", now, attempt.number)
    return update(conn, context, attempt.payment, now)


def keep_waiting(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer wants to abandon an attempt, but the gateway doesn't say that it is unpaid: it
    is pending from now on."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    move_attempt(conn, attempt, Status.PENDING, now)
    return update(conn, context, attempt.payment, now)


def cancel(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """The customer cancels the payment; no change while an attempt is live or after its end."""
    payment = lock(conn, uid)
    if payment.status_at(now) is not Status.OPEN:
        return payment
    payments.change(conn, uid, cancelled=True)
    events.append(conn, uid, "cancelled", now)
    return update(conn, context, uid, now)


def resume(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """The customer has cancelled and wants to pay after all; no change where they can't."""
    payment = lock(conn, uid)
    if not can_resume(conn, context, payment, now):
        return payment
    payments.change(conn, uid, cancelled=False)
    events.append(conn, uid, "resumed", now)
    return update(conn, context, uid, now)


def can_resume(conn: Connection, context: Context, payment: Payment, now: float) -> bool:
    """Whether a payment that its customer cancelled can still be paid: but for that it would be
    open, the shop does not ask to be told of it, and has not closed the link."""
    resumed = msgspec.structs.replace(payment, cancelled=False)
    if payment.status_at(now) is not Status.CANCELLED or resumed.status_at(now) is not Status.OPEN:
        return False
    shop = context.settings.shops.get(payment.shop)
    if shop is None or _is_notified_of_cancel(payment, shop):
        return False
    return payment.link is None or not invoices.is_cancelled(conn, payment.link)


def expire(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """Record that an open payment has expired."""
    lock(conn, uid)
    return update(conn, context, uid, now)


def moved_by_operation(
    conn: Connection, context: Context, attempt: Attempt, status: Status, now: float
) -> Payment:
    """An operation (capture, void, refund) has moved the payment; the operation's own webhook
    notifies the shop."""
    reached = move(attempt.status, status)
    if reached is not attempt.status:
        move_attempt(conn, attempt, reached, now)
    return settle(conn, context, read(conn, attempt.payment), now, by_operation=True)


def move_attempt(
    conn: Connection,
    attempt: Attempt,
    status: Status,
    now: float,
    reason: DeclineReason | None = None,
) -> None:
    attempts.change(conn, attempt.key, status=status, updated_at=now)
    note_move(conn, attempt, status, now, reason)


def note_move(
    conn: Connection, attempt: Attempt, status: Status, now: float, reason: DeclineReason | None
) -> None:
    ATTEMPTS.labels(attempt.account, status).inc()
    data = {"from": attempt.status, "to": status, "reason": reason}
    events.append(conn, attempt.payment, "moved", now, attempt.number, **data)


def update(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    return settle(conn, context, read(conn, uid), now)


def settle(
    conn: Connection, context: Context, payment: Payment, now: float, *, by_operation: bool = False
) -> Payment:
    """Derive the payment's status from its attempts and record it, with the shop's webhook unless
    an operation's webhook says it (`by_operation`)."""
    uid = payment.uid
    status = payment.status_at(now)
    notify = status in FINAL and payment.notified != status
    if status is payment.status and not notify:
        return payment
    notified = status if notify else payment.notified
    payments.change(conn, uid, status=status, told=notified, updated_at=now)
    if payment.order.product is not None:
        reservations.follow(conn, uid, status, now)
    events.append(conn, uid, "payment", now, None, status=status)
    payment = msgspec.structs.replace(payment, status=status, notified=notified, updated_at=now)
    if notify:
        mails.queue_of_payment(conn, context.settings, payment, now)
    if notify and not by_operation:
        _write_webhook(conn, context, payment, status, now)
    return payment


def _write_webhook(
    conn: Connection, context: Context, payment: Payment, status: Status, now: float
) -> None:
    url = webhook_address(conn, payment, now)
    shop = context.settings.shops.get(payment.shop)
    if url is None or shop is None or not _is_notified(payment, status, shop):
        return
    body = payment_webhook(payment, status, shop, context.settings.origin(shop), now)
    outbox.add(conn, id=new_uid(), payment=payment.uid, url=url, body=body, now=now)


def _is_notified(payment: Payment, status: Status, shop: Shop) -> bool:
    """Whether the shop's server is notified of this end of a payment.

    The gateways that plugins are written for send nothing when a customer leaves, and some plugins
    take `canceled` for a failure of the order: it is for shops that ask for it. Links and invoices
    are ours alone, and without a customer nobody has left: these ends are told always."""
    order = payment.order
    if order.merchant_initiated:
        return payment.tried  # else the server got the refusal as the answer to its request
    by_link = payment.link is not None and order.product is None
    if status is not Status.CANCELLED or by_link:
        return True
    return _is_notified_of_cancel(payment, shop)


def _is_notified_of_cancel(payment: Payment, shop: Shop) -> bool:
    """Whether the shop asks to be told when a customer gives up."""
    asked = payment.order.page_settings.notify_canceled
    return shop.notify_canceled if asked is None else asked
