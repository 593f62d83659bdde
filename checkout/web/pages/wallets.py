"""The buttons of wallets: where they are offered, what the browser is told for them, and what it
sends of theirs. They stand for the method that takes cards, and charge by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
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
AUTHENTICATION: Final = ("PAN_ONLY", "CRYPTOGRAM_3DS")  # Google's: cards on file, and of a device


class WalletButtons(Struct, frozen=True):
    """The buttons above the form, hidden until the browser says that it can. `options`: JSON, what
    each wallet's own interface is asked with, by its name; `total`: the amount, "19.99"."""

    names: tuple[str, ...]
    options: str
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
    options = {name: OPTIONS[name](getattr(page.shop, name), page) for name in names}
    return WalletButtons(
        names=names,
        options=msgspec.json.encode(options).decode(),
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


def _google_pay(shop: GooglePay, page: PaymentRequest) -> dict[str, Any]:
    """Google's PaymentDataRequest."""
    test = page.order.test or page.app.settings.sandbox
    names = NETWORKS[GOOGLE_PAY]
    merchant = {"merchantName": page.shop.name}
    return {
        "environment": "TEST" if test else "PRODUCTION",
        "apiVersion": 2,
        "apiVersionMinor": 0,
        "merchantInfo": merchant | ({"merchantId": shop.merchant_id} if shop.merchant_id else {}),
        "allowedPaymentMethods": [
            {
                "type": "CARD",
                "parameters": {
                    "allowedAuthMethods": AUTHENTICATION,
                    "allowedCardNetworks": [names[each] for each in shop.networks],
                },
                "tokenizationSpecification": {
                    "type": "PAYMENT_GATEWAY",
                    "parameters": {
                        "gateway": shop.gateway,
                        "gatewayMerchantId": shop.gateway_merchant_id,
                    },
                },
            }
        ],
        "transactionInfo": {"countryCode": shop.country, "totalPriceStatus": "FINAL"},
    }


def _apple_pay(shop: ApplePay, page: PaymentRequest) -> dict[str, Any]:
    """Apple's ApplePayPaymentRequest, without the total."""
    names = NETWORKS[APPLE_PAY]
    return {
        "countryCode": shop.country,
        "currencyCode": page.order.money.currency,
        "merchantCapabilities": ["supports3DS"],
        "supportedNetworks": [names[each] for each in shop.networks],
    }


OPTIONS: Final[Mapping[str, Callable[[Any, PaymentRequest], dict[str, Any]]]] = {
    APPLE_PAY: _apple_pay,
    GOOGLE_PAY: _google_pay,
}
