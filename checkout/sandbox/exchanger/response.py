"""What the API answers: a new order, an order as it stands, a route."""

from __future__ import annotations

import secrets

import msgspec

from checkout.sandbox.exchanger.order import Order
from checkout.sandbox.exchanger.routes import Currency, Route, Side

Json = dict[str, object]

TEXT = """<p>Send exactly <b>[[inAmount]] [[inSymbol]]</b> to the account <b>[[account]]</b>.</p>
<p>Write <b>[[uid]]</b> as the purpose.<br>Then press the button.</p>"""

TEMPLATE = '{"type": "/Function(){ return document.title })/", "html": "<b>PAY-TEMPLATE</b>"}'


def envelope(data: object) -> Json:
    return {"success": True, "data": data, "latency_ms": 12, "requestId": secrets.token_hex(8)}


def created_response(order: Order, given: str) -> Json:
    """Of a new order; how it is paid is in the answer to who reads it. `given`: what the customer
    is to give."""
    return envelope(
        {
            "_id": order.object_id,
            "uid": int(order.uid),
            "rid": order.rid,
            "secret": order.secret,
            "inAmount": _number(given),
            "outAmount": _number(order.out_amount),
            "route": {
                "from": {"name": order.route.source.name, "symbol": order.route.source.symbol},
                "to": {"name": order.route.target.name, "symbol": order.route.target.symbol},
            },
        }
    )


def route_response(route_id: str, route: Route, language: str) -> Json:
    """A route with all that an order has to know. Numbers come as both numbers and text, as from
    the real ones."""
    return envelope(
        {
            "route": {
                "routeId": route_id,
                "from": _end(route.source) | {"fields": _fields(route, "from", language)},
                "to": _end(route.target) | {"fields": _fields(route, "to", language)},
                "fields": _fields(route, "route", language),
                "rate": {
                    "in": _number(route.give),
                    "out": _number(route.get),
                    "outFeeAmount": _number(route.fee),
                    "amount": route.reserve,
                    "typeCalculate": "fix",
                },
                "instructions": [{"step": "createOrder", "content": "<p>##en##Pay.##</p>"}],
                "orderTTL": 30,
            }
        }
    )


def _end(currency: Currency) -> Json:
    return {
        "name": currency.name,
        "symbol": currency.symbol,
        "xml": currency.xml,
        "decimal": currency.decimals,
        "min": currency.least,
        "max": currency.most,
    }


def _fields(route: Route, side: Side, language: str) -> list[Json]:
    return [
        {
            "_id": field.key,
            "name": field.name.get(language, field.name["en"]),
            "placeholder": "",
            "regexp": field.regexp,
            "regexp_error": "Error field",
            "required": field.required,
        }
        for field in route.fields[side]
    ]


def order_response(order: Order, *, payment: bool) -> Json:
    """The order; `payment`: with how it is paid."""
    source, target = _end(order.route.source), _end(order.route.target)
    if payment:
        source["paymentDetails"] = _details(order)
    body: Json = {
        "_id": order.object_id,
        "uid": int(order.uid),
        "status": order.order_status,
        "inAmount": _number(order.in_amount),
        "outAmount": _number(order.out_amount),
        "clientCallbackUrl": order.callback,
        "toValues": [] if order.hidden else order.fields,
        "route": {"from": source, "to": target, "instructions": []},
    }
    return envelope({"order": body, "verifications": {}})


def _details(order: Order) -> Json:
    kind = order.route.kind
    automatic = kind in ("provider", "template")
    details: Json = {
        "merchantEnabled": automatic,
        "manualPaymentTextEnabled": kind == "text",
        "manualPaymentText": TEXT if kind == "text" else "",
        "account": "" if automatic else order.account,
        "commentTemplate": "[[uid]]" if kind == "memo" else "",
        "linkPS": order.link,
        "showStepLink": bool(order.link),
        "showStepComment": kind == "memo",
        "showIPaidBtn": not automatic,
    }
    if automatic:
        merchant: Json = {"template": TEMPLATE}
        if kind == "provider":
            merchant["data"] = {"hasError": False, "merchantData": _provider(order)}
        details["merchant"] = merchant
    return details


def _provider(order: Order) -> Json:
    return {
        "walletAddr": order.wallet,
        "amount": _number(order.in_amount),
        "currency": order.route.source.symbol,
        "network": None,
        "showQR": True,
        "orderId": int(order.uid),
        "secret": order.secret,
    }


def _number(written: str) -> msgspec.Raw:
    """A JSON number of exactly these digits."""
    return msgspec.Raw(written.encode())
