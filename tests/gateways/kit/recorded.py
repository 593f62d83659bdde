"""Recorded exchanges, played as they are; and that there is one for each thing that it does."""

from __future__ import annotations

from checkout.gateways.base import VERBS, has_verb
from tests.gateways.kit.harness import Harness, unreachable
from tests.gateways.replay import RecordedExchange, Script, check_outcome, check_requests


class Recorded(Harness):
    async def test_replayed(self, recorded: RecordedExchange) -> None:
        script = Script(recorded)
        outcome = await self.play(recorded, script)
        check_requests(recorded, script.requests)
        check_outcome(recorded, outcome)

    async def test_replayed_packed(self, asking: RecordedExchange) -> None:
        check_outcome(asking, await self.play(asking, Script(asking, packed=True)))

    async def test_base_url_with_a_slash_is_the_same(self, asking: RecordedExchange) -> None:
        plain, slash = Script(asking), Script(asking)
        await self.play(asking, plain)
        await self.play(asking, slash, base_url=self.base_url + "/")
        assert [r.url for r in slash.requests] == [r.url for r in plain.requests]

    async def test_everything_that_it_can_is_recorded(self) -> None:
        recorded = self.recorded_exchanges()
        async with self.opened(unreachable) as gateway:
            can, verbs = gateway.capabilities, {verb for verb in VERBS if has_verb(gateway, verb)}
        acts = {act.partition(" ")[0] if "pay " not in act else act for act in self.acts()}
        kinds = {
            "": can.transaction_types,
            " alone": can.merchant_initiated,
            " series": can.recurring,
        }
        wanted = {f"pay {kind}{how}" for how, found in kinds.items() for kind in found}
        assert acts == wanted | verbs | {"status"}
        assert "notification" in {recorded.verb for recorded in recorded}
        assert len({recorded.name for recorded in recorded}) == len(recorded)
