"""The moves of a payment: each a function over one connection, each ends in a state that the tables
of `model.status` allow, with its event and, where the shop is to know, its webhook."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from checkout.errors import NotFound
from checkout.identifiers import new_uid
from checkout.ledger import attempts, events, outbox, payments
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import DeclineReason
from checkout.model.status import FINAL, Status, move
from checkout.payments import limits, reservations
from checkout.payments.context import Context
from checkout.payments.metrics import ATTEMPTS
from checkout.payments.schedule import next_query
from checkout.shop_api.webhooks import payment_webhook


def read(conn: Connection, uid: str) -> Payment:
    payment = payments.by_uid(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def lock(conn: Connection, uid: str) -> Payment:
    """The payment, kept from other writers until this transaction ends."""
    payment = payments.held(conn, uid)
    if payment is None:
        raise NotFound
    return payment


def lock_attempt(conn: Connection, key: str) -> tuple[Payment, Attempt]:
    found = attempts.by_key(conn, key)
    if found is None:
        raise NotFound
    payment = lock(conn, found.payment)
    return payment, payment.attempts[found.number - 1]


def submit(
    conn: Connection, context: Context, attempt: Attempt, now: float, *, under_attack: bool = False
) -> tuple[Payment, bool]:
    """Claim the attempt before its gateway is called. False: it is not this request's to send.
    `wary`: cards are tested at the shop.

    Raises TooMany by the limits on card testing, SoldOut when the goods went to others.
    """
    payment = lock(conn, attempt.payment)
    if payment.status_at(now) is not Status.OPEN or attempt.number != payment.next_number:
        return payment, False
    limits.check(conn, context.settings.limits, payment, attempt, now, under_attack=under_attack)
    if payment.order.product is not None:
        reservations.hold(conn, attempt.payment, now)
    attempts.claim(conn, attempt)
    events.append(
        conn, attempt.payment, "claimed", now, attempt.number,
        method=attempt.method, account=attempt.account,
    )  # fmt: skip
    return settle(conn, context, payment.with_attempt(attempt), now), True


def customer_returned(conn: Connection, key: str, now: float) -> Attempt:
    """The customer is back from the bank: the first time starts the watched pace anew."""
    _, attempt = lock_attempt(conn, key)
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now, next_query_at=now, queries=0)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    return lock_attempt(conn, key)[1]


def customer_confirmed(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer says that it is paid: from now on we wait for the gateway."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    attempts.change(conn, key, next_query_at=now + next_query(0), queries=0)
    events.append(conn, attempt.payment, "confirmed", now, attempt.number)
    move_attempt(conn, attempt, Status.PENDING, now)
    return update(conn, context, attempt.payment, now)


def abandon(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer leaves an unpaid step for another way to pay. The gateway may still be paid:
    the attempt stays on the sweep's list. One with facts that are not ours is not left."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION or attempt.mismatch:
        return payment
    attempts.change(conn, key, status=Status.CANCELLED, updated_at=now)
    events.append(conn, attempt.payment, "left", now, attempt.number)
    return update(conn, context, attempt.payment, now)


def keep_waiting(conn: Connection, context: Context, key: str, now: float) -> Payment:
    """The customer is here and wants to leave an unpaid step, but the gateway doesn't say that it
    is unpaid: wait for its word."""
    payment, attempt = lock_attempt(conn, key)
    if attempt.status is not Status.REQUIRES_ACTION:
        return payment
    if attempt.returned_at is None:
        attempts.change(conn, key, returned_at=now)
        events.append(conn, attempt.payment, "returned", now, attempt.number)
    move_attempt(conn, attempt, Status.PENDING, now)
    return update(conn, context, attempt.payment, now)


def cancel(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """The customer gives the payment up; nothing happens while an attempt is live or it is over."""
    payment = lock(conn, uid)
    if payment.status_at(now) is not Status.OPEN:
        return payment
    payments.change(conn, uid, cancelled=True)
    events.append(conn, uid, "cancelled", now)
    return update(conn, context, uid, now)


def expire(conn: Connection, context: Context, uid: str, now: float) -> Payment:
    """Write down what time alone has changed: an open form past its time."""
    lock(conn, uid)
    return update(conn, context, uid, now)


def moved_by_operation(
    conn: Connection, context: Context, attempt: Attempt, status: Status, now: float
) -> Payment:
    """An operation after the payment has moved it (captured, voided, refunded), and tells of that
    itself."""
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
    """Derive the payment's status anew, write it down, and write the shop's webhook with it; not
    where the webhook of the operation that has led here says it."""
    uid = payment.uid
    status = payment.status_at(now)
    tell = status in FINAL and payment.notified != status
    if status is payment.status and not tell:
        return payment
    notified = status if tell else payment.notified
    payments.change(conn, uid, status=status, told=notified, updated_at=now)
    if payment.order.product is not None:
        reservations.follow(conn, uid, status, now)
    events.append(conn, uid, "payment", now, None, status=status)
    payment = msgspec.structs.replace(payment, status=status, notified=notified, updated_at=now)
    if tell and not by_operation:
        _write_webhook(conn, context, payment, status, now)
    return payment


def _write_webhook(
    conn: Connection, context: Context, payment: Payment, status: Status, now: float
) -> None:
    url = payment.order.page_settings.notification_url
    shop = context.settings.shops.get(payment.shop)
    # What a shop's server asked for and was held back, or refused for a field: it was answered so.
    held_back = payment.order.merchant_initiated and not payment.tried
    if url is None or shop is None or held_back:
        return
    body = payment_webhook(payment, status, shop, context.settings.public_url, now)
    outbox.add(conn, id=new_uid(), payment=payment.uid, url=url, body=body, now=now)
