"""What cards and online payment systems answer with: JSON, and errors in two shapes.

Errors are `{"message", "errors"}`, and again under `response` for older clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from litestar import Response

from checkout.sandbox import clock, codes
from checkout.sandbox.card import Card
from checkout.sandbox.fields import Fields
from checkout.sandbox.overpay.request import ADDRESS, CUSTOMER
from checkout.sandbox.overpay.transaction import OverpayTransaction

Json = dict[str, object]

UNAUTHORIZED = "Access denied: check the Shop ID and the Secret Key"
NOT_FOUND = "Record not found"


class Refusal(Exception):
    """A request that is not accepted: nothing was recorded."""

    def __init__(
        self, status: int, message: str, errors: Mapping[str, object] | None = None, code: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.code = code

    def response(self) -> Response[bytes]:
        """The error in both shapes that clients of this family read."""
        error: Json = {"message": self.message}
        if self.errors is not None:
            error["errors"] = self.errors
        if self.code:
            error["code"] = self.code
        return json_response(error | {"response": {"status": "error"} | error}, self.status)


def refuse_invalid(fields: Fields) -> None:
    """Refuse a request with invalid fields, naming all of them."""
    if fields.errors:
        raise invalid(fields.errors)


def invalid(errors: Mapping[str, object]) -> Refusal:
    """The refusal of these fields; the message has a sentence for each of them."""
    return Refusal(422, " ".join(_sentences(errors)), errors, codes.INVALID)


def _sentences(errors: Mapping[str, object]) -> Iterator[str]:
    """`Reason can't be blank.`: the field's own name, wherever it stands, and what is wrong."""
    for name, reasons in errors.items():
        if isinstance(reasons, Mapping):
            yield from _sentences(reasons)
        elif isinstance(reasons, list):
            yield from (f"{name.replace('_', ' ').capitalize()} {reason}." for reason in reasons)


def common_response(transaction: OverpayTransaction) -> Json:
    """What cards and online payment systems both say of a transaction."""
    return {
        "uid": transaction.uid,
        "type": transaction.type,
        "status": transaction.status,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "description": transaction.description,
        "tracking_id": transaction.tracking_id,
        "test": transaction.test,
        "created_at": clock.iso_8601(transaction.created_at),
        "updated_at": clock.iso_8601(transaction.updated_at),
        "paid_at": clock.iso_8601(transaction.paid_at),
        "expired_at": clock.iso_8601(transaction.expires_at),
        "language": transaction.language,
        "payment_method_type": transaction.method,
        "customer": echoed(transaction, "customer", (*CUSTOMER, *ADDRESS)),
        "additional_data": transaction.echo.get("additional_data", {}),
    }


def echoed(transaction: OverpayTransaction, section: str, names: Iterable[str]) -> Json:
    """A section of the request with null for everything that it left out."""
    given = transaction.echo.get(section)
    present = given if isinstance(given, dict) else {}
    return {name: present.get(name) for name in names}


def card_object(card: Card, token: str | None) -> Json:
    """A card as every answer shows it."""
    return {
        "holder": card.holder,
        "stamp": card.stamp,
        "brand": card.brand,
        "last_4": card.last_4,
        "first_1": card.bin_8[:1],
        "bin": card.bin_8[:6],
        "bin_8": card.bin_8,
        "issuer_country": None,
        "issuer_name": None,
        "product": None,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "token_provider": None,
        "token": token,
    }


def json_response(body: Json, status: int = 200) -> Response[bytes]:
    """The bytes are made here, so that a repeated request gets the same ones."""
    return bytes_response(msgspec.json.encode(body), status)


def bytes_response(body: bytes, status: int) -> Response[bytes]:
    return Response(body, status_code=status, media_type="application/json")
