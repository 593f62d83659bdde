"""Reads what a shop adds for the gateway and the bank: `order.additional_data`, `travel` and
similar fields of Overpay's charge request.

A field is where the documents of the checkout token put it; otherwise it is nested as in the charge
request.
"""

from __future__ import annotations

from typing import Any, Final

from checkout.model.order import SECURE, Details
from checkout.model.pan import holds_card_number
from checkout.model.validation.description import says
from checkout.model.validation.optional_data import cut_texts, dropped_if_wrong
from checkout.model.validation.reader import Invalid, Reader
from checkout.model.validation.rules import (
    choice,
    integer,
    loose_flag,
    many,
    page_address,
    passed_on,
    refused,
    text,
    without_blanks,
)
from checkout.model.validation.table import Field, FieldTable
from checkout.shop_api.card_numbers import is_of_digits
from checkout.shop_api.page_settings import card_token
from checkout.shop_api.travel import read_travel

CONTRACTS: Final = ("recurring", "oneclick", "credit", "card_on_file")
INITIATORS: Final = ("merchant", "customer")
CHARGES: Final = ("delayed_charge", "increment", "resubmission", "reauthorization", "no_show")
VERIFICATIONS: Final = ("avs_verification", "cvc_verification")
MOST_RESULTS: Final = 100  # of a check, that fail the payment
LARGEST_ID: Final = 2**53 - 1  # the largest integer that every JSON reader keeps exactly

# Of `payment_method.credit_card`: what only the customer may give.
CARD_DATA: Final = ("number", "verification_value", "cvc", "cvv")
MERCHANTS_TYPE: Final = "is for the initiator merchant alone"

_word: Final = Field(text(255, numbers=True))
_result: Final = Field(passed_on(values=MOST_RESULTS), "as the gateway reads it")
_switch: Final = Field(loose_flag)

CARD_ON_FILE: Final = FieldTable(
    initiator=Field(choice(INITIATORS)),
    type=Field(choice(CHARGES), "of what the merchant begins"),
)
# In the order in which they are read: what `Order` holds itself, then what `Details` does.
RECEIPT: Final = FieldTable(
    receipt_text=Field(
        cut_texts(most=50), "lines on the receipt and in the gateway's mail", default=()
    ),
    contract=Field(
        without_blanks(many(choice(CONTRACTS), most=10)),
        "the answer brings a card token",
        default=(),
    ),
)
EXTRA: Final = FieldTable(
    referer=Field(
        dropped_if_wrong(page_address),
        "the page of the shop that the order began at",
    ),
    p2p=Field(FieldTable(service_id=_word, service_extension=_word)),
    excluded_gateways=Field(
        without_blanks(many(integer(1, LARGEST_ID, digits=True), most=100)),
        "numbers of the gateway's own gateways, for cascades",
        default=(),
    ),
    masterpass=Field(FieldTable(params=Field(FieldTable(session=_word)))),
    card_on_file=Field(CARD_ON_FILE),
    avs_cvc_verification=Field(
        FieldTable(dict.fromkeys(VERIFICATIONS, _result)), "which results fail the payment"
    ),
    meta=Field(passed_on(), "any object", default={}),
    expected_bank_code=Field(
        text(32, numbers=True), "of test payments: the bank's code in the answer"
    ),
)
# What plugins write for themselves: `vendor`, `request_id`, `platform_data`, ...
OTHERS: Final = Field(says("anything")(lambda value: value), "answered and notified, not sent on")
ADDITIONAL_DATA: Final = FieldTable(**RECEIPT, **EXTRA)
ADDITIONAL_DATA.others = OTHERS
# Read elsewhere, or a person's or a card's data, which nothing here keeps twice.
NOT_ECHOED: Final = frozenset({
    *ADDITIONAL_DATA, "travel", "browser", "customer", "billing_address", "recipient",
    "recipient_billing_address", "credit_card", "recipient_credit_card", "encrypted_credit_card",
})  # fmt: skip
# Fields of the request itself.
BESIDE: Final = FieldTable(
    three_d_secure=Field(FieldTable(advanced=Field(loose_flag, "passed on"))),
    duplicate_check=Field(
        loose_flag, "`true`: the same amount on the same card within 30 s is refused"
    ),
)
SWITCHES: Final = FieldTable(
    dict(zip(SECURE, (_switch, Field(loose_flag, "wins over the other")), strict=True))
)
CARD_PARAMS: Final = FieldTable(
    dict.fromkeys(CARD_DATA, Field(refused("must not be sent: the customer enters it on the page")))
    | SWITCHES
    | {"token": Field(card_token, "a saved card to be paid with")},
)


def read_details(fields: Reader, extra: Reader, *, strict: bool = False) -> Details:
    """`fields` is the `checkout` object or a charge request, `extra` its additional data; both
    collect the problems. `strict`: a field without effect is a problem too."""
    beside, values = BESIDE.read(fields), EXTRA.read(extra)
    params = _filled(values["masterpass"]["params"])
    values |= {
        "p2p": _filled(values["p2p"]),
        "masterpass": {"params": params} if params else {},
        "card_on_file": _card_on_file(values["card_on_file"], extra, strict),
        "avs_cvc_verification": _filled(values["avs_cvc_verification"]),
    }
    return Details(
        duplicate_check=beside["duplicate_check"],
        three_d_secure=_filled(beside["three_d_secure"]),
        travel=_travel(fields, extra),
        **values,
    )


def read_echoed(extra: Reader) -> dict[str, Any]:
    """The members of the additional data that no document names (`vendor`, `request_id`,
    `platform_data`, ...): answered and notified as they came, and sent to nobody else."""
    given = {name: extra.data[name] for name in extra.names if name not in NOT_ECHOED}
    found = {name: value for name, value in given.items() if value not in ("", [], {})}
    try:
        return passed_on()(found)
    except Invalid as wrong:
        extra.wrong("", str(wrong))
        return {}


def read_card_params(fields: Reader) -> dict[str, Any]:
    """`payment_method.credit_card`: flags as flags, the rest as it came; never a card."""
    values = CARD_PARAMS.read(fields)
    flags = {name: values[name] for name in SECURE if values[name] is not None}
    rest = {name: fields.data[name] for name in fields.names if name not in (*SECURE, *CARD_DATA)}
    try:
        passed_on()(rest)
    except Invalid as wrong:
        fields.wrong("", str(wrong))
        return {}
    for name, value in rest.items():
        if not is_of_digits(name) and isinstance(value, str) and holds_card_number(value):
            fields.wrong(name, "must not hold a card number")
    return rest | flags


def read_switches(fields: Reader) -> dict[str, bool]:
    """The 3-D Secure switches that are set."""
    return _filled(SWITCHES.read(fields))


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """The values without nulls and empty objects."""
    return {name: value for name, value in values.items() if value is not None and value != {}}


def _card_on_file(values: dict[str, Any], extra: Reader, strict: bool) -> dict[str, str]:
    """`type` is only for a merchant-initiated transaction. Mobile SDKs send its default with every
    initiator: with the customer as the initiator it is dropped."""
    if values["initiator"] == "customer" and values["type"] is not None:
        if strict:
            extra.wrong("card_on_file.type", MERCHANTS_TYPE)
        values["type"] = None
    return _filled(values)


def _travel(fields: Reader, extra: Reader) -> dict[str, Any]:
    """Beside `order`, as the documents have it, or in its additional data."""
    if fields.has("travel") and extra.has("travel"):
        extra.wrong("travel", "is given twice")
    return read_travel((extra if extra.has("travel") else fields).within("travel"))
