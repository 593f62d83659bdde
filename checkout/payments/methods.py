"""Available payment methods: those of the shop that the order allows and the gateway can do, in the
shop's order."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog

from checkout.gateways.base import Gateway, merged
from checkout.model.money import decimals_of
from checkout.model.order import CARD_METHOD, Method, Order
from checkout.settings import Shop

log = structlog.get_logger(__name__)


def available_methods(
    order: Order, shop: Shop, gateways: Mapping[str, Gateway], *, noted: bool = False
) -> tuple[Method, ...]:
    """Those whose accounts use the decimals of the order's money and can take the amount now;
    `noted`: log why others can't take the amount."""
    wanted, money = order.methods, order.money
    currency, exponent = money.currency, money.exponent
    found = []
    for method in eligible_methods(order, shop, gateways):
        gateway = gateways[method.gateway]
        if decimals_of(currency, gateway.capabilities.decimals) != exponent:
            continue
        if why := gateway.refusal_of_amount(money):
            if noted:
                log.warning("method.not_offered", method=method.name, why=why)
        elif exponent in gateway.capabilities.exponents:
            found.append(method)
    return tuple([_with_params(method, order) for method in found] if wanted.params else found)


def eligible_methods(order: Order, shop: Shop, gateways: Mapping[str, Gateway]) -> list[Method]:
    """Those that the order allows and the gateway can do, whatever decimals its account uses."""
    types, excluded = order.methods.types, order.methods.excluded_types
    kinds = (
        ("recurring" if order.recurring else "merchant_initiated")
        if order.merchant_initiated
        else "transaction_types"
    )
    return [
        method
        for method in shop.methods
        if (method.name in types if types else method.name not in excluded)
        and order.transaction_type in getattr(can := gateways[method.gateway].capabilities, kinds)
        and can.takes_money(order.money, order.transaction_type)
        and (method.name == CARD_METHOD or not order.merchant_initiated)
    ]


async def prepare(order: Order, shop: Shop, gateways: Mapping[str, Gateway]) -> None:
    """Let the gateways load what `available_methods` needs of them."""
    types, excluded = order.methods.types, order.methods.excluded_types
    for method in shop.methods:
        if method.name in types if types else method.name not in excluded:
            await gateways[method.gateway].prepare()


def _with_params(method: Method, order: Order) -> Method:
    """The shop's own parameters for the method win over the settings'."""
    if method.name not in order.methods.params:
        return method
    params = merged(method.params, order.methods.params[method.name])
    return msgspec.structs.replace(method, params=params)
