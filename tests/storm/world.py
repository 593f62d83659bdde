"""The other side of a storm: one honest gateway and one shop over real sockets, each with every
fault that its plan names. It never dies, so its books say what has really happened."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from tests.storm.plans import CALM, QUERY_FAULTS, ChargePlan, PaymentPlan
from tests.support.fake_network import HTTP_OK
from tests.support.honest_gateway import (
    UNFINISHED,
    UNREAD,
    WRONGLY,
    HonestGateway,
    Notice,
    Transaction,
    misstated,
)

SILENCE: Final = 6.0  # seconds, longer than any deadline of ours here
QUERY_FAULT_SHARE: Final = 0.15
AGAIN: Final = 0.4  # seconds until a notification that was not taken is sent again
TRIES: Final = 8
RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
NUMBER: Final = re.compile(r"Storm (\d+)")
MISREAD: Final = {
    "502 after": (502, b"<h1>Bad gateway</h1>"),
    "html after": (200, b"<h1>Welcome</h1>"),
}


class Hung(Exception):
    """The connection ends without a (whole) answer."""

    def __init__(self, *, reset: bool = False, said: bytes = b"") -> None:
        self.reset, self.said = reset, said


@dataclass(frozen=True)
class Webhook:
    at: float
    status: str
    taken: bool


@dataclass
class World:
    """`plans` by a payment's number; `servers` says where a notification may be delivered now."""

    plans: list[PaymentPlan]
    servers: Callable[[], str]
    chance: Random
    bank: HonestGateway = field(default_factory=lambda: HonestGateway(time.time))
    url: str = ""
    sent: Counter[str] = field(default_factory=Counter)  # by key
    number_of: dict[str, int] = field(default_factory=dict)  # by key, whether it was charged or not
    addresses: dict[str, tuple[str, str]] = field(default_factory=dict)  # key: notify, return
    money_at: dict[int, float] = field(default_factory=dict)  # the first time it was taken
    webhooks: dict[int, list[Webhook]] = field(default_factory=lambda: defaultdict(list))
    played: Counter[str] = field(default_factory=Counter)  # faults
    wrong: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        assert self._server is not None
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def shut_for(self, seconds: float) -> None:
        """Nobody can connect: what is sent meanwhile is proved not to have been sent."""
        assert self._server is not None
        port = self.port
        self._server.close()
        self.played["no connection"] += 1
        await asyncio.sleep(seconds)
        await self.open(port)

    async def close(self) -> None:
        """When nobody calls any more."""
        self._over.set()
        await self.quiet()
        if self._server is not None:
            self._server.close()
        while self._connections:
            await asyncio.wait(set(self._connections))

    async def quiet(self) -> None:
        """What is under way here has ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The sockets

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request, until the other side is gone."""
        ours = asyncio.current_task()
        assert ours is not None
        self._connections.add(ours)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.decode("latin-1").split(" ", 2)
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                status, said = await self._answer(method, path, body)
                writer.write(HTTP_OK % (status, len(said), said))
                await writer.drain()
        except Hung as hung:
            writer.write(hung.said)
            if hung.reset:
                end = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except (OSError, EOFError):
            pass  # it was killed
        finally:
            writer.close()
            self._connections.discard(ours)

    async def _answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if path.startswith("/webhooks/"):
            return await self._webhook(int(path.rpartition("/")[2]), json.loads(body))
        if method == "POST":
            return await self._charge(path, body)
        fault = self.chance.choice(QUERY_FAULTS)
        fault = fault if self.chance.random() < QUERY_FAULT_SHARE else CALM
        return await self._faulty(fault, "query", lambda: self.bank.answer(method, path, body))

    async def _faulty(
        self, fault: str, about: str, work: Callable[[], tuple[int, Any]], after: float = 0.0
    ) -> tuple[int, bytes]:
        """What `work` answers, with the fault before or after it."""
        if fault:
            self.played[f"{about}: {fault}"] += 1
        if fault in UNREAD:
            return UNREAD[fault]
        if fault in ("timeout before", "reset before"):
            await self._hang(fault)
        status, said = work()
        await asyncio.sleep(after)
        if fault in ("timeout after", "reset after"):
            await self._hang(fault)
        if fault in MISREAD:
            return MISREAD[fault]
        whole = json.dumps(misstated(said, **WRONGLY.get(fault, {}))).encode()
        if fault == "cut after":
            raise Hung(said=(HTTP_OK % (status, len(whole), whole))[: -len(whole) // 2])
        return status, whole

    async def _hang(self, fault: str) -> None:
        if fault.startswith("timeout"):
            await self._silence()
        raise Hung(reset=fault.startswith("reset"))

    async def _silence(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), SILENCE)

    # The gateway

    async def _charge(self, path: str, body: bytes) -> tuple[int, bytes]:
        request = json.loads(body)["request"]
        key, found = request["tracking_id"], NUMBER.fullmatch(request["description"])
        assert found
        number = int(found[1])
        earlier = [other for other, about in self.number_of.items() if about == number]
        charges = self.plans[number].charges
        planned = charges[min(len(earlier), len(charges) - 1)]
        self.sent[key] += 1
        self.number_of[key] = number
        self.addresses[key] = request["notification_url"], request["return_url"]
        await asyncio.sleep(planned.before)

        def charged() -> tuple[int, Any]:
            live = [t.uid for k in earlier for t in self.bank.by_key(k) if _is_live(t)]
            if live:
                self.wrong.append(f"payment {number}: {key} is charged beside {live}")
            self.bank.verdicts = [planned.verdict]
            status, said = self.bank.answer("POST", path, body)
            for transaction in self.bank.by_key(key):
                self._turned(transaction, planned, 0)
                if transaction.state in UNFINISHED:
                    self.later(self._decide(transaction, planned))
            return status, said

        return await self._faulty(planned.fault, "charge", charged, planned.after)

    async def _decide(self, transaction: Transaction, planned: ChargePlan) -> None:
        await asyncio.sleep(planned.thinks)
        self.bank.turn(transaction, planned.decides)
        self._turned(transaction, planned, 1)

    def take_late(self, transaction: Transaction) -> None:
        """The bank had declined, and takes the money after all."""
        self.bank.turn(transaction, "paid")
        self.money_at[self.number_of[transaction.key]] = time.time()
        self.later(self._notify(self.bank.notice(transaction), transaction.key, 0.0))
        self.played["late success"] += 1

    def _turned(self, transaction: Transaction, planned: ChargePlan, turn: int) -> None:
        number = self.number_of[transaction.key]
        if transaction.money_moved:
            self.money_at.setdefault(number, time.time())
        notice = self.bank.notice(transaction)
        delays = planned.notices[turn]
        kinds = {0: "lost", 1: "once"}
        self.played[f"notification: {kinds.get(len(delays), 'repeated')}"] += 1
        for delay in delays:
            self.later(self._notify(notice, transaction.key, delay))
        if self.plans[number].forged:
            self.later(self._forge(notice, transaction.key))

    async def _notify(self, notice: Notice, key: str, delay: float) -> None:
        await asyncio.sleep(delay)
        for _ in range(TRIES):
            status = await self._post(key, notice.headers, notice.body)
            if status == 200:
                notice.heard = True
                return
            if status is not None and status < 500:
                self.wrong.append(f"a genuine notification of {key} was answered {status}")
                return
            await asyncio.sleep(AGAIN)

    async def _forge(self, notice: Notice, key: str) -> None:
        body = notice.body.replace(b'"status": "', b'"status":  "')
        status = await self._post(key, notice.headers, body)
        if status == 200:
            self.wrong.append(f"a forged notification of {key} was taken")
        self.played["notification: forged"] += status == 401

    async def _post(self, key: str, headers: dict[str, str], body: bytes) -> int | None:
        """The status; None where nobody answers."""
        path = httpx.URL(self.addresses[key][0]).path
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            try:
                answer = await client.post(self.servers() + path, headers=headers, content=body)
            except httpx.TransportError:
                return None
        return answer.status_code

    # The shop

    async def _webhook(self, number: int, body: dict[str, Any]) -> tuple[int, bytes]:
        about, at = body.get("transaction", body), time.time()
        faults, came = self.plans[number].shop, self.webhooks[number]
        fault = faults[len(came)] if len(came) < len(faults) else CALM
        came.append(Webhook(at, about["status"], not fault))
        if not fault:
            return 200, b""
        self.played[f"shop: {fault}"] += 1
        if fault == "silent":
            await self._silence()
        if fault != "500":
            raise Hung(reset=fault == "reset")
        return 500, b""


def _is_live(transaction: Transaction) -> bool:
    return transaction.money_moved or transaction.state in UNFINISHED
