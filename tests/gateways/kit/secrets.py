"""What must not get out: the account's secrets and the card, by no log, error, repr or outcome."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from checkout.errors import Unauthorized
from checkout.gateways.base import Options
from checkout.model.outcome import Outcome
from checkout.model.validation.reader import Reader
from checkout.settings.accounts import read_account
from tests.gateways import faults, samples
from tests.gateways.kit.harness import Harness, unreachable
from tests.gateways.replay import RecordedExchange, Script, body_at, nodes, replaced


class Secrets(Harness):
    async def test_no_secret_gets_out(self) -> None:
        seen: list[str] = []
        with capture_logs() as logged, _all_logs(seen):
            seen += [repr(outcome) for outcome in await self._everything()]
            seen += [text async for text in self._raised_and_shown()]
        assert logged
        everything = "\n".join([*seen, repr(logged)])
        for secret in (*self.side.secrets, samples.CARD_NUMBER, samples.CARD_CODE):
            assert secret not in everything

    async def test_no_secret_is_in_an_error_of_its_options(self) -> None:
        """Each setting wrong in turn: what is told is which, and why; never what stands there."""
        good = msgspec.structs.asdict(self.side.options(self.base_url))
        for name, value in good.items():
            for wrong in _wrong(value):
                table = {**good, name: wrong}
                for said in (*self._refused(table), *self._refused_settings(table)):
                    for secret in self._secrets_in(good):
                        assert secret not in said, (name, said)

    async def test_an_echoed_card_number_is_not_kept(self, act: RecordedExchange) -> None:
        """Gateways are known to say "4005 5500 ... is invalid", and not in their sentences alone:
        it stands in each of their fields in turn, by itself and among words."""
        if not act.body(-1).startswith(b"{"):
            pytest.skip("not JSON")
        number, answer = samples.CARD_NUMBER, json.loads(act.body(-1))
        spaced = " ".join(number[i : i + 4] for i in range(0, 16, 4))
        status = act.exchanges[-1]["answer"].get("status", 200)
        for place in nodes(answer):
            if not isinstance(body_at(answer, place), str):
                continue
            for said in (number, spaced, f"Card {number} or {spaced} is wrong"):
                echo = json.dumps(replaced(answer, place, said)).encode()
                with capture_logs() as logged:
                    last = faults.answering(status)(echo)
                    outcome = await self.play(act, Script(act, last=last))
                told = f"{_shown(outcome)!r} {logged}"
                assert number not in told, place
                assert spaced not in told, place

    async def test_an_echoed_card_number_is_not_told(self, told: RecordedExchange) -> None:
        """Nor by a notification."""
        for place in nodes(told.notification):
            if isinstance(body_at(told.notification, place), str):
                body = json.dumps(replaced(told.notification, place, samples.CARD_NUMBER)).encode()
                async with self.opened(unreachable) as gateway:
                    try:
                        outcome = gateway.notification(*self.side.genuine(body))
                    except Unauthorized:
                        continue
                assert samples.CARD_NUMBER not in repr(_shown(outcome)), place

    def test_a_sentence_of_the_gateways_is_recorded(self) -> None:
        """So that the test above tests something."""
        said = b"".join(s.body(-1) for s in self.recorded_exchanges() if s.verb == "pay")
        assert b"message" in said or b"description" in said

    def _refused(self, table: Mapping[str, Any]) -> Iterator[str]:
        try:
            msgspec.convert(table, self.code().options)
            self.code().options(**table)
        except (msgspec.ValidationError, ValueError) as error:
            yield "".join(traceback.format_exception(error, limit=0))
        except TypeError:
            pass  # Python's own, of a value that no settings file could give

    def _refused_settings(self, table: Mapping[str, Any]) -> Iterator[str]:
        adapters: dict[str, type[Options]] = {self.adapter: self.code().options}
        said = {name: value for name, value in table.items() if value is not None}
        fields = Reader({"adapter": self.adapter, **said}, shown="gateways.a")
        account = read_account(fields, "a", adapters, sandbox=True)
        yield f"{fields.problems!r} {account!r}"

    def _secrets_in(self, good: Mapping[str, Any]) -> list[str]:
        return [secret for secret in self.side.secrets if secret in repr(list(good.values()))]

    async def _everything(self) -> list[Outcome]:
        said = [
            await self.play(recorded, Script(recorded)) for recorded in self.recorded_exchanges()
        ]
        failed = [
            (await self.broken(act, fault))[0]
            for act in self.acts().values()
            for fault in (*faults.NOT_CHARGED.values(), *faults.UNKNOWN.values())
        ]
        return said + failed

    async def _raised_and_shown(self) -> AsyncIterator[str]:
        options = self.side.options(self.base_url)
        yield repr(options)
        yield repr(options.__rich_repr__())
        async with self.opened(unreachable) as gateway:
            yield repr(gateway)
            await gateway.prepare()
            yield f"{gateway.describe()!r} {gateway.refusal_of_amount(samples.CHARGE.money)}"
            yield repr(gateway.input_fields("en"))
            for notice in self.side.forgeries(b"{}").values():
                with pytest.raises(Unauthorized) as refused:
                    gateway.notification(*notice)
                yield repr(refused.value)


def _shown(outcome: Outcome) -> Outcome:
    """Without what finds the payment again at the gateway, which its back office calls by it, and
    without where the customer has to go, which nobody but the gateway can mend: where the number
    that was sent comes back in these, `flow` drops them."""
    facts = msgspec.structs.replace(outcome.facts, parent=None)
    return msgspec.structs.replace(outcome, id=None, next_action=None, notice=None, facts=facts)


def _wrong(value: Any) -> Iterator[Any]:
    """What could stand there by mistake, with what should stand there in it."""
    yield from ("", " ", 7, True, [value], {"x": value}, [[value]])
    if isinstance(value, str):
        yield from (f"{value} ", f"{value}\n", f"{value}:{value}", f"{value}|{value}", value * 99)
        yield from (f"{{{value}}}", value.encode().hex(), f"\x00{value}", f"é{value}")
    if isinstance(value, dict):
        yield from ({name: [each] for name, each in value.items()}, {"": "x"}, {"x": "{y}"})


@contextmanager
def _all_logs(seen: list[str]) -> Iterator[None]:
    """What any library logs, at every level."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage() + str(record.exc_text or record.exc_info or ""))

    root, handler = logging.getLogger(), Handler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
