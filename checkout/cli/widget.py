"""`checkout widget`: the tag that puts the embed script into a shop's page."""

from __future__ import annotations

from pathlib import Path

import click

from checkout import __version__
from checkout.cli.basics import UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import settings_of
from checkout.cli.context import settings_with
from checkout.web.widget import SCRIPTS, path_of, tag


@click.command()
@config_option
@click.option("--shop", "shop_id", metavar="ID", help="At the shop's own address.")
@json_option
def widget(config: Path | None, shop_id: str | None, as_json: bool) -> None:
    """Print the script tag of the widget, pinned to this version by its hash."""
    settings = settings_with(config, shop_id) if shop_id else settings_of(config)
    if shop_id is not None and shop_id not in settings.shops:
        fail(f"--shop: {shop_id} is not in the settings", UNUSABLE)
    public_url = settings.origin(shop_id)
    if not as_json:
        click.echo(tag(public_url))
        return
    versions = [
        {
            "version": version,
            "src": f"{public_url}{path_of(version)}",
            "integrity": script.integrity,
            "latest": version == __version__,
        }
        for version, script in SCRIPTS.items()
    ]
    print_json({"latest": f"{public_url}/widget.js", "versions": versions})
