"""A row a mobile SDK: what it sends when it creates, pays and reads, and what it needs in the
answers.

Gathered from the SDKs' public sources, in our own words. `$KEY` stands for the shop's public key,
`$TOKEN` for the payment's token, `$NUMBER` for the card's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Json = dict[str, Any]


class Need(NamedTuple):
    """A member of an answer: its type, and whether it has to be there, and may be null."""

    type: type
    there: bool = True
    null: bool = False


def maybe(kind: type) -> Need:
    """A decoder's optional member: absent or null, but of no other type."""
    return Need(kind, there=False, null=True)


# org.json's getString: it ends where there is nothing, and takes null for the word.
THERE: Final = Need(str, null=True)
TEXT: Final = Need(str)
NULL: Final = maybe(type(None))


class Sdk(NamedTuple):
    """`creates`: its `checkout`, or None where the shop's server makes the payment, with `order`
    and `settings` as loose as servers write them.
    `sealed`: the fields of its card that it encrypts with the public key, each with the `mark`
    before it. `pays_by`, `reads_by`: its Authorization, None for none. `created`, `paid`, `read`:
    what it needs of the answers, below `checkout` or `response`; `waits`: beside `paid`, where the
    customer has to go to the bank. `beside`: what
    it sends next to `checkout`."""

    name: str
    creates: Json | None
    card: Json
    created: Mapping[str, Need]
    paid: Mapping[str, Need]
    read: Mapping[str, Need]
    headers: Mapping[str, str]
    request: Json = {}
    place: str = "credit_card"
    sealed: tuple[str, ...] = ()
    mark: str = ""
    creates_by: str = "Bearer $KEY"
    pays_by: str = "Bearer $KEY"
    reads_by: str | None = "Bearer $KEY"
    end: str = ""  # of its addresses
    waits: tuple[str, ...] = ("url", "result_url")
    order: Json = {}
    settings: Json = {}
    beside: Json = {}


FIELDS: Final = ("number", "verification_value", "holder", "exp_month", "exp_year")
CARD: Final = {
    "number": "$NUMBER",
    "verification_value": "123",
    "holder": "ANNA LEE",
    "exp_month": "12",
    "exp_year": "2039",
}
BROWSER: Final = {
    "accept_header": "application/json, text/plain, */*",
    "screen_width": 393,
    "screen_height": 852,
    "screen_color_depth": 32,
    "window_width": 393,
    "window_height": 852,
    "language": "ru",
    "java_enabled": True,
    "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "time_zone": 180,
    "time_zone_name": "Europe/Minsk",
}
CONTRACT: Final = ["recurring", "card_on_file"]

ANDROID_HEADERS: Final = {
    "Content-Type": "application/json; charset=UTF-8",
    "Accept": "application/json",
    "X-Api-Version": "2",
}
ANDROID: Final = Sdk(
    "Android",
    creates={
        "version": 2.1,
        "test": False,
        "transaction_type": "payment",
        "order": {
            "amount": 1999,
            "currency": "EUR",
            "description": "Payment description",
            "tracking_id": "merchant_id",
            "additional_data": {"contract": CONTRACT},
        },
        "settings": {
            "return_url": "https://DEFAULT_RETURN_URL.com",
            "auto_return": 0,
            "save_card_toggle": {"customer_contract": False},
        },
    },
    card=CARD | {"save_card": False},
    request={"browser": BROWSER | {"user_agent": "okhttp", "time_zone": -180}},
    created={"token": TEXT, "redirect_url": maybe(str)},
    paid={
        "status": TEXT,
        "message": maybe(str),
        "token": maybe(str),
        "url": maybe(str),
        "result_url": maybe(str),
        # What is null here ends it, once it keeps cards.
        "credit_card": Need(dict, there=False),
        "credit_card.brand": maybe(str),
        "credit_card.last_4": maybe(str),
        "credit_card.token": maybe(str),
        "credit_card.stamp": maybe(str),
    },
    read={
        "token": TEXT,
        "status": TEXT,
        "message": maybe(str),
        "order.amount": Need(int),
        "order.currency": TEXT,
        "order.description": TEXT,
        "order.tracking_id": maybe(str),
        "order.expired_at": maybe(str),
        "order.additional_data": maybe(dict),
        "order.additional_data.receipt_text": maybe(list),
        "order.additional_data.contract": maybe(list),
        "order.additional_data.avs_cvc_verification": maybe(list),
        "settings.return_url": maybe(str),
        "settings.auto_return": maybe(int),
        "settings.language": maybe(str),
        "settings.customer_fields": maybe(dict),
        "settings.customer_fields.read_only": maybe(list),
        "settings.customer_fields.visible": maybe(list),
        "settings.save_card_toggle.customer_contract": maybe(bool),
        "company.name": TEXT,
        "company.site": TEXT,
        "google_pay": maybe(dict),
    },
    headers=ANDROID_HEADERS,
    beside={"customField": "custom string"},
)

# Its plain decoder: what is there has to be of the type, or the whole answer is nothing.
IOS: Final = Sdk(
    "iOS",
    creates={
        "order": {
            "additional_data": {"contract": CONTRACT, "recipient": {}},
            "amount": 1999,
            "currency": "EUR",
            "description": "Payment description",
            "tracking_id": "1000000-1",
        },
        "settings": {
            "auto_return": 0,
            "return_url": "https://127.default_return_url.com",  # no app can set another
            "language": "en",
            "save_card_toggle": {"customer_contract": True},
        },
        "test": False,
        "transaction_type": "payment",
        "version": 2.1,
        "customer": {},
    },
    card=CARD | {"save_card": True},
    request={"browser": BROWSER, "customer": {"device_id": "phone-1"}},
    created={
        "token": TEXT,
        "redirect_url": maybe(str),
        "brands": maybe(list),
        "company.name": maybe(str),
        "company.site": maybe(str),
        "description": maybe(str),
        "card_info": maybe(dict),
        "google_pay": maybe(dict),
        "samsung_pay": maybe(dict),
        "async": maybe(bool),
    },
    paid={
        "status": TEXT,
        "message": maybe(str),
        "errors": NULL,
        "token": maybe(str),
        "transaction_type": maybe(str),
        "uid": maybe(str),
        "url": maybe(str),
        "iframe": maybe(bool),
        "auth_code": maybe(str),
        "bank_code": maybe(str),
        "rrn": maybe(str),
        "billing_descriptor": maybe(str),
        "credit_card": maybe(dict),
        **dict.fromkeys(
            (
                *(f"credit_card.{name}" for name in ("holder", "stamp", "brand", "last_4")),
                *(f"credit_card.{name}" for name in ("first_1", "bin", "issuer_country")),
                *(f"credit_card.{name}" for name in ("issuer_name", "product", "token")),
            ),
            maybe(str),
        ),
        "credit_card.exp_month": maybe(int),
        "credit_card.exp_year": maybe(int),
        "receipt_url": maybe(str),
        "gateway_id": maybe(int),
        "action_status": maybe(str),
        "method": maybe(str),
        "finished": maybe(bool),
        "result_url": maybe(str),
        "return_url": maybe(str),
    },
    read={
        "token": maybe(str),
        "shop_id": maybe(int),
        "transaction_type": maybe(str),
        "order": maybe(dict),
        "order.additional_data": maybe(dict),
        "order.additional_data.contract": maybe(list),
        "order.additional_data.recipient": maybe(dict),
        "order.amount": maybe(int),
        "order.currency": maybe(str),
        "order.description": maybe(str),
        "order.tracking_id": maybe(str),
        "company": maybe(dict),
        "company.name": maybe(str),
        "company.site": maybe(str),
        "finished": maybe(bool),
        "expired": maybe(bool),
        "test": maybe(bool),
        "status": TEXT,
        "version": maybe(str),
        "apple_merchant_id": maybe(str),
        "settings": maybe(dict),
        "settings.save_card_toggle": maybe(dict),
        "settings.save_card_toggle.customer_contract": Need(bool),
        "settings.language": maybe(str),
    },
    headers={
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-Api-Version": "2",
    },
)

FLUTTER: Final = Sdk(
    "Flutter",
    creates={
        "test": False,
        "transaction_type": "payment",
        "attempts": 3,
        "settings": {
            "save_card_toggle": {"customer_contract": True},
            "auto_return": 0,
            "button_text": "Pay",
            "language": "en",
            "customer_fields": {"visible": ["first_name", "last_name"], "read_only": ["email"]},
            "credit_card_fields": {"holder": "", "read_only": ["holder"]},
        },
        "order": {
            "currency": "EUR",
            "amount": 1999,
            "description": "Payment description",
            "additional_data": {"contract": ["oneclick"]},
        },
        "customer": {
            "address": "Baker street 221b",
            "country": "GB",
            "city": "London",
            "email": "anna@example.com",
        },
    },
    card={
        "save_card": False,
        "holder": "ANNA LEE",
        "number": "$NUMBER",
        "exp_date": "12/39",
        "verification_value": "123",
    },
    request={"customer": {"first_name": "ANNA", "last_name": "LEE", "device_id": "363"}},
    created={"token": TEXT},
    # It opens the card before it looks at the status.
    paid={
        "status": TEXT,
        "credit_card": Need(dict),
        "credit_card.brand": maybe(str),
        "credit_card.last_4": maybe(str),
        "credit_card.token": maybe(str),
    },
    read={"status": TEXT, "company.name": TEXT},
    headers={
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-API-Version": "2.1",
    },
    creates_by="$KEY",
    pays_by="$TOKEN",
    reads_by=None,
    end="/",
)

# Older bridges for React Native are built on it.
FIRST_ANDROID: Final = Sdk(
    "the first Android",
    creates={
        "test": False,
        "transaction_type": "payment",
        "attempts": 1,
        "order": {
            "amount": "1999",
            "currency": "EUR",
            "description": "Payment description",
            "additional_data": {"contract": CONTRACT},
        },
        "settings": {"auto_return": True, "return_url": "https://DEFAULT_RETURN_URL.com"},
    },
    card=CARD,
    created={"token": TEXT, "redirect_url": TEXT, "brands": maybe(list)},
    paid={
        "token": TEXT,
        "status": TEXT,
        "url": THERE,
        "credit_card": Need(dict),
        "credit_card.token": THERE,
    },
    read={"token": TEXT, "status": TEXT},
    headers={
        "Content-Type": "application/json; utf-8",
        "Accept": "application/json",
        "X-Api-Version": "2",
    },
    pays_by="Bearer $TOKEN",
    reads_by="Bearer $TOKEN",
)

SDKS: Final = (
    ANDROID,
    ANDROID._replace(name="Android, encrypted", sealed=("number", "verification_value", "holder")),
    IOS,
    IOS._replace(name="iOS, encrypted", sealed=FIELDS),
    IOS._replace(
        name="iOS, the shop's order",
        creates=None,
        order={"tracking_id": 318, "additional_data": {"contract": CONTRACT, "recipient": {}}},
        settings={
            "save_card_toggle": {"display": True, "text": "Keep the card"},
            "auto_return": "0",
        },
    ),
    FLUTTER,
    FLUTTER._replace(name="Flutter, the shop's order", creates=None),
    FIRST_ANDROID,
    FIRST_ANDROID._replace(
        name="the first Android, encrypted", place="encrypted_credit_card", sealed=FIELDS
    ),
    IOS._replace(
        name="React Native's encryption",
        creates=None,
        place="encrypted_credit_card",
        sealed=FIELDS,
        mark="$begatewaycsejs_1_0_0$",
        card=CARD,
        request={},
        settings={"save_card_toggle": {"customer_contract": "true"}, "language": ""},
    ),
)
