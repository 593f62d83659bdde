"""What a shop's server has done to a card by its token, with no customer present: the next payment
of a series, a credit, a payout. A payment of its own with one attempt: claimed, sent once, looked
up, recorded and told like any other."""

from __future__ import annotations

import msgspec

from checkout.errors import NotFound, Unprocessable
from checkout.flow import record
from checkout.flow.verbs import Flow, Submission
from checkout.ledger import cards
from checkout.ledger.rows import Attempt, Story
from checkout.model.card import SavedCard
from checkout.model.order import Order
from checkout.model.outcome import PaidCard
from checkout.model.saving import RECURRING
from checkout.model.status import WON, Status
from checkout.settings import Shop
from checkout.texts import choose

NO_SERIES = "began no series: it has to be paid, under the contract recurring"
REFUSED = "none of the shop's gateways can do this by a token alone"


async def by_token(
    flow: Flow,
    order: Order,
    shop: Shop,
    token: str,
    parent: str | None = None,
    *,
    request_id: str | None,
    digest: str,
) -> Story:
    """Send it once, by a card's token or by the payment that began a series (`parent`, a uid). A
    `request_id` used before gives that payment again.

    Raises Unprocessable: no gateway can, or the id was used for another body; NotFound, TooMany.
    """
    first = None
    if not token:
        first = await _beginning(flow, shop, parent or "")
        card = first.facts.card
        gateway = flow.gateways.get(first.account)
        # By the payment itself where the gateway can: it knows what the customer agreed to.
        by_payment = gateway is not None and order.transaction_type in gateway.can.series
        if card is not None and card.token and not by_payment and gateway and gateway.can.alone:
            token = card.token
        else:
            order = msgspec.structs.replace(order, series=True)
    payment = await flow.create(order, shop, idempotency_key=request_id, digest=digest)
    story = await flow.ledger.read(record.read, payment.uid)
    account = first.account if first else None
    ways = (way for way in flow.methods(story) if account in (None, way.gateway))
    method = next(ways, None)
    if method is None:
        raise Unprocessable({"type": [REFUSED]})
    if story.attempts:
        return story
    known = await flow.ledger.read(cards.known, shop.id, token) if token else PaidCard()
    sent = Submission(
        number=1,
        method=method.name,
        card=SavedCard(token, known=known) if token else None,
        browser=None,
        customer=order.customer,
        language=choose(order.ways.language),
        after=first.gateway_id if first and not token else None,
    )
    story = await flow.pay(story, sent)
    if flow.status(story) is not Status.OPEN:
        return story
    # Proved not sent. Nobody sits before a form to try again: the shop asks anew.
    uid = payment.uid
    return await flow.write(uid, record.cancel, flow.book, uid, flow.clock())


async def _beginning(flow: Flow, shop: Shop, uid: str) -> Attempt:
    """The attempt that was paid under the contract of a series."""
    story = await flow.ledger.read(record.read, uid)
    if story.payment.shop != shop.id:
        raise NotFound
    for attempt in story.attempts:
        if attempt.status in WON and RECURRING in attempt.contract and attempt.gateway_id:
            return attempt
    raise Unprocessable({"parent_uid": [NO_SERIES]})
