"""Reads the checkout request of a caller with a shop's publishable key into an `Order`.

The key is in every copy of an app: anybody may have it. Such a request may set the money, texts,
the customer and addresses of the shop; every other field is a problem, which names the field.

Source of `PASSED_OVER` and `PLACEHOLDERS`: the requests that the public Android, iOS and Flutter
SDKs of beGateway write, with the values in their code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from checkout.errors import Unprocessable
from checkout.model.order import BY_APP, Order
from checkout.model.validation.reader import Reader, drop_nulls
from checkout.model.validation.rules import choice
from checkout.settings import Shop
from checkout.shop_api.checkout_request import read_order

TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("transaction_type", "order", "settings", "customer"),
    "order": ("amount", "currency", "description", "tracking_id"),
    "settings": (
        "language", "return_url", "success_url", "decline_url", "fail_url", "cancel_url",
    ),
}  # fmt: skip
THE_SHOPS: Final = "is the shop's alone: the publishable key can't set it"
BLANK_WORDS: Final = ("", "0", "false")
# What SDKs write as return_url where the app has named none (with iOS it can't): nobody's site.
PLACEHOLDERS: Final = ("https://127.default_return_url.com", "https://default_return_url.com")

Known = Callable[[Any], bool]


def _is(*values: Any) -> Known:
    """One of these objects, whatever else is in it that has no effect."""
    return lambda value: (
        isinstance(value, Mapping)
        and {name: each for name, each in value.items() if not _blank(each)} in values
    )


def _any(_: Any) -> bool:
    return True


# Fields that SDKs write into every request: these values are ignored.
PASSED_OVER: Final[Mapping[str, Known]] = {
    "version": _any,
    "attempts": _any,
    "settings.auto_return": lambda value: value is True,
    "settings.button_text": _any,
    "settings.customer_fields": _is(
        {"visible": ["first_name", "last_name"], "read_only": ["email"]}
    ),
    "settings.credit_card_fields": lambda value: (
        isinstance(value, Mapping)
        and set(value) <= {"holder", "read_only"}
        and value.get("read_only") == ["holder"]
    ),
    "settings.save_card_toggle": _is({"customer_contract": True}),
    "order.additional_data": _is(
        {"contract": ["recurring", "card_on_file"]}, {"contract": ["oneclick"]}
    ),
}


def read_app_order(data: Any, shop: Shop, *, sandbox: bool, now: float) -> Order:
    """The order in `{"checkout": {...}}`; raises Unprocessable, naming every wrong field and every
    one that apps may not set. Its customer goes back to the shop's own addresses."""
    body = Reader(drop_nulls(data), tolerant=True)
    fields = body.within("checkout", shown="")
    if not body.has("checkout"):
        body.wrong("checkout", "is required")
    taken: dict[str, Any] = {
        name: _taken(fields.within(name), name, shop) for name in ("order", "settings")
    }
    if fields.has("customer"):  # what it may be is read tolerantly
        taken["customer"] = _taken_of_customer(fields.data["customer"])
    kind = fields.get("transaction_type", choice(shop.apps_transaction_types))
    for name in _others(fields, "", shop):
        fields.wrong(name, THE_SHOPS)
    allowed = {"transaction_type": kind or fields.data.get("transaction_type")} | taken
    try:
        order = read_order({"checkout": allowed}, shop, sandbox=sandbox, now=now)
    except Unprocessable as error:
        for path, reasons in error.fields.items():
            for reason in reasons if not fields.problems.about(path) else ():
                fields.wrong(path, reason)
        order = None
    body.done()
    if order is None:
        raise ValueError("an order without problems is read")
    return msgspec.structs.replace(order, created_by=BY_APP)


def _taken(fields: Reader, section: str, shop: Shop) -> dict[str, Any]:
    """The fields of a section that apps may set, unchanged; any other is a problem."""
    for name in _others(fields, section, shop):
        fields.wrong(name, THE_SHOPS)
    return {
        name: fields.data[name]
        for name in TAKEN[section]
        if name in fields.data and not _placeholder(fields.data[name])
    }


def _taken_of_customer(given: Any) -> Any:
    """What a caller says of itself is no one else's, and an unknown field of it has no effect. The
    address is the one that calls."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if name != "ip"}


def _others(fields: Reader, section: str, shop: Shop) -> list[str]:
    """The names in a section that apps may not set and that are not blank."""
    found = []
    for name, value in fields.data.items():
        path = f"{section}.{name}" if section else name
        ours = path == "settings.notification_url" and value == shop.notification_url
        known = PASSED_OVER.get(path)
        if name in TAKEN[section] or ours or (known is not None and known(value)):
            continue
        if not _blank(value):
            found.append(name)
    return found


def _placeholder(value: Any) -> bool:
    return isinstance(value, str) and value.strip().rstrip("/").lower() in PLACEHOLDERS


def _blank(value: Any) -> bool:
    """Whether it has no effect: false, empty, or objects and lists of such values."""
    if isinstance(value, Mapping):
        return all(map(_blank, value.values()))
    if isinstance(value, list):
        return all(map(_blank, value))
    return value.strip() in BLANK_WORDS if isinstance(value, str) else not value
