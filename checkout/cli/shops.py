"""`checkout shops`: the shops of the ledger, which servers take over while they run."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click
from rich.progress import Progress

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import actor, console, moment
from checkout.cli.context import with_context
from checkout.cli.list_table import csv_option, print_list
from checkout.errors import BadSettings
from checkout.model.validation.reader import Problems
from checkout.payments import shop_changes, shop_secrets
from checkout.payments.context import Context
from checkout.payments.ledger_shops import sealer_of, table_of
from checkout.payments.shop_changes import Refused, ShopEntry, Table
from checkout.settings import Settings, Shop
from checkout.settings.env_and_file import resolve
from checkout.settings.env_file import with_env_file
from checkout.settings.file_permissions import SECRETS
from checkout.shop_api.webhooks import standard_secret

T = TypeVar("T")

COLUMNS: Final = ("id", "state", "source", "name", "url", "changed", "by")
SECRET: Final = "(secret)"  # in place of one, where a shop is shown
# What may be the gateway's secrets is hidden too.
HIDDEN: Final = SECRETS | {"params"}
HANDED: Final = {
    "id": "the shop's id, and the user of its API",
    "secret_key": "its password there; also signs notifications",
    "webhook_secret": "the same for a Standard Webhooks library",
    "public_key": "verifies notifications and results",
    "next_public_key": "takes the place of public_key; verifies Content-Signature-Next until then",
    "link_key": "signs its offline links",
    "publishable_key": "for its app; no secret",
    "domain": "of checkout, gateway and payment page",
    "checkout_url": "the same as an address",
}
"""What a shop's plugin is configured with."""


@click.group()
def shops() -> None:
    """The shops of the ledger; running servers take a change over within a second.

    Their secrets are sealed with "shops_key" of the settings.
    """


set_option = click.option(
    "--set",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting as in [shops.ID], like email=help@shop.example.com, apps=true, "
    "methods.erip=local, logo=file:PATH; repeat it for more.",
)


@shops.command()
@click.argument("id")
@click.option("--name", required=True, help="As customers know it.")
@click.option("--url", required=True, help="Where the shop is.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    required=True,
    metavar="METHOD=ACCOUNT",
    help="What customers may choose, at which account: credit_card=cards; repeat it for more.",
)
@set_option
@config_option
@json_option
def add(
    id: str,
    name: str,
    url: str,
    methods: tuple[str, ...],
    given: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Add a shop, and print what to hand to it: its secrets are never printed again."""
    pairs = (*(("methods." + each) for each in methods), *given)
    table = _changed({"name": name, "url": url}, _pairs(pairs))

    async def work(context: Context) -> dict[str, str]:
        whole = shop_secrets.with_secrets(table)
        shop = await shop_changes.add(context, id, whole, by=actor())
        return _handed(context.settings, shop, whole)

    _print_handed(_done(config, work), as_json=as_json)


@shops.command("list")
@click.option("--search", help="Only those with this in id, name or address.")
@click.option(
    "--state", type=click.Choice(["active", "disabled", "unreadable"]), help="Only these."
)
@csv_option
@config_option
@json_option
def list_(
    search: str | None, state: str | None, config: Path | None, as_json: bool, as_csv: bool
) -> None:
    """All shops, those of the settings file too; times are UTC."""
    found = [_row(each) for each in _done(config, shop_changes.listed)]
    found = [each for each in found if state in (None, each["state"]) and _has(each, search)]
    print_list(found, _line, COLUMNS, as_json=as_json, as_csv=as_csv)


def _line(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: value or "" for name, value in row.items()}


@shops.command()
@click.argument("id")
@config_option
@json_option
def show(id: str, config: Path | None, as_json: bool) -> None:
    """The settings of a shop of the ledger, but for its secrets."""

    async def work(context: Context) -> dict[str, Any]:
        row = await shop_changes.row_of(context, id)
        table = table_of(sealer_of(context.settings), row)
        why = context.ledger_shops.unreadable.get(id) if context.ledger_shops else None
        shop = context.settings.shops.get(id)
        return {
            "id": id,
            "state": "unreadable" if why else row.state,
            **({"why": why} if why else {}),
            "changed": moment(row.changed_at),
            "by": row.changed_by,
            "public_key": shop.public_key if shop else None,
            "settings": _without_secrets(table),
        }

    found = _done(config, work)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if name != "settings":
            console().print(f"{name}: {value}", soft_wrap=True, highlight=False)
    for name, value in _flat(found["settings"]):
        console().print(f"  {name} = {value}", soft_wrap=True, highlight=False)


@shops.command("set")
@click.argument("id")
@click.argument("given", nargs=-1, required=True, metavar="KEY=VALUE...")
@config_option
@json_option
def set_(id: str, given: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Change settings of a shop; KEY= takes one away. Values are as in [shops.ID]: text, true,
    ["a", "b"], {gateway = "cards"}, env:NAME, file:PATH."""
    pairs = _pairs(given)

    async def work(context: Context) -> Table:
        _, table = await shop_changes.change(
            context, id, lambda table: _changed(table, pairs), act="shop.change", by=actor()
        )
        return table

    table = _without_secrets(_done(config, work))
    if as_json:
        print_json({"id": id, "settings": table})
    else:
        console().print(f"{id} is changed; running servers know within a second")


@shops.command()
@click.argument("id")
@click.argument("name", type=click.Choice(sorted(shop_secrets.MAKERS)))
@click.option("--finish", is_flag=True, help="The shop uses the new one: drop the old one.")
@config_option
@json_option
def rotate(id: str, name: str, finish: bool, config: Path | None, as_json: bool) -> None:
    """A new secret of a shop beside the old one, and what to hand to the shop. Both hold until
    --finish."""

    async def work(context: Context) -> dict[str, str]:
        if finish:
            shop = await shop_secrets.finish(context, id, name, by=actor())
            return _handed(context.settings, shop, {})
        shop = await shop_secrets.rotate(context, id, name, by=actor())
        row = await shop_changes.row_of(context, id)
        table = table_of(sealer_of(context.settings), row)
        return _handed(context.settings, shop, {name: table[name]})

    found = _done(config, work)
    if not finish or as_json:
        _print_handed(found, as_json=as_json)
    else:
        console().print(f"{id} has one {name} again; running servers know within a second")


@shops.command()
@click.argument("id")
@config_option
@json_option
def disable(id: str, config: Path | None, as_json: bool) -> None:
    """A shop takes no new payments. Those that it has go on, notifications and refunds too."""
    _to_state(id, shop_changes.disable, "disabled", config, as_json=as_json)


@shops.command()
@click.argument("id")
@config_option
@json_option
def enable(id: str, config: Path | None, as_json: bool) -> None:
    """A disabled shop takes payments again."""
    _to_state(id, shop_changes.enable, "active", config, as_json=as_json)


@shops.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@json_option
def import_(file: Path, config: Path | None, as_json: bool) -> None:
    """Add the [shops.ID] tables of a TOML file. Shops that the ledger has already stay as they
    are, so it can be run again."""
    tables = _tables_of(file)

    async def work(context: Context) -> dict[str, Any]:
        there = {row.id for row in await shop_changes.rows(context)}
        done: dict[str, Any] = {"added": [], "there": [], "failed": {}}
        screen = console()
        screen.stderr = True
        with Progress(console=screen, disable=as_json or not screen.is_terminal) as bar:
            for name, table in bar.track(tables.items(), description="Adding shops"):
                if name in there:
                    done["there"].append(name)
                    continue
                try:
                    await shop_changes.add(context, name, table, by=actor())
                    done["added"].append(name)
                except (BadSettings, Refused) as error:
                    done["failed"][name] = error.message
        return done

    done = _done(config, work)
    if as_json:
        print_json(done)
    else:
        console().print(f"{len(done['added'])} added, {len(done['there'])} were there before")
        for name, why in done["failed"].items():
            console().print(f"{name} is not added: {why}", soft_wrap=True, highlight=False)
    if done["failed"]:
        raise SystemExit(FAILED)


@shops.command()
@config_option
@json_option
def reseal(config: Path | None, as_json: bool) -> None:
    """Seal all shops with the newest "shops_key"; then the older one can leave the settings."""
    count = _done(config, lambda context: shop_changes.seal_anew(context, by=actor()))
    if as_json:
        print_json({"resealed": count})
    else:
        console().print(f"{count} shops are sealed anew")


def _to_state(
    id: str,
    change: Callable[..., Awaitable[bool]],
    state: str,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    changed = _done(config, lambda context: change(context, id, by=actor()))
    if as_json:
        print_json({"id": id, "state": state, "changed": changed})
    else:
        was = "" if changed else ", and was before"
        console().print(f"{id} is {state}{was}")


def _done(config: Path | None, work: Callable[[Context], Awaitable[T]]) -> T:
    """What is wrong with what was given ends the command with 2."""

    async def careful(context: Context) -> T:
        try:
            return await work(context)
        except BadSettings as error:
            fail(str(error), UNUSABLE)

    return with_context(config, careful)


# --- What was given ------------------------------------------------------------------------------


def _pairs(given: tuple[str, ...]) -> list[tuple[list[str], Any]]:
    found = []
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not all(key.split(".")):
            fail(f"{key}: write it as KEY=VALUE", UNUSABLE)
        found.append((key.split("."), _followed(key, _value(value)) if value else None))
    return found


def _value(text: str) -> Any:
    """As TOML, where it is true, a number, a list, a table or quoted; else as it stands."""
    try:
        found = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return found if isinstance(found, bool | int | str | list | dict) else text


def _followed(key: str, value: Any) -> Any:
    """`env:` and `file:` are read here: what is sealed is the value itself."""
    problems = Problems()
    found = resolve(value, os.environ, Path.cwd(), problems, key)
    if problems:
        fail("\n".join(f"{key}: {', '.join(why)}" for key, why in problems.items()), UNUSABLE)
    return found


def _changed(table: Table, pairs: list[tuple[list[str], Any]]) -> Table:
    """The table with what the pairs say; None takes a setting away."""
    for (*parents, last), value in pairs:
        place = table
        for parent in parents:
            inner = place.get(parent)
            place[parent] = place = inner if isinstance(inner, dict) else {}
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return table


def _tables_of(file: Path) -> dict[str, Table]:
    problems = Problems()
    try:
        data = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        fail(f"{file}: can't be read: {error}", UNUSABLE)
    tables = data.get("shops")
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        fail(f"{file}: must have [shops.ID] tables", UNUSABLE)
    found: dict[str, Table] = resolve(
        tables, with_env_file(os.environ, file.parent), file.parent, problems, "shops"
    )
    if problems:
        fail("\n".join(f"{key}: {', '.join(why)}" for key, why in problems.items()), UNUSABLE)
    return found


# --- What is printed -----------------------------------------------------------------------------


def _handed(settings: Settings, shop: Shop, fresh: Table) -> dict[str, str]:
    """`fresh`: the secrets that were just made, by their settings: only those are told."""
    newest = {name: shop_secrets.all_of(fresh.get(name)) for name in shop_secrets.MAKERS}
    found = {"id": shop.id}
    for secret in newest["secret_key"][-1:]:
        found |= {"secret_key": secret, "webhook_secret": standard_secret(secret)}
    found["public_key"] = shop.public_key
    if shop.next_public_key:
        found["next_public_key"] = shop.next_public_key
    for link_key in newest["link_keys"][-1:]:
        found["link_key"] = link_key
    for publishable_key in newest["publishable_key"][-1:]:
        found["publishable_key"] = publishable_key
    at = settings.public_url
    return found | {"domain": urlsplit(at).netloc, "checkout_url": at}


def _print_handed(found: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"# {name}: {HANDED[name]}\n{value}\n")


def _row(known: ShopEntry) -> dict[str, str | None]:
    return {
        "id": known.id,
        "state": known.state,
        "source": known.source,
        "name": known.shop.name if known.shop else None,
        "url": known.shop.url if known.shop else None,
        "changed": moment(known.changed_at),
        "by": known.changed_by or None,
        **({"why": known.why} if known.why else {}),
    }


def _has(row: dict[str, str | None], search: str | None) -> bool:
    texts = (row["id"], row["name"], row["url"])
    return search is None or any(search.lower() in (text or "").lower() for text in texts)


def _without_secrets(value: Any, key: str = "") -> Any:
    if key in HIDDEN:
        return SECRET
    if isinstance(value, dict):
        return {name: _without_secrets(inner, name) for name, inner in value.items()}
    return value


def _flat(table: Table, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        inner = isinstance(value, dict)
        found += _flat(value, f"{prefix}{name}.") if inner else [(prefix + name, value)]
    return found
