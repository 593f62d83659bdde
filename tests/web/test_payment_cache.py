"""Pages that are kept and filled in are the pages that would have been made."""

from __future__ import annotations

import re
from typing import Any

import pytest

from checkout.signing import CustomerCookie, Signer
from tests.web.server import CreatedPayment, Customer, Server

# What is drawn anew at each showing.
DRAWN = re.compile(r'(nonce|name="form_token" value|data-countdown)="[^"]+"')

ORDERS: dict[str, dict[str, Any]] = {
    "usual": {},
    "another amount": {"order": {"amount": 5, "currency": "USD"}},
    "no decimals": {"order": {"amount": 1999, "currency": "JPY"}},
    "markup": {"order": {"description": "<b>'A' & \"B\"</b>", "tracking_id": "</bdi><i>"}},
    "holes": {
        "order": {"description": "\ue000form_token\ue001 \ue000nothing\ue001"},
        "settings": {"agreement_toggle": {"text": "\ue000amount\ue001 \ue000nothing\ue001"}},
    },
    "no reference": {"order": {"tracking_id": None}},
    "test": {"test": True},
    "authorization": {"transaction_type": "authorization"},
    "tokenization": {"transaction_type": "tokenization"},
    "authorization of 0": {"transaction_type": "authorization", "order": {"amount": 0}},
    "tokenization of 0": {"transaction_type": "tokenization", "order": {"amount": 0}},
    "contract": {"order": {"additional_data": {"contract": ["oneclick"]}}},
    "save card": {"settings": {"save_card_toggle": {"display": True, "text": "Keep <it>"}}},
    "terms": {"settings": {"agreement_toggle": {"url": "https://shop.example.com/terms"}}},
    "button": {"settings": {"button_text": "Buy <now>"}},
    "looks": {"settings": {"style": {"widget": {"buttonsColor": "#123456"}}}},
    "one method": {"payment_method": {"types": ["credit_card"]}},
    "no card": {"payment_method": {"excluded_types": ["credit_card"]}},
    "brands": {"payment_method": {"types": ["credit_card"], "credit_card": {"brands": ["visa"]}}},
    "customer": {"customer": {"email": "anna@example.com", "first_name": "Anna"}},
    "asks": {"settings": {"customer_fields": {"visible": ["email"]}},
             "customer": {"email": "anna@example.com"}},
    "receipt": {"order": {"additional_data": {"receipt_text": ["2 x Stalls"]}}},
    "details": {"order": {"additional_data": {"meta": {"a": 1}}}},
    "addresses": {"settings": {"cancel_url": "https://shop.example.com/c?order=9"}},
    "framed": {"iframe": True},
}  # fmt: skip


async def shown(server: Server, made: CreatedPayment, lang: str, *, anew: bool) -> str:
    """The page; `anew`: whoever has chosen a method before gets one that nobody else gets."""
    method = ""
    if anew:
        page = await shown(server, made, lang, anew=False)
        chosen = re.search(r'name="method"\s+value="(\w+)"[^>]* checked', page)
        method = chosen[1] if chosen else "credit_card"
    known = CustomerCookie(made.uid, lang, method=method, own=True)
    cookie = f"__Host-checkout={Signer(server.settings.secrets).sign_cookie(known)}"
    async with server.customer(Cookie=cookie) as customer:
        answer = await customer.get(made.path(lang=lang))
    assert answer.status_code == 200, answer.text
    text = answer.text.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")  # two spellings
    return DRAWN.sub(r'\1=""', text)


@pytest.mark.parametrize("name", ORDERS)
async def test_a_filled_page_is_the_page(server: Server, name: str) -> None:
    other = {"order": {**ORDERS[name].get("order", {}), "description": "Another", "amount": 77}}
    first = await server.create(**{**ORDERS[name], **other})
    made = await server.create(**ORDERS[name])
    for lang in ("en", "ru"):
        await shown(server, first, lang, anew=False)
        filled = await shown(server, made, lang, anew=False)
        assert filled == await shown(server, made, lang, anew=True)
        assert "Another" not in filled


async def test_nothing_of_another_payment(server: Server, customer: Customer) -> None:
    """However alike they are."""
    one, two = await server.create(), await server.create(order={"tracking_id": "order-8"})
    seen = [(await customer.get(made.path())).text for made in (one, two, one)]
    for made, other, text in ((one, two, seen[0]), (two, one, seen[1]), (one, two, seen[2])):
        assert made.uid in text
        assert made.secret in text
        assert other.uid not in text
        assert other.secret not in text
    tokens = [re.findall(r'name="form_token" value="([^"]+)"', text) for text in seen]
    assert len({token for each in tokens for token in each}) == 6
