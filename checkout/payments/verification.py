"""Transaction verification: asks the shop before each charge, where `settings.verification_url` is
set.

The shop gets the transaction, signed like a webhook, and answers 200 with `{"code": 0, "uid",
"amount"}` to accept it; any other code declines it. This server asks and not the gateway, so it
works with every gateway, and the shop's server needs none of a gateway's credentials. Without a
clear answer nothing is sent to the gateway.

Each shop and host has its own slots. Without a free slot a charge waits a little, and then nothing
is sent.

Source: Overpay's public documentation, "Transaction verification".
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
from checkout.payments.answer_bodies import body_of
from checkout.payments.call_failures import in_words
from checkout.payments.concurrency import NoSlot, Slots
from checkout.payments.context import Context
from checkout.payments.dns import Resolve, Resolver
from checkout.payments.shop_requests import FAILURES, posted
from checkout.settings import Shop
from checkout.shop_api.responses import encoded
from checkout.shop_api.webhooks import headers, payment_notification

LARGEST: Final = 64 * 1024  # bytes of an answer

log = structlog.get_logger(__name__)

UNCLEAR: Final = Outcome(Status.NOT_SENT, reason=DeclineReason.CREDENTIALS)
"""The shop's `verification_url` gave no clear answer: nothing is sent."""


class Verifier:
    """Asks shops, with the HTTP client of the webhooks."""

    def __init__(
        self, context: Context, http: httpx.AsyncClient, resolve: Resolve | None = None
    ) -> None:
        self._context = context
        self._http = http
        self._slots = Slots("verification")
        self._names = Resolver("verification_names")
        self._resolve = resolve

    async def __call__(self, payment: Payment) -> Outcome | None:
        """None: the shop accepts. An outcome: it declined or gave no clear answer; nothing is
        sent."""
        shop, schedule = self._context.shop(payment), self._context.schedule
        host = host_of(payment.order.page_settings.verification_url or "")
        try:
            async with (
                self._slots.enter(shop.id, host, schedule.verification_wait),
                asyncio.timeout(schedule.verification_timeout),
            ):
                status, answer = await self._request(payment, shop)
        except (*FAILURES, NoSlot) as error:
            log.warning("verification.failed", shop=shop.id, error=in_words(error), alert=True)
            return UNCLEAR
        return _verdict(payment, shop, status, answer)

    async def _request(self, payment: Payment, shop: Shop) -> tuple[int, Any]:
        context = self._context
        public_url = context.settings.origin(shop)
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
            return response.status_code, decode_json(await body_of(response, LARGEST))
        finally:
            await response.aclose()


def _verdict(payment: Payment, shop: Shop, status: int, answer: Any) -> Outcome | None:
    fields = answer if isinstance(answer, dict) else {}
    code = fields.get("code")
    clear = status == 200 and isinstance(code, int) and not isinstance(code, bool)
    # An answer about another payment is not clear. The amount may be a string of digits.
    ours = (payment.uid, str(payment.order.money.minor))
    stated = (fields.get("uid"), str(fields.get("amount")))
    if not clear or stated != ours:
        log.warning("verification.unclear", shop=shop.id, status=status, alert=True)
        return UNCLEAR
    if code == 0:
        return None
    facts = GatewayFacts(
        message=safe(text(fields, "message")), friendly=safe(text(fields, "friendly_message"))
    )
    return Outcome(Status.DECLINED, reason=DeclineReason.SHOP_REFUSED, facts=facts)
