"""What `/schema` says of a saved card that the shop's server charges, or sends money to."""

from __future__ import annotations

from typing import Any, Final

from checkout.model.order import SECURE
from checkout.web.charges import CHARGE, KINDS
from checkout.web.openapi import (
    ADDITIONAL_DATA,
    AMOUNT,
    BROWSER,
    CALLED,
    CURRENCY,
    CUSTOMER,
    FLAG,
    REFUSED,
    TRAVEL,
    UID,
    URL,
    Json,
    answer,
    called,
    failed,
    structure,
    text,
)

SHARED: Final[Json] = {
    "amount": AMOUNT,
    "currency": text(CURRENCY, minLength=3, maxLength=3),
    "description": text("Not blank", minLength=1, maxLength=255),
    "tracking_id": text("The shop's own number for it", null=True),
    "language": text(null=True),
    "notification_url": CALLED,
    "verification_url": CALLED | {"description": "Asked before anything is sent"},
    "return_url": URL,
    "test": FLAG,
    "duplicate_check": FLAG
    | {"description": "The same money on the same card within 30 s is refused; true unless said"},
}
TOKEN: Final = text("The card's; never its number", minLength=1, maxLength=1024)
CARD: Final = structure(
    {
        "token": TOKEN | {"type": ["string", "null"]},
        "verification_value": text("3 or 4 digits; sent on, never kept", null=True),
        **dict.fromkeys(SECURE, FLAG),
    },
    description="force_three_d_secure_verification wins, and wants a return_url",
)
PAYING: Final = structure(
    SHARED
    | {
        "credit_card": CARD,
        "parent_uid": text("In the card's place: the payment that began a series", null=True),
        "expired_at": text("Like 2030-01-31T12:00:00+03:00; a day from now", null=True),
        "dynamic_billing_descriptor": text(null=True, maxLength=255),
        "three_d_secure": structure({"advanced": FLAG}),
        "additional_data": structure(
            ADDITIONAL_DATA["properties"]
            | {"browser": BROWSER | {"description": "For 3-D Secure, as the shop read it"}},
            description="contract: oneclick beside a code unless said, recurring without one",
        ),
        "customer": CUSTOMER | {"description": "ip, email, device_id, birth_date, taxpayer_id"},
        "billing_address": CUSTOMER | {"description": "Names and address"},
        "travel": TRAVEL,
    },
    "amount",
    "currency",
    "description",
    description="What the gateway has no word for is refused by name",
)
CREDIT: Final = structure(
    SHARED | {"credit_card": structure({"token": TOKEN}, "token")},
    "amount", "currency", "description", "credit_card",
)  # fmt: skip
PAYOUT: Final = structure(
    SHARED
    | {
        "recipient_credit_card": structure({"token": TOKEN}, "token"),
        "recipient": CUSTOMER | {"description": "ip, email, birth_date, external_id"},
        "recipient_billing_address": CUSTOMER | {"description": "Names and address"},
    },
    "amount", "currency", "description", "recipient_credit_card",
)  # fmt: skip
SENT: Final = {"credit": CREDIT, "payout": PAYOUT}

DONE: Final = {"uid": UID, "type": "payment", "status": "successful", "amount": 700}
TRANSACTION: Final = structure(
    {
        "uid": text(),
        "status": text("successful, failed, pending; incomplete: on at redirect_url"),
        "redirect_url": text(),
    },
    "uid", "status",
)  # fmt: skip
DUPLICATE: Final = "Duplicate transaction"


def asked(kind: str) -> Json:
    """The body of a request of this type, with an example."""
    section = "recipient_credit_card" if kind == "payout" else "credit_card"
    example = {"amount": 700, "currency": "EUR", "description": "May", section: {"token": "…"}}
    content = {
        "schema": structure({"request": SENT.get(kind, PAYING)}, "request"),
        "examples": {kind: {"value": {"request": example}}},
    }
    return {"required": True, "content": {"application/json": content}}


def answered(kind: str) -> Json:
    """A charge is told flat, as its document has it, and in the envelope of the others."""
    done = DONE | {"type": kind}
    flat = kind == CHARGE
    schema = structure({"transaction": TRANSACTION}, "transaction")
    if flat:
        schema = structure(
            TRANSACTION["properties"] | {"transaction": TRANSACTION}, "uid", "status"
        )
    example = (done if flat else {}) | {"transaction": done}
    return answer("What became of it", schema, kind, example)


def described(kind: str) -> Json:
    return {
        "description": "Sent once, with no customer present. `pending` is unknown and looked up; "
        "repeat a request that got no answer with the same RequestID.",
        "parameters": [
            called("RequestID")
            | {"description": "The same value and body within 24 hours give the same answer"}
        ],
        "requestBody": asked(kind),
        "responses": {
            "200": answered(kind),
            "400": failed("No JSON, or nested too deeply", "The body is not valid JSON"),
            "404": failed("No such payment of this shop, in parent_uid", "Record not found"),
            "413": failed("More than 64 KiB", "The request is too large"),
            "415": failed("No JSON", "Send the body as application/json"),
            "422": failed(
                "Every wrong field, or one that the gateway has no word for; or the same again "
                "within 30 s (code E.1018)",
                DUPLICATE,
                {"base": [DUPLICATE]},
            ),
            "429": failed("Too many tries: see Retry-After", "Too many tries"),
            **REFUSED,
        },
    }


BY_TOKEN: Final[dict[tuple[str, str], Any]] = {
    (address, "post"): described(kind) for address, kind in KINDS.items()
}
