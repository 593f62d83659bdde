"""The methods of the online payment systems: name -> how the customer gets to pay."""

from __future__ import annotations

from typing import Literal, NamedTuple

CustomerAction = Literal[
    "link", "form", "form_object", "form_get", "form_decimal", "form_http", "form_put", "string",
    "instructions", "app", "at_once",
]  # fmt: skip


class Method(NamedTuple):
    """`customer_action` is what the pending answer brings; `status` is that of a new payment."""

    customer_action: CustomerAction
    title: str
    description: str
    status: str = "pending"


METHODS: dict[str, Method] = {
    "bank_transfer": Method("link", "Bank transfer", "a plain URL: GET, no fields"),
    "sbp": Method("form", "SBP", "a form to post, fields as a list"),
    "erip": Method("instructions", "ERIP", "instructions and a QR code, no form"),
    "sberpay_qr_deeplink": Method("app", "SberPay", "a link that opens an app, and a QR code"),
    # The sandbox's own: the same answers in every spelling that was seen, and none at all.
    "form_object": Method("form_object", "Form", "a form to post, fields as an object"),
    "form_get": Method("form_get", "Form", "a GET form with fields and a query in its action"),
    "form_decimal": Method("form_decimal", "Form", "a form with a decimal number among its fields"),
    "form_http": Method("form_http", "Form", "a form for an address without TLS"),
    "form_put": Method("form_put", "Form", "a form for a method that browsers don't send"),
    "form_string": Method("string", "Link", "the form is the URL itself, a string"),
    "instant": Method("at_once", "Instant", "successful at once", "successful"),
    "instant_declined": Method("at_once", "Instant", "failed at once", "failed"),
}

DEFAULT = Method("form", "Online payment", "a form to post, fields as a list")


def method_of(name: str) -> Method:
    """What a method does; any unknown name is a form to post."""
    return METHODS.get(name, DEFAULT)
