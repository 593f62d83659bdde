"""`checkout payments adopt | release`: after a restore, what the gateways know comes back."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import Progress

from checkout.cli import options
from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.cli.payment_rows import payment_row
from checkout.ledger import restores
from checkout.payments import adoption, transitions
from checkout.payments.adoption import Adopted, Standing
from checkout.payments.context import Context

LOOK: Final = 0.2  # seconds between two looks at what is due
LATER: Final = 90.0  # seconds: what is asked about later than this needs a person, or a gateway
PAUSED: Final = frozenset({Standing.UNANSWERED, Standing.UNASKABLE})


def add_to(group: click.Group) -> None:
    group.add_command(adopt)
    group.add_command(release)


@click.command()
@click.option(
    "--since",
    type=options.moment,
    help="When the backup was made: 2026-11-01T12:00:00Z. Not needed where the ledger knows.",
)
@config_option
@json_option
def adopt(since: float | None, config: Path | None, as_json: bool) -> None:
    """After a restore: ask the gateways about every payment that may have been paid since the
    backup, and take over what they know. Until they have answered, none of those can be paid.
    Exit code 1 where some are still held."""
    if since is not None and since > time.time():
        fail("--since is in the future", UNUSABLE)

    async def work(context: Context) -> tuple[dict[str, Adopted], list[dict[str, Any]]]:
        if since is not None:
            await adoption.restored(context, since, by=actor())
        asked = await _asked(context, quiet=as_json)
        held = [uid for uid, _ in await context.ledger.read(restores.held)]
        return asked, [payment_row(await context.ledger.read(transitions.read, u)) for u in held]

    asked, held = with_context(config, work)
    if as_json:
        print_json({"asked": [_shape(each) for each in asked.values()], "held": held})
    else:
        _print(asked.values(), held)
    sys.exit(FAILED if held else 0)


async def _asked(context: Context, *, quiet: bool) -> dict[str, Adopted]:
    """What came of each; ends when nothing is due soon, or every gateway left is silent."""
    asked: dict[str, Adopted] = {}
    held = await context.ledger.read(restores.held)
    with Progress(console=console(), disable=quiet or not console().is_terminal) as progress:
        task = progress.add_task("Asking the gateways", total=len(held))
        while _is_due(asked, await context.ledger.read(restores.held), context.clock()):
            for each in await adoption.turn(context):
                before = asked.get(each.uid)
                found = each.found + (before.found if before else 0)
                asked[each.uid] = Adopted(
                    uid=each.uid, standing=each.standing, status=each.status, found=found
                )
            settled = sum(each.standing is Standing.RELEASED for each in asked.values())
            progress.update(task, completed=settled)
            await asyncio.sleep(LOOK)
    return asked


def _is_due(asked: dict[str, Adopted], held: list[tuple[str, float]], now: float) -> bool:
    return any(
        at <= now + LATER and (uid not in asked or asked[uid].standing not in PAUSED)
        for uid, at in held
    )


def _print(asked: Iterable[Adopted], held: list[dict[str, Any]]) -> None:
    out, found = console(), 0
    for each in asked:
        if each.found:
            out.print(f"{each.uid}  {each.status}: {each.found} found at the gateways")
            found += each.found
    out.print(f"{found} attempts taken over, {len(held)} payments still held")
    for row in held:
        out.print(f"{row['uid']}  held  {row['shop']}  {row['tracking_id'] or ''}")
    if held:
        out.print(
            "The running server goes on asking. Where a gateway can't be asked, look for the order"
            " in its back office: what is not paid there is let go by `checkout payments release"
            " UID --reason TEXT`.",
            soft_wrap=True,
        )


def _shape(each: Adopted) -> dict[str, Any]:
    return {
        "uid": each.uid, "standing": each.standing, "status": each.status, "found": each.found
    }  # fmt: skip


@click.command()
@click.argument("uid", required=False)
@click.option("--all", "every", is_flag=True, help="Whatever is held; and links from now on.")
@click.option("--reason", required=True, help="How you know that it is not paid.")
@config_option
@json_option
def release(uid: str | None, every: bool, reason: str, config: Path | None, as_json: bool) -> None:
    """Let a payment go on that is held since a restore: you have looked, and it is not paid at any
    gateway."""
    if every == (uid is not None):
        fail("Name a payment's UID, or --all", UNUSABLE)

    async def work(context: Context) -> list[str]:
        if uid is None:
            return await adoption.end(context, by=actor(), reason=reason)
        await adoption.release_by(context, uid, by=actor(), reason=reason)
        return [uid]

    released = with_context(config, work)
    if as_json:
        print_json(released)
        return
    for each in released:
        console().print(f"{each}  goes on")
    if every:
        console().print(f"{len(released)} payments go on; no link is held any longer")
