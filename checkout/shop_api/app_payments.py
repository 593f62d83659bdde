"""Payments from a shop's own app: what its SDK sends, and what it gets.

`POST /ctp/api/payments`, and `GET /ctp/api/checkouts/{token}` by the publishable key. Anybody may
have the app: it gets what the payment page would show, and nothing that is only for the shop's
server.

Source: the requests that the public Android, iOS and Flutter SDKs of beGateway write, and the
fields of the answers that they read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from checkout.ledger.rows import Payment
from checkout.model.browser import FIELDS, Browser
from checkout.model.card import WALLET_MARK, WalletCard
from checkout.model.card_form import ANY_LENGTH, digits
from checkout.model.card_on_file import offers_to_save
from checkout.model.order import CARD_METHOD, Customer, Order
from checkout.model.status import LIVE, OUTWARD, Status
from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid, Reader, drop_nulls
from checkout.model.validation.rules import loose_flag, text
from checkout.model.validation.table import Field, FieldTable
from checkout.settings import Shop
from checkout.shop_api import answers
from checkout.shop_api.browser import BROWSER
from checkout.shop_api.customer import CUSTOMER, fitted, without
from checkout.shop_api.encrypted_card import ENCRYPTED, TABLE, opened_card
from checkout.shop_api.responses import (
    CHECKS,
    bank_result,
    card,
    checkout,
    message,
    status_and_message,
    three_d_secure,
)

# What SDKs call the card's fields, by the names of our own form.
CARD: Final = {"number": "number", "code": "verification_value", "holder": "holder"}
EXPIRY: Final = "exp_date"  # else month and year
AGREED: Final = "agreed"  # to the shop's terms
PLACES: Final = {"method": "payment_method", "agreed": AGREED, "wallet": "credit_card.token"}
SAVED: Final = "is not the saved card that the shop's order names: send the card's number"
REFUSED: Final = "was not accepted by the gateway"
NO_WALLET: Final = "must be a wallet's, like $begateway_apple_pay_1_0_0$ and base64"
LONGEST_WALLET: Final = 16 * 1024  # characters of what a wallet gave; Apple's has certificates
_WALLET: Final = re.compile(
    r"\$begateway_(?:apple|google|samsung)_pay(?:_decrypted)?_[0-9]{1,4}(?:_[0-9]{1,4}){0,3}\$"
    r"[A-Za-z0-9+/_-]+={0,2}",
    re.ASCII,
)

# The parts of the shop's own objects that its customer may see.
SHOWN: Final = {
    "order": (
        "amount", "currency", "description", "tracking_id", "expired_at", "additional_data",
    ),
    "settings": (
        "return_url", "success_url", "decline_url", "fail_url", "cancel_url", "auto_return",
        "auto_pay", "button_text", "button_next_text", "language", "customer_fields",
        "credit_card_fields", "save_card_toggle", "another_card_toggle", "agreement_toggle",
        "style",
    ),
    "payment_method": ("types", "excluded_types", "excluded_brands"),
    "additional_data": ("receipt_text", "contract"),
}  # fmt: skip

# What of a card only the app that sent it may see.
HIDDEN: Final[dict[str, Any]] = {"token": None, "holder": None}

# The only status that SDKs wait on: any other counts as a failure, and the customer pays again.
WAITING: Final = "incomplete"


def _token(value: Any) -> str:
    """A rule: nothing that may be a card's number is a token; what a wallet gave is longer."""
    if isinstance(value, str) and value.startswith(WALLET_MARK):
        if len(value) > LONGEST_WALLET or not _WALLET.fullmatch(value):
            raise Invalid(NO_WALLET)
        return value
    found = text(255)(value)
    if len(digits(found) or "") in ANY_LENGTH:
        raise Invalid(SAVED)
    return found


_typed: Final = text(64, least=0, numbers=True)
CREDIT_CARD: Final = FieldTable(
    {
        **{name: Field(_typed, default="") for name in CARD.values()},
        "exp_month": Field(_typed, "two digits", default=""),
        "exp_year": Field(_typed, "four digits, or two", default=""),
        EXPIRY: Field(_typed, "like `08/29`, in place of the two", default=""),
        "token": Field(
            says("up to 255 characters, a wallet's 16384", type="string", maxLength=LONGEST_WALLET)(
                _token
            ),
            "in place of the number: the saved card that the shop's order names, beside its code; "
            "or [what a wallet gave](#wallets)",
        ),
        "save_card": Field(loose_flag, "the customer wants the card to be kept"),
    }
)
PAYMENT: Final = FieldTable(
    {
        "token": Field(text(255), "of the payment", required=True),
        "payment_method": Field(text(64), "`credit_card` unless said", default=CARD_METHOD),
        AGREED: Field(loose_flag, "the customer has agreed to the terms of the `agreement_toggle`"),
        CARD_METHOD: Field(CREDIT_CARD),
        ENCRYPTED: Field(
            TABLE, "in place of these fields or beside them, [encrypted](#an-encrypted-card)"
        ),
        "browser": Field(
            BROWSER, "for 3-D Secure; what is missing is read off the request's headers"
        ),
        "customer": Field(CUSTOMER),
    }
)


def request_of(data: Any) -> Reader:
    """The fields of `{"request": {...}}`, as tolerant as the shop's API."""
    return Reader(drop_nulls(data), tolerant=True).within("request", shown="")


def with_opened_card(fields: Reader, keys: Sequence[RSAPrivateKey]) -> Reader:
    """The request with the card as it was typed, where the app has encrypted it. Raises
    Unprocessable where it can't be opened."""
    given = fields.within(CARD_METHOD)
    card = opened_card(given, fields.within(ENCRYPTED), keys)
    if card is None:
        fields.done()
    return (
        fields
        if card == given.data
        else request_of({"request": {**fields.data, CARD_METHOD: card}})
    )


def app_wallet(fields: Reader) -> WalletCard | None:
    """What a wallet gave the app, in the place of a card's token."""
    given = fields.within(CARD_METHOD)
    token = None if given.has("number") else CREDIT_CARD.take(given, "token")
    return WalletCard(token) if token and token.startswith(WALLET_MARK) else None


def app_form(fields: Reader, order: Order, wallet: WalletCard | None = None) -> dict[str, str]:
    """What the app sends, by the names of the page's form; other problems are added to `fields`. A
    card's token is only accepted where the shop's order has it, or as a `wallet`'s."""
    given = fields.within(CARD_METHOD)
    form = {ours: CREDIT_CARD.take(given, theirs) for ours, theirs in CARD.items()}
    names = (EXPIRY,) if given.has(EXPIRY) else ("exp_month", "exp_year")
    form["expiry"] = "/".join(CREDIT_CARD.take(given, name) for name in names)
    form["method"] = PAYMENT.take(fields, "payment_method")
    by_token = wallet is None and not given.has("number")
    token = CREDIT_CARD.take(given, "token") if by_token else None
    form["card"] = "saved" if token else "new"
    if token is not None and token != order.card_token:
        given.wrong("token", SAVED)
    boxes = {
        "remember": CREDIT_CARD.take(given, "save_card"),
        "agreed": PAYMENT.take(fields, AGREED),
    }
    return form | {name: "on" for name, ticked in boxes.items() if ticked}


def app_customer(
    fields: Reader, order: Order, known: Customer, asked: tuple[str, ...]
) -> tuple[Customer, dict[str, str]]:
    """(the `known` customer, completed by the app where the shop gave nothing; the fields that the
    page asks for (`asked`), with the app's values, else those that the page would show). What isn't
    asked for and is wrong is cut or dropped, which `fields` notes."""
    given = fields.optional_child("customer")
    values = {name: getattr(known, name) for name in Customer.__struct_fields__}
    shown = {name: values[name] or "" for name in asked}
    there = [name for name in given.names if name in CUSTOMER and name != "ip"]
    for name in there:
        if name in shown:
            shown[name] = given.get(name, text(255, least=0, numbers=True), "")
        elif _may_be_added(name, order):
            values[name] = CUSTOMER.take(given, name) or values[name]
    customer, misfits = fitted(Customer(**values))
    for name in {*misfits} & {*there} - {*shown}:
        given.drop(name, misfits[name])
    return without(customer, misfits), shown


def _may_be_added(name: str, order: Order) -> bool:
    """Whether an app may say it although the page would not ask. Its address is the one that
    calls."""
    hidden = order.page_settings.customer_fields.hidden
    return name != "ip" and not getattr(order.customer, name) and name not in hidden


def form_path(fields: Reader, name: str) -> str:
    """The path of a form's field in an app's request."""
    if name == "expiry":
        return f"credit_card.{EXPIRY if fields.within('credit_card').has(EXPIRY) else 'exp_month'}"
    if name in CARD:
        return f"credit_card.{CARD[name]}"
    return f"customer.{name}" if name in CUSTOMER else PLACES.get(name, "payment_method")


def refused_field(payment: Payment, number: int) -> dict[str, list[str]]:
    """The field of attempt `number` that the gateway did not accept, by the name that servers and
    apps send it under; nothing was charged then. Empty where it accepted them all."""
    last = payment.last
    if last is None or last.number != number or last.status is not Status.NOT_SENT:
        return {}
    name = last.facts.refused
    if name is None:
        return {}
    card = CARD | {"expiry": "exp_month"}
    shown = f"credit_card.{card[name]}" if name in card else f"customer.{name}"
    return {shown: [last.facts.message or REFUSED]}


def app_browser(fields: Reader, headers: Mapping[str, str]) -> Browser:
    """The device for 3-D Secure: from the app's data, else from the request's headers."""
    given = fields.within("browser").data
    sent = {name: _written(given.get(name)) for name in FIELDS}
    return Browser.from_form(
        sent,
        accept=_written(given.get("accept_header")) or headers.get("accept", ""),
        user_agent=_written(given.get("user_agent")) or headers.get("user-agent", ""),
        accept_language=headers.get("accept-language", ""),
    )


def _written(value: Any) -> str:
    """As the form's hidden inputs write it: 24, true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:2048] if isinstance(value, str | int) else ""


def app_answer(
    payment: Payment, now: float, *, url: str, result_url: str, ours: bool
) -> answers.AppPayment:
    """`response` of a payment: how the app's attempt ended, or where its customer has to go.

    `url` while it is under way: the bank's page by ours, or our waiting page. `ours`: this
    request made the attempt, so its answer may have the card's token.
    """
    status = payment.status_at(now)
    outward, text = _status_and_message(payment, status, now)
    bank = bank_result(payment, status)
    attempt = payment.shown
    known: dict[str, Any] = {**(card(payment.order, attempt) or {})}
    return {
        "status": outward,
        "message": text,
        "token": payment.token,
        "uid": payment.uid,
        "transaction_type": payment.order.transaction_type,
        "url": url if status in LIVE else None,
        "result_url": result_url,
        "finished": status not in LIVE and status is not Status.OPEN,
        "auth_code": bank["auth_code"] if bank else None,
        "bank_code": bank["bank_code"] if bank else None,
        "rrn": bank["rrn"] if bank else None,
        "billing_descriptor": bank["billing_descriptor"] if bank else None,
        "receipt_url": attempt.facts.receipt_url if attempt else None,
        "code": attempt.facts.code if attempt else None,
        "friendly_message": attempt.facts.friendly if attempt else None,
        "three_d_secure_verification": three_d_secure(attempt),
        "credit_card": known if ours else known | HIDDEN,
    }


def _status_and_message(
    payment: Payment, status: Status, now: float
) -> tuple[str | None, str | None]:
    """(status, message). Where the payment is open again, those of the app's declined attempt."""
    if status in LIVE:
        return WAITING, message(payment, status)
    if status is not Status.OPEN:
        return status_and_message(payment, now)
    if payment.last is not None and payment.last.status is Status.DECLINED:
        return OUTWARD[Status.DECLINED], message(payment, Status.DECLINED)
    return "error", "Not sent, nothing has moved"


def app_checkout(payment: Payment, shop: Shop, now: float) -> dict[str, Any]:
    """`checkout` for those who have the publishable key and the token."""
    found = checkout(payment, shop, now)
    found |= {name: _shown(found[name], name) for name in ("order", "settings", "payment_method")}
    extra = found["order"].get("additional_data")
    if extra is not None:
        found["order"]["additional_data"] = _shown(extra, "additional_data")
    if found["credit_card"]:
        found["credit_card"] |= HIDDEN
    for section in (found["gateway_response"] or {}).values():
        section.pop(CHECKS)
    if toggle := found["settings"].get("save_card_toggle"):
        # The iOS SDK reads nothing of an answer with a toggle that does not say it.
        asked = {"customer_contract": _is_asked(payment.order)}
        found["settings"]["save_card_toggle"] = {**toggle, **asked}
    waiting = payment.status_at(now) in LIVE
    found["travel"] = None
    return found | {"customer": None, "status": WAITING if waiting else found["status"]}


def _is_asked(order: Order) -> bool:
    """Whether the customer is: what the shop said of it, else what follows from what it said."""
    toggle = order.page_settings.save_card
    agrees = toggle.customer_contract if toggle else None
    return offers_to_save(order) if agrees is None else agrees


def _shown(value: Any, name: str) -> dict[str, Any]:
    found = value if isinstance(value, dict) else {}
    return {key: found[key] for key in SHOWN[name] if key in found}
