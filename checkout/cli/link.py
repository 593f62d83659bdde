"""`checkout link`: one signed payment address, made offline."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from checkout.cli.common import UNUSABLE, config_option, fail, json_option, print_json, settings_of
from checkout.errors import CheckoutError, Unprocessable
from checkout.links import sign_link
from checkout.merchant.orders import read_link_order
from checkout.model.money import Money
from checkout.texts import LANGUAGES

SPANS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(text: str) -> int:
    """ "30m", "12h", "7d", "2w" in seconds; raises ValueError."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    if not match:
        raise ValueError("write it as 30m, 12h, 7d or 2w")
    return int(match[1]) * SPANS[match[2]]


@click.command()
@click.option("--shop", "shop_id", required=True, help="The shop's id in the settings.")
@click.option("--amount", required=True, help="In major units: 12.50 (EUR), 1999 (JPY).")
@click.option("--currency", required=True, help="ISO 4217, like EUR.")
@click.option("--description", required=True, help="What is paid.")
@click.option("--tracking-id", help="The shop's own number for it.")
@click.option("--expires", default="7d", show_default=True, help="30m, 12h, 7d, 2w.")
@click.option("--language", type=click.Choice(sorted(LANGUAGES)), help="Of the page.")
@config_option
@json_option
def link(
    shop_id: str,
    amount: str,
    currency: str,
    description: str,
    tracking_id: str | None,
    expires: str,
    language: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Print one signed payment URL. It is made offline: no server is asked."""
    settings = settings_of(config)
    shop = settings.shops.get(shop_id)
    if shop is None:
        fail(f"--shop: {shop_id} is not in the settings", UNUSABLE)
    if not shop.link_keys:
        fail(f"shops.{shop_id}.link_keys: is needed to sign links", UNUSABLE)
    now = time.time()
    try:
        money = Money.from_major(amount, currency)
    except ValueError as error:
        fail(f"--amount, --currency: {error}", UNUSABLE)
    try:
        until = int(now) + seconds(expires)
    except ValueError as error:
        fail(f"--expires: {error}", UNUSABLE)
    payload = {
        "amount": money.minor,
        "currency": money.currency,
        "description": description,
        "tracking_id": tracking_id,
        "expires": until,
        "language": language,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    try:
        read_link_order(payload, shop, sandbox=settings.sandbox, now=now)
        signed = sign_link(shop_id, shop.link_keys[-1], payload)
    except Unprocessable as error:
        fail("\n".join(f"{name}: {', '.join(why)}" for name, why in error.fields.items()), UNUSABLE)
    except CheckoutError as error:
        fail(error.message, UNUSABLE)
    url = settings.url(f"/pay/{signed}")
    if as_json:
        print_json({"url": url, "expires": datetime.fromtimestamp(until, UTC).isoformat()})
    else:
        click.echo(url)
