"""The tests that every gateway has to pass.

    class TestSomeGateway(Conformance):
        adapter = "some_gateway"
        side = SomeSide()

and recorded exchanges in `recorded/some_gateway/` give a gateway all of them: see
docs/adding-a-gateway.md. Nothing of ours is patched; the network is an `httpx.MockTransport`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import unquote

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unauthorized
from checkout.gateways import OPTIONS, open_gateway
from checkout.gateways.base import Asked, FindsOperations, Gateway, Options
from checkout.model.card import SavedCard
from checkout.model.money import Money
from checkout.model.outcome import Outcome
from checkout.model.status import WON, Status
from tests.gateways import faults, samples
from tests.gateways.replay import (
    Answerer,
    Script,
    Story,
    body_of,
    check_outcome,
    check_requests,
    nodes,
    replaced,
    stories,
)

CURRENCIES = (Money(1999, "JPY"), Money(1999, "EUR"), Money(1999, "KWD"), Money(1, "BHD"))
JUNK: tuple[Any, ...] = (None, [], {}, "", "junk", -1, 1.5, True, [[None]], {"a": {"b": []}})
SHORT, LONG = 0.05, 20.0  # seconds; the deadline where it is waited for, and elsewhere


class Notice(NamedTuple):
    """A notification as it arrives; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Side(Protocol):
    """The gateway's side of an account: its settings and how it proves what it says."""

    secrets: tuple[str, ...]

    def options(self, base_url: str) -> Options: ...

    def sent_money(self, body: Any) -> Money:
        """The money that a charge's body asks for."""

    def genuine(self, body: bytes) -> Notice: ...

    def forgeries(self, body: bytes) -> Mapping[str, Notice]:
        """Everything near to a genuine notification that must be refused."""


class Conformance:
    adapter: ClassVar[str]
    side: ClassVar[Side]
    base_url: ClassVar[str] = "https://gateway.example"

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        recorded = stories(self.adapter)
        # The first of each verb and outcome stands for the others in the long test.
        examples = {(s.verb, s.outcome["status"]): s for s in recorded[::-1] if s.exchanges}
        wanted: dict[str, Sequence[Any]] = {
            "story": recorded,
            "asking": [story for story in recorded if story.exchanges],
            "example": list(examples.values()),
            "told": [story for story in recorded if story.verb == "notification"],
            "unclear": list(faults.UNKNOWN.items()),
            "not_charged": list(faults.NOT_CHARGED.items()),
            "unanswered": list({**faults.NOT_CHARGED, **faults.UNKNOWN}.items()),
        }
        for name, values in wanted.items():
            if name in metafunc.fixturenames:
                ids = [v.file if isinstance(v, Story) else v[0] for v in values]
                metafunc.parametrize(name, values, ids=ids)

    # Recorded exchanges

    async def test_replayed(self, story: Story) -> None:
        script = Script(story)
        outcome = await self.play(story, script)
        check_requests(story, script.requests)
        check_outcome(story, outcome)

    async def test_replayed_packed(self, asking: Story) -> None:
        check_outcome(asking, await self.play(asking, Script(asking, packed=True)))

    async def test_base_url_with_a_slash_is_the_same(self, asking: Story) -> None:
        plain, slash = Script(asking), Script(asking)
        await self.play(asking, plain)
        await self.play(asking, slash, base_url=self.base_url + "/")
        assert [r.url for r in slash.requests] == [r.url for r in plain.requests]

    async def test_every_verb_is_recorded(self) -> None:
        recorded = stories(self.adapter)
        verbs = {story.verb for story in recorded}
        assert verbs >= {"pay", "status", "notification"}
        async with self.opened(unreachable) as gateway:
            asks = isinstance(gateway, FindsOperations)
        assert ("operation" in verbs) is asks
        assert len({story.name for story in recorded}) == len(recorded)

    async def test_nothing_in_an_answer_breaks_it(self, example: Story) -> None:
        """Every value of the answer replaced by junk, one at a time."""
        try:
            good = json.loads(example.body(-1))
        except ValueError:
            pytest.skip("not JSON")
        for path in nodes(good):
            for junk in JUNK:
                body = json.dumps(replaced(good, path, junk)).encode()
                status = example.exchanges[-1]["answer"].get("status", 200)
                outcome = await self.play(
                    example, Script(example, last=faults.answering(status)(body))
                )
                assert isinstance(outcome, Outcome), (path, junk)
                msgspec.json.encode(outcome)

    # What a failed call means

    async def test_not_charged_is_lost(self, not_charged: tuple[str, faults.Fault]) -> None:
        outcome, script = await self.broken(self.paying, not_charged[1])
        assert outcome.status is Status.LOST
        assert script.charges

    async def test_unclear_charge_is_pending(self, unclear: tuple[str, faults.Fault]) -> None:
        began = time.monotonic()
        outcome, script = await self.broken(self.paying, unclear[1])
        assert outcome == Outcome(Status.PENDING)
        assert len(script.charges) == 1, "an unclear charge is never sent again"
        assert time.monotonic() - began < LONG

    async def test_failed_query_is_pending(self, unanswered: tuple[str, faults.Fault]) -> None:
        outcome, _ = await self.broken(self.query, unanswered[1])
        assert outcome.status is Status.PENDING
        assert outcome.id is None

    async def test_cancelled_call_stays_cancelled(self) -> None:
        """A server that stops must not read its own cancellation as an answer."""
        script = Script(self.paying, last=faults.silence(b""))
        task = asyncio.create_task(self.play(self.paying, script))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    # What is sent

    async def test_our_key_is_in_every_request(self) -> None:
        async with self.opened(unreachable) as gateway:
            lookup = gateway.can.lookup
        if not lookup:
            pytest.skip("it finds nothing by our key")
        for story in stories(self.adapter):
            if story.verb == "pay" or (story.verb == "status" and not story.given.get("id")):
                script = Script(story)
                await self.play(story, script)
                for request in script.charges:
                    assert samples.KEY in str(request.url) + request.content.decode()

    @pytest.mark.parametrize("money", CURRENCIES, ids=lambda money: money.currency)
    async def test_money_is_sent_exactly(self, money: Money) -> None:
        async with self.opened(unreachable) as gateway:
            if money.exponent not in gateway.can.exponents:
                pytest.skip("it says that it can't")
        async with self.opened(Script(self.paying)) as gateway:
            await gateway.prepare()
            if gateway.takes(money) is not None:
                pytest.skip("it says that it can't just now")
        requests = await self.sent(money=money)
        assert self.side.sent_money(body_of(requests[-1])) == money

    async def test_longest_return_url_arrives_whole(self) -> None:
        longest = OPTIONS[self.adapter].longest_return_url
        assert longest >= len(samples.RETURN_URL)
        url = samples.RETURN_URL + "x" * (longest - len(samples.RETURN_URL))
        requests = await self.sent(return_url=url)
        assert url in unquote(requests[-1].content.decode())

    async def test_no_transaction_type_beyond_what_it_can(self) -> None:
        given = {**self.paying.given, "order": {"transaction_type": "no such type"}}
        outcome, script = await self.broken(self.paying, faults.answering(200), given)
        assert outcome.status is Status.LOST
        assert script.charges == []

    async def test_its_abilities_are_its_own(self) -> None:
        async with self.opened(unreachable) as gateway:
            if not gateway.can.card:
                requests = await self.sent()
                assert samples.CARD_NUMBER not in requests[-1].content.decode()
            else:
                given = {**self.paying.given, "card": None}
                outcome, script = await self.broken(self.paying, faults.answering(200), given)
                assert outcome.status is Status.LOST
                assert script.charges == []

    async def test_a_token_where_it_takes_one(self) -> None:
        """In a card's place and whole, with its code; elsewhere it is never sent."""
        token = "k1t-9f3c0a51-saved"
        card = SavedCard(token, samples.CARD_CODE)
        async with self.opened(unreachable) as gateway:
            can = gateway.can
        assert can.keeps_cards or not can.tokens
        if can.tokens:
            request = (await self.sent(card=card))[-1]
            sent = str(request.url) + request.content.decode()
            assert token in sent
            assert samples.CARD_CODE in request.content.decode()
            assert samples.CARD_NUMBER not in sent
        elif can.card:
            given = {**self.paying.given, "card": {"type": "saved", "token": token}}
            outcome, script = await self.broken(self.paying, faults.answering(200), given)
            assert outcome.status is Status.LOST
            assert script.charges == []

    # Notifications

    async def test_genuine_notification_is_understood(self, told: Story) -> None:
        outcome = await self.play(told, Script(told))
        check_outcome(told, outcome)

    async def test_forged_notification_is_refused(self, told: Story) -> None:
        body = json.dumps(told.notification).encode()
        forgeries = self.side.forgeries(body)
        assert forgeries
        async with self.opened(unreachable) as gateway:
            for name, notice in forgeries.items():
                try:
                    gateway.notification(notice.headers, notice.body)
                except Unauthorized:
                    continue
                pytest.fail(f"taken as genuine: {name}")

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"null", b"[]", b'{"a": 1}', b"\xff\xfe", b"[" * 9]
    )
    async def test_unreadable_notification_says_nothing(self, body: bytes) -> None:
        notice = self.side.genuine(body)
        async with self.opened(unreachable) as gateway:
            try:
                outcome = gateway.notification(notice.headers, notice.body)
            except Unauthorized:
                return  # its proof is inside the body
        assert outcome == Outcome(Status.PENDING)

    # Secrets

    async def test_no_secret_gets_out(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        seen: list[str] = []
        with capture_logs() as logged:
            seen += [repr(outcome) for outcome in await self._everything()]
            seen += [text async for text in self._raised_and_shown()]
        seen += [repr(logged), caplog.text]
        everything = "\n".join(seen)
        assert logged
        for secret in (*self.side.secrets, samples.CARD_NUMBER, samples.CARD_CODE):
            assert secret not in everything

    async def test_an_echoed_card_number_is_not_kept(self) -> None:
        """Gateways are known to say "4005 5500 ... is invalid"."""
        number = samples.CARD_NUMBER
        spaced = " ".join(number[i : i + 4] for i in range(0, 16, 4))
        tried = 0
        for story in stories(self.adapter):
            if story.verb != "pay" or not story.body(-1).startswith(b"{"):
                continue
            answer = json.loads(story.body(-1))
            for place in nodes(answer):
                if "message" in str(place[-1]) or "description" in str(place[-1]):
                    answer = replaced(answer, place, f"Card {number} or {spaced} is wrong")
                    tried += 1
            status = story.exchanges[-1]["answer"].get("status", 200)
            last = faults.answering(status)(json.dumps(answer).encode())
            outcome = await self.play(story, Script(story, last=last))
            assert number not in repr(outcome)
            assert spaced not in repr(outcome)
        assert tried

    async def _everything(self) -> list[Outcome]:
        found = [await self.play(story, Script(story)) for story in stories(self.adapter)]
        for fault in (*faults.NOT_CHARGED.values(), *faults.UNKNOWN.values()):
            found += [(await self.broken(story, fault))[0] for story in (self.paying, self.query)]
        return found

    async def _raised_and_shown(self) -> AsyncIterator[str]:
        options = self.side.options(self.base_url)
        yield repr(options)
        yield repr(options.__rich_repr__())
        async with self.opened(unreachable) as gateway:
            yield repr(gateway)
            for notice in self.side.forgeries(b"{}").values():
                with pytest.raises(Unauthorized) as refused:
                    gateway.notification(notice.headers, notice.body)
                yield repr(refused.value)

    # How the tests above do it

    @property
    def paying(self) -> Story:
        """The first recorded charge that went well."""
        fine = {*WON, Status.ACTION}
        return next(
            story
            for story in stories(self.adapter)
            if story.verb == "pay" and story.outcome["status"] in fine
        )

    @property
    def query(self) -> Story:
        return next(story for story in stories(self.adapter) if story.verb == "status")

    @asynccontextmanager
    async def opened(
        self, answer: Answerer, base_url: str | None = None, seconds: float = LONG
    ) -> AsyncIterator[Gateway]:
        async with httpx.MockTransport(answer) as transport:
            options = self.side.options(base_url or self.base_url)
            gateway: Gateway = open_gateway(
                self.adapter, options, transport, charge_seconds=seconds, query_seconds=seconds
            )
            yield gateway

    async def play(
        self,
        story: Story,
        script: Script,
        *,
        given: Mapping[str, Any] | None = None,
        base_url: str | None = None,
        seconds: float = LONG,
    ) -> Outcome:
        given = story.given if given is None else given
        async with self.opened(script, base_url, seconds) as gateway:
            match story.verb:
                case "pay":
                    return await gateway.pay(samples.charge(given))
                case "status":
                    return await gateway.status(samples.reference(given))
                case "notification":
                    notice = self.side.genuine(json.dumps(story.notification).encode())
                    return gateway.notification(notice.headers, notice.body)
                case "operation":
                    about = dict(given)
                    asked = msgspec.convert(about.pop("asked"), Asked)
                    assert isinstance(gateway, FindsOperations)
                    return await gateway.operation_status(samples.reference(about), asked)
                case other:
                    raise AssertionError(other)

    async def broken(
        self, story: Story, fault: faults.Fault, given: Mapping[str, Any] | None = None
    ) -> tuple[Outcome, Script]:
        script = Script(story, last=fault(story.body(-1)))
        seconds = SHORT if fault in faults.ENDLESS else LONG
        return await self.play(story, script, given=given, seconds=seconds), script

    async def sent(self, **changes: Any) -> list[httpx.Request]:
        """The requests of a charge with some values changed."""
        charge = msgspec.structs.replace(samples.charge(self.paying.given), **changes)
        if "money" in changes:
            order = msgspec.structs.replace(charge.order, money=changes["money"])
            charge = msgspec.structs.replace(charge, order=order)
        script = Script(self.paying, last=faults.answering(500)(b""))
        async with self.opened(script) as gateway:
            await gateway.pay(charge)
        return script.requests


async def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network in this test", request=request)
