"""`checkout trigger`: a scripted payment on a running checkout with sandbox gateways."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import time
from contextlib import nullcontext
from typing import Any, Final

import click
import httpx
import msgspec

from checkout.cli.basics import FAILED, UNUSABLE, fail, json_option, print_json
from checkout.drill.customer import Refused
from checkout.drill.scenario_run import TimedOut
from checkout.drill.shop import Unusable
from checkout.drill.trigger import TRIGGERS, TriggeredPayment, TriggerRun, play
from checkout.drill.webhook_receiver import WebhookReceiver, receiving
from checkout.model.money import Money

SECRET: Final = "SHOP_SECRET"
WAIT: Final = 10.0  # seconds for webhooks, once the payment has ended
GRACE: Final = 0.5  # seconds for those that nobody promises
PARTS: Final = "type", "status", "uid"  # of a webhook
NAMES: Final = "\n\n".join(f"{name}: {each.description}" for name, each in TRIGGERS.items())
HELP: Final = f"""Make a test payment on the sandbox, and play it to an end.

{NAMES}

The shop's secret_key is read from {SECRET}. Without --notification-url the notifications come to
this command, which shows them; the server must be one with sandbox = true then."""


@click.command(help=HELP)
@click.argument("name", type=click.Choice(list(TRIGGERS)))
@click.option(
    "--url", default="http://127.0.0.1:8001", show_default=True, envvar="CHECKOUT",
    help="Where checkout is.",
)  # fmt: skip
@click.option("--sandbox-url", default="http://localhost:8002", show_default=True)
@click.option("--shop", default="361", show_default=True, envvar="SHOP_ID", help="The shop's id.")
@click.option("--amount", help="In major units, like 12.50; a random one unless said.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--tracking-id", help="The shop's own number; a random one unless said.")
@click.option("--notification-url", help="Your shop's; unless said they come to this command.")
@json_option
def trigger(
    name: str,
    url: str,
    sandbox_url: str,
    shop: str,
    amount: str | None,
    currency: str,
    tracking_id: str | None,
    notification_url: str | None,
    as_json: bool,
) -> None:
    secret = os.environ.get(SECRET)
    if not secret:
        fail(f"Put the shop's secret_key into {SECRET}; checkout demo prints it.", UNUSABLE)
    with nullcontext() if notification_url else receiving() as receiver:
        run = TriggerRun(
            api=_client(base_url=url.rstrip("/"), auth=(shop, secret)),
            browser=_client(),
            checkout=url.rstrip("/"),
            sandbox=sandbox_url.rstrip("/"),
            money=_money(amount, currency),
            tracking_id=tracking_id or f"trigger-{secrets.token_hex(4)}",
            notification_url=receiver.url if receiver else notification_url or "",
        )
        try:
            made = asyncio.run(_played(name, run))
        except Unusable as error:
            fail(str(error), UNUSABLE)
        except (Refused, TimedOut, httpx.HTTPError) as error:
            fail(f"{run.tracking_id}: {str(error) or type(error).__name__}", FAILED)
        told = _notified(receiver, TRIGGERS[name].webhooks) if receiver else None
    _show(name, run, made, told, as_json=as_json)


async def _played(name: str, run: TriggerRun) -> TriggeredPayment:
    async with run.api, run.browser:
        return await play(TRIGGERS[name], run)


def _client(**options: Any) -> httpx.AsyncClient:
    headers = {"Accept-Language": "en"}
    return httpx.AsyncClient(timeout=30, trust_env=False, headers=headers, **options)


def _money(amount: str | None, currency: str) -> Money:
    try:
        return Money.from_major(amount or str(random.randrange(100, 1000)), currency)
    except ValueError as error:
        fail(f"--amount {amount} {currency}: {error}", UNUSABLE)


def _notified(receiver: WebhookReceiver, expected: int) -> list[dict[str, Any]]:
    """What has come; those that are expected are waited for."""
    end = time.monotonic() + (WAIT if expected else GRACE)
    while time.monotonic() < end and (not expected or len(receiver.webhooks) < expected):
        time.sleep(0.05)
    return [{part: each.get(part) for part in PARTS} for each in receiver.webhooks]


def _show(
    name: str,
    run: TriggerRun,
    made: TriggeredPayment,
    told: list[dict[str, Any]] | None,
    *,
    as_json: bool,
) -> None:
    found = {
        "trigger": name,
        **msgspec.to_builtins(made),
        "amount": run.money.minor,
        "currency": run.money.currency,
        "notification_url": run.notification_url,
        "notifications": told,
    }
    if as_json:
        print_json(found)
        return
    click.echo(TRIGGERS[name].description)
    for part in ("uid", "token", "status", "tracking_id"):
        click.echo(f"{part:<13} {found[part]}")
    click.echo(f"{'amount':<13} {run.money.major} {run.money.currency}")
    for uid in made.operations:
        click.echo(f"{'operation':<13} {uid}")
    if told is None:
        click.echo(f"{'notifications':<13} sent to {run.notification_url}")
    for each in told or ():
        click.echo(f"{'notification':<13} {each['type']} {each['status']}")
