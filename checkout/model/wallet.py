"""The wallets of a customer's device: their names, what they call the brands of cards, and how what
they give travels to a gateway."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from checkout.model.card import WALLET_MARK, WalletCard

APPLE_PAY, GOOGLE_PAY = "apple_pay", "google_pay"
WALLETS: Final = (APPLE_PAY, GOOGLE_PAY)  # in the order of their buttons

# Each wallet's word for a brand.
NETWORKS: Final[Mapping[str, Mapping[str, str]]] = {
    APPLE_PAY: {
        "visa": "visa",
        "master": "masterCard",
        "amex": "amex",
        "discover": "discover",
        "jcb": "jcb",
        "maestro": "maestro",
        "mir": "mir",
        "unionpay": "chinaUnionPay",
    },
    GOOGLE_PAY: {
        "visa": "VISA",
        "master": "MASTERCARD",
        "amex": "AMEX",
        "discover": "DISCOVER",
        "jcb": "JCB",
    },
}
LONGEST_DATA: Final = 12 * 1024 - 64  # bytes: in base64 no longer than an app may send


def wallet_card(wallet: str, data: str) -> WalletCard:
    """A card of what `wallet` gave: JSON with the encrypted card, or Google's token in a text. The
    gateways of the family take it in base64, behind a mark that says whose it is."""
    return WalletCard(f"{WALLET_MARK}{wallet}_1_0_0${b64encode(data.encode()).decode()}")
