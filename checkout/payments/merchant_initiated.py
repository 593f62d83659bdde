"""What a shop's server has done to a card by its token, with no customer present: the next payment
of a series, a charge, a credit, a payout. A payment of its own with one attempt: claimed, sent
once, looked up, recorded and told like any other."""

from __future__ import annotations

import msgspec

from checkout.errors import NotFound, Unprocessable
from checkout.i18n import choose_language
from checkout.ledger import cards, recent_requests
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.rows import Attempt, Payment
from checkout.model.card import SavedCard
from checkout.model.card_on_file import RECURRING
from checkout.model.charge_parameters import ADDRESS, SERIES
from checkout.model.order import MONEY_OUT, Method, Order
from checkout.model.status import SUCCESSFUL, Status
from checkout.payments import charge, create, transitions
from checkout.payments.charge import Submission
from checkout.payments.context import Context
from checkout.payments.methods import available_methods
from checkout.settings import Shop
from checkout.shop_api.app_payments import refused_field
from checkout.shop_api.merchant_initiated import MerchantInitiated, named

NOT_RECURRING = "began no series: it has to be paid, under the contract recurring"
REFUSED = "none of the shop's gateways can do this by a token alone"
UNSENT = "can't be sent: the gateway account {account} has no word for it"
OURS = frozenset({"duplicate_check"})  # we check it ourselves, whatever the gateway does


async def start_merchant_initiated(
    context: Context,
    asked: MerchantInitiated,
    shop: Shop,
    *,
    request_id: str | None,
    digest: str,
    by: Actor = SERVER,
) -> Payment:
    """Send it once, by a card's token or by the payment that began a series. A `request_id` used
    before gives that payment again.

    Raises Unprocessable: no gateway can, one can't say all of it, or the id was used for another
    body; Duplicate, NotFound.
    """
    asked, first = await _found(context, asked, shop)
    order, method = await _method(context, asked.order, shop, first)
    card = asked.card
    _all_sent(context, asked, method)
    made = await create.create(
        context,
        order,
        shop,
        idempotency_key=request_id,
        digest=digest,
        mark=_mark(asked),
        fixed=True,
        by=by if order.transaction_type in MONEY_OUT else None,
    )
    payment = await context.ledger.read(transitions.read, made.uid)
    if payment.attempts:
        return _accepted(payment)
    known = await context.ledger.read(cards.known, shop.id, card.token)
    sent = Submission(
        number=1,
        method=method.name,
        card=msgspec.structs.replace(card, known=known) if card.token else None,
        browser=asked.browser,
        customer=order.customer,
        language=choose_language(order.page_settings.language),
        after=first.gateway_id if first and order.recurring else None,
    )
    payment = await charge.pay(context, payment, sent)
    if payment.last is not None and payment.last.status is Status.NOT_SENT:
        await context.ledger.write(recent_requests.forget, payment.uid)
    return _accepted(payment)


def _accepted(payment: Payment) -> Payment:
    """A request of which the gateway refused a field is none; the field is named."""
    if wrong := refused_field(payment, 1):
        kind = payment.order.transaction_type
        raise Unprocessable({named(_placed(name), kind): why for name, why in wrong.items()})
    return payment


def _placed(name: str) -> str:
    """Apps say names and address of their customer; a server says them apart."""
    field = name.removeprefix("customer.")
    return f"billing_address.{field}" if field in ADDRESS else name


async def _found(
    context: Context, asked: MerchantInitiated, shop: Shop
) -> tuple[MerchantInitiated, Attempt | None]:
    """With the token of the card that a series is paid by, and the attempt that began it; without
    a token where the gateway goes on by that attempt alone."""
    if asked.card.token:
        return asked, None
    first = await _beginning(context, shop, asked.parent or "")
    card, gateway = first.facts.card, context.gateways.get(first.account)
    # By the payment itself where the gateway can: it knows what the customer agreed to.
    by_payment = (
        gateway is not None and asked.order.transaction_type in gateway.capabilities.recurring
    )
    if (
        card
        and card.token
        and gateway
        and gateway.capabilities.merchant_initiated
        and not by_payment
    ):
        return msgspec.structs.replace(asked, card=SavedCard(card.token, asked.card.code)), first
    series = msgspec.structs.replace(asked.order, recurring=True)
    return msgspec.structs.replace(asked, order=series), first


async def _beginning(context: Context, shop: Shop, uid: str) -> Attempt:
    """The attempt that was paid under the contract of a series."""
    payment = await context.ledger.read(transitions.read, uid)
    if payment.shop != shop.id:
        raise NotFound
    for attempt in payment.attempts:
        if attempt.status in SUCCESSFUL and RECURRING in attempt.contract and attempt.gateway_id:
            return attempt
    raise Unprocessable({"parent_uid": [NOT_RECURRING]})


async def _method(
    context: Context, order: Order, shop: Shop, first: Attempt | None
) -> tuple[Order, Method]:
    """The order as it is counted, and what it goes by: of a series the account it began at."""
    if first is not None:
        theirs = tuple(each for each in shop.methods if each.gateway == first.account)
        shop = msgspec.structs.replace(shop, methods=theirs)
    try:
        order = await create.count_money(context, order, shop, currency="currency", methods="type")
    except Unprocessable as error:
        if "type" not in error.fields:
            raise
        raise Unprocessable({"type": [REFUSED]}) from None
    return order, available_methods(order, shop, context.gateways)[0]


def _all_sent(context: Context, asked: MerchantInitiated, method: Method) -> None:
    """Nobody sits before a page that shows what the gateway was not told: it is refused."""
    kind = asked.order.transaction_type
    way = SERIES if asked.order.recurring else kind
    sent = context.gateways[method.gateway].capabilities.merchant_initiated_parameters.get(
        way, frozenset()
    )
    why = UNSENT.format(account=method.gateway)
    if unsent := sorted(asked.given - sent - OURS):
        raise Unprocessable({named(name, kind): [why] for name in unsent})


def _mark(asked: MerchantInitiated) -> str:
    """What another request must not repeat within half a minute."""
    order = asked.order
    way = "to the card" if order.transaction_type in MONEY_OUT else "from the card"
    card = asked.card.token or f"series of {asked.parent}"
    return recent_requests.mark(way, order.money.minor, order.money.currency, card)
