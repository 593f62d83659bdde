"""What a shop's server has done to a card by its token, with no customer present: the next payment
of a series, a credit, a payout. A payment of its own with one attempt: claimed, sent once, looked
up, recorded and told like any other."""

from __future__ import annotations

from checkout.errors import Unprocessable
from checkout.flow import record
from checkout.flow.verbs import Flow, Submission
from checkout.ledger import cards
from checkout.ledger.rows import Story
from checkout.model.card import SavedCard
from checkout.model.order import Order
from checkout.model.status import Status
from checkout.settings import Shop
from checkout.texts import choose

REFUSED = "none of the shop's gateways can do this by a token alone"


async def by_token(
    flow: Flow, order: Order, shop: Shop, token: str, *, request_id: str | None, digest: str
) -> Story:
    """Send it once. A `request_id` used before gives that payment again.

    Raises Unprocessable: no gateway can, or the id was used for another body; TooMany.
    """
    payment = await flow.create(order, shop, idempotency_key=request_id, digest=digest)
    story = await flow.ledger.read(record.read, payment.uid)
    method = next(iter(flow.methods(story)), None)
    if method is None:
        raise Unprocessable({"type": [REFUSED]})
    if story.attempts:
        return story
    known = await flow.ledger.read(cards.known, shop.id, token)
    sent = Submission(
        number=1,
        method=method.name,
        card=SavedCard(token, known=known),
        browser=None,
        customer=order.customer,
        language=choose(order.ways.language),
    )
    story = await flow.pay(story, sent)
    if flow.status(story) is not Status.OPEN:
        return story
    # Proved not sent. Nobody sits before a form to try again: the shop asks anew.
    uid = payment.uid
    return await flow.write(uid, record.cancel, flow.book, uid, flow.clock())
