"""Caches the payment page: before the first attempt it is the same for many payments but for a few
texts. It is rendered once, of a specimen without anything of a single payment and with holes in the
places of those texts, and then only filled in (`Renderer.fill`)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from checkout.ledger.rows import Payment
from checkout.model.card_form import oldest_month
from checkout.model.order import Breakdown, Customer, CustomerFields, Details, Order
from checkout.payments.offered_methods import OfferedMethod
from checkout.web.pages.components import Summary, pay_label
from checkout.web.pages.customer_fields import input_names
from checkout.web.pages.payment_request import PaymentRequest
from checkout.web.pages.receipt_email import asks_email
from checkout.web.pages.saved_card import today
from checkout.web.security import new_nonce

# The `PageSettings` that the page never shows and that differ between most orders.
OWN_SETTINGS: Final = dict.fromkeys(
    (
        "return_url", "success_url", "decline_url", "fail_url", "cancel_url",
        "client_callback_url", "notification_url", "verification_url",
    )
)  # fmt: skip


def is_plain(payment: Payment) -> bool:
    """Whether nobody has tried to pay and the page shows no texts of this customer or order."""
    order = payment.order
    known = any(getattr(order.customer, name) for name in input_names(order))
    own = known or order.receipt_text or order.page_settings.card_fields.holder
    return not (own or payment.attempts)


def specimen_of(page: PaymentRequest) -> PaymentRequest:
    """The request with only those values of the payment that the cached page depends on."""
    payment = page.payment
    order, methods = payment.order, payment.order.methods
    page_settings = msgspec.structs.replace(order.page_settings, **OWN_SETTINGS)
    names = input_names(order)
    if "email" not in names and not asks_email(order, page.shop, page.app.settings):
        # As the shop knows it, which the specimen does not.
        fields = CustomerFields(visible=names, hidden=("email",))
        page_settings = msgspec.structs.replace(page_settings, customer_fields=fields)
    general = msgspec.structs.replace(
        order,
        # The same currency, on which the methods depend, and whether any is to be paid.
        money=order.money.part(min(order.money.minor, 1)),
        description="",
        expires_at=0.0,
        tracking_id=None,
        descriptor=None,
        details=Details(),
        customer=Customer(),
        methods=msgspec.structs.replace(methods, params={}) if methods.params else methods,
        breakdown=Breakdown(),
        page_settings=page_settings,
        product=None,
        quantity=1,
        raw={},
        dropped={},
    )
    return replace(page, payment=msgspec.structs.replace(payment, order=general, attempts=()))


def key_of(
    specimen: PaymentRequest,
    methods: tuple[OfferedMethod, ...],
    texts: Iterable[str],
    country: str | None = None,
) -> Hashable:
    """Equal for payments whose pages are alike. `texts`: the holes' names; `country`: the one that
    is chosen for the customer."""
    shop = (specimen.shop.id, specimen.shop.revision)  # in the ledger it may change
    return (
        msgspec.json.encode(specimen.payment.order),
        tuple(texts),
        methods,
        country,
        specimen.lang,
        shop,
        specimen.app.shop_view(specimen.shop),
        specimen.framed,
        specimen.behind,
        specimen.picks,
        oldest_month(today(specimen)),
    )


def summary_of(order: Order, texts: Mapping[str, str]) -> Summary:
    return Summary(
        amount=texts["amount"],
        description=texts["description"],
        reference=texts.get("reference"),
        lines=order.receipt_text,
        order_lines=texts.get("order_lines"),
        expires_in=texts.get("expires_in"),
        expires_text=texts.get("expires_text"),
        size=texts.get("size"),
    )


def texts_of(page: PaymentRequest) -> dict[str, str]:
    """The texts that differ between payments with the same page, by the names of their holes."""
    summary, number = page.summary(timed=True), page.payment.next_number
    texts = {
        "nonce": new_nonce(),
        "title": f"{summary.amount} · {page.shop.name}",
        "uid": page.payment.uid,
        "amount": summary.amount,
        "description": summary.description,
        "action": page.url("pay"),
        "form_token": page.form_token("pay", number),
        "pay_label": pay_label(page.order, page.spoken),
        "cancel_action": page.url("cancel"),
        "cancel_token": page.form_token("cancel", number),
    }
    for name in ("reference", "order_lines", "size"):
        if (text := getattr(summary, name)) is not None:
            texts[name] = text
    if page.shop.apple_pay or page.shop.google_pay:
        texts["total"] = f"{page.order.money.major:f}"
    if summary.expires_text is not None:
        texts["expires_in"], texts["expires_text"] = str(summary.expires_in), summary.expires_text
    if page.framed:
        texts["new_tab"] = page.url()
    return texts
