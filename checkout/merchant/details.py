"""Reads what a shop adds for the gateway and the bank: `order.additional_data`, `travel` and their
like, by the table of Overpay's charge request.

What the documents of the checkout token have a place for stands there; the rest stands as it is
nested in the charge request.
"""

from __future__ import annotations

from typing import Any, Final

from checkout.merchant.customers import blank_is_none
from checkout.merchant.page_settings import card_token
from checkout.merchant.travel import read_travel
from checkout.model.checks import Fields, Wrong
from checkout.model.order import SECURE, Details
from checkout.model.pan import holds_card_number
from checkout.model.rules import (
    choice,
    loose_flag,
    many,
    page_address,
    passed_on,
    text,
    whole,
)

CONTRACTS: Final = ("recurring", "oneclick", "credit", "card_on_file")
INITIATORS: Final = ("merchant", "customer")
CHARGES: Final = ("delayed_charge", "increment", "resubmission", "reauthorization", "no_show")
VERIFICATIONS: Final = ("avs_verification", "cvc_verification")
MOST_RESULTS: Final = 100  # of a check, that fail the payment
LARGEST_ID: Final = 2**53 - 1  # what every JSON reader still tells from its neighbour

# Of `payment_method.credit_card`: what the customer alone says.
CARD_DATA: Final = ("number", "verification_value", "cvc", "cvv")
MERCHANTS_TYPE: Final = "is for the initiator merchant alone"

contracts = many(choice(CONTRACTS), most=10)
_word = blank_is_none(text(255, numbers=True))


def read_details(fields: Fields, extra: Fields, *, strict: bool = False) -> Details:
    """`fields` is the `checkout` object or a charge request, `extra` its additional data; what is
    wrong is told in them. `strict`: so is what says nothing beside the rest."""
    secure = fields.within("three_d_secure").get("advanced", loose_flag)
    return Details(
        duplicate_check=fields.get("duplicate_check", loose_flag),
        three_d_secure={} if secure is None else {"advanced": secure},
        referer=extra.get("referer", blank_is_none(page_address)),
        p2p=_words(extra.within("p2p"), "service_id", "service_extension"),
        excluded_gateways=extra.get(
            "excluded_gateways", many(whole(1, LARGEST_ID, digits=True), most=100), ()
        ),
        masterpass=_masterpass(extra),
        card_on_file=_card_on_file(extra.within("card_on_file"), strict),
        avs_cvc_verification=_verification(extra.within("avs_cvc_verification")),
        meta=extra.get("meta", passed_on(), {}),
        expected_bank_code=extra.get("expected_bank_code", blank_is_none(text(32, numbers=True))),
        travel=_travel(fields, extra),
    )


def read_card_params(fields: Fields) -> dict[str, Any]:
    """`payment_method.credit_card`: flags as flags, the rest as it came; never a card."""
    for name in CARD_DATA:
        if fields.has(name):
            fields.wrong(name, "must not be sent: the customer enters it on the page")
    flags = read_switches(fields)
    fields.get("token", card_token)
    rest = {name: fields.data[name] for name in fields.names if name not in (*SECURE, *CARD_DATA)}
    try:
        passed_on()(rest)
    except Wrong as wrong:
        fields.wrong("", str(wrong))
        return {}
    for name, value in rest.items():
        if name != "token" and isinstance(value, str) and holds_card_number(value):
            fields.wrong(name, "must not hold a card number")
    return rest | flags


def read_switches(fields: Fields) -> dict[str, bool]:
    """The switches of 3-D Secure that are there."""
    flags = {name: fields.get(name, loose_flag) for name in SECURE}
    return {name: flag for name, flag in flags.items() if flag is not None}


def _words(fields: Fields, *names: str) -> dict[str, str]:
    values = {name: fields.get(name, _word) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _masterpass(extra: Fields) -> dict[str, Any]:
    params = _words(extra.within("masterpass.params"), "session")
    return {"params": params} if params else {}


def _card_on_file(fields: Fields, strict: bool) -> dict[str, str]:
    """`type` is for what the merchant begins. Mobile SDKs send its default with every initiator:
    beside the customer's it says nothing and stays here."""
    initiator = fields.get("initiator", blank_is_none(choice(INITIATORS)))
    kind = fields.get("type", blank_is_none(choice(CHARGES)))
    if strict and initiator == "customer" and kind is not None:
        fields.wrong("type", MERCHANTS_TYPE)
    found = {"initiator": initiator, "type": None if initiator == "customer" else kind}
    return {name: value for name, value in found.items() if value is not None}


def _verification(fields: Fields) -> dict[str, Any]:
    """Which results of the two checks shall fail the payment: objects that only the gateway
    reads."""
    rule = passed_on(values=MOST_RESULTS)
    values = {name: fields.get(name, rule) for name in VERIFICATIONS}
    return {name: value for name, value in values.items() if value}


def _travel(fields: Fields, extra: Fields) -> dict[str, Any]:
    """Beside `order`, as the documents have it, or in its additional data."""
    if fields.has("travel") and extra.has("travel"):
        extra.wrong("travel", "is given twice")
    return read_travel((extra if extra.has("travel") else fields).within("travel"))
