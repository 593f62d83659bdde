"""What a shop says for the gateway and the bank beside the money, by the names of Overpay's charge
request. A gateway declares which of them it sends on (`Can.details`, `Can.details_alone`): what was
said and isn't sent has to be found before it is forgotten.

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


def _asked(name: str) -> Callable[[Order], Any]:
    """Whether one of the 3-D Secure switches is on."""
    return lambda order: order.methods.params.get(CARD_METHOD, {}).get(name) is True


OF_ORDER: Final[Mapping[str, Callable[[Order], Any]]] = {  # name -> what is said of it, if anything
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
    **{f"credit_card.{name}": _asked(name) for name in SECURE},
}
# What an order doesn't say: it always has an end; a browser and a code live for one request.
EXPIRY: Final = "expired_at"
BROWSER: Final = "additional_data.browser"
CODE: Final = "credit_card.verification_value"

# The way of a payment that goes on with a series by the payment that began it.
SERIES: Final = "series"

PARAMETERS: Final = frozenset({*OF_ORDER, EXPIRY, BROWSER, CODE})
# What says nothing of a payment by other means.
OF_CARDS: Final = frozenset({
    "three_d_secure",
    "additional_data.contract",
    "additional_data.card_on_file",
    "additional_data.masterpass",
    "additional_data.avs_cvc_verification",
    *(name for name in PARAMETERS if name.startswith("credit_card.")),
})  # fmt: skip
# Of those, what our own pages do something with: it isn't lost where a gateway has no word for it.
KEPT_HERE: Final = frozenset(
    name
    for name in PARAMETERS
    if name.startswith(("customer.", "billing_address.")) or name == "additional_data.receipt_text"
)


def said(order: Order) -> frozenset[str]:
    """The names of what the order says; what switches something off asks for nothing."""
    return frozenset(name for name, value in OF_ORDER.items() if value(order))
