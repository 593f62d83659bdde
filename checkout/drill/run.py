"""All disasters in turn, over a checkout and gateways of the drill's own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Final

import httpx
from msgspec import Struct

from checkout.app import open_flow
from checkout.drill.customer import Refused
from checkout.drill.disasters import DISASTERS, Disaster
from checkout.drill.post import Post
from checkout.drill.scene import Check, Patience, Scene, Stuck
from checkout.drill.shop import Shop, Unusable
from checkout.flow.pace import Pace
from checkout.gateways import OPTIONS
from checkout.settings import Settings, load
from checkout.stage import SHOP, Stage, running, sandbox_arguments, start, wait_for

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
    """`error`: why the disaster could not be played to its end."""

    disaster: Disaster
    checks: list[Check]
    error: str | None

    @property
    def passed(self) -> bool:
        return self.error is None and all(check.passed for check in self.checks)


@contextmanager
def open_stage(stage: Stage, host: str, port: int, sandbox_port: int) -> Iterator[Settings]:
    """checkout and the gateways as processes, until the block ends. Raises NotStarted, BadSettings.

    Their log is in the stage's folder.
    """
    log = stage.folder / "drill.log"
    with running() as children:
        children.append(start(*sandbox_arguments(host, sandbox_port), log=log))
        wait_for(children, f"{stage.sandbox}/sandbox/public_key")
        config = stage.write_settings(SETTINGS)
        settings = load(config, os.environ, OPTIONS)
        children.append(start("-c", RUN_SERVER, str(config), host, str(port), log=log))
        wait_for(children, f"http://{host}:{port}/health/ready")
        yield settings


async def drill(
    shop: Shop,
    settings: Settings,
    sandbox: str,
    *,
    disasters: Sequence[Disaster] = DISASTERS,
    patience: Patience | None = None,
    told: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Try every disaster; `told` hears of each as it ends. Raises Unusable when not even a plain
    order can be started and asked about."""
    found = []
    async with _scenes(shop, settings, sandbox, patience or Patience()) as new_scene:
        await _preflight(await new_scene())
        for disaster in disasters:
            result = await _played(disaster, await new_scene())
            told(result)
            found.append(result)
    return found


NewScene = Callable[[], Awaitable[Scene]]


@asynccontextmanager
async def _scenes(
    shop: Shop, settings: Settings, sandbox: str, patience: Patience
) -> AsyncIterator[NewScene]:
    async with open_flow(settings, pace=Pace()) as flow, _browser() as http:

        async def new_scene() -> Scene:
            # Cards and amounts of the disaster before are no duplicates; nothing is told behind
            # the drill's back.
            await http.post(f"{sandbox}/sandbox/reset")
            await http.post(f"{sandbox}/sandbox/behaviour", json={"notifications": "lost"})
            post = Post(http, settings.shops[SHOP])
            return Scene(shop, flow, post, sandbox, _browser, patience)

        yield new_scene


def _browser() -> httpx.AsyncClient:
    """With cookies of its own; the certificates are read once for all."""
    return httpx.AsyncClient(
        timeout=30, trust_env=False, follow_redirects=False, verify=_certificates()
    )


_certificates = cache(httpx.create_ssl_context)


async def _preflight(scene: Scene) -> None:
    """A plain order can be started, and asked about before anything has happened."""
    try:
        known = await scene.know(await scene.order())
        if known.paid:
            raise Unusable(f"--state: an order that nobody has paid is {known.status!r} already")
    except (Refused, Stuck, httpx.HTTPError) as error:
        raise Unusable(f"--start: {_reason(error)}") from None
    finally:
        await scene.close()


async def _played(disaster: Disaster, scene: Scene) -> Result:
    error = None
    try:
        await disaster.play(scene)
    except (Refused, Stuck, Unusable, httpx.HTTPError) as problem:
        error = _reason(problem)
    finally:
        await scene.close()
    return Result(disaster=disaster, checks=scene.checks, error=error)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
