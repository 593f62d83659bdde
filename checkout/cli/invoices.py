"""`checkout invoices`: list, show and cancel invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from checkout.cli.common import actor, config_option, console, json_option, print_json, with_context
from checkout.ledger.invoices import Standing
from checkout.model.money import Money
from checkout.model.status import OUTWARD
from checkout.payments import invoices as payments_invoices
from checkout.payments.context import Context
from checkout.shop_api.invoices import shape


@click.group()
def invoices() -> None:
    """The invoices that shops have made: how they stand; shut one."""


@invoices.command("list")
@click.option("--shop", help="Only this shop's.")
@click.option("--status", type=click.Choice(sorted(set(OUTWARD.values()))), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@config_option
@json_option
def list_(
    shop: str | None, status: str | None, limit: int, config: Path | None, as_json: bool
) -> None:
    """The newest invoices."""

    async def work(context: Context) -> list[dict[str, Any]]:
        found = await payments_invoices.listed(context, shop=shop, status=status, limit=limit)
        return [_shape(context, each) for each in found]

    found = with_context(config, work)
    if as_json:
        print_json(found)
        return
    name = Column("id", no_wrap=True)  # to be copied
    table = Table("created", name, "shop", "amount", "status", "mail", "to", "order")
    for each in found:
        table.add_row(
            each["created_at"],
            each["id"],
            each["shop"],
            f"{Money(each['amount'], each['currency'], each['decimals']).major} {each['currency']}",
            each["status"],
            each["mail_status"],
            each["email"] or "",
            each["tracking_id"] or "",
        )
    console().print(table)


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
