"""What `/schema` says of invoices; and the whole document's parts, put together."""

from __future__ import annotations

from typing import Any, Final

from checkout.merchant.invoices import DRAFT, TYPES
from checkout.model.invoice import Delivery
from checkout.model.status import OUTWARD
from checkout.web.openapi import (
    AMOUNT,
    CURRENCY,
    CUSTOMER,
    DESCRIBED,
    REFUSED,
    Json,
    ShopApi,
    answer,
    called,
    failed,
    structure,
    text,
)
from checkout.web.openapi_charges import BY_TOKEN
from checkout.web.openapi_products import FLAG, OF_A_PAYMENT, PRODUCTS, WRONG, asked, number

ID: Final = "inv_5f0c2a9e2b404c11"
ADDRESS: Final = "https://pay.example.com/pay/eyJhbW91bnQiOjEyNTB9.c2lnbmF0dXJl"
UID: Final = "7f3c1a9e-2b40-4c11-9a4e-5d0e6a1f8b27"
STATUSES: Final = sorted(set(OUTWARD.values()))


def moment(description: str) -> Json:
    kinds: list[Json] = [{"type": "string"}, {"type": "integer"}, {"type": "null"}]
    return {"description": description, "oneOf": kinds}


SENT: Final = structure(
    {
        "amount": AMOUNT,
        "currency": text(CURRENCY, minLength=3, maxLength=3),
        "description": text("What is paid", minLength=1, maxLength=255),
        "email": text("Where it is mailed to; required unless send is false", null=True),
        "send": FLAG | {"description": "false: the link alone, to be mailed later or never"},
        "expires": moment("Like 2039-01-31T12:00:00+03:00, or in seconds since 1970; in 7 days"),
        "remind": {
            "description": "Seconds before the end, or a time; 0 or false: never; a day before",
            "type": ["integer", "string", "boolean", "null"],
        },
        "tracking_id": text("The shop's own number for it", null=True, maxLength=255),
        "transaction_type": {"enum": [*TYPES, None]},
        "attempts": number("How many declines end the payment", 1, 10),
        "test": FLAG,
        "customer": CUSTOMER | {"type": ["object", "null"]},
        "payment_method": {"type": ["object", "null"]},
        **OF_A_PAYMENT,
    },
    "amount",
    "currency",
    "description",
)
ANSWERED: Final = structure(
    {
        "id": text(pattern="^inv_[0-9a-f]{16}$"),
        "url": text("The link; good for one payment"),
        "status": {"enum": STATUSES, "description": "Of the money: incomplete until it is paid"},
        "amount": {"type": "integer"},
        "currency": text(),
        "description": text(),
        "tracking_id": text(null=True),
        "test": {"type": "boolean"},
        "language": text(null=True),
        "email": text(null=True),
        "mail_status": {
            "enum": [DRAFT, Delivery.QUEUED, Delivery.SENT, Delivery.FAILED],
            "description": "Of the mail; queued: on its way, also while it is tried again",
        },
        "mail_error": text("Why the last try failed", null=True),
        "mailed_at": text(null=True),
        "remind_at": text(null=True),
        "remind_error": text(null=True),
        "reminded_at": text(null=True),
        "uid": text("Of its payment, once somebody has opened it", null=True),
        "paid_at": text(null=True),
        "cancelled_at": text(null=True),
        "expires": text(),
        "created_at": text(),
        "updated_at": text(),
    },
    "id", "url", "status", "amount", "currency", "description", "email", "mail_status",
    "mail_error", "mailed_at", "remind_at", "reminded_at", "uid", "paid_at", "cancelled_at",
    "expires", "created_at",
)  # fmt: skip
TERMS: Final[Json] = {
    "amount": 1250,
    "currency": "EUR",
    "description": "Two chairs",
    "tracking_id": "chair-7",
    "email": "anna@example.com",
    "language": "en",
}
EXAMPLE: Final = TERMS | {
    "id": ID,
    "url": ADDRESS,
    "status": "successful",
    "test": False,
    "mail_status": "sent",
    "mail_error": None,
    "mailed_at": "2030-01-24T12:00:01.000Z",
    "remind_at": "2030-01-30T12:00:00.000Z",
    "remind_error": None,
    "reminded_at": None,
    "uid": UID,
    "paid_at": "2030-01-25T09:30:00.000Z",
    "cancelled_at": None,
    "expires": "2030-01-31T12:00:00.000Z",
    "created_at": "2030-01-24T12:00:00.000Z",
    "updated_at": "2030-01-24T12:00:00.000Z",
}
ABSENT: Final = {"404": failed("No such invoice, or another shop's", "Record not found")}
ONE: Final = structure({"invoice": ANSWERED}, "invoice")
BODY: Final = {"application/json": {"schema": SENT, "examples": {"chairs": {"value": TERMS}}}}
AGAIN: Final = {
    "application/json": {
        "schema": structure({"email": text("Its address from now on", null=True)}),
        "examples": {"address": {"value": {"email": "anna@example.org"}}},
    }
}


def told(description: str, name: str, **changes: Any) -> Json:
    return answer(description, ONE, name, {"invoice": EXAMPLE | changes})


def chosen(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


INVOICES: Final[dict[tuple[str, str], Json]] = {
    ("/invoices", "post"): {
        "parameters": [called("Idempotency-Key"), called("RequestID")],
        "requestBody": {"required": True, "content": BODY},
        "responses": {
            "201": told(
                "Created; mailed afterwards", "created", status="incomplete", uid=None,
                paid_at=None, mail_status="queued", mailed_at=None,
            ),
            **WRONG, **REFUSED,
        },
    },
    ("/invoices", "get"): {
        "parameters": [
            asked("limit", 1, 100),
            asked("offset", 0, 1_000_000),
            chosen("status", {"enum": STATUSES}),
            chosen("tracking_id", {"type": "string", "minLength": 1, "maxLength": 255}),
        ],
        "responses": {
            "200": answer(
                "The newest first",
                structure({"invoices": {"type": "array", "items": ANSWERED}}, "invoices"),
                "invoices",
                {"invoices": [EXAMPLE]},
            ),
            "422": WRONG["422"],
            **REFUSED,
        },
    },
    ("/invoices/{invoice_id}", "get"): {
        "responses": {"200": told("The invoice", "read"), **ABSENT, **REFUSED},
    },
    ("/invoices/{invoice_id}/send", "post"): {
        "requestBody": {"required": False, "content": AGAIN},
        "responses": {
            "200": told(
                "Mailed again, afterwards", "again", status="incomplete", paid_at=None,
                mail_status="queued",
            ),
            **WRONG, **ABSENT, **REFUSED,
        },
    },
    ("/invoices/{invoice_id}/cancel", "post"): {
        "responses": {
            "200": told(
                "Its link is shut", "cancelled", status="canceled", paid_at=None,
                cancelled_at="2030-01-25T09:30:00.000Z",
            ),
            "422": failed(
                "Paid, or being paid",
                "Some fields are wrong: status is successful",
                {"status": ["is successful: what is paid or under way can't be cancelled"]},
            ),
            **ABSENT, **REFUSED,
        },
    },
}  # fmt: skip


class WholeApi(ShopApi):
    described = {**DESCRIBED, **BY_TOKEN, **PRODUCTS, **INVOICES}


RENDERERS: Final[list[Any]] = [WholeApi(path=["/", "/openapi.json"])]
