"""One call of the API: who calls, what the call says, and whether its checksum is right.

All is POST; success and most failures are HTTP 200.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from checkout.sandbox.call_log import annotate
from checkout.sandbox.rest.authentication import Caller, caller_of, key_of
from checkout.sandbox.rest.request import Fields, Refusal, fields_of
from checkout.sandbox.rest.response import Json, http_response, result
from checkout.sandbox.rest.signature import is_signed
from checkout.sandbox.state import HttpRequest, SandboxState, state_of

BASE = "/transactionServices/REST/v1"


class Call(NamedTuple):
    """`fields["name"]` is the last part of the address, where it is no fixed one."""

    request: HttpRequest
    state: SandboxState
    caller: Caller
    fields: Fields

    def check(self, *signed: str, key_last: bool = False) -> str:
        """The member's secure key, once the checksum over `signed` is proved to be made with it."""
        member = self.fields.get("authentication.memberId", "")
        key = key_of(self.state, self.caller, member)
        missing = [name for name in signed if not self.fields.get(name)]
        if missing:
            raise Refusal(f"Validation failed: {', '.join(missing)}")
        values = [self.fields[name] for name in signed]
        stated = self.fields.get("authentication.checksum", "")
        if key is None:
            raise Refusal("Checksum mismatch")
        if not is_signed(stated, member, *([*values, key] if key_last else [key, *values])):
            raise Refusal("Checksum mismatch")
        return key


def handles(path: str, act: Callable[[Call], Json], *, payment: bool = False) -> HTTPRouteHandler:
    """The handler of an address; `payment`: it takes faults."""

    @post(f"{BASE}/{path}", name=f"rest/{path}", status_code=200, opt={"creates_payment": payment})
    async def handle(request: HttpRequest) -> Response[bytes]:
        state = state_of(request)
        await state.simulate_latency()
        fields = await fields_of(request) | request.path_params
        # From here on nothing is awaited: two requests cannot pass each other.
        caller = caller_of(state, request.headers.get("AuthToken", ""))
        if caller is None:
            unauthorized = result("401", "Unauthorized: AuthToken missing or expired")
            return http_response(request, unauthorized, 401)
        annotate(request, tracking_id=fields.get("merchantTransactionId"))
        try:
            return http_response(request, act(Call(request, state, caller, fields)))
        except Refusal as refusal:
            body: Json = {"paymentId": "-"}
            return http_response(request, body | result(refusal.code, refusal.description))

    return handle
