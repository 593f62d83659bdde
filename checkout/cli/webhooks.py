"""`checkout payments resend`: a payment's notifications again, or all that were given up."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress

from checkout.cli import options
from checkout.cli.basics import UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.cli.payment_rows import webhook_row
from checkout.ledger.outbox import Webhook
from checkout.payments.context import Context
from checkout.payments.webhooks import resend_given_up, resend_of_payment


def add_to(group: click.Group) -> None:
    group.add_command(resend)


@click.command()
@click.argument("uid", required=False)
@click.option("--all", "every", is_flag=True, help="Every one; otherwise the last.")
@click.option("--all-given-up", "given_up", is_flag=True, help="Whatever was tried in vain.")
@click.option(
    "--since",
    type=options.moment,
    default="30d",
    show_default=True,
    help="With --all-given-up: written then or later: 2026-11-01, 7d.",
)
@config_option
@json_option
def resend(
    uid: str | None, every: bool, given_up: bool, since: float, config: Path | None, as_json: bool
) -> None:
    """Notify the shop of a payment again: its last notification, under the same webhook-id.
    One that was never written, as there was no address then, is written now."""
    if given_up == (uid is not None):
        fail("Name a payment's UID, or --all-given-up", UNUSABLE)

    async def work(context: Context) -> list[Webhook]:
        if uid is not None:
            return await resend_of_payment(context, uid, every=every, by=actor())
        return await _all_given_up(context, since, quiet=as_json)

    found = with_context(config, work)
    if as_json:
        print_json([webhook_row(each) for each in found])
        return
    for each in found:
        console().print(f"{each.id}  due now  {each.url}", soft_wrap=True)
    if not found:
        console().print("Nothing was given up since then.")
        return
    shown = uid or found[-1].payment
    console().print(
        "The running server sends what is due within a second; "
        f"`checkout payments show {shown}` says what the shop answered.",
        soft_wrap=True,
    )


async def _all_given_up(context: Context, since: float, *, quiet: bool) -> list[Webhook]:
    found: list[Webhook] = []
    with Progress(console=console(), disable=quiet or not console().is_terminal) as progress:
        task = progress.add_task("Notifications that were given up", total=None)
        after = ""
        while more := await resend_given_up(context, since, by=actor(), after=after):
            found, after = found + more, more[-1].id
            progress.update(task, completed=len(found))
    return found
