"""Bodies of `POST /ctp/api/checkouts` as shop plugins send them, and how they are read."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.errors import Unprocessable
from checkout.model.order import Order
from checkout.settings import Shop
from checkout.shop_api.checkout_request import read_order
from tests.support import samples
from tests.support.clock import BEGINNING

NOW = BEGINNING
Changes = dict[str, Any]  # of a body, by dotted paths


def body(**changes: Any) -> dict[str, Any]:
    """The smallest one; names may have dots: `{"order.amount": 1}`."""
    whole: dict[str, Any] = {
        "transaction_type": "payment",
        "order": {"amount": 1250, "currency": "EUR", "description": "Two tickets"},
    }
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = whole
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = value
    return {"checkout": whole}


def read(
    data: Any = None, *, shop: Shop | None = None, sandbox: bool = False, **changes: Any
) -> Order:
    data = body(**changes) if data is None else data
    return read_order(data, shop or samples.shop(), sandbox=sandbox, now=NOW)


def wrong(data: Any = None, **changes: Any) -> dict[str, list[str]]:
    """The fields that are refused, with their reasons."""
    with pytest.raises(Unprocessable) as refused:
        read(data, **changes)
    assert refused.value.status == 422
    return refused.value.fields
