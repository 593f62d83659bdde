"""`checkout init`: settings, keys and secrets of a new server, from questions or flags."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import click
import msgspec

from checkout.cli.basics import FAILED, UNUSABLE, fail, json_option, print_json
from checkout.cli.init_files import Answers, Made, write
from checkout.errors import BadSettings
from checkout.gateways import OPTIONS
from checkout.model.validation.reader import Invalid, Rule
from checkout.model.validation.rules import email_address, text
from checkout.settings import rules
from checkout.settings.database_url import database_url
from checkout.shop_api.webhooks import standard_secret

T = TypeVar("T")

REFERENCES: Final = ("env:", "file:")
SQLITE: Final = "checkout.db"  # in the folder, where no other database is named
PROXY: Final = "127.0.0.1"
NEXT: Final = ("checkout migrate", "checkout check --online", "checkout serve")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=".", show_default=True)
@click.option("--url", help="Where customers find this server: https://pay.example.com.")
@click.option("--database", help="postgresql://… or sqlite:///…; default: a file in the folder.")
@click.option("--proxy", multiple=True, help=f"Address of what stands in front; default {PROXY}.")
@click.option("--sandbox", is_flag=True, help="The gateway is the sandbox, on this machine.")
@click.option("--adapter", help="Which gateway's language is spoken.")
@click.option("--account", help="Your name of the account at the gateway; default: the adapter's.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the account.")
@click.option("--shop", help="The shop's id, the user name of its API.")
@click.option("--shop-name", help="What customers read.")
@click.option("--shop-url", help="The shop's site.")
@click.option("--shop-email", help="Where customers find help.")
@click.option("--method", "methods", multiple=True, help="How customers may pay: credit_card.")
@json_option
def init(folder: Path, as_json: bool, **given: Any) -> None:
    """Make a new server's settings, keys and secrets in a folder, each file for its owner only.
    What no flag says is asked; a secret is asked for, or named as env:NAME or file:PATH."""
    asked = Questions(folder, given)
    try:
        made = write(folder, asked.answers())
    except click.Abort:
        fail(f"Not said: {asked.last}. Nothing was written.", UNUSABLE)
    except (Invalid, FileExistsError) as error:
        fail(str(error), UNUSABLE)
    except BadSettings as error:
        fail(f"With these the server would not start:\n{error}\nNothing was written.", UNUSABLE)
    except ValueError as error:
        fail(str(error), UNUSABLE)
    except OSError as error:
        fail(f"{folder} can't be written: {error.strerror}", FAILED)
    told = _handed_over(made)
    if as_json:
        print_json(told)
    else:
        _print(told)


class Questions:
    """What the flags say, and for the rest the operator. `last` is what was asked for last."""

    def __init__(self, folder: Path, given: dict[str, Any]) -> None:
        self._folder = folder
        self._given = given
        self._variables: dict[str, str] = {}
        self.last = ""

    def answers(self) -> Answers:
        """Raises Abort where there is nobody to ask, Invalid for a flag that can't be used."""
        sandbox = self._given["sandbox"]
        public_url = self._ask("url", "Address of this server", rules.public_url(sandbox=sandbox))
        database = self._database()
        adapter = self._ask("adapter", f"Gateway ({', '.join(sorted(OPTIONS))})", _adapter)
        account = self._given["account"] or adapter
        options = self._options(adapter, account, sandbox)
        return Answers(
            public_url=public_url,
            database=database,
            sandbox=sandbox,
            trusted_proxies=self._given["proxy"] or (PROXY,),
            account=_named(account),
            options={"adapter": adapter, **options},
            shop=self._ask("shop", "Id of the shop", _named),
            name=self._ask("shop_name", "Name of the shop", text(80)),
            url=self._ask("shop_url", "Site of the shop", rules.nonempty_text),
            email=self._ask("shop_email", "Its e-mail for customers", _maybe(email_address), ""),
            methods=self._methods(adapter),
            variables=self._variables,
        )

    def _ask(self, name: str, prompt: str, rule: Rule[T], default: str | None = None) -> T:
        """The flag's value, else what is typed: until the rule takes it."""
        self.last = "--" + name.replace("_", "-")
        if (value := self._given.get(name)) is not None:
            return self._checked(value, rule)
        return self._typed(prompt, rule, default)

    def _checked(self, value: Any, rule: Rule[T]) -> T:
        try:
            return rule(value)
        except Invalid as wrong:
            raise Invalid(f"{self.last} {wrong}") from None

    def _typed(self, prompt: str, rule: Rule[T], default: str | None, hide: bool = False) -> T:
        def process(value: str) -> T:
            try:
                return rule(value.strip())
            except Invalid as wrong:
                raise click.UsageError(str(wrong)) from None

        shown = bool(default)
        found: T = click.prompt(
            prompt, default=default, value_proc=process, show_default=shown, err=True,
            hide_input=hide and sys.stdin.isatty(),
        )  # fmt: skip
        return found

    def _database(self) -> str:
        """A password of it stands in `.env`."""
        file = quote((self._folder.resolve() / SQLITE).as_posix(), safe="/:")
        found = self._given["database"] or f"sqlite:///{file}"
        if found.startswith(REFERENCES):
            return self._reference(found)
        self.last = "--database"
        self._checked(found, database_url)
        if urlsplit(found).password or "password=" in found:
            raise Invalid(
                "--database has a password, which others see in the list of processes: put the"
                " address into a variable and say --database env:NAME"
            )
        return str(found)

    def _methods(self, adapter: str) -> tuple[str, ...]:
        if self._given["methods"]:
            return tuple(self._given["methods"])
        usual = OPTIONS[adapter].usual_method
        return (self._ask("method", "How customers pay", rules.nonempty_text, usual),)

    def _options(self, adapter: str, account: str, sandbox: bool) -> dict[str, Any]:
        """The account's options: those of the flags, then what else the adapter wants."""
        structure = OPTIONS[adapter]
        found = {
            name: self._given_option(name, value, name in structure.secrets)
            for name, value in _pairs(self._given["options"])
        }
        for field in msgspec.structs.fields(structure):
            name = field.encode_name
            hidden = name in structure.secrets
            if name not in found and (field.required or name in structure.asked):
                self.last = f"--option {name}="
                rule = rules.gateway_url(sandbox=sandbox) if name == "base_url" else _shown
                prompt = f"{adapter}: {name}" + ("" if field.required else " (may be empty)")
                default = None if field.required else ""
                value = self._typed(prompt, rule, default, hidden)
                found[name] = self._kept(account, name, value) if hidden else value
        return {name: value for name, value in found.items() if value}

    def _given_option(self, name: str, value: Any, hidden: bool) -> Any:
        if isinstance(value, str) and value.startswith(REFERENCES):
            return self._reference(value)
        if hidden:
            raise Invalid(
                f"--option {name} is a secret, which others see in the list of processes: leave it"
                " out to be asked, or name it as env:NAME or file:PATH"
            )
        return value

    def _kept(self, account: str, name: str, value: str) -> str:
        """A secret that was typed: it goes into `.env`, the settings name it."""
        variable = f"{account}_{name}".upper().replace("-", "_")
        self._variables[variable] = value
        return f"env:{variable}"

    def _reference(self, value: str) -> str:
        """`env:NAME`, whose value `.env` keeps, or `file:PATH` from wherever we are."""
        kind, _, name = value.partition(":")
        if kind == "file":
            return f"file:{Path(name).resolve()}"
        if not os.environ.get(name):
            raise Invalid(f"The environment variable {name} is not set")
        self._variables[name] = os.environ[name]
        return value


def _pairs(options: Iterable[str]) -> Iterable[tuple[str, Any]]:
    """`key=value`, and of a table `key.name=value`."""
    tables: dict[str, dict[str, str]] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals or not key:
            raise Invalid(f"--option {key} must be KEY=VALUE")
        table, _, name = key.partition(".")
        if name:
            tables.setdefault(table, {})[name] = value
        else:
            yield key, value
    yield from tables.items()


def _adapter(value: Any) -> str:
    if value not in OPTIONS:
        raise Invalid(f"must be one of {', '.join(sorted(OPTIONS))}")
    return str(value)


def _named(value: Any) -> str:
    if not rules.NAME.fullmatch(value):
        raise Invalid("must be letters, digits, _ and - (at most 64)")
    return str(value)


def _shown(value: Any) -> str:
    return str(value)


def _maybe(rule: Rule[str]) -> Callable[[Any], str | None]:
    return lambda value: rule(value) if value else None


def _handed_over(made: Made) -> dict[str, Any]:
    """What the operator does next, and what the shop gets."""
    (shop,) = made.settings.shops.values()
    return {
        "files": {what: str(path) for what, path in made.files.items()},
        "shop": {
            "id": shop.id,
            "secret_key": shop.secret_key,
            "webhook_secret": standard_secret(shop.secret_key),
            "public_key": shop.public_key,
            "checkout_url": made.settings.public_url,
            "domain": urlsplit(made.settings.public_url).netloc,
        },
        "next": [f"{command} --config {made.files['settings']}" for command in NEXT],
    }


HANDED: Final = (
    ("id", "Shop ID"),
    ("secret_key", "Secret key"),
    ("public_key", "Public key"),
    ("domain", "Checkout, gateway and payment page domain"),
    ("checkout_url", "the same as an address"),
    ("webhook_secret", "Secret for a library of Standard Webhooks"),
)


def _print(told: dict[str, Any]) -> None:
    click.echo("Written, each for its owner only:")
    for path in told["files"].values():
        click.echo(f"  {path}")
    click.echo("\nFor the shop's plugin, on a way that nobody else reads:")
    for name, words in HANDED:
        click.echo(f"  {words}:\n    {told['shop'][name]}")
    click.echo("\nNext:")
    for command in told["next"]:
        click.echo(f"  {command}")
