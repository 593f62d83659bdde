"""Forged notifications and forged returns at every gateway: nothing moves, nobody is asked for a
forged notification's sake, and the genuine one that follows is heard, once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from secrets import token_hex
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from checkout.settings.signing_keys import public_half
from tests.gateways.exchanger.side import signature as ipn_signature
from tests.gateways.rest.side import hashed
from tests.journeys.servers import API
from tests.journeys.shopper import CHALLENGE
from tests.journeys.two_servers import (
    SECONDS,
    Checkout,
    CreatedPayment,
    Row,
    Tab,
    TwoServers,
    open_two_servers,
)
from tests.support.samples import rsa_key
from tests.support.settings import SHOP

SESSION: Final = pytest.mark.asyncio(loop_scope="module")
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
JSON: Final = {"Content-Type": "application/json"}


class Webhook(NamedTuple):
    headers: Mapping[str, str]
    body: bytes


class Case(NamedTuple):
    """One payment at a gateway that waits for its customer: `row` is the gateway's own."""

    secrets: Mapping[str, str]
    attempt: Row
    row: Row


# --- What Overpay says ----------------------------------------------------------------------------


def transaction(case: Case, status: str = "successful") -> bytes:
    row = case.row
    told = {name: row[name] for name in ("uid", "type", "amount", "currency", "tracking_id")}
    return json.dumps({"transaction": {**told, "status": status, "test": False}}).encode()


def signature(body: bytes, key: RSAPrivateKey | None = None, *, pss: bool = False) -> str:
    way = PSS(MGF1(SHA256()), PSS.MAX_LENGTH) if pss else PKCS1v15()
    return base64.b64encode((key or rsa_key()).sign(body, way, SHA256())).decode()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def signed(case: Case, status: str = "successful") -> Webhook:
    body = transaction(case, status)
    return Webhook(JSON | {"Content-Signature": signature(body)}, body)


def signed_forgeries(case: Case) -> Mapping[str, Webhook]:
    body = transaction(case)
    proof, account = signature(body), basic("signing", case.secrets["gateway_secret"])
    other = generate_private_key(65537, 2048)
    found = {
        "no signature": {},
        "the right credentials alone": account,
        "an empty signature": {"Content-Signature": "", **account},
        "no base64": {"Content-Signature": "%%%"},
        "of another body": {"Content-Signature": signature(transaction(case, "failed"))},
        "by another key": {"Content-Signature": signature(body, other)},
        "PSS": {"Content-Signature": signature(body, pss=True)},
    }
    webhooks = {name: Webhook(JSON | headers, body) for name, headers in found.items()}
    longer = Webhook(JSON | {"Content-Signature": proof}, body + b"\n")
    return webhooks | {"one byte more": longer}


def shown(case: Case, status: str = "successful") -> Webhook:
    return Webhook(JSON | basic("plain", case.secrets["plain_secret"]), transaction(case, status))


def shown_forgeries(case: Case) -> Mapping[str, Webhook]:
    body, secret = transaction(case), case.secrets["plain_secret"]
    right = basic("plain", secret)["Authorization"]
    found = {
        "no credentials": {},
        "another password": basic("plain", secret[:-1]),
        "no password": basic("plain", ""),
        "another shop": basic("signing", secret),
        "another shop's": basic("signing", case.secrets["gateway_secret"]),
        "no base64": {"Authorization": "Basic %%%"},
        "another scheme": {"Authorization": right.replace("Basic", "Bearer")},
        "a signature instead": {"Content-Signature": signature(body)},
    }
    return {name: Webhook(JSON | headers, body) for name, headers in found.items()}


def overpay_returns(case: Case) -> list[dict[str, str]]:
    return [{}, {"uid": case.row["uid"], "status": "successful"}, {"status": "successful"}]


# --- What the REST gateway says -------------------------------------------------------------------

WORDS: Final = {"successful": ("Y", "capturesuccess"), "failed": ("N", "authfailed")}


def inquiry(case: Case, status: str = "successful") -> dict[str, str]:
    short, long = WORDS[status]
    return {
        "paymentId": case.row["uid"],
        "merchantTransactionId": case.row["tracking_id"],
        "amount": f"{case.row['amount'] / 100:.2f}",
        "currency": case.row["currency"],
        "transactionStatus": short,
        "status": long,
    }


def checksum(told: Mapping[str, str], key: str, word: str = "transactionStatus") -> str:
    names = ("paymentId", "merchantTransactionId", "amount", word)
    return hashed(*(told[name] for name in names), key)


def summed(case: Case, status: str = "successful") -> Webhook:
    told = inquiry(case, status)
    proof = {"checksum": checksum(told, case.secrets["secure_key"])}
    return Webhook(JSON, json.dumps(told | proof).encode())


def summed_forgeries(case: Case) -> Mapping[str, Webhook]:
    told, key = inquiry(case), case.secrets["secure_key"]
    failed = inquiry(case, "failed")
    found: dict[str, Any] = {
        "no checksum": told,
        "an empty one": told | {"checksum": ""},
        "short word, another key": told | {"checksum": checksum(told, token_hex(16))},
        "long word, another key": told | {"checksum": checksum(told, token_hex(16), "status")},
        "no key": told | {"checksum": checksum(told, "")},
        "of another status": told | {"checksum": checksum(failed, key)},
        "of another long status": told | {"checksum": checksum(failed, key, "status")},
        "of another amount": told | {"checksum": checksum(told | {"amount": "1.00"}, key)},
        "of another payment": told | {"checksum": checksum(told | {"paymentId": "1"}, key)},
        "a list": [told | {"checksum": checksum(told, key)}],
    }
    return {name: Webhook(JSON, json.dumps(each).encode()) for name, each in found.items()}


def rest_returns(case: Case) -> list[dict[str, str]]:
    """Both checksum forms, forged and genuine: the customer's browser proves nothing in any."""
    told = inquiry(case)
    found = [told, told | {"checksum": "0" * 32}]
    for word in ("transactionStatus", "status"):
        for key in (token_hex(16), case.secrets["secure_key"]):
            landed = {name: told[name] for name in ("paymentId", "merchantTransactionId", "amount")}
            found.append(landed | {"status": told[word], "checksum": checksum(told, key, word)})
    return found


# --- What the exchanger says ----------------------------------------------------------------------

MEANT: Final = {"successful": "done", "failed": "errorPayment"}


def notice(case: Case, status: str = "successful", **changes: str) -> dict[str, str]:
    return {
        "orderUID": case.row["uid"],
        "orderId": "507f1f77bcf86cd799439011",
        "newStatus": MEANT[status],
        "inAmount": case.row["in_amount"],
        "outAmount": case.row["out_amount"],
        "xml_from": "BTC",
        "xml_to": "BANKEUR",
        "timestamp": str(int(time.time())),
    } | changes


def ipn(case: Case, status: str = "successful") -> Webhook:
    told = notice(case, status)
    proof = {"hash": ipn_signature(told, case.secrets["ipn_secret"])}
    return Webhook(FORM, urlencode(told | proof).encode())


def ipn_forgeries(case: Case) -> Mapping[str, Webhook]:
    told, secret = notice(case), case.secrets["ipn_secret"]
    # Two readings of one text: the colon moves from between two fields into one of them.
    pair = f"{told['outAmount']}:{told['xml_from']}"
    shifted = told | {"outAmount": pair, "xml_from": told["xml_to"]}
    shifted |= {"xml_to": told["timestamp"], "timestamp": secret}
    found = {
        "no hash": told,
        "an empty one": told | {"hash": ""},
        "another secret": told | {"hash": ipn_signature(told, token_hex(32))},
        "of another status": told | {"hash": ipn_signature(notice(case, "failed"), secret)},
        "MD5": told | {"hash": ipn_signature(told, secret, "md5")},
        "no secret": told | {"hash": hashlib.sha256(":".join(told.values()).encode()).hexdigest()},
        "a colon in a field": (odd := told | {"xml_from": "BTC:BTC"})
        | {"hash": ipn_signature(odd, secret)},
        "a colon moved": shifted | {"hash": ipn_signature(told, secret)},
    }
    webhooks = {name: Webhook(FORM, urlencode(each).encode()) for name, each in found.items()}
    good = ipn(case).body
    return webhooks | {"a field twice": Webhook(FORM, good + b"&newStatus=done")}


def exchanger_returns(case: Case) -> list[dict[str, str]]:
    return [{}, {"status": "success"}, {"status": "success", "hash": "0" * 64}]


# --- The gateways ---------------------------------------------------------------------------------


class Side(NamedTuple):
    method: str
    genuine: Callable[..., Webhook]
    forgeries: Callable[[Case], Mapping[str, Webhook]]
    returns: Callable[[Case], list[dict[str, str]]]
    shop: str = SHOP
    number: str | None = None


SIDES: Final = {
    "overpay cards, signed": Side(
        "credit_card", signed, signed_forgeries, overpay_returns, "362", CHALLENGE
    ),
    "overpay cards, by credentials": Side(
        "plain_card", shown, shown_forgeries, overpay_returns, "362", CHALLENGE
    ),
    "overpay payment systems": Side("plain_sbp", shown, shown_forgeries, overpay_returns, "362"),
    "rest": Side("acquirer_card", summed, summed_forgeries, rest_returns, number=CHALLENGE),
    "exchanger": Side("crypto", ipn, ipn_forgeries, exchanger_returns),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoServers]:
    folder, key = tmp_path_factory.mktemp("forged"), public_half(rsa_key())
    async with open_two_servers(folder, "still", own_public_key=key) as opened:
        await opened.control("behaviour", notifications="lost")  # what comes, comes from here
        yield opened
        assert "Traceback" not in opened.log()


async def _waiting(servers: TwoServers, side: Side) -> tuple[CreatedPayment, Case]:
    """A payment that its customer has not made yet."""
    checkout = servers.still
    made = await checkout.order(side.method, shop=side.shop)
    await Tab(checkout).pay(made, side.number)
    attempt = checkout.attempt(made)
    assert attempt["status"] == "action"
    (row,) = await servers.transactions(attempt)
    return made, Case(servers.secrets, attempt, row)


async def _post(checkout: Checkout, path: str, webhook: Webhook) -> int:
    answer = await checkout.client.post(
        f"{checkout.url}/notify/{path}", content=webhook.body, headers=dict(webhook.headers)
    )
    return answer.status_code


async def _asked(servers: TwoServers) -> int:
    """How often checkout has called the gateways."""
    return sum(bool(API.search(call["path"])) for call in (await servers.ledger())["calls"])


def _stands(books: Mapping[str, list[Row]]) -> Any:
    """Where the payment stands, and what its shop was told."""
    return (
        books["payments"][0]["status"],
        [(row["status"], row["gateway_id"], row["facts"]) for row in books["attempts"]],
        len(books["outbox"]),
    )


@SESSION
@pytest.mark.parametrize("name", SIDES)
async def test_forged_and_then_genuine(servers: TwoServers, name: str) -> None:
    side, checkout = SIDES[name], servers.still
    made, case = await _waiting(servers, side)
    attempt = case.attempt
    path = f"{attempt['account']}/{attempt['notify_ticket']}"
    before, asked = checkout.books(made), await _asked(servers)

    # Forged notifications: refused, and as if they had never come.
    for forgery, webhook in side.forgeries(case).items():
        assert await _post(checkout, path, webhook) == 401, forgery
    good = side.genuine(case)
    others = {"cards", "plain", "coins", "acquirer"} - {attempt["account"]}
    for wrong in (f"{others.pop()}/{attempt['notify_ticket']}", f"{attempt['account']}/{'x' * 22}",
                  f"{attempt['account']}/{attempt['return_ticket']}"):  # fmt: skip
        assert await _post(checkout, wrong, good) == 404
    assert checkout.books(made) == before
    assert await _asked(servers) == asked

    # Forged returns: the gateway is asked, and nothing moves.
    for fields in side.returns(case):
        for method, params, data in (("GET", fields, None), ("POST", None, fields)):
            answer = await checkout.client.request(
                method,
                f"{checkout.url}/return/{attempt['return_ticket']}",
                headers={"Origin": servers.sandbox},
                params=params,
                data=data,
            )
            assert answer.status_code == 303
            assert answer.headers["location"].rpartition("/")[2] in ("wait", "redirect")
    lost = await checkout.client.get(f"{checkout.url}/return/{attempt['notify_ticket']}")
    assert lost.status_code == 404
    assert await _asked(servers) > asked
    assert _stands(checkout.books(made)) == _stands(before)

    # A genuine one that says so while it isn't true: a hint, and nothing moves.
    assert await _post(checkout, path, good) == 200
    await _followed(checkout, made, attempt)
    assert _stands(checkout.books(made)) == _stands(before)

    # It is true now: the same webhook again, several times at once.
    await servers.settle(attempt)
    answers = await asyncio.gather(*(_post(checkout, path, good) for _ in range(5)))
    assert answers == [200] * 5
    end = time.monotonic() + SECONDS
    while await checkout.status(made, side.shop) != "successful":
        assert time.monotonic() < end, checkout.happened(made)
        await asyncio.sleep(0.1)
    paid = checkout.books(made)
    assert [row["status"] for row in paid["attempts"]] == ["paid"]
    assert len(paid["outbox"]) == 1

    # And later ones, of what is known and of what it was before: no question, no second webhook.
    asked = await _asked(servers)
    for _ in range(3):
        assert await _post(checkout, path, good) == 200
    assert await _asked(servers) == asked
    assert await _post(checkout, path, side.genuine(case, "failed")) == 200
    await _followed(checkout, made, attempt)
    after = checkout.books(made)
    assert _stands(after) == _stands(paid)
    assert [row["charged"] for row in await servers.transactions(attempt)] == [True]


async def _followed(checkout: Checkout, made: CreatedPayment, before: Row) -> None:
    """Wait until a question of our own has followed the notification."""
    end = time.monotonic() + SECONDS
    queries = before["queries"]
    seen = checkout.attempt(made)["queries"]
    while seen == queries:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
        seen = checkout.attempt(made)["queries"]


@SESSION
async def test_anothers_genuine_notification(servers: TwoServers) -> None:
    """A payment that is paid vouches for no other one, although its webhook is genuine."""
    side, checkout = SIDES["rest"], servers.still
    _, paid = await _waiting(servers, side)
    await servers.settle(paid.attempt)
    made, case = await _waiting(servers, side)
    before = checkout.books(made)
    path = f"{case.attempt['account']}/{case.attempt['notify_ticket']}"
    assert await _post(checkout, path, summed(paid)) == 200
    await _followed(checkout, made, case.attempt)
    assert _stands(checkout.books(made)) == _stands(before)
