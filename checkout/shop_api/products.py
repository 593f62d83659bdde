"""Reads what shops send to `/products` into a `Product`, makes a buyer's `Order` of it, and shapes
the answers.

Source: Overpay's documents on pay-by-link products. A body is flat; nulls, digit strings and
unknown fields are taken. An update replaces the fields that it names and leaves the others.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from checkout.errors import Unprocessable
from checkout.ledger.products import ProductStock
from checkout.model.cut import cut
from checkout.model.money import LARGEST, Money
from checkout.model.order import MOST_ATTEMPTS, Methods, Order, PageSettings
from checkout.model.product import Product, Sale
from checkout.model.validation.optional_data import names_of
from checkout.model.validation.reader import BASE, Reader, is_left_out
from checkout.model.validation.rules import (
    choice,
    integer,
    loose_flag,
    minor_units,
    moment,
    text,
)
from checkout.model.validation.table import Field, FieldTable
from checkout.settings import Shop
from checkout.shop_api import answers
from checkout.shop_api.card_numbers import body_reader
from checkout.shop_api.checkout_request import (
    LINK_ATTEMPTS,
    LINK_SETTINGS,
    PAYMENT_METHOD,
    SETTINGS,
    TERMS,
    read_order,
)
from checkout.shop_api.customer import CUSTOMER
from checkout.shop_api.responses import moment as written_moment

MOST_AT_ONCE: Final = 99
MOST_PIECES: Final = 1_000_000_000
TYPES: Final = ("payment", "authorization")
PRICED: Final = FieldTable(
    min_amount=Field(minor_units(), "with it the customer chooses the amount, from it up"),
    max_amount=Field(minor_units(), "with it the customer chooses the amount, up to it"),
    amount=Field(
        minor_units(),
        "the price; where the customer chooses, what the field is filled with",
    ),
    name=Field(text(255, numbers=True), "what a payment says", required=True),
    description=Field(text(255, numbers=True), required=True),
)
STOCK: Final = FieldTable(
    infinite=Field(loose_flag, "`true` in place of `quantity`: no end of them", default=False),
    quantity=Field(
        integer(0, MOST_PIECES, digits=True),
        "how many in all, sold and reserved ones too; required without `infinite`",
        default=0,
    ),
    max_quantity=Field(
        integer(1, MOST_AT_ONCE, digits=True),
        "how many one buyer takes at once; 1 unless said",
        default=1,
    ),
    immortal=Field(loose_flag, "on sale for ever, as without `expired_at`", default=False),
    expired_at=Field(moment, "until when it is on sale"),
    active=Field(loose_flag, "`false` takes it off sale", default=True),
    inactive_text=Field(text(255, least=0), "why it is not on sale"),
    transaction_type=Field(choice(TYPES), "`payment` unless said", default="payment"),
    attempts=Field(
        integer(1, MOST_ATTEMPTS, digits=True),
        f"how many declines end a payment; {LINK_ATTEMPTS} unless said",
        default=LINK_ATTEMPTS,
    ),
    test=Field(loose_flag, "its payments are test payments", default=False),
)
# What a product passes on to its payments, by the rules of their own tables.
PASSED_ON: Final = FieldTable(
    tracking_id=TERMS["tracking_id"],
    visible_fields=Field(names_of(CUSTOMER), "what the buyer is asked: `customer` fields"),
    **SETTINGS.only(LINK_SETTINGS),
    payment_method=Field(PAYMENT_METHOD),
)
PRODUCT: Final = FieldTable(
    {
        **PRICED.only(("name", "description")),
        "currency": TERMS["currency"],
        **PRICED,
        **STOCK,
        **PASSED_ON,
    }
)
# Of a pair the one that an update names ends the other.
EITHER: Final = (("quantity", "infinite"), ("expired_at", "immortal"))
PLACES: Final = ("order.", "settings.customer_fields.", "settings.", "customer.")


def read_product(
    data: Any, shop: Shop, *, sandbox: bool, now: float, before: dict[str, Any] | None = None
) -> tuple[Product, dict[str, Any]]:
    """The product, and the shop's fields that it was read from; `before`: those of the product
    that is updated. Raises Unprocessable, naming every wrong field."""
    sent = body_reader(data)
    sent.done()
    given = _merged(before or {}, {n: value for n, value in sent.data.items() if n in PRODUCT})
    fields = Reader(given, tolerant=True)
    product = _product(fields, shop, sandbox=sandbox, now=now)
    product = msgspec.structs.replace(product, dropped=sent.dropped | product.dropped)
    if product.expires_at is not None and product.expires_at <= now and "expired_at" in sent.names:
        fields.wrong("expired_at", "must be in the future")
    fields.done()
    return product, given


def _merged(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The fields after an update: "" empties one."""
    given = {name: value for name, value in {**before, **new}.items() if not is_left_out(value)}
    new = {name: value for name, value in new.items() if name in given}
    for one, other in EITHER:
        for named, ended in ((one, other), (other, one)):
            if named in new and ended not in new:
                given.pop(ended, None)
    return given


def _product(fields: Reader, shop: Shop, *, sandbox: bool, now: float) -> Product:
    priced = PRICED.read(fields)
    order = _order(fields, shop, sandbox=sandbox, now=now)
    product = Product(
        name=priced["name"],
        description=priced["description"],
        currency=order.money.currency if order else "EUR",
        amount=priced["amount"],
        least=priced["min_amount"],
        most=priced["max_amount"],
        quantity=_quantity(fields),
        most_at_once=STOCK.take(fields, "max_quantity"),
        expires_at=_expiry(fields),
        **STOCK.only(("active", "inactive_text", "transaction_type", "attempts", "test")).read(
            fields
        ),
        tracking_id=order.tracking_id if order else None,
        page_settings=order.page_settings if order else PageSettings(),
        methods=order.methods if order else Methods(),
        dropped=_in_flat_body(order.dropped) if order else {},
    )
    _check_amounts(fields, product)
    return product


def _quantity(fields: Reader) -> int | None:
    """How many there are; None: no end of them."""
    if STOCK.take(fields, "infinite"):
        return None
    if not fields.has("quantity"):
        fields.wrong("quantity", "is required unless infinite is true")
    quantity: int = STOCK.take(fields, "quantity")
    return quantity


def _expiry(fields: Reader) -> float | None:
    """Until when it can be bought; without a time there is no end."""
    immortal, at = STOCK.take(fields, "immortal"), STOCK.take(fields, "expired_at")
    return None if immortal else at


def _check_amounts(fields: Reader, product: Product) -> None:
    if not fields.ok:
        return
    if product.free:
        _check_free_amount(fields, product)
    elif product.amount is None:
        fields.wrong("amount", "is required unless min_amount or max_amount is given")
    if (product.amount or 0) * product.most_at_once > LARGEST:
        fields.wrong("max_quantity", "so many cost more than can be paid")
    if product.free and product.most_at_once > 1:
        fields.wrong("max_quantity", "must be 1 where the customer chooses the amount")


def _check_free_amount(fields: Reader, product: Product) -> None:
    least, most = (bound.minor for bound in product.bounds)
    if least > most:
        fields.wrong("min_amount", "must not be more than max_amount")
    elif product.amount is not None and not least <= product.amount <= most:
        fields.wrong("amount", "must be from min_amount to max_amount")


def _order(fields: Reader, shop: Shop, *, sandbox: bool, now: float) -> Order | None:
    """The order's own rules hold for what a product passes on to it."""
    given = fields.data
    visible = given.get("visible_fields")
    same = {
        "checkout": {
            "transaction_type": "payment",
            "order": {
                "amount": 1,
                "currency": given.get("currency"),
                "description": "-",
                "tracking_id": given.get("tracking_id"),
            },
            "settings": {name: given.get(name) for name in LINK_SETTINGS}
            | {"customer_fields": {"visible": visible}},
            "payment_method": given.get("payment_method"),
        }
    }
    try:
        order = read_order(same, shop, sandbox=sandbox, now=now)
    except Unprocessable as error:
        for path, reasons in error.fields.items():
            for reason in reasons:
                fields.wrong(_own_name(path), reason)
        return None
    return order


def _in_flat_body(dropped: dict[str, str]) -> dict[str, str]:
    return {_own_name(path): reason for path, reason in dropped.items()}


def _own_name(path: str) -> str:
    """ "order.currency" is "currency" in a flat body."""
    if path.startswith("settings.customer_fields.visible"):
        return "visible_fields"
    for place in PLACES:
        if path.startswith(place):
            return path.removeprefix(place)
    return path or BASE


def ordered(stocked: ProductStock, money: Money | None, quantity: int, until: float) -> Order:
    """The order of a buyer; `money`: what was chosen, where it may be."""
    product = stocked.product
    whole_price = (product.amount or 0) * quantity
    ends = until if product.expires_at is None else min(until, product.expires_at)
    description = product.name if quantity == 1 else f"{quantity} × {product.name}"
    return Order(
        money=money if product.free and money else product.money(whole_price),
        description=cut(description, 255),
        transaction_type=product.transaction_type,
        expires_at=ends,
        tracking_id=product.tracking_id,
        attempts=product.attempts,
        test=product.test,
        page_settings=product.page_settings,
        methods=product.methods,
        product=stocked.id,
        quantity=quantity,
    )


def shape(stocked: ProductStock, shop: Shop, public_url: str, now: float) -> dict[str, Any]:
    """A product as shops read it: their own fields, where it is bought, and how it sells. The
    three addresses are one: opening it makes no payment."""
    product, address = stocked.product, f"{public_url}/product/{stocked.id}"
    found: answers.Product = {
        "id": stocked.id,
        "shop_id": shop.id,
        "name": product.name,
        "description": product.description,
        "currency": product.currency,
        "amount": product.amount,
        "quantity": product.quantity,
        "infinite": product.quantity is None,
        "immortal": product.expires_at is None,
        "expired_at": written_moment(product.expires_at),
        "visible_fields": list(product.page_settings.customer_fields.visible),
        "test": product.test,
        "active": product.active,
        "transaction_type": product.transaction_type,
        "on_sale": stocked.sale(now) is Sale.OPEN,
        "available": stocked.available,
        "reserved": stocked.held,
        "sold": stocked.sold,
        "pay_url": address,
        "payment_url": address,
        "confirm_url": address,
        "created_at": written_moment(stocked.created_at),
        "updated_at": written_moment(stocked.updated_at),
    }
    return {**stocked.given, **found}
