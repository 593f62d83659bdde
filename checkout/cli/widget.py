"""`checkout widget`: the tag that puts the embed script into a shop's page."""

from __future__ import annotations

from pathlib import Path

import click

from checkout import __version__
from checkout.cli.basics import config_option, json_option, print_json
from checkout.cli.common import settings_of
from checkout.web.widget import SCRIPTS, path_of, tag


@click.command()
@config_option
@json_option
def widget(config: Path | None, as_json: bool) -> None:
    """Print the script tag of the widget, pinned to this version by its hash."""
    public_url = settings_of(config).public_url
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
