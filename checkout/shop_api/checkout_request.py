"""Reads what shops send into an `Order`: the body of `POST /ctp/api/checkouts`, or a link.

Source: Overpay's documents on the checkout token. Callers in the wild send nulls and "" everywhere,
`[]` where an object is meant, digit strings and unknown fields: all are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from checkout.errors import Unprocessable
from checkout.i18n import LONGEST_TAG, nearest, supported
from checkout.model.money import Money
from checkout.model.order import (
    CARD_METHOD,
    MOST_ATTEMPTS,
    TRANSACTION_TYPES,
    ZERO_AMOUNT,
    CustomerFields,
    Methods,
    Order,
    PageSettings,
)
from checkout.model.validation.description import says, schema_of, words_of
from checkout.model.validation.optional_data import cut_text, names_of
from checkout.model.validation.reader import Dropped, Invalid, Reader, Rule, is_left_out
from checkout.model.validation.rules import (
    choice,
    currency,
    echoed,
    integer,
    loose_flag,
    minor_units,
    moment,
    passed_on,
    text,
    texts,
)
from checkout.model.validation.table import Field, FieldTable, OptionalData, Scope, Scoped
from checkout.settings import Shop
from checkout.shop_api.additional_data import (
    ADDITIONAL_DATA,
    BESIDE,
    CARD_PARAMS,
    RECEIPT,
    read_card_params,
    read_details,
    read_echoed,
)
from checkout.shop_api.addresses import called_address, return_address, scope_of
from checkout.shop_api.breakdown import BREAKDOWN, read_breakdown
from checkout.shop_api.card_numbers import body_reader
from checkout.shop_api.customer import CUSTOMER, read_customer
from checkout.shop_api.page_settings import PAGE, page_settings
from checkout.shop_api.theme import Style, style
from checkout.shop_api.travel import TRAVEL

NOT_ZERO: Final = "must be more than 0: only an authorization or a tokenization can be of 0"
DAY: Final = 24 * 3600.0
LINK_SECONDS: Final = 70 * DAY  # of a link that names no expiry
LINK_ATTEMPTS: Final = 5
NOTHING: Final = msgspec.Raw(b"{}")
LAST_MOMENT: Final = 253402300800  # the year 10000, in seconds since 1970
PARAMS: Final = passed_on()
LINK_SETTINGS: Final = (
    "return_url", "success_url", "decline_url", "fail_url", "cancel_url",
    "notification_url", "client_callback_url", "auto_return", "language",
)  # fmt: skip


def _future(scope: Scope) -> Rule[float]:
    def rule(value: Any) -> float:
        at = moment(value)
        if not scope.now < at < LAST_MOMENT:
            raise Invalid("must be in the future")
        return at

    return rule


@says("like `de`, `de-AT`, `de_AT` or `deu`", type="string")
def language(value: Any) -> str | None:
    """A rule that takes anything: no sale is lost for the language of its page. What can be none
    is left out, of one that we lack it is noted which one is shown."""
    try:
        tag = text(LONGEST_TAG)(value)
    except Invalid:
        return None
    if supported(tag) is None:
        shown = nearest(tag) or "the customer's own"
        raise Dropped(f"is none of our languages: {shown} is shown", tag)
    return tag


def _names(note: str, most: int) -> Field:
    return Field(texts(most=most), note, default=())


def _asked(note: str) -> Field:
    return Field(names_of(CUSTOMER), note, default=())


_BUTTON: Final = cut_text(60)
_BY_OUTCOME: Final = "by how it ended"
_RETURN: Final = Field(return_address, _BY_OUTCOME)

# Tables in the order in which their fields are read.
TERMS: Final = FieldTable(
    amount=Field(
        minor_units(least=0),
        "what is paid; 0 in a `tokenization` or an `authorization` alone: no money moves",
        required=True,
    ),
    currency=Field(
        currency,
        "twelve of them only once the settings say how they are counted",
        required=True,
    ),
    expired_at=Field(
        Scoped(_future, words_of(moment), schema_of(moment)),
        "until when it can be paid; 24 hours from now unless said",
    ),
    description=Field(text(255, numbers=True), "what is paid for", required=True),
    tracking_id=Field(text(255, numbers=True), "the shop's own number for it"),
)
PAYMENT: Final = FieldTable(
    transaction_type=Field(
        choice(TRANSACTION_TYPES), "one that a gateway of the shop can do", required=True
    ),
    attempts=Field(
        integer(1, 1_000_000, digits=True),
        f"how many declines end the payment; 1 unless said, never more than {MOST_ATTEMPTS}",
        default=1,
    ),
    test=Field(loose_flag, "a test payment: the page says so, the gateway is told", default=False),
    iframe=Field(loose_flag, "the page is shown in a frame", default=False),
    dynamic_billing_descriptor=Field(cut_text(255), "on the customer's bank statement"),
)
SETTINGS: Final = FieldTable(
    return_url=Field(
        return_address,
        "where the customer goes back to, whatever `success_url` and `decline_url` say",
    ),
    **dict.fromkeys(("success_url", "decline_url", "fail_url", "cancel_url"), _RETURN),
    client_callback_url=Field(
        return_address, "in place of them all, with `?status=success` or `error` alone"
    ),
    notification_url=Field(called_address, "is told every final state"),
    verification_url=Field(called_address, "is asked before each charge"),
    notify_canceled=Field(
        loose_flag, "whether it is told that the customer gave up; else the settings decide"
    ),
    auto_return=Field(
        integer(0, 3600, digits=True), "seconds on the result page; 0: back to the shop at once"
    ),
    language=Field(language, "of the page; else the customer's browser decides"),
    button_text=Field(_BUTTON, "of Pay"),
    button_next_text=Field(_BUTTON, "of the way back to the shop"),
    customer_fields=Field(
        OptionalData(
            visible=_asked("`customer` fields that the page asks for"),
            read_only=_asked("those that are shown and can't be changed"),
            hidden=_asked("those that are not shown"),
        )
    ),
    **PAGE,
    style=Field(
        style,
        "of it the button's colour (`widget.buttonsColor`, `button.backgroundColor`) and its "
        "corners (`button.borderRadius`)",
        default=Style(),
    ),
)
METHODS: Final = FieldTable(
    types=_names("the only methods to choose from", 50),
    excluded_types=_names("methods that are not offered", 50),
    excluded_brands=_names("cards that are not taken", 50),
)
PAYMENT_METHOD: Final = FieldTable(**METHODS, credit_card=Field(CARD_PARAMS))
PAYMENT_METHOD.others = Field(PARAMS, "of any other method, by its name: for its gateway")
CHECKOUT: Final = FieldTable(
    **PAYMENT,
    **BESIDE,
    order=Field(
        FieldTable(**TERMS, **BREAKDOWN, additional_data=Field(ADDITIONAL_DATA)), required=True
    ),
    settings=Field(SETTINGS),
    customer=Field(CUSTOMER),
    payment_method=Field(PAYMENT_METHOD),
    travel=Field(TRAVEL),
)
_ECHOED: Final = FieldTable(
    {name: Field(echoed, default=NOTHING) for name in ("order", "settings", "payment_method")}
)


def read_order(data: Any, shop: Shop, *, sandbox: bool, now: float) -> Order:
    """The order in `{"checkout": {...}}`; raises Unprocessable, naming every wrong field."""
    whole_body = body_reader(data)
    fields = whole_body.within("checkout", shown="")
    if not whole_body.has("checkout"):
        whole_body.wrong("checkout", "is required")
    order = _order(fields, scope_of(shop, sandbox=sandbox, now=now), shop)
    fields.done()
    return order


def read_link_order(payload: Mapping[str, Any], shop: Shop, *, sandbox: bool, now: float) -> Order:
    """The order in an offline link's flat payload, checked like the API's."""
    payload = {name: value for name, value in payload.items() if not is_left_out(value)}
    same = {
        "checkout": {
            "transaction_type": payload.get("transaction_type") or "payment",
            "attempts": payload.get("attempts") or LINK_ATTEMPTS,
            "test": payload.get("test"),
            "order": {
                name: payload.get(name)
                for name in ("amount", "currency", "description", "tracking_id", *BREAKDOWN)
            },
            "settings": {name: payload.get(name) for name in LINK_SETTINGS},
            "customer": payload.get("customer"),
            "payment_method": payload.get("payment_method"),
        }
    }
    order = read_order(same, shop, sandbox=sandbox, now=now)
    expires = payload.get("expires")
    if expires is not None and not _is_time(expires):
        raise Unprocessable({"expires": ["must be a time in seconds since 1970"]})
    at = now + LINK_SECONDS if expires is None else float(expires)
    return _replaced(order, expires_at=at)


def _is_time(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value < LAST_MOMENT


def _replaced(order: Order, **changes: Any) -> Order:
    values = {name: getattr(order, name) for name in Order.__struct_fields__}
    return Order(**(values | changes))


def _order(fields: Reader, scope: Scope, shop: Shop) -> Order:
    ordered = fields.within("order")
    terms = read_terms(ordered, scope)
    values = PAYMENT.read(fields)
    check_amount(ordered, terms["money"], values["transaction_type"])
    extra = ordered.within("additional_data")
    return Order(
        **terms,
        breakdown=read_breakdown(ordered, terms["money"], scope),
        transaction_type=values["transaction_type"],
        attempts=min(values["attempts"], MOST_ATTEMPTS),
        test=values["test"],
        iframe=values["iframe"],
        descriptor=values["dynamic_billing_descriptor"],
        **RECEIPT.read(extra),
        details=read_details(fields, extra),
        echoed=read_echoed(extra),
        page_settings=_page_settings(SETTINGS.read(fields.within("settings"), scope), shop),
        customer=read_customer(fields.optional_child("customer")),
        methods=_methods(fields.within("payment_method")),
        raw={name: _ECHOED.take(fields, name) for name in _ECHOED if fields.has(name)},
        dropped=dict(fields.dropped),
    )


def read_terms(fields: Reader, scope: Scope) -> dict[str, Any]:
    """What is paid and until when: the fields of an `Order` of these names."""
    values = TERMS.read(fields, scope)
    return {
        "money": Money(values["amount"], values["currency"]),
        "description": values["description"],
        "tracking_id": values["tracking_id"],
        "expires_at": values["expired_at"] or scope.now + DAY,
    }


def check_amount(fields: Reader, money: Money, kind: str | None) -> None:
    if money.minor == 0 and kind not in ZERO_AMOUNT:
        fields.wrong("amount", NOT_ZERO)


def _page_settings(values: dict[str, Any], shop: Shop) -> PageSettings:
    page = {name: values.pop(name) for name in PAGE}
    accent, radius = values.pop("style")
    return PageSettings(
        notification_url=values.pop("notification_url") or shop.notification_url,
        customer_fields=CustomerFields(**values.pop("customer_fields")),
        accent=accent,
        radius=radius,
        **page_settings(page),
        **values,
    )


def _methods(fields: Reader) -> Methods:
    params = {
        name: read_card_params(fields.child(name))
        if name == CARD_METHOD
        else fields.named(name, PARAMS, {})
        for name in fields.names
        if name not in METHODS
    }
    if fields.ok:
        try:
            PARAMS(params)
        except Invalid as wrong:  # each of them may be small enough
            fields.wrong("", str(wrong))
    return Methods(**METHODS.read(fields), params=params)
