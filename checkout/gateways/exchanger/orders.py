"""The exchanger's calls about orders: `identity` is an order's uid and its secret, with a slash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import structlog

from checkout.gateways.client import GatewayClient, GatewayResponse
from checkout.gateways.exchanger.response import Order, order_in, refusal
from checkout.model.outcome import UNKNOWN, Outcome
from checkout.model.status import Status

API: Final = "/service/api/v1/public/exchanger/order"

log = structlog.get_logger(__name__)


class Orders:
    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    async def create(self, body: Mapping[str, Any]) -> GatewayResponse | Outcome:
        return await self._client.charge(f"{API}/create", body)

    async def read(self, identity: str) -> Order | Outcome:
        """With how it is paid. NOT_SENT: there is no such order."""
        uid, _, secret = identity.partition("/")
        query = {"orderUID": uid, "orderSecret": secret, "type": "payment"}
        answer = await self._client.query(f"{API}/get?{urlencode(query, quote_via=quote)}")
        if isinstance(answer, Outcome):
            return answer
        if answer.status == 404 and refusal(answer.data):
            return Outcome(Status.NOT_SENT)
        order = order_in(answer.data) if answer.status < 300 else None
        if order is None:
            return UNKNOWN
        if order.uid != uid:
            log.error("gateway.another_order", order=uid, alert=True)
            return UNKNOWN
        return order

    async def say(self, identity: str, word: str) -> GatewayResponse | Outcome:
        """Move an order, as its customer may."""
        uid, _, secret = identity.partition("/")
        body = {"orderUID": uid, "orderSecret": secret, "status": word}
        return await self._client.query(f"{API}/update-status", body, method="PUT")
