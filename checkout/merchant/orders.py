"""Reads what shops send into an `Order`: the body of `POST /ctp/api/checkouts`, or a link.

Source: Overpay's documents on the checkout token. Callers in the wild send nulls everywhere, `[]`
where an object is meant, digit strings and unknown fields: all four are taken. Money is strict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from checkout.errors import Unprocessable
from checkout.merchant.card_numbers import not_a_card, without_card_numbers
from checkout.merchant.customers import blank_is_none, read_customer
from checkout.merchant.details import contracts, read_card_params, read_details
from checkout.merchant.looks import read_accent, read_radius
from checkout.merchant.page_settings import page_settings
from checkout.model.checks import Fields, Wrong, drop_nulls
from checkout.model.money import EXPONENTS, Money
from checkout.model.order import (
    CARD_METHOD,
    MOST_ATTEMPTS,
    TRANSACTION_TYPES,
    CustomerFields,
    Methods,
    Order,
    Ways,
)
from checkout.model.rules import (
    choice,
    echoed,
    loose_flag,
    minor_units,
    moment,
    passed_on,
    shop_address,
    text,
    texts,
    web_address,
    whole,
)
from checkout.settings import Shop

DAY: Final = 24 * 3600.0
LINK_SECONDS: Final = 70 * DAY  # of a link that names no expiry
LINK_ATTEMPTS: Final = 5
NOTHING: Final = msgspec.Raw(b"{}")
LAST_MOMENT: Final = 253402300800  # the year 10000, in seconds since 1970
TRACKING_ID: Final = not_a_card(text(255, numbers=True))
LINK_WAYS: Final = (
    "return_url", "success_url", "decline_url", "fail_url", "cancel_url",
    "notification_url", "client_callback_url", "auto_return", "language",
)  # fmt: skip


def read_order(data: Any, shop: Shop, *, sandbox: bool, now: float) -> Order:
    """The order in `{"checkout": {...}}`; raises Unprocessable, naming every wrong field."""
    whole_body = Fields(without_card_numbers(drop_nulls(data)), tolerant=True)
    fields = whole_body.within("checkout", shown="")
    if not whole_body.has("checkout"):
        whole_body.wrong("checkout", "is required")
    order = _order(fields, shop, sandbox=sandbox, now=now)
    fields.done()
    return order


def read_link_order(payload: Mapping[str, Any], shop: Shop, *, sandbox: bool, now: float) -> Order:
    """The order in an offline link's flat payload, checked like the API's."""
    same = {
        "checkout": {
            "transaction_type": payload.get("transaction_type") or "payment",
            "attempts": payload.get("attempts") or LINK_ATTEMPTS,
            "test": payload.get("test"),
            "order": {
                name: payload.get(name)
                for name in ("amount", "currency", "description", "tracking_id")
            },
            "settings": {name: payload.get(name) for name in LINK_WAYS},
            "customer": payload.get("customer"),
            "payment_method": payload.get("payment_method"),
        }
    }
    order = read_order(same, shop, sandbox=sandbox, now=now)
    expires = payload.get("expires")
    if expires is not None and not _is_time(expires):
        raise Unprocessable({"expires": ["must be a time in seconds since 1970"]})
    at = now + LINK_SECONDS if expires is None else float(expires)
    return _replaced(order, expires_at=at)


def _is_time(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < LAST_MOMENT


def _replaced(order: Order, **changes: Any) -> Order:
    values = {name: getattr(order, name) for name in Order.__struct_fields__}
    return Order(**(values | changes))


def _order(fields: Fields, shop: Shop, *, sandbox: bool, now: float) -> Order:
    ordered = fields.within("order")
    terms = read_terms(ordered, now)
    kind = fields.need("transaction_type", choice(TRANSACTION_TYPES))
    extra = ordered.within("additional_data")
    attempts = fields.get("attempts", whole(1, 1_000_000, digits=True), 1)
    return Order(
        **terms,
        transaction_type=kind,
        attempts=min(attempts, MOST_ATTEMPTS),
        test=fields.get("test", loose_flag, False),
        iframe=fields.get("iframe", loose_flag, False),
        descriptor=fields.get("dynamic_billing_descriptor", text(255, numbers=True)),
        receipt_text=extra.get("receipt_text", texts(most=50), ()),
        contract=extra.get("contract", contracts, ()),
        details=read_details(fields, extra),
        ways=_ways(fields.within("settings"), shop, sandbox=sandbox),
        customer=read_customer(fields.within("customer")),
        methods=_methods(fields.within("payment_method")),
        raw={
            name: fields.get(name, echoed, NOTHING)
            for name in ("order", "settings", "payment_method")
            if fields.has(name)
        },
    )


def read_terms(fields: Fields, now: float) -> dict[str, Any]:
    """What is paid and until when: the fields of an `Order` of these names."""
    amount = fields.need("amount", minor_units())
    currency = fields.need("currency", choice(EXPONENTS))
    expires_at = fields.get("expired_at", moment, now + DAY)
    if not now < expires_at < LAST_MOMENT:
        fields.wrong("expired_at", "must be in the future")
    return {
        "money": Money(amount, currency),
        "description": fields.need("description", text(255, numbers=True)),
        "tracking_id": fields.get("tracking_id", TRACKING_ID),
        "expires_at": expires_at,
    }


def _ways(fields: Fields, shop: Shop, *, sandbox: bool) -> Ways:
    landing = shop_address(origins=shop.landing_origins, sandbox=sandbox)
    calling = web_address(sandbox=sandbox, ports=shop.ports)
    asked = fields.within("customer_fields")
    names = texts(most=20)
    return Ways(
        return_url=fields.get("return_url", blank_is_none(landing)),
        success_url=fields.get("success_url", blank_is_none(landing)),
        decline_url=fields.get("decline_url", blank_is_none(landing)),
        fail_url=fields.get("fail_url", blank_is_none(landing)),
        cancel_url=fields.get("cancel_url", blank_is_none(landing)),
        client_callback_url=fields.get("client_callback_url", blank_is_none(landing)),
        notification_url=fields.get(
            "notification_url", blank_is_none(calling), shop.notification_url
        ),
        verification_url=fields.get("verification_url", blank_is_none(calling)),
        auto_return=fields.get("auto_return", whole(0, 3600, digits=True)),
        language=fields.get("language", blank_is_none(text(35))),
        button_text=fields.get("button_text", text(60, least=0)) or None,
        button_next_text=fields.get("button_next_text", text(60, least=0)) or None,
        customer_fields=CustomerFields(
            visible=asked.get("visible", names, ()),
            read_only=asked.get("read_only", names, ()),
            hidden=asked.get("hidden", names, ()),
        ),
        **page_settings(fields, blank_is_none(web_address(sandbox=sandbox))),
        accent=fields.get("style", read_accent),
        radius=fields.get("style", read_radius),
    )


def _methods(fields: Fields) -> Methods:
    names = texts(most=50)
    lists = ("types", "excluded_types", "excluded_brands")
    params = {
        name: read_card_params(fields.child(name))
        if name == CARD_METHOD
        else fields.named(name, passed_on(), {})
        for name in fields.names
        if name not in lists
    }
    if fields.ok:
        try:
            passed_on()(params)
        except Wrong as wrong:  # each of them may be small enough
            fields.wrong("", str(wrong))
    return Methods(**{name: fields.get(name, names, ()) for name in lists}, params=params)
