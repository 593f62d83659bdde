"""How the kit plays a gateway: its side, what is recorded of it, an account opened over both."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import httpx
import msgspec
import pytest

from checkout.gateways import ADAPTERS, Adapter
from checkout.gateways.base import (
    Captures,
    Confirms,
    FindsOperations,
    Gateway,
    OperationReference,
    Options,
    PaymentReference,
    Refunds,
    Voids,
    Withdraws,
)
from checkout.model.money import Money
from checkout.model.outcome import Outcome
from checkout.model.status import SUCCESSFUL, Status
from tests.gateways import faults, samples
from tests.gateways.replay import Answerer, RecordedExchange, Script, recorded_exchanges

SHORT, LONG = 0.05, 20.0  # seconds; the deadline where it is waited for, and elsewhere
WINS = SUCCESSFUL | {Status.REFUNDED, Status.ACCEPTED}  # what moves money in somebody's books
PAYS = frozenset({"pay"})
OPERATES = frozenset({"capture", "void", "refund"})  # these and `pay` send what may move money
LOOKS = frozenset({"status"})
TELLS = frozenset({"confirm", "withdraw"})
ASKS = frozenset({"status", "operation"})
GONE_WELL = WINS | {Status.REQUIRES_ACTION, Status.CANCELLED}


class Notice(NamedTuple):
    """A notification as it arrives; header names in lower case. `query`: what the gateway writes
    behind our address."""

    headers: Mapping[str, str]
    body: bytes
    query: str = ""


class Side:
    """The gateway's side of an account: its settings, how it proves what it says, and how it reads
    what it is sent. What stands here already is right for most."""

    secrets: tuple[str, ...]  # all that must not get out
    signs: bool = True  # its notifications; where it doesn't, every one of them is `UNSIGNED`
    operation_keys: bool = True  # an operation carries our key; else the payment's id alone
    # In its answers and notifications, by dotted paths in which `*` is any one name: the words that
    # decide, of each group only one is meant to be there or all have to agree; what it must say;
    # what must be readable where it is said.
    words: tuple[tuple[str, ...], ...] = ()
    needed: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()

    def options(self, base_url: str) -> Options:
        raise NotImplementedError

    def sent_money(self, request: httpx.Request, money: Money) -> Money | None:
        """The money that a request asks for. `money`: in which currency and how counted, where the
        request doesn't say. None: all that there is."""
        raise NotImplementedError

    def signed(self, request: httpx.Request) -> bool:
        """Whether the request proves that it comes from the account: credentials, checksum."""
        raise NotImplementedError

    def named(self, request: httpx.Request) -> str | None:
        """The id of what an operation or a query is about, as the gateway gave it to us."""
        raise NotImplementedError

    def parent(self, verb: str, reference: PaymentReference) -> str | None:
        """The id that a request about it has to name."""
        return reference.id

    def of_another_type(self, answer: Any, asked: str) -> Any | None:
        """The answer, made one about another type of transaction than was `asked` for; None where
        its answers don't state a type."""
        return None

    def genuine(self, body: bytes) -> Notice:
        return Notice({}, body)

    def forgeries(self, body: bytes) -> Mapping[str, Notice]:
        """Everything near to a genuine notification that must be refused."""
        return {}


class Ordered(msgspec.Struct, frozen=True):
    """What is asked for after a payment."""

    money: Money = samples.CHARGE.money
    key: str = samples.OPERATION
    reason: str = "Returned"


class Harness:
    """An adapter under test. `adapter`: its name; its records are in `recorded/NAME` beside the
    test."""

    adapter: ClassVar[str]
    side: ClassVar[Side]
    base_url: ClassVar[str] = "https://gateway.example"

    @classmethod
    def code(cls) -> Adapter:
        return ADAPTERS[cls.adapter]

    @classmethod
    def recorded_exchanges(cls) -> tuple[RecordedExchange, ...]:
        return recorded_exchanges(Path(inspect.getfile(cls)).parent / "recorded" / cls.adapter)

    @classmethod
    def acts(cls, *kinds: frozenset[str]) -> dict[str, RecordedExchange]:
        """One recorded call of each thing that it does, the first that went well: its example."""
        found: dict[str, RecordedExchange] = {}
        for recorded in cls.recorded_exchanges():
            if recorded.exchanges and (not kinds or any(recorded.verb in kind for kind in kinds)):
                name, well = act_of(recorded), _went_well(recorded)
                if well and (name not in found or not _went_well(found[name])):
                    found[name] = recorded
                elif recorded.verb in ASKS:
                    found.setdefault(name, recorded)
        return found

    @property
    def paying(self) -> RecordedExchange:
        """The example of a payment with its customer present."""
        found = self.acts(PAYS)
        return next(recorded for name, recorded in found.items() if name.count(" ") == 1)

    @classmethod
    def wanted(cls) -> dict[str, Mapping[str, Any]]:
        """What the tests' arguments go through: its name -> the values, by their ids."""
        every = cls.recorded_exchanges()
        asking = [recorded for recorded in every if recorded.exchanges]
        told = [recorded for recorded in every if recorded.verb == "notification"]
        # The first of each verb and outcome stands for the others in the long tests.
        examples = {(s.verb, s.outcome["status"]): s for s in asking[::-1]}
        return {
            "recorded": _by_file(every),
            "asking": _by_file(asking),
            "winning": _by_file(s for s in asking if s.outcome["status"] in WINS),
            "example": _by_file(examples.values()),
            "told": _by_file(told),
            "signed": _by_file(told if cls.side.signs else ()),
            "unsigned": _by_file(() if cls.side.signs else told),
            "act": cls.acts(),
            "paying": cls.acts(PAYS),
            "won": {
                name: recorded
                for name, recorded in cls.acts(PAYS, LOOKS).items()
                if recorded.outcome["status"] in WINS
            },
            "sending": cls.acts(PAYS, OPERATES),
            "operating": cls.acts(OPERATES),
            "keyed": cls.acts(OPERATES) if cls.side.operation_keys else {},
            "querying": cls.acts(ASKS),
            "telling": cls.acts(TELLS),
        }

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for name, values in self.wanted().items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, list(values.values()), ids=list(values))

    @classmethod
    def calls(cls, test: str) -> Iterator[dict[str, Any]]:
        """The arguments of each run of a test, for whoever runs it without pytest. With ids in
        brackets, those runs alone: `test_name[refund]`."""
        name, _, ids = test.rstrip("]").partition("[")
        wanted, asked = cls.wanted(), inspect.signature(getattr(cls, name)).parameters
        names = [each for each in asked if each in wanted]
        for found in product(*(wanted[each].items() for each in names)):
            if not ids or "-".join(key for key, _ in found) == ids:
                yield dict(zip(names, (value for _, value in found), strict=True))

    @asynccontextmanager
    async def opened(
        self,
        answer: Answerer,
        base_url: str | None = None,
        seconds: float = LONG,
        **settings: Any,
    ) -> AsyncIterator[Gateway]:
        async with httpx.MockTransport(answer) as transport:
            options = self.side.options(base_url or self.base_url)
            options = msgspec.structs.replace(options, **settings)
            gateway: Gateway = self.code().gateway(
                options, transport, charge_seconds=seconds, query_seconds=seconds
            )
            yield gateway

    async def play(
        self,
        recorded: RecordedExchange,
        script: Script,
        *,
        given: Mapping[str, Any] | None = None,
        base_url: str | None = None,
        seconds: float = LONG,
    ) -> Outcome:
        async with self.opened(script, base_url, seconds) as gateway:
            if recorded.verb == "notification":
                notice = self.side.genuine(json.dumps(recorded.notification).encode())
                return gateway.notification(*notice)
            return await call(gateway, recorded.verb, recorded.given if given is None else given)

    async def broken(
        self,
        recorded: RecordedExchange,
        fault: faults.Fault,
        given: Mapping[str, Any] | None = None,
        *,
        place: int = -1,
    ) -> tuple[Outcome, Script]:
        """Play a payment whose exchange at `place` goes wrong, as often as it is tried."""
        script = Script(recorded, last=fault(recorded.body(place)), place=place)
        seconds = SHORT if fault in faults.ENDLESS else LONG
        return await self.play(recorded, script, given=given, seconds=seconds), script

    async def sent(self, recorded: RecordedExchange, *changes: Mapping[str, Any]) -> httpx.Request:
        """What is sent for a payment with some values changed: its last request."""
        given: Mapping[str, Any] = recorded.given
        for change in changes:
            given = samples.changed(given, change)
        _, script = await self.broken(recorded, faults.answering(500), given)
        assert script.charges, "nothing was sent"
        return script.charges[-1]


def act_of(recorded: RecordedExchange) -> str:
    """What a recorded call does: "pay payment", "pay payout alone", "status by key", "refund"."""
    given = recorded.given
    match recorded.verb:
        case "pay":
            order = given.get("order", {})
            kind = ("series" if order.get("series") else "alone") if order.get("alone") else ""
            return f"pay {order.get('transaction_type', 'payment')} {kind}".rstrip()
        case "status":
            return "status by id" if given.get("id") else "status by key"
        case "operation":
            return f"operation_status {given['asked']['kind']}"
        case verb:
            return verb


async def call(gateway: Gateway, verb: str, given: Mapping[str, Any]) -> Outcome:
    """`given`: changes to the sample charge or reference, with what is asked beside them."""
    if verb == "pay":
        return await gateway.pay(samples.charge(given))
    about, ordered, asked = references(given)
    match verb, gateway:
        case "status", _:
            return await gateway.status(about)
        case "operation", FindsOperations():
            assert asked is not None
            return await gateway.operation_status(about, asked)
        case "capture", Captures():
            return await gateway.capture(about, ordered.money, ordered.key)
        case "void", Voids():
            return await gateway.void(about, ordered.money, ordered.key)
        case "refund", Refunds():
            return await gateway.refund(about, ordered.money, ordered.key, ordered.reason)
        case "confirm", Confirms():
            return await gateway.confirm(about)
        case "withdraw", Withdraws():
            return await gateway.withdraw(about)
        case _:
            raise AssertionError(f"recorded, but it has no such verb: {verb}")


def references(
    given: Mapping[str, Any],
) -> tuple[PaymentReference, Ordered, OperationReference | None]:
    """What a call after the payment is about, what it orders, what it asks after."""
    about = dict(given)
    ordered = msgspec.convert(about.pop("ordered", {}), Ordered)
    asked = about.pop("asked", None)
    found = None if asked is None else msgspec.convert(asked, OperationReference)
    return samples.reference(about), ordered, found


def _went_well(recorded: RecordedExchange) -> bool:
    status = Status(recorded.outcome["status"])
    return status in GONE_WELL or (recorded.verb in TELLS and "facts" in recorded.outcome)


def _by_file(found: Any) -> dict[str, RecordedExchange]:
    return {recorded.file: recorded for recorded in found}


async def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network in this test", request=request)
