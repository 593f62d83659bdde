"""What `/schema` says of the shop's API: the bodies, the answers, an example of each.

The handlers read bytes themselves (money is strict, shops' plugins are not), so nothing of it can
be read off their signatures. The pages that show such documents load scripts from elsewhere: it
is served as JSON alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from checkout.merchant.details import CHARGES, CONTRACTS, INITIATORS, VERIFICATIONS
from checkout.merchant.travel import AIRLINE, LEG, MOST_LEGS, MOST_PASSENGERS, PASSENGER
from checkout.model.order import MAKERS, SECURE
from checkout.web.context import web_of

Json = dict[str, Any]


def text(description: str = "", *, null: bool = False, **more: Any) -> Json:
    return {"type": ["string", "null"] if null else "string", "description": description, **more}


def structure(properties: Json, *required: str, description: str = "") -> Json:
    found = {"type": "object", "properties": properties, "description": description}
    return found | ({"required": list(required)} if required else {})


AMOUNT: Final = {
    "description": "In minor units (1999 is 19.99 EUR), as an integer or as digits",
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": 10**14},
        {"type": "string", "pattern": "^[0-9]{1,15}$"},
    ],
}
CURRENCY: Final = "ISO 4217; twelve of them once the settings say how they are counted"
URL: Final = text("on one of the shop's return_origins; without any, on its own site", null=True)
CALLED: Final = text("https", null=True)
FLAG: Final = {"type": ["boolean", "null"]}
NAMES: Final = {"type": ["array", "null"], "items": {"type": "string"}}
CUSTOMER: Final = structure(
    {
        "email": text("With a dot in its domain", null=True, maxLength=254),
        "first_name": text(null=True, maxLength=30),
        "last_name": text(null=True, maxLength=30),
        "address": text(null=True, maxLength=255),
        "city": text(null=True, maxLength=60),
        "state": text("Two letters where the country is US or CA", null=True, maxLength=60),
        "zip": text("NNNNN or NNNNN-NNNN where the country is US", null=True, maxLength=20),
        "country": text("ISO 3166-1 alpha-2", null=True),
        "phone": text(null=True, maxLength=100),
        "birth_date": text("YYYY-MM-DD", null=True),
        "external_id": text(null=True, maxLength=255),
        "taxpayer_id": text(null=True, maxLength=255),
        "device_id": text(null=True, maxLength=255),
        "ip": text("The gateway is told the real one", null=True),
    },
    description="No field takes a card's number",
)


def listed(item: Json, most: int, description: str = "") -> Json:
    found = {"type": ["array", "null"], "items": item, "maxItems": most}
    return found | ({"description": description} if description else {})


ADDITIONAL_DATA: Final = structure(
    {
        "receipt_text": listed(text(maxLength=255), 50, "Lines of the receipt"),
        "contract": listed({"enum": list(CONTRACTS)}, 10, "The answer brings a card token"),
        "card_on_file": structure(
            {"initiator": {"enum": [None, *INITIATORS]}, "type": {"enum": [None, *CHARGES]}},
            description="type: of what the merchant begins",
        ),
        "referer": text("http or https", null=True, maxLength=2048),
        "p2p": structure(
            {
                "service_id": text(null=True, maxLength=255),
                "service_extension": text(null=True, maxLength=255),
            }
        ),
        "excluded_gateways": listed({"type": "integer", "minimum": 1}, 100, "For cascades"),
        "masterpass": structure({"params": structure({"session": text(null=True, maxLength=255)})}),
        "avs_cvc_verification": structure(
            {name: {"type": "object"} for name in VERIFICATIONS},
            description="Which results shall fail the payment, as the gateway reads it",
        ),
        "meta": {"type": ["object", "null"]},
        "expected_bank_code": text("Of test payments", null=True, maxLength=32),
    }
)
TRAVEL: Final = structure(
    {
        "airline": structure(
            {name: text(null=True) for name in AIRLINE}
            | {
                "legs": listed(structure({name: text(null=True) for name in LEG}), MOST_LEGS),
                "passengers": listed(
                    structure({name: text(null=True) for name in PASSENGER}), MOST_PASSENGERS
                ),
            }
        )
    },
    description="Of a ticket that is paid",
)

ORDERED: Final = structure(
    {
        "transaction_type": {"enum": ["payment", "authorization", "tokenization", "charge"]},
        "attempts": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "How many declines end the payment; 1, and never more than 10",
        },
        "test": {"type": ["boolean", "null"]},
        "iframe": {"type": ["boolean", "null"]},
        "dynamic_billing_descriptor": text(null=True, maxLength=255),
        "duplicate_check": {**FLAG, "description": "By the gateway, within 30 s; false"},
        "three_d_secure": structure({"advanced": FLAG}),
        "travel": TRAVEL,
        "order": structure(
            {
                "amount": AMOUNT,
                "currency": text(CURRENCY, minLength=3, maxLength=3),
                "description": text("Not blank", minLength=1, maxLength=255),
                "tracking_id": text("The shop's own number for it", null=True),
                "expired_at": text("Like 2030-01-31T12:00:00+03:00; a day from now", null=True),
                "additional_data": ADDITIONAL_DATA,
            },
            "amount",
            "currency",
            "description",
        ),
        "settings": structure(
            {
                "return_url": URL,
                "success_url": URL,
                "decline_url": URL,
                "fail_url": URL,
                "cancel_url": URL,
                "notification_url": CALLED,
                "verification_url": CALLED,
                "auto_return": {"type": ["integer", "null"], "minimum": 0, "maximum": 3600},
                "language": text(null=True),
                "button_text": text(null=True, maxLength=60),
                "button_next_text": text(null=True, maxLength=60),
                "customer_fields": structure(
                    {"visible": NAMES, "read_only": NAMES, "hidden": NAMES}
                ),
                "credit_card_fields": structure(
                    {"holder": text(null=True, maxLength=32), "read_only": NAMES},
                    description="The name on the card, filled in or fixed",
                ),
                "save_card_toggle": structure(
                    {
                        "display": FLAG,
                        "customer_contract": FLAG,
                        "text": text(null=True, maxLength=500),
                        "hint": text(null=True, maxLength=500),
                    },
                    description="Whether the customer is asked to have the card remembered",
                ),
                "another_card_toggle": structure(
                    {"display": FLAG}, description="Another card beside a saved one"
                ),
                "agreement_toggle": structure(
                    {
                        "value": FLAG,
                        "url": CALLED,
                        "text": text("Words in [brackets] lead to url", null=True, maxLength=500),
                    },
                    description="Terms that must be accepted",
                ),
                "auto_pay": FLAG | {"description": "Sent as soon as it is seen, beside a token"},
            }
        ),
        "customer": CUSTOMER,
        "payment_method": structure(
            {
                "types": NAMES,
                "excluded_types": NAMES,
                "excluded_brands": NAMES,
                "credit_card": structure(
                    {"token": text("Of a saved card", null=True, maxLength=1024)}
                    | dict.fromkeys(SECURE, FLAG)
                ),
            }
        ),
    },
    "transaction_type",
    "order",
    description="Nulls, [] for an object and unknown fields are taken everywhere",
)

TOKEN: Final = "6e0ea1e0b7bd6d8a2d8b5f3c8a53dc4bfa1d1a3e9c27cf6b6ab1d0ffb3a0c9d1"
UID: Final = "7f3c1a9e-2b40-4c11-9a4e-5d0e6a1f8b27"
ORDER: Final = {
    "amount": 1999,
    "currency": "EUR",
    "description": "Two tickets",
    "tracking_id": "order-7",
}

BROWSER: Final = structure(
    {
        "accept_header": text(null=True),
        "user_agent": text(null=True),
        "language": text(null=True),
        "java_enabled": {"type": ["boolean", "null"]},
        "time_zone_name": text(null=True),
    }
    | {
        name: {"type": ["integer", "null"]}
        for name in ("screen_width", "screen_height", "screen_color_depth", "window_width",
                     "window_height", "time_zone")
    },
    description="For 3-D Secure; what is missing is read off the request's headers",
)  # fmt: skip
DIGITS: Final = {"type": ["string", "integer", "null"]}
PAID_IN_APP: Final = structure(
    {
        "token": text("Of the payment", minLength=1, maxLength=255),
        "payment_method": text("credit_card unless said", null=True),
        "agreed": FLAG | {"description": "To the terms, where the order has an agreement_toggle"},
        "credit_card": structure(
            {
                "number": text(null=True),
                "verification_value": text(null=True),
                "holder": text(null=True),
                "exp_month": DIGITS,
                "exp_year": DIGITS,
                "exp_date": text("Like 08/29, in place of the two", null=True),
                "token": text("Of the saved card that the order names, beside its code", null=True),
                "save_card": {"type": ["boolean", "null"]},
            }
        ),
        "browser": BROWSER,
        "customer": CUSTOMER,
    },
    "token",
)
APP_ANSWER: Final = structure(
    {
        "status": {
            "enum": ["incomplete", "successful", "failed", "canceled", "error", "refunded"],
            "description": "incomplete: open `url`, until the browser comes to `result_url`",
        },
        "message": text(null=True),
        "token": text(pattern="^[0-9a-f]{64}$"),
        "uid": text(),
        "transaction_type": text(),
        "url": text("The bank's page by ours, or our waiting page", null=True),
        "result_url": text(),
        "finished": {"type": "boolean"},
        "credit_card": {"type": "object"},
    },
    "status", "message", "token", "uid", "url", "result_url", "credit_card",
)  # fmt: skip

MAKER: Final = {"enum": list(MAKERS), "description": "Who asked for the payment"}
TOLD: Final = structure(
    {
        "token": text(pattern="^[0-9a-f]{64}$"),
        "shop_id": {"type": ["integer", "string"]},
        "transaction_type": text(),
        "type": text("The same"),
        "created_by": MAKER,
        "gateway_response": {
            "type": ["object", "null"],
            "description": "null before a payment; else what the bank said, by transaction_type,"
            " with avs_cvc_verification",
        },
        "order": {"type": "object"},
        "settings": {"type": "object"},
        "customer": CUSTOMER | {"type": ["object", "null"]},
        "finished": {"type": "boolean", "description": "No further attempt is possible"},
        "expired": {"type": "boolean"},
        "shop": {"type": "object"},
        "company": {"type": "object"},
        "test": {"type": "boolean"},
        "status": {
            "enum": [None, "incomplete", "pending", "successful", "failed", "canceled", "error",
                     "refunded"],
            "description": "null before the first attempt; error once it has expired",
        },
        "message": text(null=True),
        "version": text(),
        "payment_method": {"type": ["object", "null"]},
        "credit_card": {
            "type": ["object", "null"],
            "description": "brand, last_4, exp_month, exp_year, and token where it is remembered",
        },
    },
    "token", "status", "finished", "expired", "order", "gateway_response",
)  # fmt: skip

WRONG: Final = {
    "description": "By field, each a list of reasons or an object of them",
    "type": "object",
}
FAILED: Final = structure(
    {
        "message": text(),
        "errors": WRONG,
        "response": structure(
            {"status": {"const": "error"}, "message": text(), "errors": WRONG},
            "status", "message", "errors",
            description="The same once more, for older clients",
        ),
    },
    "message", "errors", "response",
)  # fmt: skip


def failed(description: str, message: str, errors: Json | None = None) -> Json:
    value = {"message": message, "errors": errors or {}}
    return answer(description, FAILED, "error", value | {"response": {"status": "error"} | value})


def answer(description: str, schema: Json, name: str, example: Json) -> Json:
    content = {"schema": schema, "examples": {name: {"value": example}}}
    return {"description": description, "content": {"application/json": content}}


def called(name: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": "The same value and body within 24 hours give the same token",
        "schema": {"type": "string", "maxLength": 255},
    }


NO_APPS: Final = {
    "403": failed("An app's key, where apps are off or call by another", "Payments by apps are off")
}
REFUSED: Final = {
    "401": failed("Not a shop's credentials", "Access denied"),
    "503": failed("Full, or the database is away: see Retry-After", "Temporarily unavailable"),
}
CREATE: Final = {
    "description": "Afterwards send the customer to `redirect_url`, or show it in a frame. By the "
    "publishable key: transaction_type, amount, currency, description, tracking_id, customer, "
    "language and addresses on the shop's own site alone; what says more is 422.",
    "parameters": [called("Idempotency-Key"), called("RequestID")],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": structure({"checkout": ORDERED}, "checkout"),
                "examples": {
                    "payment": {
                        "value": {
                            "checkout": {
                                "transaction_type": "payment",
                                "attempts": 3,
                                "order": ORDER,
                                "settings": {
                                    "return_url": "https://shop.example.com/thanks",
                                    "notification_url": "https://shop.example.com/notify",
                                    "language": "en",
                                },
                                "customer": {"email": "anna@example.com"},
                            }
                        }
                    }
                },
            }
        },
    },
    "responses": {
        "201": answer(
            "Created",
            structure(
                {
                    "checkout": structure(
                        {"token": text(pattern="^[0-9a-f]{64}$"), "redirect_url": text()},
                        "token", "redirect_url",
                    )
                },
                "checkout",
            ),
            "created",
            {
                "checkout": {
                    "token": TOKEN,
                    "redirect_url": f"https://pay.example.com/widget/hpp.html?token={TOKEN}",
                }
            },
        ),
        "400": failed("No JSON, or nested too deeply", "The body is not valid JSON"),
        "413": failed("More than 64 KiB", "The request is too large"),
        "415": failed("No JSON", "Send the body as application/json"),
        "422": failed(
            "Every wrong field, at once",
            "Some fields are wrong: order.amount is required",
            {"order": {"amount": ["is required"]}},
        ),
        "429": failed("Too many by the publishable key: see Retry-After", "Too many payments"),
        **NO_APPS,
        **REFUSED,
    },
}  # fmt: skip
READ: Final = {
    "description": "How the payment stands. The notification says the same without asking.",
    "responses": {
        "200": answer(
            "The payment",
            structure({"checkout": TOLD}, "checkout"),
            "paid",
            {
                "checkout": {
                    "token": TOKEN,
                    "shop_id": 361,
                    "transaction_type": "payment",
                    "gateway_response": {
                        "payment": {"uid": UID, "status": "successful", "auth_code": "654321"}
                    },
                    "order": ORDER | {"expired_at": "2030-01-31T12:00:00.000Z"},
                    "settings": {},
                    "customer": {"email": "anna@example.com"},
                    "finished": True,
                    "expired": False,
                    "shop": {"name": "Demo shop"},
                    "test": False,
                    "status": "successful",
                    "message": "Successfully processed",
                    "version": "2.1",
                    "payment_method": None,
                }
            },
        ),
        "404": failed("No such token, or another shop's", "Record not found"),
        **NO_APPS,
        **REFUSED,
    },
}
PAY: Final = {
    "description": "The card is charged once, however often the request is sent: a payment that is "
    "under way or over is told as it stands.",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": structure({"request": PAID_IN_APP}, "request"),
                "examples": {
                    "card": {
                        "value": {
                            "request": {
                                "token": TOKEN,
                                "payment_method": "credit_card",
                                "credit_card": {
                                    "number": "4200000000000000",
                                    "verification_value": "123",
                                    "holder": "ANNA LEE",
                                    "exp_month": "12",
                                    "exp_year": "2039",
                                },
                                "browser": {"screen_width": 412, "screen_height": 915},
                            }
                        }
                    }
                },
            }
        },
    },
    "responses": {
        "200": answer(
            "Charged, declined, or to be gone on with at `url`",
            structure({"response": APP_ANSWER}, "response"),
            "challenge",
            {
                "response": {
                    "status": "incomplete",
                    "message": None,
                    "token": TOKEN,
                    "uid": UID,
                    "transaction_type": "payment",
                    "url": f"https://pay.example.com/en/payment/{UID}/secret/redirect",
                    "result_url": f"https://pay.example.com/en/payment/{UID}/secret/result",
                    "finished": False,
                    "credit_card": {"brand": "visa", "last_4": "0000", "first_1": "4"},
                }
            },
        ),
        "400": failed("No JSON, or nested too deeply", "The body is not valid JSON"),
        "404": failed("No such token, or another shop's", "Record not found"),
        "413": failed("More than 64 KiB", "The request is too large"),
        "415": failed("No JSON", "Send the body as application/json"),
        "422": failed(
            "Every wrong field, at once; nothing was charged",
            "Some fields are wrong: credit_card.number Enter the card number",
            {"credit_card": {"number": ["Enter the card number"]}},
        ),
        "429": failed("Too many tries: see Retry-After", "Too many tries"),
        **NO_APPS,
        **REFUSED,
    },
}
AFTER: Final = structure(
    {
        "parent_uid": text("The payment's uid; of a refund perhaps its capture's"),
        "amount": AMOUNT | {"description": "Without it all that is left"},
        "reason": text("Why, for refunds", null=True),
    },
    "parent_uid",
    description="captures, voids, refunds",
)
OPERATION: Final = structure(
    {
        "uid": text(),
        "parent_uid": text("The uid that was named, else the payment's"),
        "type": {"enum": ["capture", "void", "refund", "chargeback"]},
        "status": {"enum": ["successful", "failed", "pending"]},
        "message": text(),
        "amount": {"type": "integer", "description": "Of this operation, in minor units"},
        "currency": text("ISO 4217"),
        "reason": text(null=True),
        "test": {"type": "boolean"},
        "created_by": MAKER,
        "created_at": text(),
        "paid_at": text("When it was done", null=True),
    },
    "uid",
    "parent_uid",
    "type",
    "status",
    "amount",
    "currency",
)
TRANSACTIONS: Final = {
    "description": "After a payment: `captures`, `voids`, `refunds`. Sent once; `pending` is "
    "accepted, or unknown and looked up. Each is a transaction of its own, and notified as one.",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": structure({"request": AFTER}, "request"),
                "examples": {
                    "refund": {"value": {"request": {"parent_uid": UID, "reason": "returned"}}},
                },
            }
        },
    },
    "responses": {
        "200": answer(
            "What became of it: successful, failed or pending",
            structure({"transaction": OPERATION}, "transaction"),
            "refund",
            {
                "transaction": {
                    "uid": "c01d5a0e-3c52-4f0c-9d0b-6b1f6f0e5a11",
                    "parent_uid": UID,
                    "type": "refund",
                    "status": "successful",
                    "amount": 500,
                    "currency": "EUR",
                }
            },
        ),
        "404": failed("No such payment of this shop", "Record not found"),
        "422": failed(
            "Wrong fields, or the payment's state or its gateway forbids it",
            "Amount must be from 1 to 500",
            {"amount": ["must be from 1 to 500"]},
        ),
        **REFUSED,
    },
}
DESCRIBED: Final[dict[tuple[str, str], Json]] = {
    ("/transactions/{kind}", "post"): TRANSACTIONS,
    ("/ctp/api/checkouts", "post"): CREATE,
    ("/ctp/api/checkouts/{token}", "get"): READ,
    ("/ctp/api/payments", "post"): PAY,
}
SHOP: Final = {
    "type": "http",
    "scheme": "basic",
    "description": "The shop's id and its secret_key",
}
APP: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The shop's publishable key (pk_…), for its app; where the settings say so the "
    "public key too, base64 of its DER",
}
EITHER: Final[list[Json]] = [{"shop": []}, {"app": []}]
SECURITY: Final[dict[str, list[Json]]] = {
    "/ctp/api/checkouts": EITHER,
    "/ctp/api/checkouts/{token}": EITHER,
    "/ctp/api/payments": [{"app": []}],
}


class ShopApi(JsonRenderPlugin):
    """Litestar's document with what it can't see put in."""

    described: ClassVar[Mapping[tuple[str, str], Json]] = DESCRIBED

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        paths = {
            path: {
                verb: operation
                | self.described.get((path, verb), {})
                | {"security": SECURITY.get(path, [{"shop": []}])}
                for verb, operation in verbs.items()
            }
            for path, verbs in openapi_schema["paths"].items()
        }
        whole = openapi_schema | {
            "servers": [{"url": web_of(request).settings.public_url}],
            "paths": paths,
            "components": {"securitySchemes": {"shop": SHOP, "app": APP}},
        }
        return super().render(request, whole)
