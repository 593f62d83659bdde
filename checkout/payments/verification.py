"""The shop's last word before money moves: `settings.verification_url`.

The shop is shown the transaction, signed like a notification, and answers 200 with
`{"code": 0, "uid", "amount"}` to go on; any other code declines. It is asked by us and not by the
gateway, whose credentials and names of things are no business of a shop's server: so every
gateway is held to it. Without a clear answer nothing is sent.

Each shop and each host has its own room; who finds none waits a little, and then nothing is sent.

Source: the family's public documentation, "Transaction verification".
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import structlog

from checkout.gateways.parsing import decode_json, safe, text
from checkout.identifiers import new_uid
from checkout.ledger.outbox import host_of
from checkout.ledger.rows import Payment
from checkout.model.order import BY_APP
from checkout.model.outcome import DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments.concurrency import NoRoom, Rooms
from checkout.payments.context import Context
from checkout.payments.dns import Resolve, Resolver
from checkout.payments.webhook_sender import posted
from checkout.settings import Shop
from checkout.shop_api.responses import encoded
from checkout.shop_api.webhooks import headers, payment_notification

LARGEST: Final = 64 * 1024  # bytes of an answer
FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, NoRoom, TimeoutError, OSError, ValueError)

log = structlog.get_logger(__name__)

UNCLEAR: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)
"""A shop that wants to be asked before each charge gave no clear answer: nothing is sent."""


class Verifier:
    """Asks shops over the client of the webhooks."""

    def __init__(
        self, context: Context, http: httpx.AsyncClient, resolve: Resolve | None = None
    ) -> None:
        self._context = context
        self._http = http
        self._rooms = Rooms("verification")
        self._names = Resolver("verification_names")
        self._resolve = resolve

    async def __call__(self, payment: Payment) -> Outcome | None:
        """None: go on. An outcome: the shop declined, or gave no clear answer; nothing is sent."""
        shop, schedule = self._context.shop(payment), self._context.schedule
        host = host_of(payment.order.page_settings.verification_url or "")
        try:
            async with (
                self._rooms.enter(shop.id, host, schedule.verification_wait),
                asyncio.timeout(schedule.verification_timeout),
            ):
                status, answer = await self._asked(payment, shop)
        except FAILURES as error:
            log.warning("verification.failed", shop=shop.id, error=type(error).__name__, alert=True)
            return UNCLEAR
        return _verdict(payment, shop, status, answer)

    async def _asked(self, payment: Payment, shop: Shop) -> tuple[int, Any]:
        context = self._context
        public_url = context.settings.public_url
        body = encoded(
            payment_notification(payment, Status.REQUIRES_ACTION, shop, public_url)
        ).encode()
        signed = headers(
            shop, new_uid(), body, context.clock(), public=payment.created_by == BY_APP
        )
        response = await posted(
            self._http,
            payment.order.page_settings.verification_url or "",
            body,
            signed | {"Accept-Encoding": "identity"},
            resolve=self._resolve or self._names.of(shop.id),
            settings=context.settings,
        )
        try:
            found = bytearray()
            async for chunk in response.aiter_raw():
                found += chunk
                if len(found) > LARGEST:
                    raise ValueError("too large")
            return response.status_code, decode_json(bytes(found))
        finally:
            await response.aclose()


def _verdict(payment: Payment, shop: Shop, status: int, answer: Any) -> Outcome | None:
    said = answer if isinstance(answer, dict) else {}
    code = said.get("code")
    clear = status == 200 and isinstance(code, int) and not isinstance(code, bool)
    # An answer about another payment is no answer. Digits are a number here too.
    ours = (payment.uid, str(payment.order.money.minor))
    stated = (said.get("uid"), str(said.get("amount")))
    if not clear or stated != ours:
        log.warning("verification.unclear", shop=shop.id, status=status, alert=True)
        return UNCLEAR
    if code == 0:
        return None
    facts = GatewayFacts(
        message=safe(text(said, "message")), friendly=safe(text(said, "friendly_message"))
    )
    return Outcome(Status.DECLINED, reason=DeclineReason.SHOP_REFUSED, facts=facts)
