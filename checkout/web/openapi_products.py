"""What `/schema` says of products."""

from __future__ import annotations

from typing import Final

from checkout.merchant.orders import LINK_WAYS
from checkout.web.openapi import (
    AMOUNT,
    CALLED,
    CURRENCY,
    NAMES,
    REFUSED,
    URL,
    Json,
    answer,
    failed,
    structure,
    text,
)
from checkout.web.pages.customer_fields import ASKED

FLAG: Final = {"type": ["boolean", "null"]}
ID: Final = "prd_5f0c2a9e2b404c11"
ADDRESS: Final = f"https://pay.example.com/product/{ID}"
TIME: Final = text("Like 2039-01-31T12:00:00+03:00", null=True)
OF_A_PAYMENT: Final[Json] = dict.fromkeys(LINK_WAYS, URL) | {
    "notification_url": CALLED,
    "auto_return": {"type": ["integer", "null"], "minimum": 0, "maximum": 3600},
    "language": text(null=True, maxLength=35),
}


def number(description: str, least: int, most: int, *, null: bool = True) -> Json:
    kinds: list[Json] = [
        {"type": "integer", "minimum": least, "maximum": most},
        {"type": "string", "pattern": "^[0-9]{1,9}$"},
    ]
    return {"description": description, "oneOf": kinds + ([{"type": "null"}] if null else [])}


SENT: Final[Json] = {
    "name": text(minLength=1, maxLength=255),
    "description": text(minLength=1, maxLength=255),
    "currency": text(CURRENCY, minLength=3, maxLength=3),
    "amount": AMOUNT | {"description": "The price in minor units; or what is filled in"},
    "min_amount": AMOUNT | {"description": "With it the customer chooses the amount, from it up"},
    "max_amount": AMOUNT | {"description": "With it the customer chooses the amount, up to it"},
    "quantity": number("How many there are in all; required unless infinite", 0, 10**9),
    "infinite": FLAG,
    "max_quantity": number("How many one buyer takes at once", 1, 99),
    "visible_fields": NAMES | {"items": {"enum": list(ASKED)}},
    "test": FLAG,
    "immortal": FLAG,
    "expired_at": TIME,
    "active": FLAG,
    "inactive_text": text("Why it is not on sale", null=True, maxLength=255),
    "transaction_type": {"enum": ["payment", "authorization", None]},
    "attempts": number("How many declines end a payment", 1, 10),
    "tracking_id": text(null=True, maxLength=255),
    "payment_method": {"type": ["object", "null"]},
    **OF_A_PAYMENT,
}
COUNT: Final = {"type": "integer", "minimum": 0}
ANSWERED: Final = structure(
    {
        "id": text(pattern="^prd_[0-9a-f]{16}$"),
        "pay_url": text("The product's page"),
        "payment_url": text("The same"),
        "confirm_url": text("The same"),
        "name": text(),
        "description": text(),
        "currency": text(),
        "amount": {"type": ["integer", "null"]},
        "quantity": {"type": ["integer", "null"]},
        "infinite": {"type": "boolean"},
        "available": {"type": ["integer", "null"], "description": "null: no end of them"},
        "reserved": COUNT,
        "sold": COUNT,
        "on_sale": {"type": "boolean"},
        "active": {"type": "boolean"},
        "immortal": {"type": "boolean"},
        "expired_at": TIME,
        "test": {"type": "boolean"},
        "created_at": text(),
        "updated_at": text(),
    },
    "id", "pay_url", "payment_url", "confirm_url", "name", "currency", "reserved", "sold",
    "available", "on_sale",
)  # fmt: skip
TERMS: Final[Json] = {
    "name": "Evening ticket",
    "description": "Stalls, row 5",
    "currency": "EUR",
    "amount": 1250,
    "quantity": 100,
    "immortal": True,
}
EXAMPLE: Final = TERMS | {
    "id": ID,
    "pay_url": ADDRESS,
    "payment_url": ADDRESS,
    "confirm_url": ADDRESS,
    "infinite": False,
    "available": 96,
    "reserved": 1,
    "sold": 3,
    "on_sale": True,
    "active": True,
    "expired_at": None,
    "test": False,
    "created_at": "2030-01-31T12:00:00.000Z",
    "updated_at": "2030-01-31T12:00:00.000Z",
}
ABSENT: Final = {"404": failed("No such product, or another shop's", "Record not found")}
WRONG: Final = {
    "400": failed("No JSON, or nested too deeply", "The body is not valid JSON"),
    "413": failed("More than 64 KiB", "The request is too large"),
    "415": failed("No JSON", "Send the body as application/json"),
    "422": failed(
        "Every wrong field, at once",
        "Some fields are wrong: amount must be an integer",
        {"amount": ["must be an integer"]},
    ),
}


def body(name: str, example: Json, *required: str) -> Json:
    content = {"schema": structure(SENT, *required), "examples": {name: {"value": example}}}
    return {"required": True, "content": {"application/json": content}}


def asked(name: str, least: int, most: int) -> Json:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return {"name": name, "in": "query", "required": False, "schema": schema}


PRODUCTS: Final[dict[tuple[str, str], Json]] = {
    ("/products", "post"): {
        "requestBody": body("ticket", TERMS, "name", "description", "currency"),
        "responses": {
            "201": answer("Created", ANSWERED, "created", EXAMPLE), **WRONG, **REFUSED,
        },
    },
    ("/products", "get"): {
        "parameters": [asked("limit", 1, 100), asked("offset", 0, 1_000_000)],
        "responses": {
            "200": answer(
                "The newest first",
                structure({"products": {"type": "array", "items": ANSWERED}}, "products"),
                "products",
                {"products": [EXAMPLE]},
            ),
            "422": WRONG["422"],
            **REFUSED,
        },
    },
    ("/products/{product_id}", "get"): {
        "responses": {
            "200": answer("The product", ANSWERED, "read", EXAMPLE), **ABSENT, **REFUSED,
        },
    },
    ("/products/{product_id}", "put"): {
        "requestBody": body("price", {"amount": 1500}),
        "responses": {
            "200": answer("The product as it is now", ANSWERED, "updated", EXAMPLE),
            **WRONG, **ABSENT, **REFUSED,
        },
    },
}  # fmt: skip
