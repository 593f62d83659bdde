"""`checkout payments compare`: the ledger beside a gateway's settlement file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.progress import Progress

from checkout.cli import options
from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import console, reason
from checkout.cli.context import with_context
from checkout.gateways.settlement import open_settlement
from checkout.model.validation.reader import Invalid
from checkout.payments.context import Context
from checkout.payments.settlement import Comparison, Difference, open_comparison

SHOWN: Final = ("line", "kind", "payment", "tracking_id", "id", "key", "here", "there")


def add_to(group: click.Group) -> None:
    group.add_command(compare)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--account", help="Whose file it is; not needed where there is one account.")
@click.option(
    "--columns",
    help="The file's own titles: id=UID,amount=Sum; else as the settings say, or the usual ones.",
)
@click.option("--since", type=options.moment, help="When the file's period begins: 2026-11-01.")
@click.option("--until", type=options.moment, help="When it ends: 2026-12-01.")
@config_option
@json_option
def compare(
    file: Path,
    account: str | None,
    columns: str | None,
    since: float | None,
    until: float | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """List what differs between the ledger and a gateway's settlement file (CSV): payments and
    refunds that are missing here or, with --since and --until, there; amounts, currencies,
    statuses; rows that come twice. Exit code 1 where anything does."""
    if (since is None) != (until is None):
        fail("Give --since and --until together: the period of the file", UNUSABLE)
    period = None if since is None or until is None else (since, until)
    titles = _titles(columns)
    told: list[Difference] = []

    def tell(difference: Difference) -> None:
        told.append(difference) if as_json else _print(difference)

    async def work(context: Context) -> tuple[Comparison, int]:
        name = _account(context, account)
        named = {**context.settings.gateways[name].options.settlement, **titles}
        count = 0
        with (
            Progress(console=console(), disable=as_json or not console().is_terminal) as progress,
            open_settlement(file, named) as rows,
        ):
            task = progress.add_task("Reading the ledger", total=None)
            comparison = await open_comparison(
                context, name, since or 0.0, lambda done: progress.update(task, completed=done)
            )
            for difference in comparison.differences(rows, period):
                count += 1
                tell(difference)
        return comparison, count

    try:
        comparison, count = with_context(config, work)
    except Invalid as error:
        fail(f"{file} {error}", UNUSABLE)
    except OSError as error:
        fail(reason(error), UNUSABLE)
    if as_json:
        shown = [_shape(each) for each in told]
        print_json({"rows": comparison.rows, "same": comparison.same, "differences": shown})
    else:
        console().print(
            f"{comparison.rows} rows, {comparison.same} the same, {count} differences"
            + (
                ""
                if period
                else "; without --since and --until nobody looked what is missing there"
            )
        )
    sys.exit(FAILED if count else 0)


def _account(context: Context, account: str | None) -> str:
    names = list(context.settings.gateways)
    if account is None and len(names) == 1:
        return names[0]
    if account not in names:
        fail(f"--account: one of {', '.join(names)}", UNUSABLE)
    return account


def _titles(columns: str | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in (columns or "").split(",") if each.strip()]
    if not all(name and mark and title for name, mark, title in pairs):
        fail("--columns: write it as id=UID,amount=Sum", UNUSABLE)
    return {name.strip(): title.strip() for name, _, title in pairs}


def _print(difference: Difference) -> None:
    said = (f"{name}={value}" for name, value in _shape(difference).items() if name != "what")
    line = "  ".join((difference.what, *said))
    console().print(line, soft_wrap=True, highlight=False)


def _shape(difference: Difference) -> dict[str, Any]:
    found = msgspec.structs.asdict(difference)
    return {name: value for name, value in found.items() if value is not None}
