"""Decimals of a new payment's currency: those of the account of the first method that can take it.

Gateways count twelve currencies with different decimals (`model.money.TWO_WAYS`). Where no
account's settings say which it uses, nothing is guessed: the payment is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from checkout.errors import Unprocessable
from checkout.gateways.base import Gateway
from checkout.model.money import EXPONENTS, TWO_WAYS, Money, decimals_of
from checkout.model.order import Order
from checkout.payments.methods import available_methods, eligible_methods
from checkout.settings import Shop

CURRENCY: Final = "order.currency"
METHODS: Final = "payment_method.types"
NO_METHOD: Final = "none of the shop's methods can take this payment"
NO_ZERO: Final = "none of the shop's methods can take an amount of 0"

log = structlog.get_logger(__name__)

Counts = dict[int | None, list[str]]


def counts(order: Order, shop: Shop, gateways: Mapping[str, Gateway]) -> Counts:
    """The accounts that may take the order, by the decimals that they use for its currency, in the
    shop's order of methods; under None those whose settings don't say, but have to."""
    found: Counts = {}
    for method in eligible_methods(order, shop, gateways):
        can = gateways[method.gateway].capabilities
        decimals = decimals_of(order.money.currency, can.decimals)
        if decimals is None or decimals in can.exponents:
            accounts = found.setdefault(decimals, [])
            if method.gateway not in accounts:
                accounts.append(method.gateway)
    return found


def counted(
    order: Order,
    shop: Shop,
    gateways: Mapping[str, Gateway],
    *,
    currency: str = CURRENCY,
    methods: str = METHODS,
    fixed: bool = False,
) -> Order:
    """The order with the decimals of its money. Money that has decimals other than ISO's keeps
    them, and so does all money where it is `fixed`.

    Raises Unprocessable where no method can take it: under the caller's name for the `currency`
    when a setting is missing, else under its name for the `methods`.
    """
    found, money = counts(order, shop, gateways), order.money
    for decimals in (money.exponent,) if fixed or money.decimals is not None else found:
        if decimals is None:
            continue
        same = decimals == money.exponent
        tried = order if same else msgspec.structs.replace(order, money=money.counted(decimals))
        if available_methods(tried, shop, gateways, noted=True):
            _warn(tried.money, found)
            return tried
    raise unpayable(order, found, currency, methods)


def count(
    order: Order,
    shop: Shop,
    gateways: Mapping[str, Gateway],
    *,
    currency: str = CURRENCY,
    methods: str = METHODS,
) -> int:
    """The decimals of the order's currency, whatever the amount will be. Raises as `counted`
    does."""
    found = counts(order, shop, gateways)
    for decimals in found:
        if decimals is not None:
            _warn(order.money.counted(decimals), found)
            return decimals
    raise unpayable(order, found, currency, methods)


def unpayable(order: Order, found: Counts, currency: str, methods: str) -> Unprocessable:
    """The error for an order that no method can take."""
    silent = found.get(None)
    if not silent:
        return Unprocessable({methods: [NO_METHOD if order.money.minor else NO_ZERO]})
    code = order.money.currency
    log.warning("currency.uncounted", currency=code, accounts=silent)
    return Unprocessable({currency: [advice(code, silent)]})


def advice(currency: str, accounts: list[str]) -> str:
    """What the operator has to add to the settings."""
    one, other = sorted((EXPONENTS[currency], TWO_WAYS[currency]))
    keys = " and ".join(f"gateways.{name}.decimals" for name in accounts)
    return (
        f"is counted with {one} decimals by some and with {other} by others: the settings must say"
        f" how the gateway counts it, in {keys}, as {{ {currency} = {one} }} or"
        f" {{ {currency} = {other} }}"
    )


def _warn(money: Money, found: Counts) -> None:
    """Log the accounts that are not offered: they use other decimals, or don't say which."""
    if len(found) > 1:
        log.warning(
            "currency.counted_otherwise",
            currency=money.currency,
            decimals=money.exponent,
            not_offered=[name for at in found if at != money.exponent for name in found[at]],
        )
