"""Runs all scenarios, over a checkout and gateways of the drill's own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Final

import httpx
from msgspec import Struct

from checkout.app import open_context
from checkout.drill.checks import Check, Checks, Patience
from checkout.drill.customer import Refused
from checkout.drill.scenario_run import ScenarioRun, TimedOut
from checkout.drill.scenarios import SCENARIOS, Scenario
from checkout.drill.shop import Shop, Unusable
from checkout.drill.webhooks import Webhooks
from checkout.gateways import OPTIONS
from checkout.local_servers import SHOP, LocalServers, running, sandbox_arguments, start, wait_for
from checkout.payments.schedule import Schedule
from checkout.settings import Settings, load

RUN_SERVER: Final = (
    "import sys; from checkout.drill.server import serve; "
    "serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))"
)

SETTINGS: Final = """
[limits]
submits_per_payment = 1000
declines_per_address_10min = 100000
declines_per_bin_10min = 100000
declines_per_shop_10min = 100000
payments_per_address_10min = 100000
openings_per_address_10min = 100000
"""
"""The drill declines many cards from one address, as an attacker would."""


class Result(Struct, frozen=True, kw_only=True):
    """`error`: why the scenario could not be run to its end."""

    scenario: Scenario
    checks: list[Check]
    error: str | None

    @property
    def passed(self) -> bool:
        return self.error is None and all(check.passed for check in self.checks)


@contextmanager
def open_servers(
    servers: LocalServers, host: str, port: int, sandbox_port: int
) -> Iterator[Settings]:
    """checkout and the gateways as processes, until the block ends. Raises NotStarted, BadSettings.

    Their log is in the folder of the servers.
    """
    log = servers.folder / "drill.log"
    with running() as processes:
        processes.append(start(*sandbox_arguments(host, sandbox_port), log=log))
        wait_for(processes, f"{servers.sandbox}/sandbox/public_key")
        config = servers.write_settings(SETTINGS)
        settings = load(config, os.environ, OPTIONS)
        processes.append(start("-c", RUN_SERVER, str(config), host, str(port), log=log))
        wait_for(processes, f"http://{host}:{port}/health/ready")
        yield settings


async def drill(
    shop: Shop,
    settings: Settings,
    sandbox: str,
    *,
    scenarios: Sequence[Scenario] = SCENARIOS,
    patience: Patience | None = None,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Run every scenario; `on_result` is called as each ends. Raises Unusable when not even a plain
    order can be started and its state be read."""
    found = []
    async with _runs(shop, settings, sandbox, patience or Patience()) as new_run:
        await _preflight(shop, await new_run())
        for scenario in scenarios:
            result = await _play(scenario, await new_run())
            on_result(result)
            found.append(result)
    return found


NewRun = Callable[[], Awaitable[ScenarioRun]]


@asynccontextmanager
async def _runs(
    shop: Shop, settings: Settings, sandbox: str, patience: Patience
) -> AsyncIterator[NewRun]:
    async with open_context(settings, schedule=Schedule()) as context, _browser() as http:

        async def new_run() -> ScenarioRun:
            # Cards and amounts of the scenario before must not count as duplicates, and the
            # sandbox must not notify checkout by itself.
            await http.post(f"{sandbox}/sandbox/reset")
            await http.post(f"{sandbox}/sandbox/behaviour", json={"notifications": "lost"})
            webhooks = Webhooks(http, settings.shops[SHOP])
            checks = Checks(shop, patience)
            return ScenarioRun(shop, context, webhooks, sandbox, _browser, checks)

        yield new_run


def _browser() -> httpx.AsyncClient:
    """A client with cookies of its own; the certificates are read once for all."""
    return httpx.AsyncClient(
        timeout=30, trust_env=False, follow_redirects=False, verify=_certificates()
    )


_certificates = cache(httpx.create_ssl_context)


async def _preflight(shop: Shop, run: ScenarioRun) -> None:
    """Check that an order can be started and is not paid before anything has happened."""
    try:
        state = await shop.order_state(await run.order())
        if state.paid:
            raise Unusable(f"--state: an order that nobody has paid is {state.status!r} already")
    except (Refused, TimedOut, httpx.HTTPError) as error:
        raise Unusable(f"--start: {_reason(error)}") from None
    finally:
        await run.close()


async def _play(scenario: Scenario, run: ScenarioRun) -> Result:
    error = None
    try:
        await scenario.play(run)
    except (Refused, TimedOut, Unusable, httpx.HTTPError) as problem:
        error = _reason(problem)
    finally:
        await run.close()
    return Result(scenario=scenario, checks=run.checks.results, error=error)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
