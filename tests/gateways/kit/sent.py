"""What is sent: our key, the money to the last unit, the right parent, the account's proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

import httpx
import msgspec

from checkout.gateways.base import Capabilities
from checkout.model.money import Money
from checkout.model.order import TOKENIZATION
from checkout.model.status import Status
from tests.gateways import faults, samples
from tests.gateways.kit.harness import Harness, act_of, references, unreachable
from tests.gateways.replay import RecordedExchange, Script, body_of, flat

# Whole and part. No, two, three and four decimals; and as an account may count.
MONEY = {
    f"{money.currency} {money.minor} with {money.exponent}": (money, part)
    for money, part in (
        (Money(1999, "JPY"), Money(1, "JPY")),
        (Money(1999, "EUR"), Money(1007, "EUR")),
        (Money(1, "EUR"), Money(1, "EUR")),
        (Money(1999, "KWD"), Money(5, "KWD")),
        (Money(19999, "CLF"), Money(10, "CLF")),
        (Money(1999, "IDR", 0), Money(10, "IDR", 0)),
        (Money(1999, "UGX", 2), Money(110, "UGX", 2)),
        (Money(1990, "IQD", 0), Money(7, "IQD", 0)),
    )
}
WALLET = "$begateway_google_pay_1_0_0$eyJ0ZXN0Ijp0cnVlfQ=="
TOKEN = "k1t-9f3c0a51-saved"
OTHERS: tuple[dict[str, str], ...] = ({}, {"parent": "p-2"}, {"capture": "c-3"})


class Sent(Harness):
    @classmethod
    def wanted(cls) -> dict[str, Mapping[str, Any]]:
        return super().wanted() | {"sums": MONEY}

    async def test_our_key_is_in_every_request(self, act: RecordedExchange) -> None:
        """In its headers, its address or its body; what has no key of ours names the payment."""
        request = await self.sent(act)
        can = await self._can()
        for keys in self._keys(act, can):
            said = all_of(request)
            found = next((key for key in keys if key in said), self.side.named(request))
            assert found in keys, f"none of {keys} in {request.method} {request.url}"

    async def test_the_same_call_is_the_same_request(self, sending: RecordedExchange) -> None:
        """So that a gateway which knows repeated calls by their header or key knows this one."""
        first, second = await self.sent(sending), await self.sent(sending)
        assert (first.method, first.url, first.content) == (
            second.method,
            second.url,
            second.content,
        )
        assert first.headers == second.headers

    async def test_another_operation_has_another_key(self, keyed: RecordedExchange) -> None:
        key = "another-0b1c-key-2"
        first = await self.sent(keyed)
        second = await self.sent(keyed, {"ordered": {"key": key}})
        assert key in all_of(second)
        changed = {name for name, value in second.headers.items() if first.headers[name] != value}
        assert changed <= {"content-length"} or changed & {"requestid", "idempotency-key"}

    async def test_money_is_sent_exactly(
        self, paying: RecordedExchange, sums: tuple[Money, Money]
    ) -> None:
        for money in sums:
            changes = {"money": plain(money), "order": {"money": plain(money)}}
            if keeps(paying):
                request = await self.sent(paying, changes)
                assert self.side.sent_money(request, money) in (None, money)
            elif await self._takes(money):
                request = await self.sent(paying, changes)
                sent = self.side.sent_money(request, money)
                assert sent == money
                assert type(sent.minor) is int, "money is never a float"
            else:
                await self._sends_nothing(paying, changes)

    async def test_operations_send_their_money_exactly(
        self, operating: RecordedExchange, sums: tuple[Money, Money]
    ) -> None:
        """Of what it does in whole alone, less than the payment is what others have left of it."""
        whole, _ = sums
        in_whole = operating.verb in (await self._can()).full_amount_only
        for money in sums:
            changes = {"money": plain(whole), "ordered": {"money": plain(money)}}
            given = samples.changed(operating.given, changes)
            outcome, script = await self.broken(operating, faults.answering(500), given)
            if not script.charges:
                assert outcome.status is Status.NOT_SENT
                assert not await self._takes(money) or (in_whole and money != whole)
                continue
            assert await self._takes(money)
            sent = self.side.sent_money(script.charges[-1], money)
            assert sent == money or (sent is None and in_whole and money == whole)
            assert sent is None or type(sent.minor) is int, "money is never a float"

    async def test_operations_name_the_right_parent(self, operating: RecordedExchange) -> None:
        for others in OTHERS:
            request = await self.sent(operating, others)
            about, _, _ = references({**operating.given, **others})
            assert self.side.named(request) == self.side.parent(operating.verb, about), others

    async def test_every_request_is_proved_to_be_ours(self, act: RecordedExchange) -> None:
        script = Script(act)
        await self.play(act, script)
        for request in script.requests:
            assert self.side.signed(request), f"{request.method} {request.url}"
        bare = httpx.Request(script.requests[-1].method, self.base_url)
        assert not self.side.signed(bare), "the kit's own side takes anything for proved"

    async def test_longest_return_url_arrives_whole(self) -> None:
        longest = self.code().options.longest_return_url
        assert longest >= len(samples.RETURN_URL)
        url = samples.RETURN_URL + "x" * (longest - len(samples.RETURN_URL))
        request = await self.sent(self.paying, {"return_url": url})
        assert url in unquote(request.content.decode())

    async def test_no_transaction_type_beyond_what_it_can(self) -> None:
        await self._sends_nothing(self.paying, {"order": {"transaction_type": "no such type"}})

    async def test_its_abilities_are_its_own(self) -> None:
        if (await self._can()).card:
            await self._sends_nothing(self.paying, {"card": None})
        else:
            request = await self.sent(
                self.paying, {"card": msgspec.to_builtins(samples.CHARGE.card)}
            )
            assert samples.CARD_NUMBER not in request.content.decode()

    async def test_its_account_is_as_its_settings_say(self) -> None:
        for code in ("required", "optional"):
            async with self.opened(unreachable, decimals={"IDR": 0}, code=code) as gateway:
                assert gateway.capabilities.decimals == {"IDR": 0}
                assert gateway.capabilities.code_optional is (code == "optional")

    async def test_a_card_without_its_code(self) -> None:
        """Where the account takes such: the field is left out, not sent empty."""
        if not (await self._can()).card:
            return
        bodies = []
        for code in (samples.CARD_CODE, ""):
            given = samples.changed(self.paying.given, {"card": {"code": code}})
            script = Script(self.paying, last=faults.answering(500)(b""))
            async with self.opened(script, code="optional") as gateway:
                await gateway.pay(samples.charge(given))
            bodies.append(flat(body_of(script.charges[-1])))
        with_it, without = bodies
        places = {name for name, value in with_it.items() if value == samples.CARD_CODE}
        assert places
        assert not places & set(without)
        assert {name: with_it[name] for name in with_it.keys() - places} == without

    async def test_a_token_where_it_takes_one(self) -> None:
        """In a card's place and whole, with its code; elsewhere it is never sent."""
        can = await self._can()
        saved = {"type": "saved", "token": TOKEN, "code": samples.CARD_CODE}
        assert can.tokenizes or not can.accepts_tokens
        if can.accepts_tokens:
            said = all_of(await self.sent(self.paying, {"card": saved}))
            assert TOKEN in said
            assert samples.CARD_CODE in said
            assert samples.CARD_NUMBER not in said
        elif can.card:
            await self._sends_nothing(self.paying, {"card": saved})

    async def test_a_wallet_where_it_takes_one(self) -> None:
        """What a wallet gave goes whole, and no card beside it; elsewhere it is never sent."""
        can = await self._can()
        wallet = {"type": "wallet", "token": WALLET}
        if can.wallets:
            said = all_of(await self.sent(self.paying, {"card": wallet}))
            assert WALLET in said
            assert samples.CARD_NUMBER not in said
            assert samples.CARD_CODE not in said
        elif can.card:
            await self._sends_nothing(self.paying, {"card": wallet})

    def _keys(self, act: RecordedExchange, can: Capabilities) -> Iterator[tuple[str, ...]]:
        """Of each set of keys one must be in a request."""
        about = act.given.get("id")
        match act.verb:
            case "pay" if can.lookup_by_key:
                yield (samples.KEY,)
            case "status":
                yield (about or samples.KEY,)
            case "operation" if self.side.operation_keys:
                asked = act.given["asked"]
                yield tuple(key for key in (asked["id"], asked["key"]) if key)
            case "capture" | "void" | "refund" if self.side.operation_keys:
                yield (samples.OPERATION,)
            case "operation" | "capture" | "void" | "refund" | "confirm" | "withdraw":
                yield (about or samples.KEY,)

    async def _can(self) -> Capabilities:
        async with self.opened(unreachable) as gateway:
            return gateway.capabilities

    async def _takes(self, money: Money) -> bool:
        """By its abilities, and by what it learns from the gateway beforehand."""
        async with self.opened(Script(self.paying)) as gateway:
            await gateway.prepare()
            can, why = gateway.capabilities, gateway.refusal_of_amount(money)
        known = can.currencies is None or money.currency in can.currencies
        return money.exponent in can.exponents and known and why is None

    async def _sends_nothing(self, recorded: RecordedExchange, changes: Mapping[str, Any]) -> None:
        given = samples.changed(recorded.given, changes)
        outcome, script = await self.broken(recorded, faults.answering(200), given)
        assert outcome.status is Status.NOT_SENT
        assert script.charges == []


def keeps(recorded: RecordedExchange) -> bool:
    """A card is kept for later: no money moves, and some gateways are told none."""
    return act_of(recorded) == f"pay {TOKENIZATION}"


def plain(money: Money) -> dict[str, Any]:
    return {"minor": money.minor, "currency": money.currency, "decimals": money.decimals}


def all_of(request: httpx.Request) -> str:
    """Everything that a request says."""
    body = request.content.decode()
    values = request.headers.values()
    return "\n".join([unquote(str(request.url)), *values, body, unquote_plus(body)])
