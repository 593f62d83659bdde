"""`checkout audit`: list and verify the audit log."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import console, moment
from checkout.cli.context import with_context
from checkout.cli.list_table import csv_option, print_csv
from checkout.ledger import audit as log
from checkout.ledger.audit import Entry, Verdict
from checkout.payments.context import Context

NOTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


@click.group()
def audit() -> None:
    """Who sent money back, collected it, ended a mismatch, made or cancelled what; append only."""


@audit.command("list")
@click.option("--shop", help="Only this shop's.")
@click.option("--subject", help="Only what was done to this payment, invoice or product.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@csv_option
@config_option
@json_option
def list_(
    shop: str | None,
    subject: str | None,
    limit: int,
    config: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """The newest acts."""

    async def work(context: Context) -> list[Entry]:
        return await context.ledger.read(log.listed, shop=shop, subject=subject, limit=limit)

    found = [_shape(entry) for entry in with_context(config, work)]
    if as_json or as_csv:
        (print_csv if as_csv else print_json)(found)
        return
    for each in found:  # a line each, for grep; a table would cut ids
        console().print(_line(each), soft_wrap=True, markup=False, highlight=False)


@audit.command()
@click.option("--noted", metavar="NUMBER:HASH", help="A row's hash as it was noted elsewhere.")
@config_option
@json_option
def verify(noted: str | None, config: Path | None, as_json: bool) -> None:
    """Whether the log is whole. Exit code 1 when a row was changed or removed, or its guards were.
    Prints the last row's hash: note it elsewhere, and give it as --noted the next time."""
    match = NOTED.fullmatch(noted) if noted is not None else None
    if noted is not None and match is None:
        fail("--noted: must be like 12:9f86d0...", UNUSABLE)
    before = (int(match[1]), match[2]) if match else None

    async def work(context: Context) -> Verdict:
        return await context.ledger.read(log.verify, before)

    verdict = with_context(config, work)
    if as_json:
        print_json(msgspec.to_builtins(verdict))
    else:
        end = f"{verdict.number}:{verdict.hash}"
        for line in verdict.wrong or (f"whole, {verdict.count} rows, {end}",):
            console().print(line, soft_wrap=True)
    if verdict.wrong:
        sys.exit(FAILED)


def _shape(entry: Entry) -> dict[str, Any]:
    found = msgspec.structs.asdict(entry)
    return found | {"at": moment(entry.at), "data": msgspec.json.decode(entry.data)}


def _line(entry: dict[str, Any]) -> str:
    shop = f"shop={entry['shop']}" if entry["shop"] else ""
    by = ", ".join(filter(None, (entry["via"], entry["origin"])))
    more = (f"{name}={value}" for name, value in entry["data"].items())
    head = (f"{entry['number']:>6}", entry["at"], entry["act"], entry["subject"], shop)
    return "  ".join(filter(None, (*head, f"by {entry['who']} ({by})", *more)))
