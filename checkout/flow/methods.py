"""Which ways to pay an order offers: the shop's methods that the order asks for and the gateway
can do, in the shop's order."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog

from checkout.gateways.base import Gateway, merged
from checkout.model.order import CARD_METHOD, Method, Order
from checkout.settings import Shop

log = structlog.get_logger(__name__)


def offered(order: Order, shop: Shop, gateways: Mapping[str, Gateway]) -> tuple[Method, ...]:
    wanted, money = order.methods, order.money
    types, excluded, exponent = wanted.types, wanted.excluded_types, money.exponent
    kinds = ("series" if order.series else "alone") if order.alone else "transaction_types"
    found = [
        method
        for method in shop.methods
        if (method.name in types if types else method.name not in excluded)
        and order.transaction_type in getattr(can := gateways[method.gateway].can, kinds)
        and exponent in can.exponents
        and (can.currencies is None or money.currency in can.currencies)
        and gateways[method.gateway].takes(money) is None
        and (method.name == CARD_METHOD or not order.alone)
    ]
    return tuple([_with_params(method, order) for method in found] if wanted.params else found)


async def prepare(order: Order, shop: Shop, gateways: Mapping[str, Gateway]) -> None:
    """Let the gateways that `offered` asks learn what they answer by, and say in the log which of
    the methods that the order wants can't take it just now."""
    types, excluded = order.methods.types, order.methods.excluded_types
    for method in shop.methods:
        if method.name in types if types else method.name not in excluded:
            gateway = gateways[method.gateway]
            await gateway.prepare()
            if why := gateway.takes(order.money):
                log.warning("method.not_offered", method=method.name, why=why)


def _with_params(method: Method, order: Order) -> Method:
    """The shop's own parameters for the method win over the settings'."""
    if method.name not in order.methods.params:
        return method
    params = merged(method.params, order.methods.params[method.name])
    return msgspec.structs.replace(method, params=params)
