"""The transactions of the story: each a function over one connection, each ends in a state that
the tables of `model.status` allow, with its event and, where the shop is to know, its letter."""

from __future__ import annotations

from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import NotFound, TooMany
from checkout.flow.pace import Pace, next_query, next_sweep
from checkout.ledger import attempts, events, outbox, payments
from checkout.ledger.rows import Attempt, Story, text
from checkout.links import new_uid
from checkout.merchant.letters import letter
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import FINAL, UNPAID_ENDS, WON, Status, move
from checkout.settings import Limits, Shop

log = structlog.get_logger(__name__)


class Book(Struct, frozen=True):
    """What the transactions need beside the connection."""

    shops: dict[str, Shop]
    limits: Limits
    pace: Pace
    public_url: str


def read(conn: Connection, uid: str) -> Story:
    story = payments.by_uid(conn, uid)
    if story is None:
        raise NotFound
    return story


def claim(conn: Connection, book: Book, attempt: Attempt, now: float) -> tuple[Story, bool]:
    """Claim the attempt before its gateway is called. False: it is not this request's to send.

    Raises TooMany by the limits on card testing.
    """
    story = read(conn, attempt.payment)
    if story.status(now) is not Status.OPEN or attempt.number != story.next_number:
        return story, False
    _limit(conn, book.limits, attempt, now)
    attempts.claim(conn, attempt)
    events.append(
        conn, attempt.payment, "claimed", now, attempt.number,
        method=attempt.method, account=attempt.account,
    )  # fmt: skip
    return _update(conn, book, attempt.payment, now), True


def _limit(conn: Connection, limits: Limits, attempt: Attempt, now: float) -> None:
    made = attempts.made_since(conn, attempt.payment, now - 60)
    if len(made) >= limits.submits_per_payment:
        raise TooMany(retry_after=max(1, int(made[0] + 60 - now) + 1))
    marks = (
        ("address_mark", attempt.address_mark, limits.declines_per_address_10min),
        ("bin_mark", attempt.bin_mark, limits.declines_per_bin_10min),
    )
    for name, mark, most in marks:
        if mark and attempts.declines_since(conn, now - 600, **{name: mark}) >= most:
            log.warning("limit.declines", mark=name, payment=attempt.payment, alert=True)
            raise TooMany(retry_after=600)


def answer(
    conn: Connection, book: Book, key: str, outcome: Outcome, now: float, *, asked: bool
) -> Story:
    """Write down what the gateway said: to the charge, or (`asked`) to a status query."""
    attempt = attempts.by_key(conn, key)
    if attempt is None:
        raise NotFound
    if asked and outcome.status is Status.LOST:
        return _absent(conn, book, attempt, now)
    if asked and outcome.facts == UNKNOWN.facts and outcome.status is Status.PENDING:
        return read(conn, attempt.payment)  # no answer is no news
    story = read(conn, attempt.payment)
    mismatch = _mismatch(story, attempt, outcome)
    status = attempt.status if mismatch else move(attempt.status, outcome.status)
    if mismatch and status is Status.CLAIMED:
        status = Status.PENDING
    values: dict[str, Any] = {"status": status, "mismatch": attempt.mismatch or bool(mismatch)}
    if not mismatch:
        values |= {
            "gateway_id": outcome.id or attempt.gateway_id,
            "facts": text(outcome.facts),
        }
        if outcome.step is not None:
            values["step"] = text(outcome.step)
        if status is not attempt.status or outcome.reason is not None:
            values["reason"] = outcome.reason
    if not asked:
        values |= {"next_query_at": now + next_query(0), "queries": 0}
    changed = status is not attempt.status
    # The gateway's last word ends the sweep, also of an attempt that the customer has left.
    if not mismatch and outcome.status in FINAL | {Status.LOST}:
        values["sweep_at"] = None
    elif not asked:
        values["sweep_at"] = next_sweep(attempt.created_at, now, story.payment.expires_at)
    if changed:
        values["updated_at"] = now
    attempts.change(conn, key, **values)
    if mismatch and not attempt.mismatch:
        _alert(conn, attempt, "mismatch", now, **mismatch)
    if changed:
        events.append(
            conn, attempt.payment, "moved", now, attempt.number,
            **{"from": attempt.status, "to": status, "reason": outcome.reason},
        )  # fmt: skip
        if status in WON and (attempt.status in UNPAID_ENDS or _paid_before(story, attempt)):
            _alert(conn, attempt, "late_success", now)
    return _update(conn, book, attempt.payment, now) if changed else read(conn, attempt.payment)


def _paid_before(story: Story, attempt: Attempt) -> bool:
    return any(a.status in WON for a in story.attempts if a.number != attempt.number)


def _mismatch(story: Story, attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    """The stated facts that are not ours, stated beside ours; what is not stated is no mismatch."""
    facts, ours = outcome.facts, story.payment.order.money
    stated = {
        "key": (facts.key, attempt.key),
        "currency": (facts.money.currency if facts.money else None, ours.currency),
        "amount": (facts.money.minor if facts.money else facts.amount, ours.minor),
        "id": (outcome.id if attempt.gateway_id else None, attempt.gateway_id),
    }
    return {
        name: {"stated": theirs, "ours": our}
        for name, (theirs, our) in stated.items()
        if theirs is not None and theirs != our
    }


def _absent(conn: Connection, book: Book, attempt: Attempt, now: float) -> Story:
    """The gateway knows no such payment. That ends the attempt only after the settle window and
    at the second time, and never one that it had an id for."""
    story = read(conn, attempt.payment)
    if attempt.status not in (Status.CLAIMED, Status.PENDING) or attempt.gateway_id:
        return story
    if now < attempt.created_at + book.pace.settle:
        attempts.change(conn, attempt.key, sweep_at=attempt.created_at + book.pace.settle)
        return story
    if not attempt.absences:
        soon = now + next_query(0)
        attempts.change(conn, attempt.key, absences=1, next_query_at=soon, sweep_at=soon)
        return story
    attempts.change(
        conn, attempt.key, status=Status.LOST, sweep_at=None, updated_at=now, absences=2
    )
    events.append(
        conn, attempt.payment, "moved", now, attempt.number,
        **{"from": attempt.status, "to": Status.LOST, "reason": None},
    )  # fmt: skip
    return _update(conn, book, attempt.payment, now)


def returned(conn: Connection, attempt: Attempt, now: float) -> None:
    """The customer is back from the bank: the first time starts the watched pace anew."""
    if attempt.returned_at is None and attempt.live:
        attempts.change(conn, attempt.key, returned_at=now, next_query_at=now, queries=0)
        events.append(conn, attempt.payment, "returned", now, attempt.number)


def leave(conn: Connection, book: Book, key: str, now: float) -> Story:
    """The customer leaves an unpaid step for another way to pay. The gateway may still be paid:
    the attempt stays on the sweep's list."""
    attempt = attempts.by_key(conn, key)
    if attempt is None:
        raise NotFound
    if attempt.status is not Status.ACTION:
        return read(conn, attempt.payment)
    attempts.change(conn, key, status=Status.CANCELLED, updated_at=now)
    events.append(conn, attempt.payment, "left", now, attempt.number)
    return _update(conn, book, attempt.payment, now)


def cancel(conn: Connection, book: Book, uid: str, now: float) -> Story:
    """The customer gives the payment up; nothing happens while an attempt is live or it is over."""
    story = read(conn, uid)
    if story.status(now) is not Status.OPEN:
        return story
    payments.change(conn, uid, cancelled=True)
    events.append(conn, uid, "cancelled", now)
    return _update(conn, book, uid, now)


def expire(conn: Connection, book: Book, uid: str, now: float) -> Story:
    return _update(conn, book, uid, now)


def _update(conn: Connection, book: Book, uid: str, now: float) -> Story:
    """Derive the payment's status anew, write it down, and write the shop's letter with it."""
    story = read(conn, uid)
    status = story.status(now)
    told = story.payment.told
    if status in FINAL and told != status:
        told = status
        _write_letter(conn, book, story, status, now)
    if (status, told) != (story.payment.status, story.payment.told):
        payments.change(conn, uid, status=status, told=told, updated_at=now)
        events.append(conn, uid, "payment", now, None, status=status)
    return read(conn, uid)


def _write_letter(conn: Connection, book: Book, story: Story, status: Status, now: float) -> None:
    url = story.payment.order.ways.notification_url
    shop = book.shops.get(story.payment.shop)
    if url is None or shop is None:
        return
    body = letter(story, status, shop, book.public_url, now)
    outbox.add(conn, id=new_uid(), payment=story.payment.uid, url=url, body=body, now=now)


def _alert(conn: Connection, attempt: Attempt, kind: str, now: float, **data: Any) -> None:
    """Somebody has to look: an event for the ledger, a line for the log."""
    events.append(conn, attempt.payment, kind, now, attempt.number, **data)
    log.error(kind, payment=attempt.payment, attempt=attempt.number, alert=True)
