"""What it says: junk never wins and breaks nothing, a word that no table has decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import pytest

from checkout.errors import Unauthorized
from checkout.model.outcome import Exchanged, Outcome
from checkout.model.status import UNPAID_ENDS, Status
from tests.gateways import faults, samples
from tests.gateways.kit.harness import OPERATES, WINS, Harness, references
from tests.gateways.kit.sent import keeps
from tests.gateways.replay import RecordedExchange, Script, body_at, nodes, replaced

JUNK: tuple[Any, ...] = (None, [], {}, "", "junk", -1, 1, 1.5, True, [[None]], {"a": {"b": []}})
UNSAID = (None, "")  # is a missing field
UNLISTED = ("onthemoon", "un{}", "not {}", "{}ish", "{}.", "{} {}")  # made of the right word
DECIDED = WINS | UNPAID_ENDS

Path = tuple[str | int, ...]


class Words(Harness):
    async def test_nothing_in_an_answer_breaks_it(self, example: RecordedExchange) -> None:
        """Every value of the answer replaced by junk, one at a time."""
        for path, junk, body in _spoilt(_json(example.body(-1))):
            outcome = await self._answered(example, body)
            assert isinstance(outcome, Outcome), (path, junk)
            msgspec.json.encode(outcome)
            assert not self._won(example, outcome, path, junk), (path, junk, outcome)

    async def test_nothing_in_a_notification_breaks_it(self, told: RecordedExchange) -> None:
        for path, junk, body in _spoilt(told.notification):
            outcome = await self._told(told, body)
            if outcome is not None:
                msgspec.json.encode(outcome)
                assert not self._won(told, outcome, path, junk), (path, junk, outcome)

    async def test_an_unlisted_word_decides_nothing(self, winning: RecordedExchange) -> None:
        for word, changed in self._with_unlisted(winning):
            outcome = await self.play(changed, Script(changed))
            assert outcome.status not in DECIDED, (word, outcome)

    async def test_another_transaction_type_is_no_success(self, won: RecordedExchange) -> None:
        """Reserved money and a card that was kept are no payment, though all else is as asked."""
        asked = won.given.get("order", won.given).get("transaction_type", "payment")
        changed = self.side.of_another_type(_json(won.body(-1)), asked)
        if changed is None:
            pytest.skip("its answers state no type")
        outcome = await self._answered(won, json.dumps(changed).encode())
        assert outcome.status not in DECIDED, outcome
        if won.verb == "pay":  # a query may find none of the type that it looks for
            assert outcome.facts.another_type not in (None, asked), outcome

    async def test_an_unlisted_word_in_a_notification_decides_nothing(
        self, told: RecordedExchange
    ) -> None:
        for word, said in self._unlisted(told.notification):
            outcome = await self._told(told, json.dumps(said).encode())
            assert outcome is None or outcome.status not in DECIDED, (word, outcome)
            assert outcome is None or outcome.notice is None, (word, outcome)

    def test_its_words_are_where_its_side_says(self) -> None:
        """So that the tests above test something."""
        for recorded in self.acts().values():
            if recorded.outcome["status"] in WINS and not keeps(recorded):
                assert list(self._unlisted(_json(recorded.body(-1)))), recorded.file
        said = [_json(s.body(-1), strict=False) for s in self.recorded_exchanges() if s.exchanges]
        places = {path for each in said for path in nodes(each)}
        places |= {path for s in self.recorded_exchanges() for path in nodes(s.notification)}
        alone = [(pattern,) for pattern in (*self.side.needed, *self.side.stated)]
        for patterns in (*self.side.words, *alone):
            assert any(_is_one(path, patterns) for path in places), patterns

    def test_only_operations_are_accepted(self) -> None:
        for recorded in self.recorded_exchanges():
            accepted = recorded.outcome["status"] == Status.ACCEPTED
            assert not accepted or recorded.verb in OPERATES | {"operation"}, recorded.file

    def test_a_refused_field_is_no_attempt(self) -> None:
        for recorded in self.recorded_exchanges():
            if recorded.outcome.get("field") is not None:
                assert recorded.outcome["status"] == Status.NOT_SENT, recorded.file
                assert recorded.outcome.get("id") is None, recorded.file

    def _won(self, recorded: RecordedExchange, outcome: Outcome, path: Path, junk: Any) -> bool:
        """Whether junk was taken for success."""
        if outcome.status not in WINS:
            return False
        if _contradicts(recorded, outcome):
            # Of a payment that is compared by whoever asked; of what follows it by the adapter.
            return recorded.verb in OPERATES | {"operation"}
        if any(_leads_to(path, pattern.split(".")) for pattern in self.side.needed):
            return True
        return junk not in UNSAID and _is_one(path, self.side.stated)

    def _with_unlisted(self, recorded: RecordedExchange) -> Iterator[tuple[str, RecordedExchange]]:
        """The same answers with the words of one group made others."""
        answers = [
            _json(recorded.body(place), strict=False) for place in range(len(recorded.exchanges))
        ]
        for word, changed in self._unlisted(answers, ("*",)):
            exchanges = [
                {
                    **each,
                    "answer": {**each["answer"], "body": body or recorded.body(place).decode()},
                }
                for place, (each, body) in enumerate(zip(recorded.exchanges, changed, strict=True))
            ]
            yield word, replace(recorded, exchanges=exchanges)

    def _unlisted(self, said: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
        """The document with the words of one group made others. `before`: above them."""
        for group, form in product(self.side.words, UNLISTED):
            patterns = tuple(".".join((*before, pattern)) for pattern in group)
            changed = said
            for path in nodes(said):
                word = body_at(said, path)
                if _is_one(path, patterns) and isinstance(word, str) and word:
                    changed = replaced(changed, path, form.format(word, word))
            if changed is not said:
                yield f"{'/'.join(group)}: {form}", changed

    async def _answered(self, recorded: RecordedExchange, body: bytes) -> Outcome:
        status = recorded.exchanges[-1]["answer"].get("status", 200)
        return await self.play(recorded, Script(recorded, last=faults.answering(status)(body)))

    async def _told(self, told: RecordedExchange, body: bytes) -> Outcome | None:
        """None: it is refused, as nobody could have proved it."""
        notice = self.side.genuine(body)
        async with self.opened(faults.silence(b"")) as gateway:
            try:
                return gateway.notification(*notice)
            except Unauthorized:
                return None


def _json(body: bytes, *, strict: bool = True) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        if strict:
            pytest.skip("not JSON")
        return None


def _spoilt(good: Any) -> Iterator[tuple[Path, Any, bytes]]:
    for path in nodes(good):
        for junk in JUNK:
            yield path, junk, json.dumps(replaced(good, path, junk)).encode()


def _is_one(path: Path, patterns: tuple[str, ...]) -> bool:
    """Whether a path is one of the patterns."""
    return any(_fits(path, pattern.split(".")) for pattern in patterns)


def _fits(path: Path, pattern: list[str]) -> bool:
    return len(path) == len(pattern) and _leads_to(path, pattern)


def _leads_to(path: Path, pattern: list[str]) -> bool:
    """Whether it is the place, or holds it."""
    return len(path) <= len(pattern) and all(
        part in ("*", str(name)) for part, name in zip(pattern, path, strict=False)
    )


def _contradicts(recorded: RecordedExchange, outcome: Outcome) -> bool:
    """Whether the facts that are stated aren't those of what was asked for, or of what was agreed
    where two sums are exchanged."""
    sums, keys = {samples.CHARGE.money}, {None, samples.KEY}
    if recorded.verb == "pay":
        sums = {samples.charge(recorded.given).money}
    elif recorded.exchanges:
        about, ordered, asked = references(recorded.given)
        sums = {about.money}  # some gateways tell the payment's own with an operation
        if recorded.verb in OPERATES:
            sums, keys = sums | {ordered.money}, keys | {ordered.key}
        elif asked is not None:
            sums, keys = sums | {asked.money or about.money}, keys | {asked.key}
    told, agreed = outcome.facts, recorded.outcome.get("facts", {}).get("exchanged") or {}
    return (
        (told.money is not None and not any(told.money.same_sum(each) for each in sums))
        or (told.amount is not None and told.amount not in {each.minor for each in sums})
        or told.key not in keys
        or any(
            said not in (None, agreed.get(name))
            for name, said in msgspec.structs.asdict(told.exchanged or Exchanged()).items()
        )
    )
