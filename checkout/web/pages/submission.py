"""Reads and checks what a customer submits, by the page's form or from the shop's app: both by the
same code, so that an app can't leave out what the page requires.

`fields` have the form's names; an app's JSON is converted to them first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from checkout.errors import BadRequest
from checkout.model import card_on_file
from checkout.model.browser import Browser
from checkout.model.card import AnyCard, WalletCard
from checkout.model.card_form import SENSITIVE, read_card, read_saved_card
from checkout.model.order import Customer, Order
from checkout.model.wallet import WALLETS
from checkout.payments.charge import CHOOSE_METHOD, Submission
from checkout.payments.offered_methods import OfferedMethod
from checkout.web.pages import messages
from checkout.web.pages.card_fields import holder_of
from checkout.web.pages.customer_fields import read_customer
from checkout.web.pages.gateway_inputs import read_inputs
from checkout.web.pages.payment import chosen_method
from checkout.web.pages.payment_request import PaymentRequest
from checkout.web.pages.receipt_email import with_receipt_email
from checkout.web.pages.saved_card import saved_card, today
from checkout.web.pages.wallets import WALLET, read_wallet, wallet_method

AGREED: Final = "agreed"
NO_WALLETS: Final = "can't be taken: this payment's gateway takes no wallets, send a card"
UNKNOWN_BRAND: Final = "can't be taken: this payment excludes brands, and a wallet's is not known"


class Read(NamedTuple):
    """`sent` None: `errors` say why, by the form's names (English, marked)."""

    method: OfferedMethod | None
    sent: Submission | None
    errors: dict[str, str]


class PaidWith(NamedTuple):
    """`remember`: whether to keep the card; None where the page didn't ask."""

    card: AnyCard | None = None
    remember: bool | None = None
    errors: dict[str, str] = {}


async def read_submission(
    page: PaymentRequest,
    fields: Mapping[str, str],
    *,
    number: int,
    known: Customer,
    browser: Browser,
    code_always: bool = False,
    wallet: WalletCard | None = None,
) -> Read:
    """`number`: of the attempt; `known`: what is known of the customer; `code_always`: a saved card
    needs its code, whatever the order says; `wallet`: an app's, in a card's place."""
    order = page.order
    methods = await page.offered_methods(known)
    _refuse_unexpected_card(methods, fields)
    wallet = wallet or read_wallet(order, page.shop, methods, fields)
    method = _method(methods, wallet, fields)
    paid_with, inputs, wrong = _read_method(page, method, fields, code_always, wallet)
    customer, wrong_of_customer = read_customer(
        order, known, fields, page.address, is_customer=page.is_customer
    )
    customer, wrong_email = with_receipt_email(page, customer, fields)
    errors = paid_with.errors | wrong | wrong_of_customer | wrong_email
    if order.page_settings.agreement and not fields.get(AGREED):
        errors[AGREED] = messages.TERMS_MISSING
    if errors or method is None:
        return Read(method, None, errors)
    sent = Submission(
        number=number,
        method=method.name,
        card=paid_with.card,
        browser=browser,
        customer=customer,
        language=page.lang,
        remember=paid_with.remember,
        inputs=inputs,
    )
    return Read(method, sent, {})


def _method(
    methods: tuple[OfferedMethod, ...], wallet: WalletCard | None, fields: Mapping[str, str]
) -> OfferedMethod | None:
    """A wallet of the page's stands beside the methods, and an app may name it as one."""
    by_wallet = wallet and (fields.get(WALLET) or fields.get("method") in WALLETS)
    return wallet_method(methods) if by_wallet else chosen_method(methods, fields.get("method"))


def _refuse_unexpected_card(methods: tuple[OfferedMethod, ...], fields: Mapping[str, str]) -> None:
    """Refuses card data where the page has no card form: such a shop is out of PCI scope, and none
    of our forms sends any. Raises BadRequest."""
    takes = any(each.takes_card for each in methods)
    if not takes and any(fields.get(name) for name in SENSITIVE):
        raise BadRequest


def _read_method(
    page: PaymentRequest,
    method: OfferedMethod | None,
    fields: Mapping[str, str],
    code_always: bool,
    wallet: WalletCard | None,
) -> tuple[PaidWith, dict[str, str], dict[str, str]]:
    """The card, the values of the method's own inputs, and the errors."""
    if method is None:
        return PaidWith(), {}, {"method": CHOOSE_METHOD}
    if wallet is not None:
        card = _read_wallet(page.order, method, wallet, fields)
    else:
        card = _read_card(page, method, fields, code_always) if method.takes_card else PaidWith()
    return card, *read_inputs(method.name, method.inputs, fields)


def _read_wallet(
    order: Order, method: OfferedMethod, wallet: WalletCard, fields: Mapping[str, str]
) -> PaidWith:
    """Its brand is known to the gateway alone."""
    if not method.wallets:
        return PaidWith(errors={"wallet": NO_WALLETS})
    if order.methods.excluded_brands:
        return PaidWith(errors={"wallet": UNKNOWN_BRAND})
    return PaidWith(wallet, _remember(order, method, fields))


def _remember(order: Order, method: OfferedMethod, fields: Mapping[str, str]) -> bool | None:
    offered = method.tokenizes and card_on_file.offers_to_save(order)
    return bool(fields.get("remember")) if offered else None


def _read_card(
    page: PaymentRequest, method: OfferedMethod, fields: Mapping[str, str], code_always: bool
) -> PaidWith:
    order, optional = page.order, method.code_optional
    saved = saved_card(page, (method,))
    if saved and saved.chosen(fields):
        kept, errors = read_saved_card(
            fields,
            saved.token,
            saved.known,
            coded=saved.coded or code_always,
            code_optional=optional and not code_always,
        )
        return PaidWith(kept, None, errors)
    typed = {
        **fields,
        "holder": holder_of(order.page_settings.card_fields, fields, is_customer=page.is_customer),
    }
    excluded = frozenset(order.methods.excluded_brands)
    card, errors = read_card(
        typed, today=today(page), excluded_brands=excluded, code_optional=optional
    )
    return PaidWith(card, _remember(order, method, fields), errors)
