"""The buttons of wallets: where they are offered, what the browser is told for them, and what it
sends of theirs. They stand for the method that takes cards, and charge by it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from checkout.errors import BadRequest
from checkout.model.card import WalletCard
from checkout.model.order import Order
from checkout.model.wallet import (
    APPLE_PAY,
    GOOGLE_PAY,
    LONGEST_DATA,
    NETWORKS,
    WALLETS,
    wallet_card,
)
from checkout.payments.offered_methods import OfferedMethod
from checkout.settings import Shop
from checkout.settings.values import ApplePay, GooglePay
from checkout.web.pages.payment_request import PaymentRequest

Methods = tuple[OfferedMethod, ...]

WALLET, DATA = "wallet", "wallet_data"  # the form's fields: which one, what it gave


class GooglePayButton(Struct, frozen=True):
    """What the script (wallets.js) asks Google's PaymentRequest with, of the shop; the rest is the
    same for all. `networks`: Google's names, by blanks."""

    environment: str
    gateway: str
    gateway_merchant: str
    merchant: str | None
    country: str
    networks: str


class ApplePayButton(Struct, frozen=True):
    """The same of Apple's ApplePayPaymentRequest."""

    country: str
    networks: str


class WalletButtons(Struct, frozen=True):
    """The buttons above the form, hidden until the browser says that it can. `total`: the amount,
    "19.99"."""

    names: tuple[str, ...]
    google_pay: GooglePayButton | None
    apple_pay: ApplePayButton | None
    label: str  # the payee, on the wallet's sheet
    total: str
    currency: str


def wallet_method(methods: Methods) -> OfferedMethod | None:
    """The one that a wallet pays by."""
    return next((each for each in methods if each.wallets and not each.inputs), None)


def offered_wallets(order: Order, shop: Shop, methods: Methods) -> tuple[str, ...]:
    """The shop's, where the payment may be made with one: something is charged; a new card may be
    used; and the order excludes no brands, as a wallet's is known to the gateway alone."""
    wanted, method = order.methods, wallet_method(methods)
    only_saved = order.card_token is not None and not order.page_settings.another_card
    if method is None or only_saved or wanted.excluded_brands or not order.moves_money:
        return ()
    return tuple(
        name
        for name in WALLETS
        if getattr(shop, name) is not None and name not in wanted.excluded_types
    )


def wallet_buttons(
    page: PaymentRequest, methods: Methods, texts: Mapping[str, str]
) -> WalletButtons | None:
    """`texts`: from `payment_cache`."""
    names = offered_wallets(page.order, page.shop, methods)
    if not names:
        return None
    return WalletButtons(
        names=names,
        google_pay=_google_pay(page),
        apple_pay=_apple_pay(page),
        label=page.shop.name,
        total=texts["total"],
        currency=page.order.money.currency,
    )


def read_wallet(
    order: Order, shop: Shop, methods: Methods, fields: Mapping[str, str]
) -> WalletCard | None:
    """What the form has of a wallet. Raises BadRequest for what no page of ours sends."""
    wallet, data = fields.get(WALLET, ""), fields.get(DATA, "")
    if not wallet and not data:
        return None
    sized = 0 < len(data.encode()) <= LONGEST_DATA
    if not sized or wallet not in offered_wallets(order, shop, methods):
        raise BadRequest
    return wallet_card(wallet, data)


def _google_pay(page: PaymentRequest) -> GooglePayButton | None:
    shop = page.shop.google_pay
    if shop is None:
        return None
    return GooglePayButton(
        environment="TEST" if page.order.test or page.app.settings.sandbox else "PRODUCTION",
        gateway=shop.gateway,
        gateway_merchant=shop.gateway_merchant_id,
        merchant=shop.merchant_id,
        country=shop.country,
        networks=_networks(GOOGLE_PAY, shop),
    )


def _apple_pay(page: PaymentRequest) -> ApplePayButton | None:
    shop = page.shop.apple_pay
    if shop is None:
        return None
    return ApplePayButton(country=shop.country, networks=_networks(APPLE_PAY, shop))


def _networks(wallet: str, shop: GooglePay | ApplePay) -> str:
    return " ".join(NETWORKS[wallet][each] for each in shop.networks)
