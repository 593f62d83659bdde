"""Gateways: which adapters there are, and how an account is opened. None is named here.

An adapter is a module with `Options`, the Struct of an account's settings, and `gateway`, which
opens one (`base.Constructor`). Each package in this one lists its own in `ADAPTERS`: name, module.
A shop's own is a distribution of its own, which lists the same as entry points in the group
`checkout.gateways`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Final, NamedTuple

import httpx

from checkout.gateways.base import Constructor, Gateway, Options
from checkout.gateways.client import CHARGE_SECONDS, QUERY_SECONDS
from checkout.model.validation.reader import Invalid
from checkout.settings import Account

GROUP: Final = "checkout.gateways"
# For those who open accounts only to ask what their settings say.
OFFLINE: Final = httpx.AsyncBaseTransport()
LONGEST: Final = 200  # characters of somebody else's error


class Adapter(NamedTuple):
    """`options` is the Struct of an account's settings, `gateway` opens an account with it."""

    options: type[Options]
    gateway: Constructor[Any]


class Adapters(Mapping[str, Adapter]):
    """Every adapter by its name. Those of other distributions are loaded at their first use, so
    that a broken one does no harm where it isn't used."""

    def __init__(self) -> None:
        self._known: dict[str, Adapter] = {}

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*built_in(), *(point.name for point in _points())))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in built_in() or any(point.name == name for point in _points())

    def __getitem__(self, name: str) -> Adapter:
        """Raises Invalid for one that can't be used, with the reason."""
        if name not in self._known:
            self._known[name] = _found(name)
        return self._known[name]


class OptionsByName(Mapping[str, type[Options]]):
    """The Structs of all adapters' settings, for whoever reads the settings."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters

    def __iter__(self) -> Iterator[str]:
        return iter(self._adapters)

    def __len__(self) -> int:
        return len(self._adapters)

    def __contains__(self, name: object) -> bool:
        return name in self._adapters

    def __getitem__(self, name: str) -> type[Options]:
        return self._adapters[name].options


ADAPTERS: Final = Adapters()
OPTIONS: Final = OptionsByName(ADAPTERS)


def open_accounts(
    accounts: Mapping[str, Account], transport: httpx.AsyncBaseTransport, **seconds: float
) -> dict[str, Gateway]:
    """The gateways of the settings' accounts, by the accounts' names; `seconds`: see below."""
    return {
        name: open_gateway(account.adapter, account.options, transport, **seconds)
        for name, account in accounts.items()
    }


def open_gateway(
    adapter: str,
    options: Options,
    transport: httpx.AsyncBaseTransport,
    *,
    charge_seconds: float = CHARGE_SECONDS,
    query_seconds: float = QUERY_SECONDS,
) -> Gateway:
    """An account at a gateway over a shared client; the deadlines are total, in seconds."""
    return ADAPTERS[adapter].gateway(
        options, transport, charge_seconds=charge_seconds, query_seconds=query_seconds
    )


@cache
def built_in() -> Mapping[str, Adapter]:
    """The adapters of this package, by its modules: the installation's list may be an old one."""
    packages = [
        import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__) if each.ispkg
    ]
    return {
        name: Adapter(module.Options, module.gateway)
        for package in packages
        for name, module in package.ADAPTERS.items()
    }


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _found(name: str) -> Adapter:
    ours, points = built_in().get(name), [each for each in _points() if each.name == name]
    if ours is None and not points:
        raise KeyError(name)
    if len(points) + (ours is not None) > 1:
        owners = [*(["checkout"] if ours else []), *map(_owner, points)]
        raise Invalid(f"is ambiguous: {' and '.join(owners)} each have a gateway of this name")
    return ours or _loaded(points[0])


def _loaded(point: EntryPoint) -> Adapter:
    try:
        module = point.load()
    except Exception as error:  # whatever somebody else's code does
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
        raise Invalid(f"can't be loaded from {_owner(point)} ({point.value}): {reason}") from error
    adapter = _adapter(module)
    if adapter is None:
        raise Invalid(
            f"can't be used: {point.value} of {_owner(point)} must be a module with `Options`, a"
            " subclass of checkout.gateways.base.Options, and `gateway`, which opens an account"
        )
    return adapter


def _adapter(module: ModuleType) -> Adapter | None:
    options, gateway = getattr(module, "Options", None), getattr(module, "gateway", None)
    if not (isinstance(options, type) and issubclass(options, Options) and callable(gateway)):
        return None
    return Adapter(options, gateway)


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "a distribution without a name"
