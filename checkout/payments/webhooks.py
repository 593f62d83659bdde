"""A shop's webhooks: find, list, listen to, send again. A webhook that is sent again keeps its id,
as it tells of the same event; its tries start anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import NotFound, TooMany, Unprocessable
from checkout.identifiers import new_uid
from checkout.ledger import app_counts, audit, listeners, operations, outbox, personal_data
from checkout.ledger.audit import Actor
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Payment
from checkout.model.cursor import Cursor
from checkout.model.status import FINAL, OUTWARD
from checkout.payments.context import Context
from checkout.payments.operations import payment_named
from checkout.settings import Shop
from checkout.shop_api.webhooks import operation_webhook, payment_webhook

T = TypeVar("T")

# How often in ten minutes a shop may have webhooks sent again.
RESENDS_OF_WEBHOOK: Final = 10
RESENDS_OF_SHOP: Final = 1000
TOO_MANY: Final = "Sent again too often: try again later"

NO_ADDRESS: Final = "the payment names none, nor do the settings of its shop"
ERASED: Final = "was removed with the customer's data"
NOT_ENDED: Final = "is {status}: its shop is told once it has ended"
NO_SHOP: Final = "is no longer in the settings"

LATE: Final = 10.0  # seconds that a transaction may take between its clock and its commit
FIRST_ID: Final = "-"  # before all ids


async def find(context: Context, id: str, shop: Shop) -> tuple[Webhook, Payment]:
    """One of the shop's, with its payment. Raises NotFound."""
    return await context.ledger.read(_find, id, shop.id)


def _find(conn: Connection, id: str, shop: str | None) -> tuple[Webhook, Payment]:
    webhook = outbox.by_id(conn, id)
    if webhook is None or shop not in (None, webhook.shop):
        raise NotFound
    return webhook, payment_named(conn, webhook.payment)


async def listed(
    context: Context, shop: Shop, *, named: str | None, limit: int, after: Cursor | None
) -> tuple[list[Webhook], Cursor | None]:
    """The newest first. `named`: only those of this payment, by its uid or by that of what followed
    it. Raises NotFound for another shop's."""
    return await context.ledger.read(_listed, shop.id, named=named, limit=limit, after=after)


def _listed(
    conn: Connection, shop: str, *, named: str | None, limit: int, after: Cursor | None
) -> tuple[list[Webhook], Cursor | None]:
    payment = None
    if named is not None:
        payment = payment_named(conn, named)
        if payment.shop != shop:
            raise NotFound
    uid = payment.uid if payment else None
    return outbox.listed(conn, shop, payment=uid, limit=limit, after=after)


async def listen(
    context: Context, shop: Shop, after: Cursor | None, limit: int
) -> tuple[list[Webhook], Cursor]:
    """Listen: those written after the cursor, or from now on, the oldest first, and the cursor to
    listen on with. Some come twice, as one may be seen later than another that was written after
    it. From now on the shop is listened to."""
    now = context.clock()
    if not await context.ledger.read(listeners.present, shop.id, now, seconds=listeners.OFTEN):
        try:
            await context.ledger.write_unsynced(listeners.note, shop.id, now)
        except IntegrityError:  # another worker has just noted it
            pass
    after = after or Cursor(now, FIRST_ID)
    found = await context.ledger.read(outbox.since, shop.id, after, limit)
    if len(found) == limit:
        return found, Cursor(found[-1].created_at, found[-1].id)
    return found, max(after, Cursor(now - LATE, FIRST_ID))


async def resend(context: Context, id: str, shop: Shop, *, by: Actor) -> Webhook:
    """Send one of the shop's webhooks again, whether or not it was delivered.

    Raises NotFound; Unprocessable where there is no address or nothing left to send; TooMany.
    """
    return await _within_limits(context, shop, "webhook", id, _resend, by)


def _resend(
    conn: Connection,
    context: Context,
    id: str,
    shop: str,
    limits: dict[str, int],
    now: float,
    by: Actor,
) -> Webhook:
    webhook, payment = _find(conn, id, shop)
    _count(conn, limits, now)
    return _renew(conn, context, webhook, payment, now, by)


async def _within_limits(
    context: Context, shop: Shop, kind: str, id: str, send: Callable[..., T], by: Actor
) -> T:
    """What a shop has sent again itself: a webhook, or a payment's. `send`: the verb, which calls
    `_count` once it has found them."""
    limits = {
        context.mark("resends", kind, id): RESENDS_OF_WEBHOOK,
        context.mark("resends", "shop", shop.id): RESENDS_OF_SHOP,
    }
    again = (context, id, shop.id, limits, context.clock(), by)
    try:
        found = await context.ledger.write(send, *again)
    except IntegrityError:  # another worker counted the first one
        found = await context.ledger.write(send, *again)
    context.webhooks_due.set()
    return found


def _count(conn: Connection, limits: dict[str, int], now: float) -> None:
    if app_counts.take(conn, limits, now) is not None:
        raise TooMany(retry_after=app_counts.wait(now), message=TOO_MANY)


async def resend_of_payment(
    context: Context, named: str, *, every: bool, by: Actor
) -> list[Webhook]:
    """For the operator: send a payment's last webhook again, or `every` one; one that was never
    written, as there was no address then, is written now. `named`: its uid, or that of what
    followed it.

    Raises NotFound; Unprocessable where there is no address, nothing has ended or is left to send.
    """
    return await context.ledger.write(
        _resend_of_payment, context, named, every, context.clock(), by
    )


async def resend_of_shop(
    context: Context, named: str, shop: Shop, *, every: bool, by: Actor
) -> list[Webhook]:
    """`resend_of_payment` for the shop itself, within its limits.

    Raises NotFound for another shop's, TooMany.
    """
    send = partial(_resend_of_shop, every=every)
    return await _within_limits(context, shop, "payment", named, send, by)


def _resend_of_shop(
    conn: Connection,
    context: Context,
    named: str,
    shop: str,
    limits: dict[str, int],
    now: float,
    by: Actor,
    *,
    every: bool,
) -> list[Webhook]:
    if payment_named(conn, named).shop != shop:
        raise NotFound
    _count(conn, limits, now)
    return _resend_of_payment(conn, context, named, every, now, by)


async def resend_given_up(
    context: Context, since: float, *, by: Actor, after: str = ""
) -> list[Webhook]:
    """For the operator: send again some of those written since then that were given up, by id from
    `after` on; empty: there are no more. The first try of each is at once."""
    return await context.ledger.write(_resend_given_up, since, after, context.clock(), by)


def _resend_given_up(
    conn: Connection, since: float, after: str, now: float, by: Actor
) -> list[Webhook]:
    found = outbox.given_up(conn, since, after=after)
    for webhook in found:
        outbox.renew(conn, webhook.id, url=webhook.url, now=now)
        told = {"shop": webhook.shop, "payment": webhook.payment}
        audit.append(conn, by, "webhook.resend", webhook.id, now, **told)
    return found


def _resend_of_payment(
    conn: Connection, context: Context, named: str, every: bool, now: float, by: Actor
) -> list[Webhook]:
    payment = payment_named(conn, named)
    found = outbox.of(conn, payment.uid)
    if not found:
        bodies = _bodies(conn, context, payment, now)
        return [_write(conn, context, payment, body, now, by) for body in bodies]
    chosen = found if every else found[-1:]
    return [_renew(conn, context, webhook, payment, now, by) for webhook in chosen]


def _renew(
    conn: Connection, context: Context, webhook: Webhook, payment: Payment, now: float, by: Actor
) -> Webhook:
    if not webhook.body:
        raise Unprocessable({"body": [ERASED]})
    url = webhook.url or _url(context, payment)
    outbox.renew(conn, webhook.id, url=url, now=now)
    return _noted(conn, webhook.id, payment, now, by)


def _write(
    conn: Connection, context: Context, payment: Payment, body: str, now: float, by: Actor
) -> Webhook:
    name, url = new_uid(), _url(context, payment)
    outbox.add(conn, id=name, payment=payment.uid, url=url, body=body, now=now)
    return _noted(conn, name, payment, now, by)


def _noted(conn: Connection, id: str, payment: Payment, now: float, by: Actor) -> Webhook:
    """The webhook as it is now, after a line in the audit log."""
    audit.append(conn, by, "webhook.resend", id, now, shop=payment.shop, payment=payment.uid)
    return _find(conn, id, None)[0]


def _bodies(conn: Connection, context: Context, payment: Payment, now: float) -> list[str]:
    """What the shop of a payment without webhooks would have been told: of itself and of what
    followed. Raises Unprocessable."""
    shop, status = _shop(context, payment), payment.status_at(now)
    if status not in FINAL:
        raise Unprocessable({"status": [NOT_ENDED.format(status=OUTWARD[status])]})
    if personal_data.is_purged(conn, payment.uid):
        raise Unprocessable({"body": [ERASED]})
    followed = [each for each in operations.of(conn, payment.uid) if each.notified is not None]
    base = context.settings.origin(shop)
    return [
        payment_webhook(payment, status, shop, base, now),
        *(operation_webhook(each, payment, base) for each in followed),
    ]


def _url(context: Context, payment: Payment) -> str:
    """Where a webhook without an address goes now. Raises Unprocessable."""
    url = payment.order.page_settings.notification_url or _shop(context, payment).notification_url
    if url is None:
        raise Unprocessable({"notification_url": [NO_ADDRESS]})
    return url


def _shop(context: Context, payment: Payment) -> Shop:
    shop = context.settings.shops.get(payment.shop)
    if shop is None:
        raise Unprocessable({"shop": [NO_SHOP]})
    return shop
