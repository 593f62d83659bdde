"""Charge: submits an attempt, sends it to the gateway once and records the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from checkout.errors import TooMany, Unprocessable
from checkout.gateways.base import Charge
from checkout.i18n import N_
from checkout.identifiers import attempt_names
from checkout.ledger import events
from checkout.ledger.rows import Attempt, Payment
from checkout.model import card_on_file
from checkout.model.browser import Browser
from checkout.model.card import AnyCard
from checkout.model.charge_parameters import CARD_ONLY, USED_ON_OUR_PAGES, parameters_given
from checkout.model.order import Customer, Method, Order
from checkout.model.outcome import DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status
from checkout.payments import status_query, transitions
from checkout.payments.card_testing import AddressStanding
from checkout.payments.context import Context
from checkout.payments.methods import available_methods
from checkout.payments.outcome_filter import without_number
from checkout.payments.verification import UNCLEAR

log = structlog.get_logger(__name__)

CHOOSE_METHOD = N_("Choose how to pay")
AFTERWARDS: Final = 0.01  # seconds by which notifications wait for the customer's answer


class Submission(Struct, frozen=True, kw_only=True):
    """What the customer submitted. `number`: the attempt that the form was made for; `remember`:
    whether to save the card, None where the form did not ask; `inputs`: values of the gateway's own
    fields, by its names; `stranger`: the sender is not the customer; `address`: the standing of the
    address, where it was read already."""

    number: int
    method: str
    card: AnyCard | None
    browser: Browser | None
    customer: Customer
    language: str
    remember: bool | None = None
    inputs: Mapping[str, str] = {}
    after: str | None = None
    stranger: bool = False
    address: AddressStanding | None = None


async def pay(context: Context, payment: Payment, sent: Submission) -> Payment:
    """Submit an attempt, send it once, record the answer. A form that is sent twice, is outdated or
    comes from another tab changes nothing: the payment is returned as it is.

    Raises TooMany, SoldOut, Unprocessable (no such method), Unavailable: then nothing was sent.
    """
    found = available_methods(payment.order, context.shop(payment), context.gateways)
    method = next((each for each in found if each.name == sent.method), None)
    if method is None:
        raise Unprocessable({"method": [CHOOSE_METHOD]})
    # Shielded: it goes on when the customer closes the tab before the gateway has answered.
    return await asyncio.shield(context.run(_pay(context, payment, method, sent)))


async def _pay(context: Context, payment: Payment, method: Method, sent: Submission) -> Payment:
    attempt = _new_attempt(context, payment, method, sent)
    try:
        under_attack = await context.guard.admit(attempt, sent.address)
        payment, ours = await context.write(
            attempt.payment,
            transitions.submit,
            context,
            attempt,
            context.clock(),
            under_attack=under_attack,
        )
    except IntegrityError:  # another machine submitted this number first
        return await context.ledger.read(transitions.read, attempt.payment)
    except TooMany as refused:
        payment = await context.ledger.read(transitions.read, attempt.payment)
        if (
            payment.status_at(context.clock()) is not Status.OPEN
            or sent.number != payment.next_number
        ):
            return payment  # a repeated form
        context.guard.refused(refused, attempt)
        raise
    if not ours:
        return payment
    answered = context.charging[attempt.key] = asyncio.Event()
    try:
        return await _send(context, payment, attempt, method, sent)
    finally:
        del context.charging[attempt.key]
        # The customer is answered first; the notifications that wait for this charge come after.
        asyncio.get_running_loop().call_later(AFTERWARDS, answered.set)


def _new_attempt(context: Context, payment: Payment, method: Method, sent: Submission) -> Attempt:
    now = context.clock()
    names = attempt_names(context.settings.secrets[-1], payment.link or payment.uid, sent.number)
    # Limits on card testing do not apply to charges by the shop's own server.
    shop, by_shop = payment.shop, payment.order.merchant_initiated
    return Attempt(
        payment=payment.uid,
        number=sent.number,
        key=names.key,
        account=method.gateway,
        method=method.name,
        status=Status.SUBMITTING,
        gateway_id=None,
        next_action=None,
        reason=None,
        facts=GatewayFacts(card=sent.card.without_secrets() if sent.card else None),
        customer=sent.customer,
        contract=card_on_file.contract(payment.order, sent.card, sent.remember),
        language=sent.language,
        return_ticket=names.return_ticket,
        notify_ticket=names.notify_ticket,
        mismatch=False,
        absences=0,
        queries=0,
        next_query_at=now + context.schedule.answer_timeout,
        sweep_at=now + context.schedule.answer_timeout,
        returned_at=None,
        shop=None if by_shop else shop,
        address_mark=None if by_shop else context.address_mark(sent.customer.ip),
        bin_mark=None if by_shop or not sent.card else context.mark("bin", shop, sent.card.range),
        stranger=sent.stranger,
        created_at=now,
        updated_at=now,
    )


async def _send(
    context: Context, payment: Payment, attempt: Attempt, method: Method, sent: Submission
) -> Payment:
    base, order = context.settings.origin(payment.shop), payment.order
    charge = Charge(
        key=attempt.key,
        money=order.money,
        order=msgspec.structs.replace(
            order, contract=card_on_file.contract_for_gateway(attempt.contract)
        ),
        method=method,
        customer=sent.customer,
        language=sent.language,
        return_url=f"{base}/return/{attempt.return_ticket}",
        notify_url=f"{base}/notify/{attempt.account}/{attempt.notify_ticket}",
        card=sent.card,
        browser=sent.browser,
        inputs=sent.inputs,
        after=sent.after,
    )
    _log_unsupported(context, order, attempt)
    outcome = await _refused_by_shop(context, payment)
    if outcome is None:
        answer = context.gateways[attempt.account].pay(charge)
        outcome = await status_query.outcome_of(context, attempt, "charge", answer)
    if (
        outcome.status is Status.PENDING
        and not context.gateways[attempt.account].capabilities.lookup_by_key
    ):
        outcome = outcome if outcome.id else Outcome(Status.NOT_SENT, reason=DeclineReason.PROVIDER)
    outcome = without_number(outcome, sent.card)
    payment = await status_query.record(context, attempt, outcome, by_query=False)
    if outcome.status is Status.PENDING:
        await _query_if_notified(context, payment, attempt)
    return payment


def _log_unsupported(context: Context, order: Order, attempt: Attempt) -> None:
    """Log the order's fields that this gateway can't take. That is no error: shops' plugins send
    the same fields whatever the gateway."""
    can = context.gateways[attempt.account].capabilities
    about = parameters_given(order) if can.card else parameters_given(order) - CARD_ONLY
    unsent = about - can.parameters - USED_ON_OUR_PAGES
    if unsent and not order.merchant_initiated:
        names = sorted(unsent)
        log.warning(
            "gateway.unsent", payment=attempt.payment, account=attempt.account, fields=names
        )


async def _refused_by_shop(context: Context, payment: Payment) -> Outcome | None:
    """The outcome that ends the attempt before it is sent: the shop's `verification_url` declined,
    or gave no clear answer; None: go on."""
    if payment.order.page_settings.verification_url is None:
        return None
    if context.verify is None:
        return UNCLEAR
    try:
        return await context.verify(payment)
    except Exception as error:  # noqa: BLE001 - without the shop's consent nothing is sent
        log.error("verification.fault", error=type(error).__name__, alert=True)
        return UNCLEAR


async def _query_if_notified(context: Context, payment: Payment, attempt: Attempt) -> None:
    """Query, where a notification came while the charge was under way and its answer is unclear."""
    happened = await context.ledger.read(events.of, attempt.payment)
    if any(each.kind == "notified" and each.attempt == attempt.number for each in happened):
        context.run(status_query.query_soon(context, payment.attempts[attempt.number - 1]))
