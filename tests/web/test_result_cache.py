"""Result pages are kept and filled in, too: they are the pages that would have been made."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import Request

from checkout.ledger import payments
from checkout.web.pages.payment_request import PaymentRequest, payment_request
from checkout.web.pages.result import TEMPLATE, rendered, view_of
from tests.web.server import DECLINED, PAID, CreatedPayment, Customer, Server

SIGNED = re.compile(r"\bey[\w-]+\.[\w-]+\.[\w-]+")  # of the return URL: says when

ORDERS: dict[str, dict[str, Any]] = {
    "usual": {},
    "markup": {"order": {"description": "<b>'A' & \"B\"</b>", "tracking_id": "</bdi><i>"}},
    "holes": {"order": {"description": "\ue000row_0\ue001 \ue000nothing\ue001"}},
    "no reference": {"order": {"tracking_id": None}},
    "no return": {"settings": {"return_url": None}},
    "returns by itself": {"settings": {"auto_return": 5}},
    "at once": {"settings": {"auto_return": 0}},
    "button": {"settings": {"button_next_text": "Back <now>"}},
    "tokenization": {"transaction_type": "tokenization"},
    "authorization": {"transaction_type": "authorization"},
    "receipt": {"order": {"additional_data": {"receipt_text": ["2 x Stalls"]}}},
    "framed": {"iframe": True},
    "one attempt": {"attempts": 1},
}  # fmt: skip


async def request_for(server: Server, made: CreatedPayment, lang: str) -> PaymentRequest:
    app = server.app.state.context
    payment = await app.context.ledger.read(payments.by_uid, made.uid)
    scope: Any = {"type": "http", "method": "GET", "path": "/", "headers": [], "state": {}}
    scope["query_string"] = b""
    return payment_request(app, Request(scope), lang, payment)


@pytest.mark.parametrize("number", [PAID, DECLINED], ids=["paid", "declined"])
@pytest.mark.parametrize("name", ORDERS)
async def test_a_filled_page_is_the_page(server: Server, name: str, number: str) -> None:
    other = {"order": {**ORDERS[name].get("order", {}), "description": "Another", "amount": 77}}
    alike = [await server.create(**{**ORDERS[name], **other}), await server.create(**ORDERS[name])]
    for made in alike:
        async with server.customer() as customer:
            await customer.pay(made, number)
    for lang in ("en", "ru"):
        first, page = [await request_for(server, made, lang) for made in alike]
        rendered(first, "n1")
        view = view_of(page)
        layout = page.layout(view.notice.title)
        anew = page.app.render(TEMPLATE, lang, page=view, layout=layout, nonce="n2")
        filled = rendered(page, "n2").decode()
        anew = anew.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")  # two spellings
        assert SIGNED.sub("", filled) == SIGNED.sub("", anew)
        assert "Another" not in filled


async def test_nothing_of_another_payment(server: Server, customer: Customer) -> None:
    """However alike they are."""
    one, two = await server.create(), await server.create(order={"tracking_id": "order-8"})
    for made in (one, two):
        await customer.pay(made, PAID)
    seen = [(await customer.get(made.path("result"))).text for made in (one, two, one)]
    for made, other, text in ((one, two, seen[0]), (two, one, seen[1]), (one, two, seen[2])):
        assert made.uid in text
        assert other.uid not in text
        assert other.secret not in text
    nonces = {nonce for text in seen for nonce in re.findall(r'nonce="([^"]+)"', text)}
    assert len(nonces) == 3
