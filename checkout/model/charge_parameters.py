"""The parameters of a charge beside the money, by the names of Overpay's charge request. A gateway
declares which of them it sends on (`Capabilities.parameters`,
`Capabilities.merchant_initiated_parameters`). One that a shop gives and the gateway does not send
is logged; where no customer is present the payment is refused.

What we do ourselves is not among them: `tracking_id`, the addresses, the language of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

from checkout.model.order import CARD_METHOD, SECURE, Order

PERSON: Final = ("ip", "email", "device_id", "birth_date", "taxpayer_id", "external_id")
ADDRESS: Final = (
    "first_name", "last_name", "country", "city", "state", "zip", "address", "phone",
)  # fmt: skip
ADDITIONAL: Final = (
    "referer", "p2p", "excluded_gateways", "masterpass", "card_on_file", "avs_cvc_verification",
    "meta", "expected_bank_code",
)  # fmt: skip


def _switched_on(name: str) -> Callable[[Order], Any]:
    """Whether one of the 3-D Secure switches is on."""
    return lambda order: order.methods.params.get(CARD_METHOD, {}).get(name) is True


# By name: the order's value.
ORDER_PARAMETERS: Final[Mapping[str, Callable[[Order], Any]]] = {
    "test": attrgetter("test"),
    "duplicate_check": attrgetter("details.duplicate_check"),
    "dynamic_billing_descriptor": attrgetter("descriptor"),
    "three_d_secure": attrgetter("details.three_d_secure"),
    "travel": attrgetter("details.travel"),
    "additional_data.receipt_text": attrgetter("receipt_text"),
    "additional_data.contract": attrgetter("contract"),
    **{f"additional_data.{name}": attrgetter(f"details.{name}") for name in ADDITIONAL},
    **{f"customer.{name}": attrgetter(f"customer.{name}") for name in PERSON},
    **{f"billing_address.{name}": attrgetter(f"customer.{name}") for name in ADDRESS},
    **{f"credit_card.{name}": _switched_on(name) for name in SECURE},
}
# Not in the order: every order has an expiry; a browser and a code live for one request.
EXPIRY: Final = "expired_at"
BROWSER: Final = "additional_data.browser"
CODE: Final = "credit_card.verification_value"

# A further payment of a recurring series, charged by the payment that began it.
SERIES: Final = "series"

PARAMETERS: Final = frozenset({*ORDER_PARAMETERS, EXPIRY, BROWSER, CODE})
# Parameters without a meaning for other methods than cards.
CARD_ONLY: Final = frozenset({
    "three_d_secure",
    "additional_data.contract",
    "additional_data.card_on_file",
    "additional_data.masterpass",
    "additional_data.avs_cvc_verification",
    *(name for name in PARAMETERS if name.startswith("credit_card.")),
})  # fmt: skip
# What our own pages use: it has an effect also where the gateway does not send it.
USED_ON_OUR_PAGES: Final = frozenset(
    name
    for name in PARAMETERS
    if name.startswith(("customer.", "billing_address.")) or name == "additional_data.receipt_text"
)


def parameters_given(order: Order) -> frozenset[str]:
    """The names of the parameters that the order has; a switch that is off is none."""
    return frozenset(name for name, value in ORDER_PARAMETERS.items() if value(order))
