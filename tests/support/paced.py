"""In checkout's own process: checkout as it is, but for its schedule."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from checkout import log
from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.ledger.migrate import migrate
from checkout.listening import listen
from checkout.payments.schedule import Schedule
from checkout.process import end_with_parent
from checkout.settings import load
from checkout.web.load_shedding import LoadShedder
from tests.support.stepped_clock import SteppedClock


def serve(
    config: str,
    port: int,
    schedule: dict[str, float] | None = None,
    load_at_once: dict[str, int] | None = None,
    workers: int = 1,
    grace: int = 3,
    clock: str | None = None,
) -> None:
    """`schedule`: seconds that are otherwise than in production; `load_at_once`: how much is
    taken; `clock`: the file of a `SteppedClock`."""
    os.environ["CHECKOUT_CONFIG"] = config
    os.environ["CHECKOUT_TEST_SCHEDULE"] = json.dumps(schedule or {})
    os.environ["CHECKOUT_TEST_LOAD"] = json.dumps(load_at_once or {})
    if clock is not None:
        os.environ["CHECKOUT_TEST_CLOCK"] = clock
    migrate(load(Path(config), os.environ, OPTIONS).database)
    target = "tests.support.paced:app"
    listen(target, host="127.0.0.1", port=port, workers=workers, grace=grace)


def app() -> Any:
    """For each worker."""
    log.configure()
    end_with_parent()
    settings = load(Path(os.environ["CHECKOUT_CONFIG"]), os.environ, OPTIONS)
    schedule = Schedule.of(json.loads(os.environ["CHECKOUT_TEST_SCHEDULE"]))
    shedder = LoadShedder(**json.loads(os.environ["CHECKOUT_TEST_LOAD"]))
    stepped = os.environ.get("CHECKOUT_TEST_CLOCK")
    clock = SteppedClock(Path(stepped)) if stepped else time.time
    return create_app(settings, schedule=schedule, load=shedder, clock=clock)
