"""`checkout keys`: fresh signing secrets and an RSA pair for a shop; what a shop verifies with."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from checkout.cli.basics import UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.context import settings_with
from checkout.fresh_keys import new_pair, new_password, new_publishable_key, new_secret
from checkout.shop_api.webhooks import standard_secret

NOTES = {
    "secret": "secrets = [...]: signs sessions and forms; append, the newest is last",
    "shops_key": "shops_key: seals the secrets of shops in the ledger (docs/shops.md)",
    "shop_secret_key": "[shops.ID] secret_key: the shop's API password",
    "webhook_secret": "the same for the shop's Standard Webhooks library",
    "link_key": "[shops.ID] link_keys = [...]: signs the shop's offline links",
    "operator_token": "operator_token: Bearer token of /metrics",
    "publishable_key": "[shops.ID] publishable_key: for the shop's app, and no secret",
    "private_key": "[shops.ID] private_key: signs notifications and results for the shop",
    "public_key": "for the shop's plugin, which verifies both with it",
    "next_webhook_secret": "the same of the new secret_key",
    "next_public_key": "the same of the new private_key: the plugin may change to it at any time",
}


@click.command()
@click.option("--shop", metavar="ID", help="What this shop verifies us with.")
@config_option
@json_option
def keys(shop: str | None, config: Path | None, as_json: bool) -> None:
    """Print fresh signing secrets and an RSA pair for a shop; with --shop what a shop
    verifies notifications with. Nothing is written anywhere."""
    found = _fresh() if shop is None else _of(shop, config)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"# {NOTES[name]}\n{value}\n")


def _fresh() -> dict[str, str]:
    private, public = new_pair()
    shop_secret_key = new_password()
    return {
        "secret": new_secret(),
        "shops_key": new_secret(),
        "shop_secret_key": shop_secret_key,
        "webhook_secret": standard_secret(shop_secret_key),
        "link_key": new_secret(),
        "operator_token": secrets.token_urlsafe(32),
        "publishable_key": new_publishable_key(),
        "private_key": private,
        "public_key": public,
    }


def _of(id: str, config: Path | None) -> dict[str, str]:
    shop = settings_with(config, id).shops.get(id)
    if shop is None:
        fail(f"The settings have no shop {id!r}", UNUSABLE)
    found = {"webhook_secret": standard_secret(shop.secret_key), "public_key": shop.public_key}
    if shop.next_secret_key:
        found["next_webhook_secret"] = standard_secret(shop.next_secret_key)
    if shop.next_public_key:
        found["next_public_key"] = shop.next_public_key
    return found
