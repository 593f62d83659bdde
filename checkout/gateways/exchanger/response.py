"""Reading the exchanger's answers: orders and refusals.

Documents: the exchanger's pages on payment processing, and public clients of the same script. They
leave much open, so an order is found at several places, and only what is needed has to be there.
Numbers are text here, as they were written: none goes through a float.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import Struct

from checkout.gateways.parsing import Object, safe, section, text
from checkout.model.money import Money
from checkout.model.outcome import Exchanged

_UID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SECRET = re.compile(
    r"[!-.0-~]{1,128}", re.ASCII
)  # visible, without a slash, which separates uid and secret
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)


class Side(Struct, frozen=True):
    """One end of the exchange: what the customer gives, or what the shop gets."""

    name: str | None  # Tether TRC20
    symbol: str | None  # USDT
    amount: str | None  # as it was written

    def stated(self) -> str | None:
        return f"{self.amount} {self.symbol}" if self.amount and self.symbol else self.amount


class Order(Struct, frozen=True):
    """`details`: how the customer pays. `secret`: stated at creation only. `sound`: the
    stated sum to give could be read; the sum to get may be hidden."""

    uid: str
    secret: str | None
    status: str
    source: Side
    target: Side
    details: Object
    comment: str | None
    sound: bool


class Refusal(Struct, frozen=True):
    """`field`: the one that the exchanger complains about; `values`: the list that it is in."""

    field: str | None
    values: str | None
    message: str | None


def order_in(data: Any) -> Order | None:
    """The order of an answer; None where there is none."""
    if not isinstance(data, dict) or data.get("success") is False:
        return None
    inner = section(data, "data")
    for fields in (section(inner, "order"), inner, section(data, "order"), data):
        if _UID.fullmatch(text(fields, "uid") or ""):
            return _order(fields)
    return None


def refusal(data: Any) -> Refusal | None:
    """`{"success": false, "error": {...}}`; None for anything else."""
    if not isinstance(data, dict) or data.get("success") is not False:
        return None
    error = section(data, "error")
    message = text(error, "message") or text(data, "error") or text(data, "message")
    if not error and message is None:
        return None
    about = section(error, "object")
    return Refusal(
        field=text(about, "fieldId"),
        values=text(about, "type"),
        message=safe(message),
    )


def number(fields: Object, name: str) -> str | None:
    """A number that is not negative, as it was written; None for anything else."""
    written = text(fields, name)
    return written if written and _NUMBER.fullmatch(written) else None


def stated_money(order: Order, asked: Money) -> Money | None:
    """The order's sum in the shop's currency: what the customer gives, where that is in it, else
    what the shop gets. More than the price counts as the price."""
    side = order.source if order.source.symbol == asked.currency else order.target
    if side.symbol != asked.currency or side.amount is None:
        return None
    minor = Fraction(side.amount) * 10**asked.exponent
    less = minor < asked.minor
    return msgspec.structs.replace(asked, minor=int(minor)) if less else asked


def exchanged(order: Order) -> Exchanged | None:
    """Both sums as they were written; None where the order states neither."""
    found = Exchanged(order.source.stated(), order.target.stated())
    return None if found == Exchanged() else found


def _order(fields: Object) -> Order:
    route = section(fields, "route")
    source, target = section(route, "from"), section(route, "to")
    secret = text(fields, "secret")
    return Order(
        uid=text(fields, "uid") or "",
        secret=secret if secret and _SECRET.fullmatch(secret) else None,
        status=text(fields, "status") or "",
        # A new order has its sums beside the route, or within it.
        source=_side(source, number(fields, "inAmount") or number(route, "inAmount")),
        target=_side(target, number(fields, "outAmount") or number(route, "outAmount")),
        details=section(source, "paymentDetails"),
        comment=text(fields, "comment"),
        sound=fields.get("inAmount") in (None, "") or number(fields, "inAmount") is not None,
    )


def _side(fields: Object, amount: str | None) -> Side:
    return Side(text(fields, "name", 64), text(fields, "symbol", 16), amount)
