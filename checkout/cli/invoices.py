"""`checkout invoices`: list, show and cancel invoices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from checkout.cli.basics import config_option, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.cli.list_table import csv_option, print_list, short
from checkout.ledger.invoices import Standing
from checkout.model.money import Money
from checkout.model.status import OUTWARD
from checkout.payments import invoices as payments_invoices
from checkout.payments.context import Context
from checkout.shop_api.invoices import shape

LINE = ("id", "status", "amount", "created", "mail", "to", "order", "shop")


@click.group()
def invoices() -> None:
    """The invoices that shops have made: how they stand; shut one."""


@invoices.command("list")
@click.option("--shop", help="Only this shop's.")
@click.option("--status", type=click.Choice(sorted(set(OUTWARD.values()))), help="Only these.")
@click.option("--tracking-id", help="The shop's own number, whole.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@csv_option
@config_option
@json_option
def list_(
    shop: str | None,
    status: str | None,
    tracking_id: str | None,
    limit: int,
    config: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """The newest invoices."""

    async def work(context: Context) -> list[dict[str, Any]]:
        found, _ = await payments_invoices.listed(
            context, shop=shop, status=status, tracking_id=tracking_id, limit=limit
        )
        return [_shape(context, each) for each in found]

    found = with_context(config, work)
    print_list(found, _line, LINE, as_json=as_json, as_csv=as_csv)


@invoices.command()
@click.argument("id")
@config_option
@json_option
def show(id: str, config: Path | None, as_json: bool) -> None:
    """One invoice with what became of it and of its mails."""

    async def work(context: Context) -> dict[str, Any]:
        return _shape(context, await payments_invoices.find(context, id))

    found = with_context(config, work)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        console().print(f"{name}: {value}")


@invoices.command()
@click.argument("id")
@config_option
@json_option
def cancel(id: str, config: Path | None, as_json: bool) -> None:
    """Shut an invoice's link for good, unless it is paid or being paid."""

    async def work(context: Context) -> dict[str, Any]:
        return _shape(context, await payments_invoices.cancel(context, id, by=actor()))

    found = with_context(config, work)
    if as_json:
        print_json(found)
    else:
        console().print(f"{found['id']}  {found['status']}")


def _shape(context: Context, standing: Standing) -> dict[str, Any]:
    """As in the shop's API, with the shop and the decimals."""
    found = shape(standing, context.settings.public_url, context.clock())
    decimals = standing.invoice.order.money.exponent
    return {"shop": standing.invoice.shop, "decimals": decimals, **found}


def _line(shown: Mapping[str, Any]) -> dict[str, str]:
    money = Money(shown["amount"], shown["currency"], shown["decimals"])
    return {
        "id": shown["id"],
        "status": shown["status"],
        "amount": f"{money.major} {money.currency}",
        "created": short(shown["created_at"]),
        "mail": shown["mail_status"],
        "to": shown["email"] or "",
        "order": shown["tracking_id"] or "",
        "shop": shown["shop"],
    }
