"""The other side, honest about money: Overpay's card gateway with its own books.

It speaks as the charge request's document says, has every fault that a network has, and keeps a
record of what it charged by the key that it was sent. `answer` is the gateway; `handle` is the
network in front of it (httpx's), with the faults.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from checkout.gateways.overpay.options import Options
from checkout.settings.signing_keys import public_half
from tests.support.samples import rsa_key

URL: Final = "https://gateway.example"
GATEWAY_SHOP: Final = "361"
GATEWAY_SECRET: Final = secrets.token_hex(32)

VERDICTS: Final = ("paid", "declined", "action", "pending", "refused")
WORD: Final = {
    "paid": "successful",
    "declined": "failed",
    "action": "incomplete",
    "pending": "pending",
    "expired": "expired",
}
UNFINISHED: Final = ("action", "pending")
LATEST: Final = 35.0  # seconds in which a charge that was sent arrives, or never

# Nothing reached the gateway, and the caller can know it.
NOT_SENT: Final = ("no connection", "429", "401")
# The caller can't know; nothing was charged.
UNCLEAR_BEFORE: Final = ("timeout before", "reset before", "500 before", "html before")
# The caller can't know; the gateway did its work.
UNCLEAR_AFTER: Final = ("timeout after", "reset after", "502 after", "html after", "cut after")
# The gateway did its work and then states other facts.
WRONG: Final = ("wrong amount", "wrong currency", "wrong key")
CHARGE_FAULTS: Final = (*NOT_SENT, *UNCLEAR_BEFORE, *UNCLEAR_AFTER, *WRONG)
BROKEN: Final[dict[str, type[httpx.TransportError]]] = {
    "no connection": httpx.ConnectError,
    "timeout before": httpx.ReadTimeout,
    "reset before": httpx.ReadError,
}
BROKEN_AFTER: Final[dict[str, type[httpx.TransportError]]] = {
    "timeout after": httpx.ReadTimeout,
    "reset after": httpx.RemoteProtocolError,
}
UNREAD: Final = {
    "429": (429, b"{}"),
    "401": (401, b"{}"),
    "500 before": (500, b"{}"),
    "html before": (200, b"<h1>Maintenance</h1>"),
}
WRONGLY: Final[dict[str, dict[str, Any]]] = {
    "wrong amount": {"amount": 1},
    "wrong currency": {"currency": "JPY"},
    "wrong key": {"tracking_id": "somebody-elses"},
}
QUERY_FAULTS: Final = (
    *NOT_SENT, "timeout before", "reset before", "500 before", "html before", "cut after",
    "wrong amount", "wrong key",
)  # fmt: skip


def options(base_url: str = URL) -> Options:
    return Options(
        base_url=base_url,
        shop_id=GATEWAY_SHOP,
        secret_key=GATEWAY_SECRET,
        public_key=public_half(rsa_key()),
    )


class Crash(BaseException):
    """Our own process dies here."""


@dataclass
class Transaction:
    uid: str
    key: str
    amount: int
    currency: str
    kind: str
    state: str
    listed_at: float
    takings: int = 0  # how often the customer's money was taken

    @property
    def money_moved(self) -> bool:
        return self.takings > 0

    def shown(self, **changes: Any) -> dict[str, Any]:
        said = {
            "uid": self.uid,
            "type": self.kind,
            "status": WORD[self.state],
            "amount": self.amount,
            "currency": self.currency,
            "tracking_id": self.key,
            "test": True,
            self.kind: {"auth_code": "654321", "rrn": "999"},
        }
        if self.state == "action":
            said["redirect_url"] = f"https://bank.example/process/{self.uid}"
        return said | changes


@dataclass
class Call:
    """One request of ours, whether it arrived or not."""

    at: float
    method: str
    key: str
    fault: str


@dataclass
class Notice:
    uid: str
    headers: dict[str, str]
    body: bytes
    heard: bool = False


class HonestGateway:
    """`verdicts` and `faults` are used up one a charge, `query_faults` one a query; without any
    a charge is paid and all works. `lag`: seconds before a new transaction is found by key. `down`:
    no query is answered."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.transactions: dict[str, Transaction] = {}
        self.calls: list[Call] = []
        self.notices: list[Notice] = []
        self.verdicts: list[str] = []
        self.faults: list[str] = []
        self.query_faults: list[str] = []
        self.lag = 0.0
        self.down = False
        self.held: list[asyncio.Event] = []
        self.on_the_way: list[tuple[float, httpx.Request]] = []  # left behind by a dead sender

    # The gateway

    def answer(
        self, method: str, path: str, body: bytes, at: float | None = None
    ) -> tuple[int, dict[str, Any]]:
        if method == "POST":
            now = self.clock() if at is None else at
            return self._charge(json.loads(body)["request"], path, now)
        if "/tracking_id/" in path:
            key = path.rpartition("/")[2]
            found = [t for t in self.by_key(key) if t.listed_at <= self.clock()]
            return 200, {"transactions": [t.shown() for t in found]}
        transaction = self.transactions.get(path.rpartition("/")[2])
        if transaction is None:
            return 404, {"message": "Record not found"}
        return 200, {"transaction": transaction.shown()}

    def _charge(self, request: dict[str, Any], path: str, now: float) -> tuple[int, dict[str, Any]]:
        verdict = self.verdicts.pop(0) if self.verdicts else "paid"
        if verdict == "refused":
            errors = {"credit_card": {"number": ["is invalid"]}}
            return 422, {"message": "Number is invalid", "errors": errors}
        made = Transaction(
            uid=f"tx-{len(self.transactions) + 1}",
            key=request["tracking_id"],
            amount=request["amount"],
            currency=request["currency"],
            kind="authorization" if path.endswith("authorizations") else "payment",
            state="pending",
            listed_at=now + self.lag,
        )
        self.transactions[made.uid] = made
        self.turn(made, verdict)
        return 200, {"transaction": made.shown()}

    def turn(self, transaction: Transaction, state: str, *, notify: bool = False) -> None:
        """The bank has decided."""
        transaction.state = state
        transaction.takings += state == "paid"
        if notify:
            self.notices.append(self.notice(transaction))

    def notice(self, transaction: Transaction) -> Notice:
        """What it tells of the transaction as it stands now."""
        body = json.dumps({"transaction": transaction.shown()}).encode()
        signature = rsa_key().sign(body, PKCS1v15(), SHA256())
        headers = {"content-signature": base64.b64encode(signature).decode()}
        return Notice(transaction.uid, headers, body)

    def by_key(self, key: str) -> list[Transaction]:
        return [t for t in self.transactions.values() if t.key == key]

    # The network

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        charging = request.method == "POST"
        faults = self.faults if charging else self.query_faults
        fault = faults.pop(0) if faults else ""
        if self.down and not charging:
            fault = "timeout before"
        self.calls.append(Call(self.clock(), request.method, self._key_of(request), fault))
        if unread := _before(fault):
            return unread
        if fault == "held before":
            await self._hold(request if charging else None)
        status, said = self.answer(request.method, request.url.path, request.content)
        if fault == "held after":
            await self._hold(None)
        return _after(fault, status, said)

    def _key_of(self, request: httpx.Request) -> str:
        if request.method == "POST":
            key: str = json.loads(request.content)["request"]["tracking_id"]
            return key
        name = request.url.path.rpartition("/")[2]
        return self.transactions[name].key if name in self.transactions else name

    async def _hold(self, unsent: httpx.Request | None) -> None:
        """Wait until let go. A charge whose sender gives up or dies may still arrive later."""
        gate, sent_at = asyncio.Event(), self.clock()
        self.held.append(gate)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            if unsent is not None:
                self.on_the_way.append((sent_at + LATEST, unsent))
            raise
        finally:
            if gate in self.held:
                self.held.remove(gate)

    def let_go(self, place: int = 0) -> None:
        self.held.pop(place).set()

    def arrive(self) -> None:
        """What was on the way gets there when its time has come."""
        for at, request in list(self.on_the_way):
            if at <= self.clock():
                self.on_the_way.remove((at, request))
                self.answer("POST", request.url.path, request.content, at)


def _before(fault: str) -> httpx.Response | None:
    """What happens to a request that does not get to the gateway."""
    if fault == "crash before":
        raise Crash
    if fault in BROKEN:
        raise BROKEN[fault](fault)
    if fault in UNREAD:
        status, body = UNREAD[fault]
        return httpx.Response(status, content=body)
    return None


def _after(fault: str, status: int, said: dict[str, Any]) -> httpx.Response:
    """What becomes of the gateway's answer."""
    if fault == "crash after":
        raise Crash
    if fault in BROKEN_AFTER:
        raise BROKEN_AFTER[fault](fault)
    if fault == "502 after":
        return httpx.Response(502, content=b"<h1>Bad gateway</h1>")
    if fault == "html after":
        return httpx.Response(200, content=b"<h1>Welcome</h1>")
    whole = json.dumps(misstated(said, **WRONGLY.get(fault, {}))).encode()
    end = len(whole) // 2 if fault == "cut after" else len(whole)
    return httpx.Response(status, content=whole[:end])


def misstated(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    if "transaction" in said:
        return {"transaction": said["transaction"] | changes}
    if "transactions" in said:
        return {"transactions": [one | changes for one in said["transactions"]]}
    return said
