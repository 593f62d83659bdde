"""What is known of an account's routes: read now and then, by one caller at a time.

Rates move, so a payment takes a fresh one. Methods are offered by a rate that may be a minute old,
or older for a while where the exchanger doesn't answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import structlog

from checkout.gateways.client import GatewayClient, GatewayResponse
from checkout.gateways.exchanger.route import Route, Side, route_in

PATH: Final = "/service/api/v1/public/exchanger/route/get/one"
FRESH: Final = 60.0  # seconds: for what is offered
NOW: Final = 10.0  # for a payment
STALE: Final = 600.0  # after which nothing is offered by it
RETRY: Final = 15.0  # after a failed try
WAIT: Final = 3.0  # for an answer: a customer waits for the page
LANGUAGE: Final = "en"
MOST_MADE: Final = 4096  # sums and questions, for one state of the routes
Key = tuple[str, str]  # a route's id, and the language that it was asked for in

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Routes:
    """The route of an account, and those whose rates its settings name, by currency."""

    def __init__(
        self,
        client: GatewayClient,
        route_id: str,
        rates: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._id = route_id
        self._rate_ids = rates
        self._own = [(each, LANGUAGE) for each in {route_id, *rates.values()}]
        self._seconds = min(client.query_seconds, WAIT)
        self._clock = clock
        self._known: dict[Key, tuple[float, Route]] = {}
        self._failed: dict[Key, float] = {}
        self._lock = asyncio.Lock()
        self._changes = 0
        self._state = (-1, -1)
        self._made: dict[Hashable, Any] = {}

    @property
    def state(self) -> tuple[int, int]:
        """Changes whenever what is known changes, by an answer or by time."""
        now = self._clock()
        return self._changes, sum(now >= at + STALE for at, _ in self._known.values())

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """A value computed from the routes alone, kept until they change: every view of a payment
        page asks for it."""
        state = self.state
        if state != self._state or len(self._made) >= MOST_MADE:
            self._state, self._made = state, {}
        if key not in self._made:
            self._made[key] = work()
        made: T = self._made[key]
        return made

    @property
    def own(self) -> Route | None:
        return self._of((self._id, LANGUAGE))

    @property
    def rates(self) -> dict[str, Route]:
        """Those that are known."""
        found = {name: self._of((each, LANGUAGE)) for name, each in self._rate_ids.items()}
        return {currency: route for currency, route in found.items() if route is not None}

    def labels(self, language: str) -> dict[tuple[Side, str], str]:
        """The names of the route's fields, where the exchanger was asked in that language."""
        route = self._of((self._id, language))
        return {(field.side, field.key): field.label for field in route.fields} if route else {}

    async def learn(self, older: float) -> None:
        """Read those that are as old as so many seconds, or older."""
        await self._learn(self._own, older)

    async def learn_labels(self, languages: Iterable[str], older: float) -> None:
        await self._learn([(self._id, each) for each in languages if each != LANGUAGE], older)

    async def _learn(self, keys: list[Key], older: float) -> None:
        if not any(self._is_due(key, older) for key in keys):
            return
        async with self._lock:  # a caller who waited here finds it read
            due = [key for key in keys if self._is_due(key, older)]
            self._changes += 1
            for key, (answered, route) in zip(
                due, await asyncio.gather(*map(self._read, due)), strict=True
            ):
                if route is not None:
                    self._known[key] = (self._clock(), route)
                    self._failed.pop(key, None)
                    continue
                self._failed[key] = self._clock()
                if answered:  # no such route, or an unusable one
                    self._known.pop(key, None)

    def _is_due(self, key: Key, older: float) -> bool:
        now = self._clock()
        if key in self._failed and now < self._failed[key] + RETRY:
            return False
        return key not in self._known or now >= self._known[key][0] + older

    def _of(self, key: Key) -> Route | None:
        at, route = self._known.get(key, (0.0, None))
        return route if self._clock() < at + STALE else None

    async def _read(self, key: Key) -> tuple[bool, Route | None]:
        """Whether the exchanger answered, and the route."""
        query = urlencode({"id": key[0], "lang": key[1]}, quote_via=quote)
        answer = await self._client.query(f"{PATH}?{query}", seconds=self._seconds)
        answered = isinstance(answer, GatewayResponse)
        route = route_in(answer.data) if isinstance(answer, GatewayResponse) else None
        if route is None:
            log.warning("gateway.route_unread", route=key[0], answered=answered)
        return answered, route
