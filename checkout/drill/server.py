"""The drill's checkout: a usual server, but its webhooks stay in the outbox for the drill."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from checkout import log
from checkout.app import create_app
from checkout.gateways import OPTIONS
from checkout.ledger.migrate import migrate
from checkout.listening import listen
from checkout.payments.schedule import Schedule
from checkout.process import end_with_parent, keep_private
from checkout.settings import load

SCHEDULE: Final = Schedule(notify_wait=0.0, recovery_interval=0.2)
"""The result page must not wait for webhooks that the drill delivers later."""


def app() -> object:
    """The application for the server's workers, with the settings of CHECKOUT_CONFIG."""
    end_with_parent()
    log.configure()
    settings = load(Path(os.environ["CHECKOUT_CONFIG"]), os.environ, OPTIONS)
    return create_app(settings, schedule=SCHEDULE, deliver=False)


def serve(config: str, host: str, port: int) -> None:
    """Serve in the foreground, until SIGTERM."""
    os.environ["CHECKOUT_CONFIG"] = config
    keep_private()
    migrate(load(Path(config), os.environ, OPTIONS).database)
    listen("checkout.drill.server:app", host=host, port=port, grace=5)
