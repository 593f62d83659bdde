"""Overpay, online payment systems: bank transfers, SBP, ERIP and others, on the api host.

Documents: Overpay's page on online payment systems, and the family's public documentation for
the requests. Method names and their parameters are settings, not code.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec

from checkout.gateways.base import Capabilities, Charge, Constructor, constructor, merged
from checkout.gateways.overpay.codes import APM, APM_SUCCESSFUL
from checkout.gateways.overpay.gateway import Overpay, Unusable
from checkout.gateways.overpay.options import Options
from checkout.gateways.overpay.request import common, filled
from checkout.gateways.overpay.response import Transaction
from checkout.gateways.parsing import (
    LONGEST_LINE,
    LONGEST_QR,
    LONGEST_VALUE,
    MOST_LINES,
    Object,
    address,
    app_link,
    fits,
    section,
    text,
)
from checkout.model.charge_parameters import ADDRESS, PERSON
from checkout.model.next_action import Instructions, NextAction, form_action
from checkout.model.order import Method, Order

CREATE: Final = {"payment": "/beyag/transactions/payments"}
OPERATIONS: Final = {"refund": "/beyag/transactions/refunds"}

# Where an app or a page that takes the payment is named; the last two are texts of a code to scan.
LINKS: Final = ("deep_link", "deeplink", "payment_url", "link", "qr_code_raw", "qr_code")
TYPE: Final = "type"
FORM_METHODS: Final = frozenset({"GET", "POST"})
# How pictures begin, also as base64 (PNG, JPEG, GIF, SVG). They are not shown: we draw codes from
# text.
PICTURES: Final = ("data:", "<svg", "<?xml", "iVBOR", "/9j/", "R0lGOD", "PHN2Zy", "PD94bWw")
PICTURE_FILES: Final = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")

CAPABILITIES: Final = Capabilities(
    card=False,
    browser=False,
    lookup_by_key=True,
    transaction_types=frozenset(CREATE),
    parameters=frozenset({
        "test",
        "expired_at",
        "additional_data.receipt_text",
        *(f"customer.{name}" for name in PERSON),
        *(f"billing_address.{name}" for name in ADDRESS),
    }),
)  # fmt: skip


class OverpayApm(Overpay):
    CAPABILITIES = CAPABILITIES
    STATUS = APM
    CREATE = CREATE
    OPERATIONS = OPERATIONS
    BY_UID = "/beyag/transactions/"
    BY_KEY = "/beyag/transactions/tracking_id/"
    STAYS_ACTION = True

    def request(self, charge: Charge) -> dict[str, Any] | None:
        customer, method, order = charge.customer, charge.method, charge.order
        return common(charge) | filled(
            {
                "iframe": order.iframe,
                "ip": customer.ip,
                "email": customer.email,
                "customer": filled(msgspec.structs.asdict(customer)),
                "additional_data": filled({"receipt_text": order.receipt_text}),
                "method": _method(method, order),
            }
        )

    def kinds(self, asked: str | None) -> Collection[str | None]:
        return APM_SUCCESSFUL

    def step(self, transaction: Transaction, method: str) -> NextAction | None:
        form = _form(transaction.fields)
        steps = form.step or _instructions(transaction.fields, method, form.link)
        if steps is None and form.stated:
            raise Unusable("form")
        return steps


gateway: Final[Constructor[Options]] = constructor(OverpayApm)


class _Form(NamedTuple):
    """Where the customer is to go: a page, or an app. `stated`: whether it says anything at all."""

    step: NextAction | None = None
    link: str | None = None
    stated: bool = True


def _form(transaction: Object) -> _Form:
    """`form` is an object, or just the address to go to. What opens an app can only be tapped."""
    form = section(transaction, "form")
    where = form or transaction
    name = "action" if form else "form"
    if not (where.get(name) or form.get("fields")):
        return _Form(stated=False)
    action, method = address(where, name), (text(form, "method") or "GET").upper()
    pairs = _pairs(form.get("fields"))
    if pairs is None or method not in FORM_METHODS:
        return _Form()
    if action is None:
        plain = method == "GET" and not pairs
        return _Form(link=app_link(where, name) if plain else None)
    framed = section(transaction, "gateway").get("iframe") is True
    return _Form(form_action(action, method, pairs, framed=framed))


def _method(method: Method, order: Order) -> dict[str, Any]:
    """The settings' parameters with the shop's over them; neither can change the method."""
    params = merged(method.params, order.methods.params.get(method.name, {}))
    others = {name: value for name, value in params.items() if name.lower() != TYPE}
    return {TYPE: method.name} | others


def _pairs(fields: Any) -> list[tuple[str, str]] | None:
    """A list of {type, name, value}, an object of name: value, or nothing; None: unreadable."""
    if fields is None:
        return []
    if isinstance(fields, dict):
        fields = [{"name": name, "value": value} for name, value in fields.items()]
    if not isinstance(fields, list):
        return None
    pairs = []
    for field in fields:
        name = field.get("name") if isinstance(field, dict) else None
        value = _value(field.get("value")) if isinstance(field, dict) else None
        if not isinstance(name, str) or value is None:
            return None
        if name:  # a submit button has none
            pairs.append((name, value))
    return pairs if fits(pairs) else None


def _value(value: Any) -> str | None:
    """A field's value as a browser sends it; None where it can't be one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and len(value) <= LONGEST_VALUE else None


def _instructions(transaction: Object, method: str, app: str | None) -> Instructions | None:
    """How ERIP and its like are paid, from the section named after the method. `app`: what the
    form opens, where that is an app."""
    stated = section(transaction, text(transaction, "method_type") or method)
    links = (address(stated, name) or app_link(stated, name) for name in LINKS)
    link = next((found for found in links if found and not _is_picture_file(found)), app)
    steps = Instructions(
        lines=_lines(stated.get("instruction")),
        account=text(stated, "account_number"),
        qr=_qr(stated) or (link if link and len(link) <= LONGEST_QR else None),
        link=link,
    )
    return None if steps == Instructions() else steps


def _lines(instruction: Any) -> tuple[str, ...]:
    if isinstance(instruction, str):
        instruction = instruction.splitlines()
    if not isinstance(instruction, list):
        return ()
    found = (text({"line": line}, "line", LONGEST_LINE) for line in instruction[:MOST_LINES])
    return tuple(line for line in found if line)


def _qr(stated: Object) -> str | None:
    """The text of the code. Some deployments send a picture in `qr_code` and the text beside."""
    for name in ("qr_code_raw", "qr_code"):
        value = stated.get(name)
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST_QR:
            if not value.startswith(PICTURES) and not _is_picture_file(value):
                return value
    return None


def _is_picture_file(value: str) -> bool:
    path = value.partition("?")[0].lower()
    return path.startswith(("https://", "http://")) and path.endswith(PICTURE_FILES)
