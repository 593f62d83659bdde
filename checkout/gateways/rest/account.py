"""The shop's account at the REST gateway: its token, and signed calls.

Every call carries the token and a checksum. 401 proves that nothing was done: the token is
dropped and the call made once more with a fresh one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, Final, Protocol

import structlog

from checkout.gateways.client import GatewayClient, GatewayResponse
from checkout.gateways.rest.options import Options
from checkout.gateways.rest.response import stated
from checkout.gateways.rest.signature import Proof
from checkout.gateways.rest.token import Token
from checkout.model.outcome import UNKNOWN, DeclineReason, Outcome
from checkout.model.status import Status

LONGEST_TOKEN: Final = 4096
_TOKEN: Final = re.compile(r"[!-~]+", re.ASCII)  # what a header may carry

Reader = Mapping[str, str]

log = structlog.get_logger(__name__)


class Send(Protocol):
    """`GatewayClient.charge` or `GatewayClient.query`."""

    def __call__(
        self,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        seconds: float,
        renewable: bool,
    ) -> Awaitable[GatewayResponse | Outcome]: ...


class Account:
    """Sends for one account. `proof`: what the checksum is over. `name`: what the log calls a path
    that has more in it than a log should."""

    def __init__(self, options: Options, client: GatewayClient) -> None:
        self._options = options
        self._client = client
        self._token = Token(self._fetch_token)

    async def charge(
        self, path: str, body: Reader, proof: Proof, name: str | None = None
    ) -> GatewayResponse | Outcome:
        """Send what may move money, once. NOT_SENT: nothing was sent, or the gateway refused it
        unread."""
        charge = partial(self._client.charge, name=name)
        answer = await self._send(charge, self._client.charge_seconds, path, body, proof)
        return (
            Outcome(Status.NOT_SENT, reason=answer) if isinstance(answer, DeclineReason) else answer
        )

    async def query(self, path: str, body: Reader, proof: Proof) -> GatewayResponse | Outcome:
        """Send a question; any failure means that we still don't know."""
        query = partial(self._client.query, method="POST")
        answer = await self._send(query, self._client.query_seconds, path, body, proof)
        if answer is DeclineReason.CREDENTIALS:
            return Outcome(Status.PENDING, reason=answer)
        return UNKNOWN if isinstance(answer, DeclineReason) else answer

    async def _send(
        self, send: Send, seconds: float, path: str, body: Reader, proof: Proof
    ) -> GatewayResponse | Outcome | DeclineReason:
        """Send within `seconds` in all. A DeclineReason: why nothing was done."""
        until = time.monotonic() + seconds
        body = dict(body) | self._authentication(proof)
        token = await self._token.get(seconds)
        if isinstance(token, DeclineReason):
            return token
        answer = await _within(until, send, path, body, token, renewable=True)
        if not isinstance(answer, GatewayResponse) or answer.status != 401:
            return answer
        log.info("gateway.token_refused")
        self._token.drop(token)
        token = await self._token.get(until - time.monotonic())
        if isinstance(token, DeclineReason):
            return token
        return await _within(until, send, path, body, token, renewable=False)

    def _authentication(self, proof: Proof) -> dict[str, str]:
        own = self._options
        fields = {
            "authentication.memberId": own.member_id,
            "authentication.checksum": proof.made_with(own.member_id, own.secure_key),
        }
        return fields | ({"authentication.terminalId": own.terminal_id} if own.terminal_id else {})

    async def _fetch_token(self, seconds: float) -> str | DeclineReason:
        own = self._options
        fields = {"authentication.sKey": own.secure_key}
        if own.token_by == "member":
            fields["authentication.memberId"] = own.member_id
        elif own.partner_id is not None:
            fields["authentication.partnerId"] = own.partner_id
        if own.username is not None:
            fields["merchant.username"] = own.username
        limit = min(seconds, self._client.query_seconds)
        answer = await self._client.query(own.token_path, fields, method="POST", seconds=limit)
        if isinstance(answer, Outcome):
            return answer.reason or DeclineReason.UNREACHABLE
        data = answer.data if isinstance(answer.data, dict) else {}
        token = stated(data, "AuthToken", LONGEST_TOKEN)
        if token is not None and _TOKEN.fullmatch(token):
            return token
        if "result" not in data:
            return DeclineReason.UNREACHABLE
        log.error("gateway.refused_us", path=own.token_path, status=answer.status, alert=True)
        return DeclineReason.CREDENTIALS


async def _within(
    until: float, send: Send, path: str, body: Reader, token: str, *, renewable: bool
) -> GatewayResponse | Outcome | DeclineReason:
    """The rest of the deadline is for this call; when it is over, nothing is sent."""
    left = until - time.monotonic()
    if left <= 0:
        return DeclineReason.UNREACHABLE
    return await send(path, body, {"AuthToken": token}, seconds=left, renewable=renewable)
