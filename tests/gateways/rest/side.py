"""The REST gateway's side of an account: a secure key made anew in each run, and its checksums."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import md5, sha256
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec

from checkout.gateways.rest.gateway import Rest
from checkout.gateways.rest.options import BASE, Options
from checkout.model.money import Money
from tests.gateways import samples
from tests.gateways.kit import Notice, Side
from tests.gateways.replay import body_of

MEMBER = "11344"
SECURE_KEY = secrets.token_hex(16)
ACCOUNT = {
    "partner_id": "195",
    "username": "shop",
    "member_id": MEMBER,
    "terminal_id": "1",
    "secure_key": SECURE_KEY,
}


def options(base_url: str = "https://gateway.example", **changes: Any) -> Options:
    return Options(base_url=base_url, **{**ACCOUNT, **changes})


def hashed(*fields: str) -> str:
    return md5("|".join(fields).encode(), usedforsecurity=False).hexdigest()


def words(message: Mapping[str, Any], status: str) -> list[str]:
    """What a notification's checksum is over, as it stands in the body."""
    names = ("paymentId", "merchantTransactionId", "amount", status)
    return [value if isinstance(value := message.get(n, ""), str) else repr(value) for n in names]


def signed(message: Mapping[str, Any], status: str | None = None, key: str = SECURE_KEY) -> bytes:
    """The message with its checksum, over the short word where there is one."""
    status = status or ("transactionStatus" if "transactionStatus" in message else "status")
    return json.dumps({**message, "checksum": hashed(*words(message, status), key)}).encode()


PAYMENTS = f"{BASE}/payments"
TOKEN = f"{BASE}/authToken"
EUR = Money(1250, "EUR")
REFERENCE = msgspec.structs.replace(samples.REFERENCE, id="21565")
PAID = {
    "paymentId": "21565",
    "merchantTransactionId": samples.KEY,
    "amount": "12.50",
    "currency": "EUR",
    "transactionStatus": "Y",
    "status": "capturesuccess",
    "result": {"code": "00001", "description": "Transaction succeeded"},
}


class Answers:
    """The gateway: gives out tokens, answers everything else by `say`, keeps what it was sent."""

    def __init__(self, say: Callable[[dict[str, str]], httpx.Response] | None = None) -> None:
        self.say = say or (lambda fields: httpx.Response(200, json=PAID))
        self.tokens = 0
        self.requests: list[httpx.Request] = []
        self.gate: asyncio.Event | None = None
        self.token_answer: httpx.Response | None = None
        self.token_path = TOKEN

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self.token_path:
            self.tokens += 1
            if self.gate:
                await self.gate.wait()
            told = {"AuthToken": f"token-{self.tokens}", "result": {"code": "200"}}
            return self.token_answer or httpx.Response(200, json=told)
        self.requests.append(request)
        return self.say(body_of(request))

    def account(self, **changes: Any) -> Rest:
        times = {name: changes.pop(name) for name in tuple(changes) if name.endswith("_seconds")}
        transport = httpx.MockTransport(self)
        return Rest(options(**changes), transport, **times)


def answering(body: Any, status: int = 200) -> Callable[[dict[str, str]], httpx.Response]:
    return lambda fields: httpx.Response(status, json=body)


class RestSide(Side):
    """Its operations have no key of ours: they name the payment."""

    secrets = (SECURE_KEY, hashed(MEMBER, SECURE_KEY, ""))
    operation_keys = False
    words = (("transactionStatus", "status"), ("status",))
    stated = ("status", "amount", "currency", "merchantTransactionId")

    def options(self, base_url: str) -> Options:
        return options(base_url)

    def sent_money(self, request: httpx.Request, money: Money) -> Money | None:
        said = body_of(request)
        if "amount" not in said:
            return None
        scaled = Decimal(said["amount"]).scaleb(money.exponent)
        assert scaled == int(scaled)
        return msgspec.structs.replace(
            money, minor=int(scaled), currency=said.get("currency", money.currency)
        )

    def of_another_type(self, answer: Any, asked: str) -> Any | None:
        """By `paymentType`; a registration has none."""
        if asked == "tokenization":
            return None
        return answer | {"paymentType": "DB" if asked == "authorization" else "PA"}

    def signed(self, request: httpx.Request) -> bool:
        """By the documents' table: over the payment's id where the address has it, else our own
        key, then the amount where there is one. What fetches a token knows the key itself."""
        said, path = body_of(request), request.url.path
        if path == TOKEN:
            return bool(said.get("authentication.sKey") == SECURE_KEY)
        name = self._last(request) or said.get("merchantTransactionId")
        fields = [each for each in (name, said.get("amount")) if each]
        proof = hashed(MEMBER, SECURE_KEY, *fields)
        if path == f"{BASE}/payout":
            proof = hashed(MEMBER, *fields, SECURE_KEY)
        elif path == f"{BASE}/registrations":
            proof = hashed(MEMBER, SECURE_KEY, said["card.number"])
        return said.get("authentication.checksum") == proof and "AuthToken" in request.headers

    def named(self, request: httpx.Request) -> str | None:
        return None if body_of(request).get("idType") == "MID" else self._last(request)

    def _last(self, request: httpx.Request) -> str | None:
        last = unquote(request.url.path).rpartition("/")[2]
        return None if f"{BASE}/{last}" in (PAYMENTS, f"{BASE}/payout") else last

    def genuine(self, body: bytes) -> Notice:
        try:
            message = json.loads(body)
        except ValueError:
            message = None
        return Notice({}, signed(message) if isinstance(message, dict) else body)

    def forgeries(self, body: bytes) -> Mapping[str, Notice]:
        message = json.loads(body)
        good = json.loads(signed(message))
        proof = good["checksum"]
        amount = good.get("amount")
        forged: dict[str, Any] = {
            "unsigned": message,
            "empty": {**good, "checksum": ""},
            "null": {**good, "checksum": None},
            "a list": {**good, "checksum": [proof]},
            "cut": {**good, "checksum": proof[:-1]},
            "longer": {**good, "checksum": proof + "0"},
            "one digit": {**good, "checksum": proof[:-1] + ("0" if proof[-1] != "0" else "1")},
            "SHA-256": {**good, "checksum": sha256(proof.encode()).hexdigest()},
            "another key": json.loads(signed(message, key=SECURE_KEY[::-1] + "0")),
            "no key": json.loads(signed(message, key="")),
            "another payment": {**good, "paymentId": "21566"},
            "another key of ours": {**good, "merchantTransactionId": "x"},
            "another amount": {**good, "amount": "9" + str(amount)},
            "the amount in other digits": {**good, "amount": f"{amount}0"},
            "the amount with blanks": {**good, "amount": f" {amount}"},
            "another status": {**good, "transactionStatus": "W", "status": "W"},
            "shifted": {
                **good,
                "paymentId": f"{good.get('paymentId')}|{good.get('merchantTransactionId')}",
                "merchantTransactionId": str(amount),
                "amount": "Y",
            },
        }
        notices = {name: Notice({}, json.dumps(one).encode()) for name, one in forged.items()}
        return {
            **notices,
            "two at once": Notice({}, json.dumps([good, good]).encode()),
            "in a header": Notice({"checksum": proof}, body),
        }
