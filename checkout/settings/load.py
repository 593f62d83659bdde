"""From checkout.toml and the environment to `Settings`, or to every problem at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from checkout.errors import BadSettings
from checkout.model.validation.reader import SETTINGS, Invalid, Problems, Reader, Rule, check_bounds
from checkout.model.validation.rules import email_address, flag, integer, many, matching
from checkout.settings import rules
from checkout.settings.accounts import read_account
from checkout.settings.database_url import database_url
from checkout.settings.env_and_file import resolve
from checkout.settings.env_file import with_env_file
from checkout.settings.own_addresses import check_addresses
from checkout.settings.secret_reuse import check_reuse
from checkout.settings.secret_strength import strong
from checkout.settings.shops import read_shop
from checkout.settings.values import (
    HTTPS_PORT,
    RETENTION,
    RETENTION_UNPAID,
    Limits,
    PostgresLimits,
    Settings,
    ShopDirectory,
    Smtp,
)

N = TypeVar("N", bound=Struct)

VARIABLE: Final = "CHECKOUT_CONFIG"
DEFAULT: Final = "checkout.toml"
LARGEST: Final = 1024 * 1024  # bytes of the file
COUNT: Final = integer(1, 1_000_000)  # what a limit may be
LIMITS: Final[dict[str, Rule[Any]]] = {  # limits that are no count
    "reserved_percent": integer(0, 100),
    "reserved_per_address_percent": integer(0, 100),
    "slow_seconds": integer(0, 10),
    "challenge": matching(r"[a-z][a-z0-9_]{0,63}", "must be the name of a challenge, or off"),
    "challenge_bits": integer(8, 24),
    "challenge_wait_seconds": integer(1, 300),
}
SECONDS: Final = integer(1, 60)  # how long PostgreSQL may take
POSTGRESQL: Final = {"connections": integer(1, 1000)}  # what is no time


def load(
    path: Path | None, environ: Mapping[str, str], adapters: Mapping[str, type[Struct]]
) -> Settings:
    """The settings of the file at `path`, else at CHECKOUT_CONFIG, else of ./checkout.toml.

    `adapters` gives each adapter's options by its name. Raises BadSettings with every problem
    as (key, reason).
    """
    return load_with_text(path, environ, adapters)[0]


def load_with_text(
    path: Path | None, environ: Mapping[str, str], adapters: Mapping[str, type[Struct]]
) -> tuple[Settings, bytes]:
    """The same, and a text that `accepted` makes them of again, without the file, its references
    and the environment: it has all secrets."""
    source = path or Path(environ.get(VARIABLE) or DEFAULT)
    problems = Problems()
    try:
        known = with_env_file(environ, source.parent)
        data = resolve(_toml(source), known, source.parent, problems)
        settings = _read(data, problems, adapters)
    except RecursionError:
        raise BadSettings([(str(source), "is nested too deeply")]) from None
    return settings, msgspec.json.encode(data)


def accepted(text: bytes, adapters: Mapping[str, type[Struct]]) -> Settings:
    """Settings that were loaded before, of the text. Raises BadSettings where another version of
    checkout made it."""
    return _read(msgspec.json.decode(text), Problems(), adapters)


def _read(data: Any, problems: Problems, adapters: Mapping[str, type[Struct]]) -> Settings:
    settings = read_settings(Reader(data, problems=problems), adapters)
    if problems:
        raise BadSettings(
            [
                (key if key.isprintable() else repr(key), reason)
                for key, reasons in problems.by_path().items()
                for reason in reasons
            ]
        )
    return settings


def read_settings(fields: Reader, adapters: Mapping[str, type[Struct]]) -> Settings:
    """The settings of the fields; only valid where they have no problems."""
    sandbox = fields.get("sandbox", flag, False)
    ports = frozenset((HTTPS_PORT, *fields.get("egress_ports", many(integer(1, 65535)), ())))
    shops_key = fields.get("shops_key", _keys, ())
    gateways = {
        name: read_account(table, name, adapters, sandbox=sandbox)
        for name, table in _tables(fields, "gateways")
    }
    shops = {
        name: read_shop(table, name, frozenset(gateways), sandbox=sandbox, ports=ports)
        for name, table in _tables(fields, "shops", needed=not shops_key)
        if table.is_object
    }
    settings = Settings(
        public_url=fields.need("public_url", rules.public_url(sandbox=sandbox)),
        database=fields.need("database", database_url),
        secrets=fields.need("secrets", many(strong(), least=1)),
        trusted_proxies=fields.get("trusted_proxies", many(rules.network), ()),
        sandbox=sandbox,
        http2=fields.get("http2", flag, False),
        operator_token=fields.get("operator_token", strong(16)),
        security_contact=fields.get("security_contact", rules.contact),
        security_policy=fields.get("security_policy", rules.web_page),
        security_languages=fields.get(
            "security_languages", many(rules.language, least=1, most=10), ("en",)
        ),
        apple_pay_domain=fields.get("apple_pay_domain", rules.nonempty_text),
        gateways=gateways,
        shops=ShopDirectory(shops),
        shops_key=shops_key,
        smtp=_smtp(fields.within("smtp")) if fields.has("smtp") else None,
        retention=fields.get("retention", rules.duration, RETENTION),
        retention_unpaid=fields.get("retention_unpaid", rules.duration, RETENTION_UNPAID),
        limits=_table_of(fields.within("limits"), Limits, COUNT, LIMITS),
        postgresql=_table_of(fields.within("postgresql"), PostgresLimits, SECONDS, POSTGRESQL),
        egress_ports=ports,
        notify_networks=fields.get("notify_networks", many(rules.private_network), ()),
    )
    fields.no_others()
    check_addresses(fields, settings)
    check_reuse(fields, settings)
    return settings


def _toml(source: Path) -> dict[str, Any]:
    try:
        with source.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise BadSettings([(str(source), f"is larger than {LARGEST} bytes")])
        data = tomllib.loads(raw.decode("utf-8-sig"))
        check_bounds(data, SETTINGS)
        return data
    except OSError as error:
        raise BadSettings([(str(source), f"can't be read: {error.strerror}")]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([(str(source), f"is not valid TOML: {error}")]) from None
    except UnicodeDecodeError:
        raise BadSettings([(str(source), "is not UTF-8 text")]) from None
    except Invalid as wrong:
        raise BadSettings([(str(source), str(wrong))]) from None
    except ValueError:  # a number of more digits than Python reads; a path with a NUL
        raise BadSettings([(str(source), "can't be read")]) from None


def _keys(value: Any) -> tuple[str, ...]:
    """A rule: a secret, or several in a list."""
    return many(strong(), least=1)(value if isinstance(value, list) else [value])


def _tables(fields: Reader, section: str, *, needed: bool = True) -> Iterator[tuple[str, Reader]]:
    tables = fields.within(section)
    if needed and not tables.names:
        tables.wrong("", "must have at least one")
    for name in tables.names:
        table = tables.child(name)
        if rules.NAME.fullmatch(name):
            yield name, table
        else:
            table.wrong("", "must be named with letters, digits, _ and - (at most 64)")


def _smtp(fields: Reader) -> Smtp:
    smtp = Smtp(
        url=fields.need("url", rules.smtp_url),
        sender=fields.need("sender", email_address),
    )
    fields.no_others()
    return smtp


def _table_of(
    fields: Reader, kind: type[N], usual: Rule[Any], others: Mapping[str, Rule[Any]]
) -> N:
    """A table whose settings all have defaults: each by a rule of its own, or the usual one."""
    default = kind()
    found = kind(
        **{
            name: fields.get(name, others.get(name, usual), getattr(default, name))
            for name in kind.__struct_fields__
        }
    )
    fields.no_others()
    return found
