"""Reads what a shop's server sends about a card that it knows by a token: a payment, an
authorization, a charge, a credit, a payout.

Source: the whole table of Overpay's charge request, for a token in place of a card's number. A
number is not taken, encrypted neither: no customer is there to type it, and the shop's server
should not have it. What is read here is sent on, or refused by name: nothing is dropped, but for
what is wrong with the customer's data. Of money that goes out even that is refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.model import charge_parameters
from checkout.model.browser import Browser
from checkout.model.card import SavedCard
from checkout.model.order import CARD_METHOD, MONEY_OUT, Customer, Methods, Order, PageSettings
from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid, Reader
from checkout.model.validation.rules import loose_flag, refused, text
from checkout.model.validation.table import Field, FieldTable
from checkout.settings import Shop
from checkout.shop_api.additional_data import (
    ADDITIONAL_DATA,
    BESIDE,
    OTHERS,
    RECEIPT,
    SWITCHES,
    read_details,
    read_echoed,
    read_switches,
)
from checkout.shop_api.addresses import called_address, return_address, scope_of
from checkout.shop_api.browser import BROWSER, read_browser
from checkout.shop_api.card_numbers import body_reader
from checkout.shop_api.checkout_request import (
    CHECKOUT,
    SETTINGS,
    TERMS,
    check_amount,
    read_terms,
)
from checkout.shop_api.customer import CUSTOMER, TYPED, read_customer, read_recipient
from checkout.shop_api.page_settings import card_token
from checkout.shop_api.travel import TRAVEL

PAYOUT: Final = "payout"
CODE_FIELD: Final = "verification_value"
FORCE: Final = "force_three_d_secure_verification"

NO_NUMBER: Final = "is not taken here: send the card's token"
THE_CARDS: Final = "is the card's own: its token stands for it"
NAMED: Final = "is called verification_value"
TWICE: Final = "is given beside a token"
TESTS: Final = "is for test payments alone"
WHERE_BACK: Final = "is required where 3-D Secure is asked for"

_DIGITS = re.compile(r"[0-9]{3,4}", re.ASCII)


@says("3 or 4 digits", type=["string", "integer"])
def _code(value: Any) -> str:
    written = text(64, numbers=True)(value)
    if not _DIGITS.fullmatch(written):
        raise Invalid("must be 3 or 4 digits")
    return written


# Tables in the order in which their fields are read.
REFUSED: Final = FieldTable(
    number=Field(refused(NO_NUMBER)),
    **dict.fromkeys(("holder", "exp_month", "exp_year"), Field(refused(THE_CARDS))),
    **dict.fromkeys(("cvc", "cvv"), Field(refused(NAMED))),
)
CARD: Final = FieldTable(
    {
        "token": Field(card_token, "the saved card; required without a `parent_uid`"),
        CODE_FIELD: Field(_code, "the card's code: sent on, never kept", default=""),
        **SWITCHES,
    }
)
PAYMENT: Final = FieldTable(
    test=Field(loose_flag, "a test payment", default=False),
    dynamic_billing_descriptor=CHECKOUT["dynamic_billing_descriptor"],
)
ADDRESSES: Final = FieldTable(
    return_url=Field(return_address, "where a customer who was at the bank goes back to"),
    notification_url=Field(called_address, "is told every final state"),
    verification_url=Field(called_address, "is asked before anything is sent"),
    language=SETTINGS["language"],
)
EXTRA: Final = FieldTable(
    **ADDITIONAL_DATA, browser=Field(BROWSER, "the customer's, for 3-D Secure")
)
EXTRA.others = OTHERS
REQUEST: Final = FieldTable(
    {
        **TERMS,
        CARD_METHOD: Field(CARD),
        "encrypted_credit_card": Field(refused(NO_NUMBER)),
        "parent_uid": Field(
            text(64),
            "in the card's place: the payment that began the series, paid under the contract "
            "`recurring`; some gateways know a series by it alone",
        ),
        **BESIDE,
        **PAYMENT,
        **ADDRESSES,
        "customer": Field(CUSTOMER),
        "billing_address": Field(CUSTOMER, "names and address, where they are not in `customer`"),
        "additional_data": Field(EXTRA),
        "travel": Field(TRAVEL),
    }
)
# What a request that sends money to the customer may have.
PERSONS: Final = ("customer", "billing_address")
SENT: Final = (*TERMS, CARD_METHOD, "duplicate_check", "test", *ADDRESSES, *PERSONS)


def table_of(kind: str) -> FieldTable:
    """The fields of a request of this type."""
    if kind not in MONEY_OUT:
        return REQUEST
    card = FieldTable(token=CARD["token"]._replace(required=True))
    persons = {name: REQUEST[name]._replace(rule=TYPED) for name in PERSONS}
    table = REQUEST.only(SENT) | {CARD_METHOD: Field(card, required=True)} | persons
    return FieldTable({section_of(name, kind): field for name, field in table.items()})


class MerchantInitiated(Struct, frozen=True, kw_only=True):
    """`card` has no token where `parent` is given, the uid of the first payment of a recurring
    series. `given`: the parameters that the shop gave, by the names of
    `model.charge_parameters`."""

    order: Order
    card: SavedCard
    parent: str | None
    browser: Browser | None
    given: frozenset[str]


def read_merchant_initiated(
    data: Any, kind: str, shop: Shop, *, sandbox: bool, now: float
) -> MerchantInitiated:
    """The transaction of `{"request": {...}}`.

    Raises Unprocessable, naming every wrong field; a card's number is one.
    """
    fields = body_reader(data).within("request", shown="")
    given = fields.within(section_of(CARD_METHOD, kind))
    card, parent = _card(fields, given, kind)
    for name, here in RECIPIENTS.items() if kind == PAYOUT else ():
        if fields.within(name).names:
            fields.wrong(name, f"is called {here} in a payout")
    extra = fields.within("additional_data")
    switches, scope = read_switches(given), scope_of(shop, sandbox=sandbox, now=now)
    terms, values = read_terms(fields, scope), PAYMENT.read(fields)
    check_amount(fields, terms["money"], kind)
    order = Order(
        **terms,
        transaction_type=kind,
        test=values["test"],
        descriptor=values["dynamic_billing_descriptor"],
        **RECEIPT.read(extra),
        details=read_details(fields, extra, strict=True),
        echoed=read_echoed(extra),
        page_settings=_page_settings(ADDRESSES.read(fields, scope), shop),
        customer=_customer(fields, kind),
        methods=Methods(params={CARD_METHOD: switches} if switches else {}),
        merchant_initiated=True,
    )
    browser = read_browser(extra.within("browser"))
    if order.details.expected_bank_code and not order.test:
        extra.wrong("expected_bank_code", TESTS)
    if switches.get(FORCE) and order.page_settings.return_url is None:
        fields.wrong("return_url", WHERE_BACK)
    beside = {
        charge_parameters.EXPIRY: fields.has(charge_parameters.EXPIRY),
        charge_parameters.BROWSER: browser,
        charge_parameters.CODE: card.code,
    }
    fields.done()
    order = msgspec.structs.replace(order, dropped=dict(fields.dropped))
    return MerchantInitiated(
        order=order,
        card=card,
        parent=parent,
        browser=browser,
        given=charge_parameters.parameters_given(order)
        | {name for name, value in beside.items() if value},
    )


def section_of(name: str, kind: str) -> str:
    """A section's name in a request of this type: in a payout it is the recipient's."""
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
    """The request in a canonical form, to recognise a repeat; without the security code, which must
    not be stored."""
    card = data["request"].get(CARD_METHOD)
    if isinstance(card, dict):
        card = {name: value for name, value in card.items() if name != CODE_FIELD}
        data = data | {"request": data["request"] | {CARD_METHOD: card}}
    return msgspec.json.encode([kind, data], order="deterministic")


def _card(fields: Reader, given: Reader, kind: str) -> tuple[SavedCard, str | None]:
    REFUSED.read(given)
    REQUEST.take(fields, "encrypted_credit_card")
    parent = None if kind in MONEY_OUT else REQUEST.take(fields, "parent_uid")
    token = given.read("token", CARD.rule("token"), required=not parent)
    if parent and token:
        fields.wrong("parent_uid", TWICE)
    if not (parent or token) and given.ok:
        given.wrong("token", "is required")
    return SavedCard(token or "", CARD.take(given, CODE_FIELD)), parent


def _customer(fields: Reader, kind: str) -> Customer:
    names = (section_of(name, kind) for name in PERSONS)
    if kind in MONEY_OUT:
        return read_recipient(*map(fields.within, names))
    return read_customer(*map(fields.optional_child, names))


def _page_settings(values: dict[str, Any], shop: Shop) -> PageSettings:
    notification_url = values.pop("notification_url") or shop.notification_url
    # After 3-D Secure the customer returns to the shop at once, as from the gateway's own pages.
    auto_return = None if values["return_url"] is None else 0
    return PageSettings(notification_url=notification_url, auto_return=auto_return, **values)
