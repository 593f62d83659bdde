"""Offered payment methods, with what pages and apps show of each: its kind, whether it takes a
card, its input fields, the saved card that it can be paid with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from msgspec import Struct

from checkout.gateways.base import Gateway, InputField, has_verb
from checkout.ledger import cards
from checkout.ledger.rows import Attempt, Payment
from checkout.model.card_form import oldest_month
from checkout.model.order import (
    BANK,
    CARD,
    CARD_METHOD,
    CASH,
    COINS,
    WALLET,
    Customer,
    Method,
    Order,
)
from checkout.model.outcome import DeclineReason, PaidCard
from checkout.payments.context import Context
from checkout.payments.methods import available_methods, prepare
from checkout.settings import Shop

# A method's kind by its name, where neither the settings nor its gateway name one.
KIND_BY_NAME: Final = {
    CARD_METHOD: CARD,
    "bank_transfer": BANK,
    "netbanking": BANK,
    "erip": CASH,
    "sbp": BANK,
    "crypto": COINS,
    "wallet": WALLET,
}

MethodInput: TypeAlias = InputField  # a field that the gateway wants the customer to fill in


class OfferedMethod(Struct, frozen=True, kw_only=True):
    """`kind`: one of `model.order.KINDS`; `saved_card`: the order's, unless it has expired or was
    refused."""

    name: str
    label: str | None  # the settings'
    kind: str
    takes_card: bool
    code_optional: bool  # a card without its security code is taken
    tokenizes: bool  # it makes a token of a card
    wallets: bool  # it takes a wallet's token in a card's place
    brands: tuple[str, ...]  # whose card marks are shown
    inputs: tuple[MethodInput, ...]
    saved_card: PaidCard | None


async def offered_methods(
    context: Context, payment: Payment, shop: Shop, language: str, customer: Customer
) -> tuple[OfferedMethod, ...]:
    """In the shop's order, by the gateways' current capabilities. `customer`: fields that are known
    of them are not asked for again."""
    order = payment.order
    await prepare(order, shop, context.gateways)
    found = available_methods(order, shop, context.gateways, noted=True)
    saved = await _saved_card(context, payment, found) if order.card_token is not None else None
    return tuple(
        [
            _offered(
                method, context.gateways[method.gateway], order, shop, language, customer, saved
            )
            for method in found
        ]
    )


def _offered(
    method: Method,
    gateway: Gateway,
    order: Order,
    shop: Shop,
    language: str,
    customer: Customer,
    saved: PaidCard | None,
) -> OfferedMethod:
    can, inputs = gateway.capabilities, gateway.input_fields(language)
    card = can.takes_card(method)
    return OfferedMethod(
        name=method.name,
        label=method.label,
        kind=kind_of(method.name, method.kind or can.kind, card=card),
        takes_card=card,
        code_optional=can.code_optional,
        tokenizes=card and can.tokenizes,
        wallets=card and can.wallets,
        brands=_brands(shop.brands or can.brands, order) if card else (),
        inputs=_missing(inputs, order, customer) if inputs else (),
        saved_card=saved if method.name == CARD_METHOD else None,
    )


def _brands(stated: tuple[str, ...], order: Order) -> tuple[str, ...]:
    excluded = order.methods.excluded_brands
    return tuple([name for name in stated if name not in excluded])


def kind_of(name: str, stated: str | None, *, card: bool) -> str:
    """`stated`: by the settings or the gateway; else by the name, else by whether it takes a
    card."""
    return stated or KIND_BY_NAME.get(name, CARD if card else WALLET)


def _missing(
    inputs: tuple[MethodInput, ...], order: Order, customer: Customer
) -> tuple[MethodInput, ...]:
    """Without the fields whose value is known or that the page itself has."""
    wanted = order.page_settings.customer_fields
    on_page = {*wanted.visible, *wanted.read_only} - set(wanted.hidden)
    return tuple(
        [
            each
            for each in inputs
            if each.unless is None or not (getattr(customer, each.unless) or each.unless in on_page)
        ]
    )


async def _saved_card(
    context: Context, payment: Payment, found: tuple[Method, ...]
) -> PaidCard | None:
    """The saved card that the order names, where the gateway takes tokens and the card has not
    expired or been refused."""
    order = payment.order
    method = next((method for method in found if method.name == CARD_METHOD), None)
    if method is None or not context.gateways[method.gateway].capabilities.accepts_tokens:
        return None
    if any(attempt.reason is DeclineReason.SAVED_CARD for attempt in payment.attempts):
        return None
    known = await context.ledger.read(cards.known, payment.shop, order.card_token or "")
    today = datetime.fromtimestamp(context.clock(), UTC).date()
    if known.brand in order.methods.excluded_brands or _is_past(known, today):
        return None
    return known


def _is_past(card: PaidCard, day: date) -> bool:
    if not (card.exp_month and card.exp_year):
        return False
    return (card.exp_year, card.exp_month) < oldest_month(day)


def kind_of_attempt(context: Context, shop: Shop, attempt: Attempt | None) -> str:
    """The kind of an attempt's method; without an attempt: a card."""
    if attempt is None:
        return CARD
    method = shop.method(attempt.method)  # the settings may have changed since
    stated = (method.kind or context.gateways[method.gateway].capabilities.kind) if method else None
    return kind_of(attempt.method, stated, card=attempt.facts.card is not None)


def can_be_confirmed(context: Context, attempt: Attempt) -> bool:
    """Whether the gateway wants to be notified that the customer has made the transfer."""
    gateway = context.gateways.get(attempt.account)
    return gateway is not None and has_verb(gateway, "confirm")
