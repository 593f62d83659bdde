"""The optional e-mail field: where the payment page asks for none, it asks where the receipt is to
go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from checkout.i18n import N_
from checkout.model.order import MONEY_OUT, Customer, Order
from checkout.model.validation.reader import Invalid
from checkout.settings import Settings, Shop
from checkout.shop_api.customer import TYPED
from checkout.web.pages.components import Field
from checkout.web.pages.customer_fields import CUSTOMER_INPUTS, input_names
from checkout.web.pages.field_values import masked_field, prefilled_field, shown_again
from checkout.web.pages.payment_request import PaymentRequest

NAME: Final = "email"
LABEL: Final = N_("E-mail for your receipt")


def asks_email(order: Order, shop: Shop, settings: Settings) -> bool:
    """Whether there will be a receipt and nobody has said where to."""
    mailed = settings.smtp is not None and shop.receipts and order.moves_money
    hidden = NAME in order.page_settings.customer_fields.hidden or order.customer.email
    asked = order.transaction_type in MONEY_OUT or NAME in input_names(order)
    return bool(mailed and not hidden and not asked)


def receipt_email_field(
    page: PaymentRequest, typed: Mapping[str, str], errors: Mapping[str, str]
) -> tuple[Field, ...]:
    """The field, if the page has it: with what was typed, else what this customer typed before."""
    if not asks_email(page.order, page.shop, page.app.settings):
        return ()
    row = CUSTOMER_INPUTS[NAME]
    made = prefilled_field if page.is_customer else masked_field
    return (
        made(
            page.known_customer.email or "",
            page.lang,
            name=NAME,
            label=page._(LABEL),
            value=shown_again(typed.get(NAME)),
            error=page._(errors[NAME]) if NAME in errors else None,
            type=row.type,
            autocomplete=row.autocomplete,
            inputmode=row.inputmode,
            maxlength=row.longest,
            required=False,
        ),
    )


def with_receipt_email(
    page: PaymentRequest, customer: Customer, fields: Mapping[str, str]
) -> tuple[Customer, dict[str, str]]:
    """The customer with the address of the form, and the errors by field (English, marked). What
    is left empty is no address, of a stranger the one that the page did not show."""
    if not asks_email(page.order, page.shop, page.app.settings):
        return customer, {}
    typed = "".join(fields.get(NAME, "").split())
    if not typed:
        kept = None if page.is_customer else customer.email
        return msgspec.structs.replace(customer, email=kept), {}
    try:
        return msgspec.structs.replace(customer, email=TYPED.rule(NAME)(typed)), {}
    except Invalid:
        return customer, {NAME: CUSTOMER_INPUTS[NAME].wrong}
