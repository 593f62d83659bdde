"""The addresses that a shop may name in a request: which ones are taken depends on the shop."""

from __future__ import annotations

from typing import Final

from checkout.model.validation.rules import shop_address, web_address
from checkout.model.validation.table import Scope, Scoped
from checkout.settings import Shop

ADDRESS: Final = {"type": "string", "maxLength": 2048}


def scope_of(shop: Shop, *, sandbox: bool, now: float) -> Scope:
    return Scope(shop.customer_origins, shop.ports, sandbox, now)


return_address: Final = Scoped(
    lambda scope: shop_address(origins=scope.origins, sandbox=scope.sandbox),
    "an address on the shop's own site or one of its `return_origins`",
    ADDRESS,
)
called_address: Final = Scoped(
    lambda scope: web_address(sandbox=scope.sandbox, ports=scope.ports, plain=scope.origins),
    "an https address, at port 443 or one that the server's `egress_ports` name; http:// on a site "
    "that `return_origins` name",
    ADDRESS,
)
shown_address: Final = Scoped(
    lambda scope: web_address(sandbox=scope.sandbox), "an https address", ADDRESS
)
