"""Orders and gateway facts without personal data. What the tables name stays: money, states, times,
and the names by which shop and gateway find a payment again; everything else is removed."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from checkout.model.order import Order, PageSettings
from checkout.model.outcome import GatewayFacts, PaidCard, ThreeDSecure

# Kept: the shop's own number of the order and its webhook address, as a chargeback may come a year
# later.
ORDER: Final = (
    "money", "transaction_type", "expires_at", "tracking_id", "attempts", "test", "iframe",
    "contract", "public", "created_by", "product", "quantity", "merchant_initiated", "recurring",
)  # fmt: skip
KEPT_SETTINGS: Final = ("notification_url", "language")
FACTS: Final = (
    "money", "amount", "agreed", "exchanged", "key", "auth_code", "rrn", "ref_id", "bank_code",
    "avs", "cvc", "parent", "code", "paid_at", "refused", "taken_back", "another_type",
)  # fmt: skip
# Kept: the token, by which the shop may charge the card again with the customer's consent.
CARD: Final = ("brand", "last_4", "token")
# Kept: who answers for a chargeback.
SECURE: Final = ("status", "ve_status", "pa_status", "eci")


def redacted_order(order: Order) -> Order:
    return Order(
        **_kept(order, ORDER),
        description="",
        page_settings=PageSettings(**_kept(order.page_settings, KEPT_SETTINGS)),
    )


def redacted_facts(facts: GatewayFacts) -> GatewayFacts:
    card = PaidCard(**_kept(facts.card, CARD)) if facts.card else None
    secure = facts.three_d_secure
    kept = ThreeDSecure(**_kept(secure, SECURE)) if secure else None
    return GatewayFacts(**_kept(facts, FACTS), card=card, three_d_secure=kept)


def _kept(value: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__ if name in names}
