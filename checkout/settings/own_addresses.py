"""What is asked of our addresses together: the server's `public_url`, and the shops' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checkout.model.validation.reader import Reader
from checkout.settings.values import Settings, host_of

RETURN_PATH: Final = len("/return/") + 22  # what follows public_url where customers come back


def check_addresses(fields: Reader, settings: Settings) -> None:
    """Refuses a host that is another shop's or the server's, whatever the port: a browser sends
    cookies to all ports of a host, and a proxy may tell us the host alone. Refuses an address whose
    return URLs are longer than a gateway accepts."""
    owners: dict[str, str] = {}
    for key, address, accounts in _addresses(settings):
        first = owners.setdefault(host_of(address), key)
        if first != key:
            fields.wrong(key, f"must have a host of its own: this one is {first}'s")
        _check_return_url(fields, settings, key, address, accounts)


def _addresses(settings: Settings) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(the setting, its address, the accounts that send customers back there)"""
    if settings.public_url is not None:
        yield "public_url", settings.public_url, tuple(settings.gateways)
    for shop in settings.shops.values():
        if shop.public_url is not None:
            accounts = tuple(dict.fromkeys(method.gateway for method in shop.methods))
            yield f"shops.{shop.id}.public_url", shop.public_url, accounts


def _check_return_url(
    fields: Reader, settings: Settings, key: str, address: str, accounts: tuple[str, ...]
) -> None:
    for name in accounts:
        account = settings.gateways.get(name)
        most = getattr(account.options, "longest_return_url", None) if account else None
        if most is not None and len(address) + RETURN_PATH > most:
            fields.wrong(
                key,
                f"must have at most {most - RETURN_PATH} characters, for the gateway of"
                f" gateways.{name} takes return addresses of at most {most}",
            )
            return
