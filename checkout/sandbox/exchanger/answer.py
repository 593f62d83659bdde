"""How an order is told: to whom creates it, and to whom asks for it."""

from __future__ import annotations

import secrets
from decimal import Decimal

import msgspec

from checkout.sandbox.exchanger.order import Order

Json = dict[str, object]

TEXT = """<p>Send exactly <b>[[inAmount]] [[inSymbol]]</b> to the account <b>[[account]]</b>.</p>
<p>Write <b>[[uid]]</b> as the purpose.<br>Then press the button.</p>"""

TEMPLATE = '{"type": "/Function(){ return document.title })/", "html": "<b>PAY-TEMPLATE</b>"}'


def envelope(data: object) -> Json:
    return {"success": True, "data": data, "latency_ms": 12, "requestId": secrets.token_hex(8)}


def created(order: Order, out: Decimal) -> Json:
    """What the creator gets; how to pay is told to those who ask. `out`: what the shop gets."""
    return envelope(
        {
            "_id": order.object_id,
            "uid": int(order.uid),
            "rid": order.rid,
            "secret": order.secret,
            "inAmount": _number(order.in_amount),
            "outAmount": _number(f"{out:f}"),
            "route": {
                "from": {"name": order.route.name, "symbol": order.route.symbol},
                "to": {"name": f"Bank {order.currency}", "symbol": order.currency},
            },
        }
    )


def shown(order: Order, *, payment: bool) -> Json:
    """The order; `payment`: with how it is paid."""
    source: Json = {
        "name": order.route.name,
        "symbol": order.route.symbol,
        "xml": order.route.xml,
        "decimal": order.route.decimals,
    }
    if payment:
        source["paymentDetails"] = _details(order)
    body: Json = {
        "_id": order.object_id,
        "uid": int(order.uid),
        "status": order.word,
        "inAmount": _number(order.in_amount),
        "outAmount": _number(order.out_amount),
        "clientCallbackUrl": order.callback,
        "toValues": [] if order.hidden else order.fields,
        "route": {
            "from": source,
            "to": {
                "name": f"Bank {order.currency}",
                "symbol": order.currency,
                "xml": f"BANK{order.currency}",
            },
            "instructions": [],
        },
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
        "currency": order.route.symbol,
        "network": None,
        "showQR": True,
        "orderId": int(order.uid),
        "secret": order.secret,
    }


def _number(written: str) -> msgspec.Raw:
    """A JSON number of exactly these digits."""
    return msgspec.Raw(written.encode())
