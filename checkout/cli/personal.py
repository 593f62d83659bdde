"""`checkout payments purge | export | erase`: remove outdated personal data; export or erase those
of one customer."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import Progress

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.ledger import audit
from checkout.ledger import personal_data as ledger_personal
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import sendable_email_address
from checkout.payments import personal_data, retention
from checkout.payments.context import Context
from checkout.payments.personal_data import Records
from checkout.settings.rules import duration

customer_option = click.option(
    "--customer", "email", required=True, metavar="EMAIL", help="The customer's e-mail address."
)


def add_to(group: click.Group) -> None:
    for command in (purge_, export, erase):
        group.add_command(command)


@click.command("purge")
@click.option("--older-than", "age", help='Like 400d or 8w; "retention" of the settings if unsaid.')
@click.option("--dry-run", "dry", is_flag=True, help="Only tell how many there are.")
@click.option("--vacuum", is_flag=True, help="Then write the database anew; writers wait.")
@config_option
@json_option
def purge_(age: str | None, dry: bool, vacuum: bool, config: Path | None, as_json: bool) -> None:
    """Take away the personal data of payments that ended long ago; money and states stay.

    The server does the same each hour, by "retention" and "retention_unpaid".
    """
    try:
        seconds = None if age is None else duration(age)
    except Invalid as wrong:
        fail(f"--older-than {wrong}", UNUSABLE)

    async def work(context: Context) -> retention.Report:
        settings = context.settings
        paid = settings.retention if seconds is None else seconds
        unpaid = settings.retention_unpaid if seconds is None else seconds
        with _progress(quiet=as_json) as bar:
            step = partial(bar.advance, bar.add_task("Purging", total=None))
            report = await retention.purge(
                context, paid=paid, unpaid=unpaid, dry=dry, progress=step
            )
        if not dry:
            await context.ledger.write(
                audit.append, actor(), "purge", "personal data", context.clock(), shop="",
                payments=report.payments, invoices=report.invoices, paid=paid, unpaid=unpaid,
            )  # fmt: skip
        if vacuum and not dry:
            await context.ledger.tidy(whole=True)
        return report

    found = with_context(config, work)
    if as_json:
        print_json({"dry_run": dry} | msgspec.to_builtins(found))
        return
    would = "would be " if dry else ""
    console().print(f"{would}purged: {found.payments} payments, {found.invoices} unopened invoices")
    for why, count in found.kept.items():
        console().print(f"kept: {count}, as {why}")


@click.command()
@customer_option
@config_option
@json_option
def export(email: str, config: Path | None, as_json: bool) -> None:
    """Everything that is held about one customer, as JSON on standard output."""
    address = _address(email)

    async def work(context: Context) -> dict[str, Any]:
        records = await _find(context, address, quiet=as_json)
        return await personal_data.export(context, address, records, by=actor())

    print_json(with_context(config, work))


@click.command()
@customer_option
@click.option("--yes", is_flag=True, help="Without asking.")
@config_option
@json_option
def erase(email: str, yes: bool, config: Path | None, as_json: bool) -> None:
    """Take away the personal data of one customer, of all that is over. What stays is told, with
    the reason; then the exit code is 1."""
    address = _address(email)
    if as_json and not yes:
        fail("--json asks nothing: say --yes too", UNUSABLE)

    who = actor()

    async def plan(context: Context) -> tuple[Records, personal_data.Erased]:
        records = await _find(context, address, quiet=as_json)
        return records, await personal_data.erase(context, records, by=who, dry=True)

    records, planned = with_context(config, plan)
    if not as_json:
        _print_erased(planned, "to erase")
    if not yes and (planned.payments or planned.invoices):
        click.confirm("It can't be undone. Erase?", abort=True)
    done = with_context(config, lambda context: personal_data.erase(context, records, by=who))
    if as_json:
        print_json({"customer": personal_data.normal(address)} | msgspec.to_builtins(done))
    else:
        console().print(f"erased: {done.payments} payments, {done.invoices} invoices")
    if done.stays:
        sys.exit(FAILED)


def _print_erased(found: personal_data.Erased, what: str) -> None:
    console().print(f"{what}: {found.payments} payments, {found.invoices} invoices")
    for name, why in found.stays:
        console().print(f"stays: {name}, as {why}")
    if found.payments or found.invoices:
        console().print(
            "stay: amounts, states, times, the shop's order numbers, and gateways' names of cards"
        )


def _address(email: str) -> str:
    try:
        return sendable_email_address(email.strip())
    except Invalid as wrong:
        fail(f"--customer {wrong}", UNUSABLE)


async def _find(context: Context, email: str, *, quiet: bool) -> Records:
    whole = await context.ledger.read(ledger_personal.count)
    with _progress(quiet=quiet) as progress:
        task = progress.add_task("Looking through the ledger", total=whole)
        return await personal_data.find(context, email, partial(progress.advance, task))


def _progress(*, quiet: bool) -> Progress:
    """A progress bar on standard error, as standard output may go into a file."""
    screen = console()
    screen.stderr = True
    return Progress(console=screen, disable=quiet or not screen.is_terminal)
