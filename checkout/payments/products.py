"""Products that shops sell on a page of their own: make, change, find, buy."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from checkout.errors import NotFound, ShopDisabled, Unprocessable
from checkout.ledger import audit, events, payments, products
from checkout.ledger.audit import SERVER, Actor
from checkout.ledger.products import ProductStock
from checkout.ledger.rows import PaymentRow
from checkout.model.money import Money
from checkout.model.order import Order
from checkout.model.product import PREFIX, Product, Sale
from checkout.model.status import UNPAID_ENDS
from checkout.payments import create, reservations
from checkout.payments.context import Context
from checkout.payments.currencies import count, counts, unpayable
from checkout.payments.dropped_data import log_dropped
from checkout.payments.limits import check_opening, note_opening
from checkout.payments.metrics import PAYMENTS
from checkout.payments.reservations import HOLD
from checkout.settings import Shop
from checkout.shop_api.products import ordered

log = structlog.get_logger(__name__)

DAY: Final = 24 * 3600.0
MOST_REPEATS: Final = 50

Given = dict[str, Any]
Read = Callable[[Given], tuple[Product, Given]]


class NotForSale(Exception):
    """The product as it is now; `sale`: why it can't be bought. `few`: fewer are left than
    wanted."""

    def __init__(self, stocked: ProductStock, sale: Sale) -> None:
        super().__init__(sale)
        self.stocked = stocked
        self.sale = sale

    @property
    def few(self) -> bool:
        return self.sale is Sale.OPEN


class Choice(Struct, frozen=True):
    """What the buyer chose. `form`: the id of the form, so that it buys once when sent twice."""

    form: str
    quantity: int = 1
    money: Money | None = None  # where the customer chooses it

    def digest(self, id: str, repeat: int) -> str:
        """64 hex digits that stand for this purchase in the payment's `link`."""
        amount = self.money.minor if self.money else ""
        parts = ("product", id, self.form, str(self.quantity), str(amount), str(repeat))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def make(
    context: Context, product: Product, given: Given, shop: Shop, *, by: Actor = SERVER
) -> ProductStock:
    """A new product. Raises Unprocessable when no method of the shop can take its payments."""
    product = _counted(context, product, shop)
    now = context.clock()
    stocked = ProductStock(
        id=PREFIX + secrets.token_hex(8),
        shop=shop.id,
        product=product,
        given=given,
        held=0,
        sold=0,
        created_at=now,
        updated_at=now,
    )
    await context.ledger.write(_make, stocked, by)
    log_dropped(product.dropped, product=stocked.id, shop=shop.id)
    return stocked


def _make(conn: Connection, stocked: ProductStock, by: Actor) -> None:
    products.add(conn, stocked)
    _note(conn, by, "product.make", stocked, stocked.created_at)


async def change(
    context: Context, id: str, shop: Shop, read: Read, *, by: Actor = SERVER
) -> ProductStock:
    """`read` makes the new product from its present fields. Raises NotFound, Unprocessable."""
    await find(context, id, shop)

    def checked(given: Given) -> tuple[Product, Given]:
        product, merged = read(given)
        return _counted(context, product, shop), merged

    changed = await context.ledger.write(_change, id, checked, context.clock(), by)
    log_dropped(changed.product.dropped, product=id, shop=shop.id)
    return changed


def _change(conn: Connection, id: str, read: Read, now: float, by: Actor) -> ProductStock:
    changed = products.change(conn, id, read, now)
    if changed is None:
        raise NotFound
    _note(conn, by, "product.change", changed, now)
    return changed


def _note(conn: Connection, by: Actor, act: str, stocked: ProductStock, now: float) -> None:
    product = stocked.product
    audit.append(
        conn, by, act, stocked.id, now, shop=stocked.shop, active=product.active,
        amount=product.amount, currency=product.currency, quantity=product.quantity,
    )  # fmt: skip


async def find(context: Context, id: str, shop: Shop | None = None) -> ProductStock:
    """One product; with `shop`, of that shop only. Raises NotFound."""
    stocked = await context.ledger.read(products.by_id, id)
    if stocked is None or (shop is not None and stocked.shop != shop.id):
        raise NotFound
    return stocked


async def buy(context: Context, id: str, choice: Choice, address: str | None = None) -> PaymentRow:
    """A payment for a product. Its pieces are reserved; where too many are reserved already, they
    are taken when the buyer pays. The same form with the same choice gives the same payment, until
    that one has ended unpaid. `address`: the visitor's. Raises NotForSale, NotFound,
    ShopDisabled, TooMany."""
    mark = context.address_mark(address)
    with context.guard.counting():
        # Read first: requests over the limit must not keep the ledger's writer busy.
        await context.ledger.read(_check_new, context, id, choice, mark)
        try:
            return await context.ledger.write(_buy, context, id, choice, mark)
        except IntegrityError:  # the same form came twice at once: the other was first
            return await context.ledger.write(_buy, context, id, choice, mark)


def _check_new(
    conn: Connection, context: Context, id: str, choice: Choice, mark: str | None
) -> None:
    """Raises TooMany for a form that has bought nothing yet."""
    if payments.by_link(conn, choice.digest(id, 0)) is None:
        check_opening(conn, context.settings.limits, mark, context.clock())


def _buy(
    conn: Connection, context: Context, id: str, choice: Choice, mark: str | None
) -> PaymentRow:
    now, link = context.clock(), ""
    for repeat in range(MOST_REPEATS):
        link = choice.digest(id, repeat)
        before = payments.by_link(conn, link)
        if before is None:
            break
        if before.status_at(now) not in UNPAID_ENDS:
            return before
    stocked, limits = products.by_id(conn, id), context.settings.limits
    if stocked is None:
        raise NotFound
    check_opening(conn, limits, mark, now)
    reserved = reservations.reserve(conn, limits, stocked, choice.quantity, mark, now)
    if not reserved:
        stocked = _for_sale(conn, stocked, choice.quantity, now)
    product = stocked.product
    _check(product, choice)
    scarce = product.quantity is not None
    until = now + (HOLD if scarce else DAY)
    order = ordered(stocked, choice.money, choice.quantity, until)
    shop = context.settings.shop(stocked.shop)
    if shop.disabled:
        raise ShopDisabled
    _check_count(context, order, shop)
    payment = create.new_payment(context, order, shop, link)
    payments.add(conn, payment)
    events.append(conn, payment.uid, "created", now, None, product=id, quantity=choice.quantity)
    products.reserve(
        conn,
        payment.uid,
        id,
        choice.quantity,
        now=now,
        until=until if scarce and reserved else None,
        state=products.HELD if reserved else products.RELEASED,
    )
    note_opening(conn, payment.uid, mark, now)
    PAYMENTS.labels(stocked.shop).inc()
    return payment


def _for_sale(conn: Connection, stocked: ProductStock, count: int, now: float) -> ProductStock:
    """The product as it is now. Raises NotForSale where fewer than `count` are left."""
    found = products.by_id(conn, stocked.id) or stocked
    sale, available = found.sale(now), found.available
    if sale is not Sale.OPEN or (available is not None and available < count):
        raise NotForSale(found, sale)
    return found


def _check(product: Product, choice: Choice) -> None:
    """Raises Unprocessable where the shop has changed the product since the form was made."""
    least, most = product.bounds
    if not 1 <= choice.quantity <= product.most_at_once:
        raise Unprocessable({"quantity": [f"must be from 1 to {product.most_at_once}"]})
    chosen = choice.money
    alike = chosen is not None and chosen == product.money(chosen.minor)
    if product.free and not (chosen and alike and least.minor <= chosen.minor <= most.minor):
        raise Unprocessable({"amount": [f"must be from {least.minor} to {most.minor}"]})


def payable(context: Context, stocked: ProductStock) -> bool:
    """Whether an account still uses the decimals that the product was made with."""
    found = counts(_sample(stocked.product), context.settings.shop(stocked.shop), context.gateways)
    return stocked.product.money(0).exponent in found


def _counted(context: Context, product: Product, shop: Shop) -> Product:
    """The product with the decimals that its payments will have."""
    order = _sample(msgspec.structs.replace(product, decimals=None))
    decimals = count(order, shop, context.gateways, currency="currency", methods="currency")
    return msgspec.structs.replace(product, decimals=order.money.counted(decimals).decimals)


def _sample(product: Product) -> Order:
    return Order(
        money=product.bounds[0],
        description=product.name,
        transaction_type=product.transaction_type,
        expires_at=0.0,
        methods=product.methods,
    )


def _check_count(context: Context, order: Order, shop: Shop) -> None:
    """Raises Unprocessable where the settings have changed since the product was made."""
    found = counts(order, shop, context.gateways)
    if order.money.exponent not in found:
        log.error("product.no_method", product=order.product, alert=True)
        raise unpayable(order, found, "currency", "currency")
