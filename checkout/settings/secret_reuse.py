"""No two settings may have the same secret: each has one use and one owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from checkout.model.validation.reader import Reader
from checkout.settings.values import Account, Settings


class Kind(Enum):
    OURS = 0  # only we use and know it
    GATEWAY = 1  # the gateway's: accounts there may share one
    TEXT = 2  # of a gateway's options: perhaps no secret at all


class SecretUse(NamedTuple):
    text: str
    key: str  # the setting that has it
    kind: Kind


def check_reuse(fields: Reader, settings: Settings) -> None:
    """Of two that are the same the later one is reported, with the name of the other."""
    owners: dict[str, SecretUse] = {}
    for used in _used(settings):
        first = owners.setdefault(used.text.strip(), used)
        if first.key != used.key and not _may_share(first.kind, used.kind):
            fields.wrong(used.key, f"must not be the same as {first.key}")


def _may_share(first: Kind, later: Kind) -> bool:
    return later is Kind.TEXT or (later is Kind.GATEWAY and first is not Kind.OURS)


def _used(settings: Settings) -> Iterator[SecretUse]:
    """First those that others chose, or that are hard to change."""
    smtp = settings.smtp if settings.smtp and settings.smtp.url else None
    ours = [
        ("database", _password(settings.database)),
        ("smtp.url", smtp.password if smtp else None),
        ("operator_token", settings.operator_token),
    ]
    yield from _ours(ours)
    for account in settings.gateways.values():
        known = getattr(account.options, "secrets", ())
        for name, text in _texts(account):
            kind = Kind.GATEWAY if name in known else Kind.TEXT
            yield SecretUse(text, f"gateways.{account.name}.{name}", kind)
    shops = settings.shops.values()
    yield from _ours(
        (f"shops.{shop.id}.secret_key", secret) for shop in shops for secret in shop.secret_keys
    )
    yield from _listed("secrets", settings.secrets)
    yield from _listed("shops_key", settings.shops_key)
    for shop in shops:
        yield from _listed(f"shops.{shop.id}.link_keys", shop.link_keys)
    # Not secret, but unique as well: whoever has one may act as that shop's app.
    yield from _ours((f"shops.{shop.id}.publishable_key", shop.publishable_key) for shop in shops)


def _ours(secrets: Iterable[tuple[str, str | None]]) -> Iterator[SecretUse]:
    return (SecretUse(secret, key, Kind.OURS) for key, secret in secrets if secret)


def _listed(key: str, secrets: Iterable[str] | None) -> Iterator[SecretUse]:
    return _ours((f"{key}.{place}", secret) for place, secret in enumerate(secrets or (), 1))


def _password(address: str | None) -> str | None:
    """The one in a database's address."""
    try:
        found = urlsplit(address or "").password
    except ValueError:
        return None
    return unquote(found) if found else None


def _texts(account: Account) -> Iterator[tuple[str, str]]:
    """Every text among an account's options, by the option's name: an adapter may not declare
    which are secret."""
    for name in getattr(account.options, "__struct_fields__", ()):
        found: list[Any] = [getattr(account.options, name)]
        while found:
            value = found.pop()
            if isinstance(value, str):
                yield name, value
            elif isinstance(value, dict):
                found.extend(value.values())
            elif isinstance(value, list | tuple):
                found.extend(value)
