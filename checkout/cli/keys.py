"""`checkout keys`: fresh signing secrets and an RSA pair for a shop."""

from __future__ import annotations

import secrets

import click

from checkout.cli.common import json_option, print_json
from checkout.local_servers import new_pair as new_pair


@click.command()
@json_option
def keys(as_json: bool) -> None:
    """Print fresh signing secrets and an RSA pair for a shop. Nothing is written anywhere."""
    private, public = new_pair()
    found = {
        "secret": secrets.token_urlsafe(48),
        "shop_secret_key": secrets.token_hex(32),
        "link_key": secrets.token_urlsafe(48),
        "operator_token": secrets.token_urlsafe(32),
        "publishable_key": f"pk_{secrets.token_urlsafe(32)}",
        "private_key": private,
        "public_key": public,
    }
    if as_json:
        print_json(found)
        return
    notes = {
        "secret": "secrets = [...]: signs sessions and forms; append, the newest is last",
        "shop_secret_key": "[shops.ID] secret_key: the shop's API password",
        "link_key": "[shops.ID] link_keys = [...]: signs the shop's offline links",
        "operator_token": "operator_token: Bearer token of /metrics",
        "publishable_key": "[shops.ID] publishable_key: for the shop's app, and no secret",
        "private_key": "[shops.ID] private_key: signs notifications and results for the shop",
        "public_key": "for the shop's plugin, which verifies both with it",
    }
    for name, note in notes.items():
        click.echo(f"# {note}\n{found[name]}\n")
