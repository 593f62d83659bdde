"""Gateways: the table of adapters. Beside the adapters' own files, only this one names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import httpx

from checkout.gateways import exchanger, overpay_apm, overpay_cards, rest
from checkout.gateways.base import Gateway, Options
from checkout.gateways.wire import CHARGE_SECONDS, QUERY_SECONDS
from checkout.settings import Account


class Adapter(NamedTuple):
    """`options` is the Struct of an account's settings, `gateway` opens an account with it."""

    options: type[Options]
    gateway: Callable[..., Gateway]


ADAPTERS: Final[Mapping[str, Adapter]] = {
    "overpay_cards": Adapter(overpay_cards.Options, overpay_cards.OverpayCards),
    "overpay_apm": Adapter(overpay_apm.Options, overpay_apm.OverpayApm),
    "exchanger": Adapter(exchanger.Options, exchanger.Exchanger),
    "rest": Adapter(rest.Options, rest.Rest),
}

OPTIONS: Final[Mapping[str, type[Options]]] = {
    name: adapter.options for name, adapter in ADAPTERS.items()
}


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
