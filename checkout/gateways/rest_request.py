"""A charge in the REST gateway's fields: dotted names, amounts as "50.00".

Zero-decimal currencies carry ".00" too; currencies with other decimals can't be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from checkout.gateways.base import Charge
from checkout.gateways.rest_words import BRANDS, CARD_MODES
from checkout.model.browser import Browser
from checkout.model.card import Card
from checkout.model.money import Money
from checkout.model.order import Customer

EXPONENTS: Final = frozenset({0, 2})
LONGEST_RETURN_URL: Final = 99
LONGEST_KEY: Final = 100
LONGEST_DESCRIPTION: Final = 255
FORCED: Final = "Only3D"
CUSTOMER: Final = {
    "customer.email": "email",
    "customer.ip": "ip",
}
ADDRESS: Final = {
    "country": "country",
    "city": "city",
    "state": "state",
    "postcode": "zip",
    "street1": "address",
}
DEVICE: Final = {  # `user_Agent`: that is how it is spelled
    "deviceDetails.user_Agent": "user_agent",
    "deviceDetails.browserAcceptHeader": "accept_header",
    "deviceDetails.browserLanguage": "language",
    "deviceDetails.browserTimezoneOffset": "time_zone",
    "deviceDetails.browserColorDepth": "screen_color_depth",
    "deviceDetails.browserScreenHeight": "screen_height",
    "deviceDetails.browserScreenWidth": "screen_width",
    "deviceDetails.browserJavaEnabled": "java_enabled",
}
_AMOUNT: Final = re.compile(r"[0-9]{1,8}\.[0-9]{2}", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)  # never the separator of checksums
_DOTTED: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+", re.ASCII)
_OURS: Final = ("authentication.", "card.", "merchant.", "customer.ip")


def amount_of(money: Money) -> str | None:
    """Two decimals always; None where it can't be written so."""
    if money.exponent not in EXPONENTS:
        return None
    written = f"{money.major:.2f}"
    return written if _AMOUNT.fullmatch(written) else None


def takes_card(charge: Charge) -> bool:
    """Whether the method pays by card; others (NB, EW, PV, ...) send the customer elsewhere."""
    return _mode(charge) in CARD_MODES


def sendable(charge: Charge) -> bool:
    """Whether the charge can be said at all in this protocol."""
    return (
        len(charge.key) <= LONGEST_KEY
        and _KEY.fullmatch(charge.key) is not None
        and len(charge.return_url) <= LONGEST_RETURN_URL
        and (isinstance(charge.card, Card) or not takes_card(charge))
    )


def fields_of(charge: Charge, payment_type: str, amount: str) -> dict[str, str]:
    """Everything but the account's own `authentication.*`."""
    order, method = charge.order, charge.method
    card = charge.card if takes_card(charge) and isinstance(charge.card, Card) else None
    brand = method.brand or (BRANDS.get(card.brand or "") if card else None)
    ours = {
        "merchantTransactionId": charge.key,
        "amount": amount,
        "currency": charge.money.currency,
        "orderDescriptor": order.description[:LONGEST_DESCRIPTION],
        "paymentType": payment_type,
        "paymentMode": _mode(charge),
        "paymentBrand": brand,
        "merchantRedirectUrl": charge.return_url,
        "notificationUrl": charge.notify_url,
        "attemptThreeD": FORCED if _is_forced(method.params) else None,
        **_customer(charge.customer, card),
        **_card(card, order.contract),
        **_device(charge.browser),
    }
    return _params(method.params) | _filled(ours)


def _mode(charge: Charge) -> str:
    return (charge.method.mode or "CC").upper()


def _is_forced(params: Mapping[str, Any]) -> bool:
    """3-D Secure is the gateway's to decide, unless the shop insists, in Overpay's words."""
    return params.get("force_three_d_secure_verification") is True


def _params(params: Mapping[str, Any]) -> dict[str, str]:
    """The method's own parameters that are fields of this protocol, by their dotted names; ours
    win over them."""
    return _filled(
        {
            name: value
            for name, value in params.items()
            if _DOTTED.fullmatch(name) and not name.startswith(_OURS)
        }
    )


def _customer(customer: Customer, card: Card | None) -> dict[str, Any]:
    """The gateway has no field for the name on the card: it stands in for a missing name."""
    given, surname = customer.first_name, customer.last_name
    if not (given or surname) and card:
        given, _, surname = card.holder.rpartition(" ")
    place = {theirs: getattr(customer, ours) for theirs, ours in ADDRESS.items()}
    return {
        "customer.givenName": given,
        "customer.surname": surname,
        "customer.phone": "".join(c for c in customer.phone or "" if c in "0123456789"),
        "customer.birthDate": (customer.birth_date or "").replace("-", ""),
        **{theirs: getattr(customer, ours) for theirs, ours in CUSTOMER.items()},
        # Deployments differ in which of the two they read, and we know of one address.
        **{f"billing.{name}": value for name, value in place.items()},
        **{f"shipping.{name}": value for name, value in place.items()},
    }


def _card(card: Card | None, contract: tuple[str, ...]) -> dict[str, Any]:
    if card is None:
        return {}
    return {
        "card.number": card.number,
        "card.expiryMonth": f"{card.month:02d}",
        "card.expiryYear": f"{card.year:04d}",
        "card.cvv": card.code,
        # Every contract of Overpay's is about a card that is kept for later.
        "createRegistration": "true" if contract else None,
        "recurringType": "INITIAL" if "recurring" in contract else None,
    }


def _device(browser: Browser | None) -> dict[str, Any]:
    """All fields, defaults too: the bank's server wants to be told them."""
    if browser is None:
        return {}
    found = {theirs: getattr(browser, ours) for theirs, ours in DEVICE.items()}
    return found | {"deviceDetails.browserJavaEnabled": str(browser.java_enabled).lower()}


def _filled(fields: Mapping[str, Any]) -> dict[str, str]:
    """As texts, without what isn't there."""
    return {
        name: str(value)
        for name, value in fields.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
