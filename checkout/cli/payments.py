"""`checkout payments`: list, show and reconcile payments."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from checkout.cli import adoption, options, payment_operations, personal, settlement, webhooks
from checkout.cli.basics import FAILED, config_option, fail, json_option, print_json
from checkout.cli.common import console, moment
from checkout.cli.context import with_context
from checkout.cli.list_table import csv_option, print_list, short
from checkout.cli.payment_rows import attempt_row, operation_row, payment_row, webhook_row
from checkout.errors import NotFound
from checkout.ledger import events, lists, operations, outbox
from checkout.ledger import payments as ledger_payments
from checkout.ledger.lists import ListFilter
from checkout.model.cursor import Cursor
from checkout.model.money import Money
from checkout.model.status import Status
from checkout.payments import transitions
from checkout.payments.context import Context
from checkout.payments.recovery import reconcile as reconcile_one
from checkout.shop_api.list_request import PAYMENT_TYPES
from checkout.shop_api.responses import operation as operation_shape
from checkout.shop_api.responses import receipt_address

UNDER_WAY = (Status.PENDING, Status.REQUIRES_ACTION)


@click.group()
def payments() -> None:
    """What the ledger holds; settle what is open by asking the gateways."""


personal.add_to(payments)
payment_operations.add_to(payments)
webhooks.add_to(payments)
adoption.add_to(payments)
settlement.add_to(payments)


@payments.command("list")
@click.option("--shop", help="Only this shop's.")
@click.option(
    "--status",
    type=click.Choice(sorted(lists.CHECKOUT_STATUSES)),
    help="Only these; open: untried.",
)
@click.option(
    "--from",
    "--since",
    "created_from",
    type=options.moment,
    help="Made then or later: 2026-11-01, 7d.",
)
@click.option("--to", "created_to", type=options.moment, help="Made before: 2026-11-01T12:00:00Z.")
@click.option("--tracking-id", help="The shop's own number, whole.")
@click.option("--amount", type=click.IntRange(0), help="Just this, in minor units: 1999.")
@click.option("--currency", help="ISO 4217, like EUR.")
@click.option("--type", "type_", type=click.Choice(PAYMENT_TYPES), help="Of the transaction.")
@click.option("--search", help="In uid, order number and description, whatever the letters' case.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option(
    "--after", type=options.cursor, help="Where the list goes on: printed where there are more."
)
@csv_option
@config_option
@json_option
def list_(
    limit: int,
    after: Cursor | None,
    config: Path | None,
    as_json: bool,
    as_csv: bool,
    type_: str | None,
    **wanted: Any,
) -> None:
    """The newest payments; times are UTC."""

    async def work(context: Context) -> tuple[list[dict[str, Any]], Cursor | None]:
        now = context.clock()
        found, following = await context.ledger.read(
            lists.checkouts, ListFilter(type=type_, **wanted), now=now, after=after, limit=limit
        )
        rows = [payment_row(each) | {"status": each.status_at(now)} for each in found]
        return rows, following

    found, following = with_context(config, work)
    print_list(found, _line, LINE, as_json=as_json, as_csv=as_csv)
    if following is not None:
        # Beside the answer: what reads it reads rows alone.
        click.echo(f"There are more: --after={following}", err=as_json or as_csv)


LINE = ("uid", "status", "test", "amount", "created", "order", "shop", "description")


def _line(row: Mapping[str, Any]) -> dict[str, str]:
    money = Money(row["amount"], row["currency"], row["decimals"])
    return {
        "uid": row["uid"],
        "status": row["status"],
        "amount": f"{money.major} {money.currency}",
        "test": "test" if row["test"] else "",
        "created": short(row["created_at"]),
        "order": row["tracking_id"] or "",
        "shop": row["shop"],
        "description": row["description"],
    }


@payments.command()
@click.argument("uid")
@config_option
@json_option
def show(uid: str, config: Path | None, as_json: bool) -> None:
    """One payment with its attempts, events and webhooks. A gateway's `link` shows the payment
    there; whoever has it may do all with it."""
    found = with_context(config, partial(_shown, uid=uid))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, list):
            console().print(name, style="bold")
            for line in value:
                console().print("  " + "  ".join(f"{k}={v}" for k, v in line.items()))
        else:
            console().print(f"{name}: {value}")


async def _shown(context: Context, uid: str) -> dict[str, Any]:
    """A payment with its attempts, events, operations and webhooks."""
    read = context.ledger.read
    payment, happened = await read(transitions.read, uid), await read(events.of, uid)
    base = context.settings.origin(payment.shop)
    return {
        **payment_row(payment),
        "attempts": [
            attempt_row(attempt, happened, context.gateways.get(attempt.account))
            for attempt in payment.attempts
        ],
        "events": [
            {"at": moment(e.at), "kind": e.kind, "attempt": e.attempt, **e.data} for e in happened
        ],
        "operations": [
            operation_row(each, operation_shape(each, payment, receipt_address(payment, base)))
            for each in await read(operations.of, uid)
        ],
        "letters": [webhook_row(webhook) for webhook in await read(outbox.of, uid)],
        "dropped": [
            {"field": field, "reason": reason} for field, reason in payment.order.dropped.items()
        ],
    }


@payments.command()
@click.argument("uids", nargs=-1)
@config_option
@json_option
def reconcile(uids: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Settle what is open by asking the gateways: these payments, or all that are under way."""

    async def work(context: Context) -> list[dict[str, Any]]:
        chosen = list(uids) or await context.ledger.read(ledger_payments.uids, UNDER_WAY)
        with Progress(console=console(), disable=as_json or not console().is_terminal) as progress:
            tracked = progress.track(chosen, description="Asking the gateways")
            return [await _reconciled(context, uid) for uid in tracked]

    try:
        found = with_context(config, work)
    except NotFound:
        fail("Record not found", FAILED)
    if as_json:
        print_json(found)
        return
    for each in found:
        console().print(f"{each['uid']}  {each['before']} -> {each['after']}")
    moved = sum(each["before"] != each["after"] for each in found)
    console().print(f"{len(found)} asked about, {moved} settled or moved")


async def _reconciled(context: Context, uid: str) -> dict[str, Any]:
    before = await context.ledger.read(transitions.read, uid)
    after = await reconcile_one(context, uid)
    return {"uid": uid, "before": before.status, "after": after.status}
