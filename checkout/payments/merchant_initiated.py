"""Merchant-initiated transactions (MIT): a recurring payment, charge, credit or payout by a card's
token, without the customer. Each is a payment of its own with one attempt, which is submitted, sent
once, queried, recorded and notified like any other."""

from __future__ import annotations

import msgspec
import structlog

from checkout.errors import NotFound, Unprocessable
from checkout.i18n import choose_language
from checkout.ledger import cards, recent_requests
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.rows import Attempt, Payment
from checkout.model.card import SavedCard
from checkout.model.card_on_file import RECURRING
from checkout.model.charge_parameters import ADDRESS, SERIES
from checkout.model.order import MONEY_OUT, Method, Order
from checkout.model.outcome import PaidCard
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
CHECKED_HERE = frozenset({"duplicate_check"})  # checked here, not by the gateway

log = structlog.get_logger(__name__)


async def start_merchant_initiated(
    context: Context,
    request: MerchantInitiated,
    shop: Shop,
    *,
    request_id: str | None,
    digest: str,
    by: Actor = SERVER,
) -> Payment:
    """Create the payment and send it once, by a card's token or by the first payment of a series. A
    `request_id` used before gives that payment again.

    Raises Unprocessable where no gateway can do it or take all fields, or the id was used for
    another body; Duplicate, NotFound.
    """
    request, first = await _found(context, request, shop)
    order, method = await _method(context, request.order, shop, first)
    _check_fields(context, request, method)
    made = await create.create(
        context,
        order,
        shop,
        idempotency_key=request_id,
        digest=digest,
        mark=_mark(request),
        fixed=True,
        by=by if order.transaction_type in MONEY_OUT else None,
    )
    payment = await context.ledger.read(transitions.read, made.uid)
    if payment.attempts:
        return _accepted(payment)
    known = await context.ledger.read(cards.known, shop.id, request.card.token)
    sent = _submission(request, order, method, known, first)
    payment = await charge.pay(context, payment, sent)
    if payment.last is not None and payment.last.status is Status.NOT_SENT:
        await context.ledger.write_unsynced(recent_requests.forget, payment.uid)
    return _accepted(payment)


def _submission(
    request: MerchantInitiated, order: Order, method: Method, known: PaidCard, first: Attempt | None
) -> Submission:
    card = request.card
    return Submission(
        number=1,
        method=method.name,
        card=msgspec.structs.replace(card, known=known) if card.token else None,
        browser=request.browser,
        customer=order.customer,
        language=choose_language(order.page_settings.language),
        after=first.gateway_id if first and order.recurring else None,
    )


def _accepted(payment: Payment) -> Payment:
    """The payment. Raises Unprocessable, naming the field, where the gateway refused one."""
    if wrong := refused_field(payment, 1):
        kind = payment.order.transaction_type
        raise Unprocessable({named(_field_of_api(name), kind): why for name, why in wrong.items()})
    return payment


def _field_of_api(name: str) -> str:
    """The field's name in this API: where apps have `customer`, it has `billing_address` too."""
    field = name.removeprefix("customer.")
    return f"billing_address.{field}" if field in ADDRESS else name


async def _found(
    context: Context, request: MerchantInitiated, shop: Shop
) -> tuple[MerchantInitiated, Attempt | None]:
    """The request with the token of the series' card, and the first attempt of the series; without
    a token where the gateway continues a series by its first payment."""
    if request.card.token:
        return request, None
    first = await _first_attempt(context, shop, request.parent or "")
    card, gateway = first.facts.card, context.gateways.get(first.account)
    # Preferred where the gateway can: the first payment holds what the customer agreed to.
    by_payment = (
        gateway is not None and request.order.transaction_type in gateway.capabilities.recurring
    )
    if (
        card
        and card.token
        and gateway
        and gateway.capabilities.merchant_initiated
        and not by_payment
    ):
        return msgspec.structs.replace(
            request, card=SavedCard(card.token, request.card.code)
        ), first
    series = msgspec.structs.replace(request.order, recurring=True)
    return msgspec.structs.replace(request, order=series), first


async def _first_attempt(context: Context, shop: Shop, uid: str) -> Attempt:
    """The paid attempt by which the customer agreed to the series."""
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
    """The order with its decimals, and its method: for a series at the account of its first one."""
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


def _check_fields(context: Context, request: MerchantInitiated, method: Method) -> None:
    """Raises Unprocessable for fields that the gateway can't take: no page would show the loss.
    What is said of a customer who pays is noted alone: it stops no sale."""
    kind = request.order.transaction_type
    way = SERIES if request.order.recurring else kind
    sent = context.gateways[method.gateway].capabilities.merchant_initiated_parameters.get(
        way, frozenset()
    )
    why = UNSENT.format(account=method.gateway)
    unsent = sorted(request.given - sent - CHECKED_HERE)
    if kind not in MONEY_OUT and (people := [name for name in unsent if _of_customer(name)]):
        log.warning("gateway.unsent", account=method.gateway, fields=people)
        unsent = [name for name in unsent if name not in people]
    if unsent:
        raise Unprocessable({named(name, kind): [why] for name in unsent})


def _of_customer(name: str) -> bool:
    return name.startswith(("customer.", "billing_address."))


def _mark(request: MerchantInitiated) -> str:
    """The digest by which a request repeated within half a minute is found."""
    order = request.order
    way = "to the card" if order.transaction_type in MONEY_OUT else "from the card"
    card = request.card.token or f"series of {request.parent}"
    return recent_requests.mark(way, order.money.minor, order.money.currency, card)
