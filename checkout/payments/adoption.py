"""Adoption: after a restore, what gateways know and the ledger has lost comes back into it.

Every payment that could be paid in the lost time is held (`ledger.restores`): its form is shut.
Attempts' names can be derived again (`identifiers.attempt_names`), so each gateway account that the
payment may have used is asked for its next attempts. What is found becomes an attempt of ours, with
a notification to the shop. The payment goes on once all have said twice that there is no other;
where a gateway can't be asked, a person says so (`release`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from enum import StrEnum
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection

from checkout.identifiers import attempt_names
from checkout.ledger import attempts, audit, events, payments, restores
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.rows import Attempt, Payment
from checkout.model.outcome import GatewayFacts, Outcome
from checkout.model.status import SUCCESSFUL, Status
from checkout.payments import gateway_answers, status_query, transitions
from checkout.payments.context import Context
from checkout.payments.methods import eligible_methods
from checkout.payments.schedule import DAY, HOUR, next_query

log = structlog.get_logger(__name__)

ASKED_AHEAD: Final = 10  # attempts of a payment that are asked about: some may not have been sent
AT_ONCE: Final = 20  # payments
LEASE: Final = 120.0  # seconds that asking about a payment may take
ASK_AGAIN: Final = 60.0  # seconds, where a gateway gave no answer
PAID: Final = SUCCESSFUL | {Status.REFUNDED}


class Standing(StrEnum):
    """What came of asking about a payment."""

    RELEASED = "released"  # nothing, or nothing else, is at the gateways: it goes on
    ASKED_ONCE = "asked once"  # nothing is there, as it seems: they are asked again
    UNANSWERED = "unanswered"
    UNASKABLE = "unaskable"  # a person has to look: a gateway of it finds nothing by our key
    TAKEN = "taken"  # another worker asks, or it is held no longer


class Adopted(Struct, frozen=True, kw_only=True):
    """`found`: how many attempts the gateways knew, and the ledger did not."""

    uid: str
    standing: Standing
    status: Status
    found: int = 0


class Found(Struct, frozen=True):
    """An attempt that a gateway knows, as it was before the answer."""

    attempt: Attempt
    outcome: Outcome


async def recognise(context: Context) -> None:
    """Hold what has to be, where this ledger is a copy that is in use now, or its cluster another
    than before. At the start, before anything can be paid."""
    if not await context.ledger.read(_is_news):
        return
    held = await context.ledger.write(_recognise, context.clock())
    if held is not None:
        log.error("ledger.restored", held=held, alert=True)


def _is_news(conn: Connection) -> bool:
    if restores.is_copy(conn):
        return True
    present = restores.present_lineage(conn)
    return present is not None and present != restores.known_lineage(conn)


def _recognise(conn: Connection, now: float) -> int | None:
    held = restores.open_copy(conn, now)
    present, known = restores.present_lineage(conn), restores.known_lineage(conn)
    if present is not None and present != known:
        restores.keep_lineage(conn, present)
        if known is not None:
            since = restores.newest_event(conn) - restores.LATE
            held = (held or 0) + restores.mark(conn, since=since, now=now)
    return held


async def restored(context: Context, since: float, *, by: Actor) -> int:
    """An operator says that the ledger lacks what came after `since`; how many payments are held
    for it."""
    return await context.ledger.write(_restored, since, context.clock(), by)


def _restored(conn: Connection, since: float, now: float, by: Actor) -> int:
    held = restores.mark(conn, since=since, now=now)
    if held:
        audit.append(conn, by, "ledger.restored", "-", now, shop="-", since=since, held=held)
    return held


async def turn(context: Context) -> list[Adopted]:
    """Ask about the held payments that are due, `AT_ONCE` of them."""
    due = await context.ledger.read(restores.due, context.clock(), AT_ONCE)
    return list(await asyncio.gather(*(_isolated(context, uid, was) for uid, was in due)))


async def _isolated(context: Context, uid: str, was: float) -> Adopted:
    """One that can't be handled stays held, and is asked about again after its lease."""
    until = context.clock() + LEASE
    if not await context.ledger.write_unsynced(restores.take, uid, was=was, until=until):
        return Adopted(uid=uid, standing=Standing.TAKEN, status=Status.PENDING)
    try:
        return await adopt(context, uid)
    except Exception as error:  # noqa: BLE001
        log.error("adoption.fault", payment=uid, error=type(error).__name__, alert=True)
        return Adopted(uid=uid, standing=Standing.UNANSWERED, status=Status.PENDING)


async def adopt(context: Context, uid: str) -> Adopted:
    """Ask the gateways about one held payment; `turn` has leased it."""
    payment = await context.ledger.read(transitions.read, uid)
    if payment.adopt_at is None:
        return Adopted(uid=uid, standing=Standing.TAKEN, status=payment.status)
    accounts = _accounts(context, payment)
    if accounts is None:
        log.error("adoption.unaskable", payment=uid, alert=True)
        return await _postponed(context, payment, Standing.UNASKABLE, DAY)
    answers = await _ask(context, payment, accounts)
    if answers is None:
        return await _postponed(context, payment, Standing.UNANSWERED, ASK_AGAIN)
    if answers:
        payment = await _take_over(context, payment, answers)
    found = len(answers)
    if payment.status_at(context.clock()) in PAID or await _asked_before(context, payment):
        payment = await context.write(uid, release, context, uid, context.clock())
        context.webhooks_due.set()
        return Adopted(uid=uid, standing=Standing.RELEASED, status=payment.status, found=found)
    return await _postponed(
        context, payment, Standing.ASKED_ONCE, await _gap(context), found=found, asked=True
    )


def _accounts(context: Context, payment: Payment) -> list[str] | None:
    """The accounts that an attempt may have used; None where one of them can't be asked."""
    shop = context.settings.shops.get(payment.shop)
    if shop is None:
        return None
    eligible = eligible_methods(payment.order, shop, context.gateways)
    names = dict.fromkeys(
        [*(each.gateway for each in eligible), *(each.account for each in payment.attempts)]
    )
    gateways = [context.gateways.get(name) for name in names]
    if all(each is not None and each.capabilities.lookup_by_key for each in gateways):
        return list(names)
    return None


async def _ask(context: Context, payment: Payment, accounts: Collection[str]) -> list[Found] | None:
    """The attempts after those of the ledger that a gateway knows, one of each number, in their
    order; None where any answer is missing."""
    found: dict[int, Found] = {}
    for number in range(payment.next_number, payment.next_number + ASKED_AHEAD):
        for secret in dict.fromkeys(reversed(context.settings.secrets)):
            for account in accounts:
                attempt = _attempt(context, payment, number, account, secret)
                answer = context.gateways[account].status(status_query.reference(payment, attempt))
                outcome = await status_query.outcome_of(context, attempt, "status", answer)
                if gateway_answers.unanswered(outcome):
                    return None
                if outcome.status is Status.NOT_SENT:
                    continue
                if number not in found or outcome.status in PAID:
                    found[number] = Found(attempt, outcome)
    return list(found.values())


async def _take_over(context: Context, payment: Payment, found: list[Found]) -> Payment:
    for each in await context.write(payment.uid, _add, context, payment, found, context.clock()):
        payment = await status_query.record(context, each.attempt, each.outcome, by_query=True)
    context.webhooks_due.set()
    return payment


def _add(
    conn: Connection, context: Context, seen: Payment, found: list[Found], now: float
) -> list[Found]:
    """Add the attempts, and those between, which were never sent. None where the payment is held no
    longer."""
    payment = transitions.lock(conn, seen.uid)
    if payment.adopt_at is None or payment.next_number != seen.next_number:
        return []
    known = {each.attempt.number: each.attempt for each in found}
    for number in range(payment.next_number, max(known) + 1):
        attempt = known.get(number)
        if attempt is None:
            account, secret = found[-1].attempt.account, context.settings.secrets[-1]
            unsent = _attempt(context, payment, number, account, secret)
            unsent = msgspec.structs.replace(unsent, status=Status.NOT_SENT, sweep_at=None)
            attempts.add(conn, unsent)
            continue
        attempts.add(conn, attempt)
        events.append(conn, payment.uid, "adopted", now, number, account=attempt.account)
        audit.append(
            conn, SERVER, "payment.adopt", payment.uid, now,
            shop=payment.shop, attempt=number, account=attempt.account,
        )  # fmt: skip
    return found


def _attempt(context: Context, payment: Payment, number: int, account: str, secret: str) -> Attempt:
    """The attempt as far as it can be known: which method it used and what the customer typed, the
    ledger has lost."""
    now, names = context.clock(), attempt_names(secret, payment.link or payment.uid, number)
    methods = context.shop(payment).methods
    return Attempt(
        payment=payment.uid,
        number=number,
        key=names.key,
        account=account,
        method=next((each.name for each in methods if each.gateway == account), account),
        status=Status.SUBMITTING,
        gateway_id=None,
        next_action=None,
        reason=None,
        facts=GatewayFacts(),
        customer=payment.order.customer,
        contract=(),
        language=payment.order.page_settings.language or "en",
        return_ticket=names.return_ticket,
        notify_ticket=names.notify_ticket,
        mismatch=False,
        absences=0,
        queries=0,
        next_query_at=now,
        sweep_at=now,
        returned_at=now,  # where they are now, nobody knows: not sent to the bank again
        address_mark=None,
        bin_mark=None,
        created_at=now,
        updated_at=now,
    )


async def _asked_before(context: Context, payment: Payment) -> bool:
    """Whether the gateways were asked before, since the newest restore, and found nothing more."""
    at = await context.ledger.read(restores.at) or 0.0
    said = [each for each in await context.ledger.read(events.of, payment.uid) if each.at >= at]
    last = next((each.kind for each in reversed(said) if each.kind in ("absent", "adopted")), None)
    return last == "absent"


async def _gap(context: Context) -> float:
    """Seconds between the two answers "no such payment". Just after a restore a charge of before
    may still be under way."""
    at = await context.ledger.read(restores.at)
    recent = at is not None and context.clock() < at + HOUR
    return context.schedule.between_absences if recent else next_query(0)


async def _postponed(
    context: Context,
    payment: Payment,
    standing: Standing,
    wait: float,
    *,
    found: int = 0,
    asked: bool = False,
) -> Adopted:
    now = context.clock()
    await context.write(payment.uid, _postpone, payment.uid, now, now + wait, asked=asked)
    status = payment.status_at(now)
    return Adopted(uid=payment.uid, standing=standing, status=status, found=found)


def _postpone(conn: Connection, uid: str, now: float, until: float, *, asked: bool) -> None:
    if transitions.lock(conn, uid).adopt_at is None:  # a person has released it
        return
    payments.change(conn, uid, adopt_at=until)
    if asked:
        events.append(conn, uid, "absent", now)


def release(
    conn: Connection,
    context: Context,
    uid: str,
    now: float,
    *,
    by: Actor = SERVER,
    reason: str = "",
) -> Payment:
    """The payment goes on: nothing of it is lost, by its gateways' word or by a person's."""
    payment = transitions.lock(conn, uid)
    if payment.adopt_at is None:
        return payment
    payments.change(conn, uid, adopt_at=None)
    events.append(conn, uid, "released", now, who=by.who)
    if by is not SERVER:
        told = {"shop": payment.shop, "reason": reason}
        audit.append(conn, by, "payment.release", uid, now, **told)
    return transitions.update(conn, context, uid, now)


async def release_by(context: Context, uid: str, *, by: Actor, reason: str) -> Payment:
    """A person has looked at the gateways: no payment is there but those of the ledger. Raises
    NotFound."""
    payment = await context.write(uid, release, context, uid, context.clock(), by=by, reason=reason)
    context.webhooks_due.set()
    return payment


async def end(context: Context, *, by: Actor, reason: str) -> list[str]:
    """A person says that all is well again: whatever is held goes on, links that are opened first
    as well. The uids of those that were held."""
    held = [uid for uid, _ in await context.ledger.read(restores.held)]
    for uid in held:
        await release_by(context, uid, by=by, reason=reason)
    await context.ledger.write(_end, context.clock(), by, reason)
    return held


def _end(conn: Connection, now: float, by: Actor, reason: str) -> None:
    restores.end(conn, now)
    audit.append(conn, by, "ledger.well", "-", now, shop="-", reason=reason)
