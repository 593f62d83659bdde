"""Reads what a shop's server sends about a card that it knows by a token: a payment, an
authorization, a charge, a credit, a payout.

Source: the whole table of Overpay's charge request, for a token in place of a card's number. A
number is not taken, encrypted neither: no customer is there to type it, and the shop's server
should not have it. What is read here is sent on, or refused by name: nothing is dropped.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.merchant.browsers import read_browser
from checkout.merchant.card_numbers import without_card_numbers
from checkout.merchant.customers import blank_is_none, read_customer
from checkout.merchant.details import contracts, read_details, read_switches
from checkout.merchant.orders import read_terms
from checkout.merchant.page_settings import card_token
from checkout.model.browser import Browser
from checkout.model.card import SavedCard
from checkout.model.charge_parameters import BROWSER, CODE, EXPIRY, parameters_given
from checkout.model.checks import Fields, Wrong, drop_nulls
from checkout.model.order import CARD_METHOD, SENDING, Methods, Order, Ways
from checkout.model.rules import loose_flag, shop_address, text, texts, web_address
from checkout.settings import Shop

PAYOUT: Final = "payout"
CODE_FIELD: Final = "verification_value"
FORCE: Final = "force_three_d_secure_verification"

NO_NUMBER: Final = "is not taken here: send the card's token"
THE_CARDS: Final = "is the card's own: its token stands for it"
NAMED: Final = "is called verification_value"
# Of the card's section, what is refused beside a token and why.
REFUSED: Final = {
    "number": NO_NUMBER,
    "holder": THE_CARDS,
    "exp_month": THE_CARDS,
    "exp_year": THE_CARDS,
    "cvc": NAMED,
    "cvv": NAMED,
}
TWICE: Final = "is given beside a token"
TESTS: Final = "is for test payments alone"
WHERE_BACK: Final = "is required where 3-D Secure is asked for"

_DIGITS = re.compile(r"[0-9]{3,4}", re.ASCII)
_parent = blank_is_none(text(64))


class ByToken(Struct, frozen=True, kw_only=True):
    """`card` has no token where `parent`, the uid of the payment that began a series, stands in
    its place. `said`: which parameters the shop gave, by the names of `model.charge_parameters`."""

    order: Order
    card: SavedCard
    parent: str | None
    browser: Browser | None
    said: frozenset[str]


def read_by_token(data: Any, kind: str, shop: Shop, *, sandbox: bool, now: float) -> ByToken:
    """What is asked for in `{"request": {...}}`.

    Raises Unprocessable, naming every wrong field; a card's number is one.
    """
    fields = Fields(without_card_numbers(drop_nulls(data)), tolerant=True).within(
        "request", shown=""
    )
    given = fields.within(section_of(CARD_METHOD, kind))
    card, parent = _card(fields, given, kind)
    for name, here in RECIPIENTS.items() if kind == PAYOUT else ():
        if fields.within(name).names:
            fields.wrong(name, f"is called {here} in a payout")
    extra = fields.within("additional_data")
    switches = read_switches(given)
    order = Order(
        **read_terms(fields, now),
        transaction_type=kind,
        test=fields.get("test", loose_flag, False),
        descriptor=fields.get("dynamic_billing_descriptor", blank_is_none(text(numbers=True))),
        receipt_text=extra.get("receipt_text", texts(most=50), ()),
        contract=extra.get("contract", contracts, ()),
        details=read_details(fields, extra, strict=True),
        ways=_ways(fields, shop, sandbox),
        customer=read_customer(
            fields.within(section_of("customer", kind)),
            fields.within(section_of("billing_address", kind)),
        ),
        methods=Methods(params={CARD_METHOD: switches} if switches else {}),
        alone=True,
    )
    browser = read_browser(extra.within("browser"))
    if order.details.expected_bank_code and not order.test:
        extra.wrong("expected_bank_code", TESTS)
    if switches.get(FORCE) and order.ways.return_url is None:
        fields.wrong("return_url", WHERE_BACK)
    beside = {EXPIRY: fields.has(EXPIRY), BROWSER: browser, CODE: card.code}
    fields.done()
    return ByToken(
        order=order,
        card=card,
        parent=parent,
        browser=browser,
        said=parameters_given(order) | {name for name, value in beside.items() if value},
    )


def section_of(name: str, kind: str) -> str:
    """What a section is called in a request of this type: a payout has a recipient."""
    return RECIPIENTS.get(name, name) if kind == PAYOUT else name


RECIPIENTS: Final = {
    CARD_METHOD: "recipient_credit_card",
    "customer": "recipient",
    "billing_address": "recipient_billing_address",
}


def named(name: str, kind: str) -> str:
    """A parameter's name in a request of this type."""
    head, dot, rest = name.partition(".")
    return section_of(head, kind) + dot + rest


def without_code(data: Any, kind: str) -> bytes:
    """What tells a request that could be read from another, without the security code, of which
    nothing is kept."""
    card = data["request"].get(CARD_METHOD)
    if isinstance(card, dict):
        card = {name: value for name, value in card.items() if name != CODE_FIELD}
        data = data | {"request": data["request"] | {CARD_METHOD: card}}
    return msgspec.json.encode([kind, data], order="deterministic")


def _card(fields: Fields, given: Fields, kind: str) -> tuple[SavedCard, str | None]:
    for name, reason in REFUSED.items():
        if given.has(name):
            given.wrong(name, reason)
    if fields.has("encrypted_credit_card"):
        fields.wrong("encrypted_credit_card", NO_NUMBER)
    parent = None if kind in SENDING else fields.get("parent_uid", _parent)
    token = (given.get if parent else given.need)("token", card_token)
    if parent and token:
        fields.wrong("parent_uid", TWICE)
    if not (parent or token) and given.ok:
        given.wrong("token", "is required")
    return SavedCard(token or "", given.get(CODE_FIELD, _code, "")), parent


def _code(value: Any) -> str:
    """A rule; "" is what plugins send for what they leave out."""
    written = text(64, least=0, numbers=True)(value)
    if written and not _DIGITS.fullmatch(written):
        raise Wrong("must be 3 or 4 digits")
    return written


def _ways(fields: Fields, shop: Shop, sandbox: bool) -> Ways:
    landing = blank_is_none(shop_address(origins=shop.landing_origins, sandbox=sandbox))
    calling = blank_is_none(web_address(sandbox=sandbox, ports=shop.ports))
    back = fields.get("return_url", landing)
    return Ways(
        return_url=back,
        notification_url=fields.get("notification_url", calling, shop.notification_url),
        verification_url=fields.get("verification_url", calling),
        # Who was at the bank goes on to the shop at once, as from the gateway's own pages.
        auto_return=None if back is None else 0,
        language=fields.get("language", blank_is_none(text(35))),
    )
