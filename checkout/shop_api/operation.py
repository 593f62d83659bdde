"""Reads the request of an operation on a payment: a capture, a void, a refund."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from checkout.model.validation.reader import Reader, drop_nulls
from checkout.model.validation.rules import minor_units, text
from checkout.model.validation.table import Field, FieldTable
from checkout.shop_api.card_numbers import without_card_numbers

OPERATION: Final = FieldTable(
    parent_uid=Field(
        text(64),
        "of the payment or authorization; of a refund perhaps its capture's",
        required=True,
    ),
    amount=Field(minor_units(), "without it all that is left"),
    reason=Field(text(255, least=0), "why", default=""),
)


class OperationRequest(Struct, frozen=True, kw_only=True):
    """`amount`: None for the whole remaining amount."""

    parent_uid: str
    amount: int | None
    reason: str


def read_operation(data: Any) -> OperationRequest:
    """The operation of `{"request": {...}}`; raises Unprocessable."""
    body = Reader(without_card_numbers(drop_nulls(data)), tolerant=True)
    fields = body.within("request", shown="")
    requested = OperationRequest(**OPERATION.read(fields))
    fields.done()
    return requested
