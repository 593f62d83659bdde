"""Notifications: genuine ones understood, forged ones refused, unsigned ones not believed."""

from __future__ import annotations

import json

import pytest

from checkout.errors import Unauthorized
from checkout.model.outcome import UNSIGNED, Outcome
from checkout.model.status import Status
from tests.gateways.kit.harness import Harness, unreachable
from tests.gateways.replay import RecordedExchange, Script, check_outcome

UNREADABLE = (b"", b"{", b"null", b"[]", b'{"a": 1}', b"\xff\xfe", b"[" * 9)


class Notices(Harness):
    async def test_genuine_notification_is_understood(self, told: RecordedExchange) -> None:
        outcome = await self.play(told, Script(told))
        check_outcome(told, outcome)
        assert outcome.unsigned is not self.side.signs

    async def test_forged_notification_is_refused(self, signed: RecordedExchange) -> None:
        body = json.dumps(signed.notification).encode()
        forgeries = self.side.forgeries(body)
        assert forgeries
        async with self.opened(unreachable) as gateway:
            for name, notice in forgeries.items():
                try:
                    gateway.notification(*notice)
                except Unauthorized:
                    continue
                pytest.fail(f"taken as genuine: {name}")

    async def test_unreadable_notification_says_nothing(self) -> None:
        for body in UNREADABLE:
            notice = self.side.genuine(body)
            async with self.opened(unreachable) as gateway:
                try:
                    outcome = gateway.notification(*notice)
                except Unauthorized:
                    continue  # its proof is inside the body
            nothing = Outcome(Status.PENDING) if self.side.signs else UNSIGNED
            assert outcome == nothing, body

    async def test_an_unsigned_one_is_a_hint_whatever_it_says(
        self, unsigned: RecordedExchange
    ) -> None:
        """Anybody can send it: it is told by no word of it, by no id, by no news."""
        body = json.dumps(unsigned.notification).encode()
        proofs: tuple[dict[str, str], ...] = ({}, {"authorization": "x"}, {"signature": "x"})
        async with self.opened(unreachable) as gateway:
            for each in (body, body[:-1], body * 2, b"x" * 100_000, *UNREADABLE):
                for headers in proofs:
                    assert gateway.notification(headers, each) == UNSIGNED
