"""The shop's account on one host of Overpay: calls with the Shop ID and the Secret Key."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from checkout.gateways.client import GatewayResponse, HttpGateway
from checkout.gateways.overpay.errors import refusal
from checkout.gateways.overpay.options import Options
from checkout.gateways.overpay.request import request_id
from checkout.gateways.overpay.response import Transaction, transactions
from checkout.gateways.parsing import decode_exact
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status


class Account(HttpGateway[Options]):
    BY_UID: ClassVar[str]  # path, the uid goes after it
    BY_KEY: ClassVar[str]  # path, our key goes after it

    decode = staticmethod(decode_exact)

    def headers(self) -> dict[str, str]:
        credentials = base64.b64encode(self.options.credentials).decode()
        return super().headers() | {"Authorization": f"Basic {credentials}"}

    async def send(
        self, path: str, request: Mapping[str, Any], key: str
    ) -> GatewayResponse | Outcome:
        """Send what may move money, once; the same key makes a repeated call harmless."""
        return await self.client.charge(path, {"request": request}, {"RequestID": request_id(key)})

    def until(self) -> float:
        """The deadline of a query, for all its calls together; of the monotonic clock."""
        return time.monotonic() + self.client.query_seconds

    async def found(self, id: str | None, key: str, until: float) -> list[Transaction] | Outcome:
        """The transactions under the gateway's id or our key; an Outcome where the query failed."""
        path = self.BY_UID + quote(id, safe="") if id else self.BY_KEY + quote(key, safe="")
        answer = await self.client.query(path, seconds=max(until - time.monotonic(), 0))
        if isinstance(answer, Outcome):
            return answer
        if answer.status == 404 and refusal(answer.data) is not None:
            return Outcome(Status.NOT_SENT)
        found = transactions(answer.data) if answer.status < 300 else None
        if found is None:
            return UNKNOWN
        return found or Outcome(Status.NOT_SENT)
