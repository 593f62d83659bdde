"""The tests that every gateway has to pass.

    class TestSomeGateway(Conformance):
        adapter = "some_gateway"
        side = SomeSide()

and recorded exchanges in `recorded/some_gateway/` beside the test give a gateway all of them: see
docs/adding-a-gateway.md. Nothing of ours is patched; the network is an `httpx.MockTransport`.

    recorded   what was said once, played again      words     junk, and words that no table has
    failures   what a failed call means              params    a shop's own parameters
    sent       key, money, parent, proof             notices   notifications
    secrets    what must not get out                 details   what is declared is what is sent
    harness    how all of them play a gateway

    transports what carries the requests, whichever gateway it is: tests of their own
"""

from __future__ import annotations

from tests.gateways.kit.details import Details
from tests.gateways.kit.failures import Failures
from tests.gateways.kit.harness import Notice, Side, unreachable
from tests.gateways.kit.notices import Notices
from tests.gateways.kit.params import Params
from tests.gateways.kit.recorded import Recorded
from tests.gateways.kit.secrets import Secrets
from tests.gateways.kit.sent import Sent
from tests.gateways.kit.words import Words

__all__ = ["Conformance", "Notice", "Side", "unreachable"]


class Conformance(Recorded, Failures, Sent, Details, Words, Params, Notices, Secrets):
    """All of them."""
