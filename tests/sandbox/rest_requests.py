"""Requests to the REST gateway as adapters make them, and a browser's way through its pages."""

from __future__ import annotations

import re
from hashlib import md5
from html import unescape
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from tests.sandbox.requests import PAID

BASE = "/transactionServices/REST/v1"
PAYMENTS = f"{BASE}/payments"
MEMBER, KEY = "11344", "k3y-of-the-member"
RETURN = "http://127.0.0.1:8001/return/ticket"

Client = TestClient[Litestar] | httpx.Client


def hashed(*fields: str) -> str:
    return md5("|".join(fields).encode(), usedforsecurity=False).hexdigest()


def credentials(key: str = KEY) -> dict[str, str]:
    return {
        "authentication.partnerId": "195",
        "merchant.username": "shop",
        "authentication.sKey": key,
    }


def token(client: Client, key: str = KEY) -> str:
    answer = client.post(f"{BASE}/authToken", data=credentials(key))
    given: str = answer.json()["AuthToken"]
    return given


def charge(number: str | None = PAID, **more: str) -> dict[str, str]:
    """A payment with everything that is required, signed; None: a method without a card."""
    card = {
        "card.number": number or "",
        "card.expiryMonth": "07",
        "card.expiryYear": "2040",
        "card.cvv": "123",
    }
    fields = {
        "authentication.memberId": MEMBER,
        "authentication.terminalId": "1",
        "merchantTransactionId": "key-1",
        "amount": "19.99",
        "currency": "EUR",
        "orderDescriptor": "Tea",
        "paymentType": "DB",
        "paymentMode": "CC",
        "merchantRedirectUrl": RETURN,
        **(card if number else {"paymentMode": "NB", "paymentBrand": "EXAMPLEBANK"}),
        **more,
    }
    signed = hashed(MEMBER, KEY, fields["merchantTransactionId"], fields["amount"])
    return {"authentication.checksum": signed, **fields}


def pay(client: Client, number: str | None = PAID, **more: str) -> dict[str, Any]:
    answer = client.post(
        PAYMENTS, data=charge(number, **more), headers={"AuthToken": token(client)}
    )
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def act(client: Client, kind: str, name: str, amount: str | None = None, **more: str) -> Any:
    """IN, CP, RF or RV."""
    signed = hashed(MEMBER, KEY, name, *([amount] if amount else []))
    fields = {
        "authentication.memberId": MEMBER,
        "authentication.checksum": signed,
        "paymentType": kind,
        **({"amount": amount} if amount else {}),
        **more,
    }
    headers = {"AuthToken": token(client)}
    return client.post(f"{PAYMENTS}/{name}", data=fields, headers=headers).json()


def inquire(client: Client, name: str, id_type: str = "PID") -> Any:
    return act(client, "IN", name, idType=id_type)


def sent_form(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """The first form of a page: where it goes, and its hidden fields."""
    found = re.search(r'<form method="post" action="([^"]*)">(.*?)</form>', page.text, re.DOTALL)
    assert found, page.text
    inputs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[2])
    return unescape(found[1]), {unescape(name): unescape(value) for name, value in inputs}


def at_the_bank(client: Client, answer: dict[str, Any]) -> str:
    """Post the answer's parameters as a browser does; the address of the challenge."""
    redirect = answer["redirect"]
    listed = redirect.get("parameters") or redirect["listofParameters"]
    fields = {one["name"]: one["value"] for one in listed}
    arrived = client.post(redirect["url"], data=fields)
    assert arrived.status_code == 303, arrived.text
    return arrived.headers["location"]


def through_the_bank(
    client: Client, answer: dict[str, Any], given: dict[str, str] | None = None
) -> tuple[str, dict[str, str]]:
    """All the way: where the browser is sent in the end, by a form, and with what."""
    page = client.post(at_the_bank(client, answer), data=given or {"password": "1111"})
    term, fields = sent_form(page)
    return sent_form(client.post(term, data=fields))
