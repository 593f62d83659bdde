"""What `checkout init` writes: settings without a secret, the secrets as `.env`, the shop's key.

Everything is read as the server reads it before any of it stands in the folder.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from checkout.gateways import OPTIONS
from checkout.local_servers import Keys, new_keys
from checkout.process import write_private
from checkout.settings import Settings, load
from checkout.settings.env_file import ENV_FILE, env_line
from checkout.settings.load import DEFAULT

SETTINGS: Final = """\
# Made by `checkout init`; docs/settings.md has every setting. The secrets are in .env beside.
public_url = {public_url}
database = {database}
secrets = ["env:CHECKOUT_SECRET"]
operator_token = "env:CHECKOUT_OPERATOR_TOKEN"
trusted_proxies = {trusted_proxies}
{sandbox}
[gateways.{account}]
{gateway}
[shops.{shop}]
name = {name}
secret_key = "env:CHECKOUT_SHOP_SECRET"
link_keys = ["env:CHECKOUT_SHOP_LINK_KEY"]
private_key = "file:shop-{shop}.pem"
url = {url}
{email}
[shops.{shop}.methods]
{methods}"""


class Answers(Struct, frozen=True, kw_only=True):
    """What the operator said. `options`: the account's, with `adapter`; texts are values, or
    `env:NAME` and `file:PATH`. `variables` are those that `.env` gets beside ours."""

    public_url: str
    database: str
    sandbox: bool
    trusted_proxies: tuple[str, ...]
    account: str
    options: Mapping[str, Any]
    shop: str
    name: str
    url: str
    email: str | None
    methods: tuple[str, ...]
    variables: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return "Answers()"


class Made(Struct, frozen=True):
    """The files, by what they are, the settings as they were read, and the shop's keys."""

    files: Mapping[str, Path]
    settings: Settings
    keys: Keys

    def __repr__(self) -> str:
        return f"Made({list(self.files)})"


def names(shop: str) -> dict[str, str]:
    """What is written, by what it is."""
    return {"settings": DEFAULT, "secrets": ENV_FILE, "private_key": f"shop-{shop}.pem"}


def write(folder: Path, answers: Answers) -> Made:
    """Writes the files, each for its owner only, into a folder that has none of them. Raises
    BadSettings, FileExistsError, OSError, ValueError; then nothing is left."""
    folder.mkdir(parents=True, exist_ok=True)
    named = names(answers.shop)
    for name in named.values():
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} is there already: nothing was written")
    keys = new_keys()
    draft = Path(tempfile.mkdtemp(prefix=".checkout-init-", dir=folder))
    try:
        write_private(draft / named["settings"], settings_text(answers))
        write_private(draft / named["secrets"], env_text(answers, keys))
        write_private(draft / named["private_key"], keys.private_key)
        settings = load(draft / DEFAULT, {}, OPTIONS)
        for name in named.values():
            (draft / name).rename(folder / name)
    finally:
        shutil.rmtree(draft)
    return Made({what: folder / name for what, name in named.items()}, settings, keys)


def settings_text(answers: Answers) -> str:
    method = json.dumps(answers.account)
    email = f"email = {toml(answers.email)}\n" if answers.email else ""
    return SETTINGS.format(
        public_url=toml(answers.public_url),
        database=toml(answers.database),
        trusted_proxies=toml(list(answers.trusted_proxies)),
        sandbox="sandbox = true\n" if answers.sandbox else "",
        account=answers.account,
        gateway="".join(f"{key} = {toml(value)}\n" for key, value in answers.options.items()),
        shop=answers.shop,
        name=toml(answers.name),
        url=toml(answers.url),
        email=email,
        methods="".join(f"{name} = {method}\n" for name in answers.methods),
    )


def toml(value: Any) -> str:
    """A value as TOML. JSON's texts and lists are TOML's; a table is written in a line."""
    if isinstance(value, dict):
        inside = (f"{toml(name)} = {toml(each)}" for name, each in value.items())
        return f"{{ {', '.join(inside)} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def env_text(answers: Answers, keys: Keys) -> str:
    return "".join(f"{env_line(name, value)}\n" for name, value in _variables(answers, keys))


def _variables(answers: Answers, keys: Keys) -> Iterator[tuple[str, str]]:
    yield "CHECKOUT_SECRET", secrets.token_urlsafe(48)
    yield "CHECKOUT_OPERATOR_TOKEN", secrets.token_urlsafe(32)
    yield "CHECKOUT_SHOP_SECRET", keys.secret_key
    yield "CHECKOUT_SHOP_LINK_KEY", keys.link_key
    yield from answers.variables.items()
