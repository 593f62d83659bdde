"""Reads the request of an operation on a payment: a capture, a void, a refund."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from checkout.model.validation.optional_data import cut_text
from checkout.model.validation.rules import minor_units, text
from checkout.model.validation.table import Field, FieldTable
from checkout.shop_api.card_numbers import body_reader

OPERATION: Final = FieldTable(
    parent_uid=Field(
        text(64),
        "of the payment or authorization; of a refund perhaps its capture's",
        required=True,
    ),
    amount=Field(minor_units(), "without it all that is left"),
    reason=Field(cut_text(255), "why", default=""),
)


class OperationRequest(Struct, frozen=True, kw_only=True):
    """`amount`: None for the whole remaining amount. `dropped`: field -> why it was cut."""

    parent_uid: str
    amount: int | None
    reason: str
    dropped: dict[str, str]


def read_operation(data: Any) -> OperationRequest:
    """The operation of `{"request": {...}}`; raises Unprocessable."""
    body = body_reader(data)
    fields = body.within("request", shown="")
    requested = OperationRequest(**OPERATION.read(fields), dropped=fields.dropped)
    fields.done()
    return requested
