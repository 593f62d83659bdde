"""What the public SDKs send of a wallet, each to an address of its own, as a payment of an app; and
what they need to open Google Pay.

Source: the requests that the public Android, iOS and Flutter SDKs of beGateway write, and the
fields of the answers that they read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from checkout.model.validation.reader import drop_nulls
from checkout.model.wallet import APPLE_PAY, GOOGLE_PAY, wallet_card
from checkout.settings.values import GooglePay
from checkout.shop_api.answers import GooglePayAccount

# Where in `request` the wallet's data stand.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    APPLE_PAY: ("token",),
    GOOGLE_PAY: ("paymentMethodData", "tokenizationData", "token"),
}
BESIDE: Final = ("browser", "customer")


def wallet_request(wallet: str, body: Any) -> dict[str, Any]:
    """`{"token", "request", "contract", …}` of an SDK as `{"request": …}` of `POST
    /ctp/api/payments`. What is missing or of another shape is found missing there."""
    given = drop_nulls(body)
    given = given if isinstance(given, dict) else {}
    found: Any = given.get("request")
    for name in PLACES[wallet]:
        found = found.get(name) if isinstance(found, dict) else None
    card: dict[str, Any] = {"save_card": given.get("contract") is True}
    if data := _data(wallet, found):
        card["token"] = wallet_card(wallet, data).token
    beside = {name: given[name] for name in BESIDE if name in given}
    return {
        "request": beside
        | {"token": given.get("token"), "payment_method": wallet, "credit_card": card}
    }


def _data(wallet: str, found: Any) -> str:
    """As the page's own script writes it: of Apple's token its `paymentData` alone; Google's is
    text, and an object to the Flutter SDK."""
    if wallet == APPLE_PAY:
        found = {"paymentData": found.get("paymentData")} if isinstance(found, dict) else None
    if isinstance(found, dict):
        return json.dumps(found, separators=(",", ":"))
    return found if isinstance(found, str) else ""


def google_pay_account(shop: GooglePay) -> GooglePayAccount:
    return {
        "gateway_id": shop.gateway,
        "gateway_merchant_id": shop.gateway_merchant_id,
        "status": "active",
    }
