"""`checkout payments resend`: a payment's notifications again."""

from __future__ import annotations

from pathlib import Path

import click

from checkout.cli.basics import config_option, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.cli.payment_rows import webhook_row
from checkout.ledger.outbox import Webhook
from checkout.payments.context import Context
from checkout.payments.webhooks import resend_of_payment


def add_to(group: click.Group) -> None:
    group.add_command(resend)


@click.command()
@click.argument("uid")
@click.option("--all", "every", is_flag=True, help="Every one; otherwise the last.")
@config_option
@json_option
def resend(uid: str, every: bool, config: Path | None, as_json: bool) -> None:
    """Notify the shop of a payment again: its last notification, under the same webhook-id.
    One that was never written, as there was no address then, is written now."""

    async def work(context: Context) -> list[Webhook]:
        return await resend_of_payment(context, uid, every=every, by=actor())

    found = with_context(config, work)
    if as_json:
        print_json([webhook_row(each) for each in found])
        return
    for each in found:
        console().print(f"{each.id}  due now  {each.url}", soft_wrap=True)
    console().print(
        "The running server sends what is due within a second; "
        f"`checkout payments show {uid}` says what the shop answered.",
        soft_wrap=True,
    )
