"""`checkout pci`: inventory of the pages' scripts and headers, and whether a browser receives
them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import console
from checkout.cli.context import settings_with
from checkout.pci.browser import USER_AGENT, origin
from checkout.pci.inventory import Inventory, Resource, inventory, of_settings
from checkout.pci.verify import Unusable, Verdict, verify
from checkout.web.page_types import BY_NAME

LARGEST: Final = 1024 * 1024  # bytes of an inventory's file
NO_CARDS: Final = "No method of any shop takes a card here: no page has a card form."


@click.group()
def pci() -> None:
    """For PCI DSS: the inventory of scripts (6.4.3), and changes of a page (11.6.1)."""


@pci.command("inventory")
@config_option
@json_option
def inventory_command(config: Path | None, as_json: bool) -> None:
    """Every script and style of each page type with its hash, purpose and authorisation, and the
    security headers."""
    found = of_settings(settings_with(config))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print_inventory(console(), found)


def _print_inventory(out: Console, found: Inventory) -> None:
    out.print(f"checkout {found.version} at {found.public_url}")
    for shop in found.shops:
        methods = ", ".join(shop.card_methods) or "none: no card form"
        frames = " ".join(shop.frame_origins) or "nobody"
        out.print(Text(f"shop {shop.id}: cards by {methods}; may be framed by {frames}"))
    if not found.card_form:
        out.print(Text(NO_CARDS))
    for page in found.pages:
        card = " (card form)" if page.card_form else ""
        out.print(Text(f"\n{page.name}{card}: {page.address}", style="bold"))
        files = (*page.scripts, *page.styles)
        _print_files(out, files)
        if not files:
            out.print(Text("  no script, no style"))
        for name, value in page.headers.items():
            _wrapped(out, f"{name}: {value}")
    out.print(Text("\non shops' pages: the widget", style="bold"))
    _print_files(out, found.widget)


def _print_files(out: Console, files: Iterable[Resource]) -> None:
    """No table: its columns would cut the hashes."""
    for each in files:
        out.print(Text(f"  {each.kind} {each.path}"), soft_wrap=True)
        out.print(Text(f"    {each.integrity}"), soft_wrap=True)
        _wrapped(out, f"authorised by {each.authorised_by}")
        for purpose in [f"{part.file}: {part.purpose}" for part in each.parts] or [each.purpose]:
            _wrapped(out, purpose)


def _wrapped(out: Console, text: str) -> None:
    out.print(Padding(Text(text), (0, 0, 0, 4)))


@pci.command("verify")
@click.argument("url")
@click.option("--page", "expected", type=click.Choice(sorted(BY_NAME)), help="What must come.")
@click.option("--framed", is_flag=True, help="Ask as from inside a shop's frame.")
@click.option("--user-agent", default=USER_AGENT, help="As which browser; default a phone's.")
@click.option(
    "--inventory",
    "authorised",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare with this file, made by `inventory --json`; default: this version's own.",
)
@config_option
@json_option
def verify_command(
    url: str,
    expected: str | None,
    framed: bool,
    user_agent: str,
    authorised: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Compare what a browser receives at URL now with what it should receive. Only reads: no
    payment moves.

    With --config it is also known which sites may frame the page.

    Exit code 0: the same; 1: changed, and what; 2: the address or a file can't be used.
    """
    try:
        wanted = _authorised(url, authorised, config)
        verdict = verify(url, wanted, expected=expected, framed=framed, user_agent=user_agent)
    except Unusable as error:
        fail(str(error), UNUSABLE)
    if as_json:
        print_json(_shape(verdict, wanted))
    elif verdict.same:
        click.echo(f"{verdict.page}: the same as in checkout {wanted.version}")
    else:
        for change in verdict.changes:
            click.echo(f"{verdict.page}: {change.kind}: {change.text}")
    sys.exit(0 if verdict.same else FAILED)


def _shape(verdict: Verdict, wanted: Inventory) -> dict[str, Any]:
    """Without the address: a payment's contains its secret."""
    return {
        "page": verdict.page,
        "same": verdict.same,
        "version": wanted.version,
        "files": verdict.files,
        "changes": [change._asdict() for change in verdict.changes],
    }


def _authorised(url: str, authorised: Path | None, config: Path | None) -> Inventory:
    if authorised is not None:
        return _read(authorised)
    if config is not None:
        return of_settings(settings_with(config))
    return inventory(origin(url), sandbox=url.startswith("http:"))


def _read(path: Path) -> Inventory:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            fail(f"--inventory: {path} is larger than {LARGEST} bytes", UNUSABLE)
        found = msgspec.json.decode(raw, type=Inventory)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        fail(f"--inventory: {path} can't be read: {error}", UNUSABLE)
    if {page.name for page in found.pages} != set(BY_NAME):
        fail(f"--inventory: {path} is of a version with other pages", UNUSABLE)
    return found
