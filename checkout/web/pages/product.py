"""A product's page: a GET only shows it; the customer's POST creates a payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import post, route
from msgspec import Struct

from checkout.errors import NotFound, Unprocessable
from checkout.i18n import LANGUAGES, choose_language
from checkout.ledger.products import ProductStock
from checkout.model.money import Money
from checkout.model.product import Product, Sale
from checkout.payments.products import Choice, NotForSale, buy, find, payable
from checkout.web.context import app_of
from checkout.web.own_address import only_at_own_address
from checkout.web.pages import messages
from checkout.web.pages.amount_input import TwoReadings, read_amount, write_amount
from checkout.web.pages.components import Field, Notice, Row, notice
from checkout.web.pages.formatting import amount, date_and_time, fill, iso_time
from checkout.web.pages.page_request import PageRequest
from checkout.web.request import READ, AppRequest, header
from checkout.web.response import RawResponse, see_other

PATH: Final = "/{lang:str}/product/{id:str}"
FEW: Final = 10  # up to so many the number that is left is shown

# The HTTP status where it can't be bought: of the page, and of the form.
GET_STATUS: Final = {Sale.RESERVED: 200, Sale.SOLD_OUT: 200, Sale.ENDED: 410, Sale.INACTIVE: 410}
POST_STATUS: Final = {Sale.RESERVED: 409, Sale.SOLD_OUT: 409, Sale.ENDED: 410, Sale.INACTIVE: 410}


class ProductPage(Struct, frozen=True):
    """What can be bought by one link. `notice`: why it can't be now; then there is no form. The
    form's fields: `amount` where the customer chooses it, `quantity` where there can be several."""

    name: str
    description: str
    price: str | None  # None: the customer chooses
    notice: Notice | None
    action: str  # POST: buys
    form_token: str
    fields: tuple[Field, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()  # (field name, sentence)
    facts: tuple[Row, ...] = ()  # how many are left, until when
    home: str | None = None  # back to the shop
    home_label: str = ""


@route("/product/{id:str}", http_method=READ, include_in_schema=False)
async def product_link(request: AppRequest) -> RawResponse:
    """The address that shops give out: the page in the product's or the customer's language."""
    page, stocked = await enter_product(request)
    return _get(page, stocked)


@route(PATH, http_method=READ, include_in_schema=False)
async def product_page(request: AppRequest) -> RawResponse:
    page, stocked = await enter_product(request, request.path_params["lang"])
    return _get(page, stocked)


@post(PATH, status_code=303, include_in_schema=False)
async def buy_product(request: AppRequest) -> RawResponse:
    """Reserves, creates a payment and redirects to it. The same form sent twice buys once."""
    page, stocked = await enter_product(request, request.path_params["lang"])
    fields, context = await page.posted(), page.app.context
    form = page.app.signer.read_form("buy", stocked.id, fields.get("form_token", ""))
    choice, errors = _read_choice(page, stocked, fields, form.nonce)
    if errors and _sale(page, stocked) is Sale.OPEN:
        return _show(page, stocked, values=fields, errors=errors, status_code=422)
    try:
        payment = await buy(context, stocked.id, choice, page.address)
    except NotForSale as refused:
        return _refused(page, fields, refused)
    except Unprocessable:  # the product or the settings have changed
        stocked = await find(context, stocked.id)
        _, errors = _read_choice(page, stocked, fields, form.nonce)
        return _show(page, stocked, errors=errors, status_code=422)
    return see_other(f"/{page.lang}/payment/{payment.uid}/{payment.secret}")


async def enter_product(
    request: AppRequest, lang: str | None = None
) -> tuple[PageRequest, ProductStock]:
    """Raises NotFound, also for an unknown language."""
    app = app_of(request)
    stocked = await find(app.context, request.path_params["id"])
    wish = stocked.product.page_settings.language
    shop = app.settings.shop(stocked.shop)
    only_at_own_address(request, app.settings, shop)
    accept = header(request, b"accept-language") or ""
    spoken = lang or choose_language(wish, accept=accept, among=shop.languages)
    if spoken not in LANGUAGES:
        raise NotFound
    return PageRequest(app, request, spoken, shop), stocked


def _sale(page: PageRequest, stocked: ProductStock) -> Sale:
    sale, context = stocked.sale(page.app.context.clock()), page.app.context
    unpayable = sale is Sale.OPEN and not payable(context, stocked)
    return Sale.INACTIVE if unpayable else sale


def _most(stocked: ProductStock) -> int:
    """How many can be bought at once."""
    available, most = stocked.available, stocked.product.most_at_once
    return most if available is None else min(most, available)


def _get(page: PageRequest, stocked: ProductStock) -> RawResponse:
    return _show(page, stocked, status_code=GET_STATUS.get(_sale(page, stocked), 200))


def _refused(page: PageRequest, fields: Mapping[str, str], refused: NotForSale) -> RawResponse:
    if refused.few:
        errors = {"quantity": page._(messages.TOO_FEW)}
        return _show(page, refused.stocked, values=fields, errors=errors, status_code=409)
    return _show(page, refused.stocked, status_code=POST_STATUS[refused.sale])


def _show(
    page: PageRequest,
    stocked: ProductStock,
    *,
    values: Mapping[str, str] = {},
    errors: Mapping[str, str] = {},
    status_code: int = 200,
) -> RawResponse:
    """The page; after an error with what was typed. `errors`: a sentence by field."""
    product, sale = stocked.product, _sale(page, stocked)
    refusal, action = _refusal(product, sale, page.lang), _url(stocked, page.lang)
    view = ProductPage(
        name=product.name,
        description=product.description,
        price=amount(product.price, page.spoken) if product.price and not product.free else None,
        notice=refusal,
        action=action,
        form_token=page.app.signer.sign_form("buy", stocked.id, 0),
        fields=_fields(page, stocked, values, errors),
        errors=tuple(errors.items()),
        facts=_facts(page, stocked) if sale is Sale.OPEN else (),
        home=page.shop.url,
        home_label=fill(page._(messages.BACK), shop=page.shop.name),
    )
    layout = page.layout(
        f"{refusal.title if refusal else product.name} · {page.shop.name}",
        test=product.test,
    )
    return page.show("product", view, layout, status_code=status_code)


def _url(stocked: ProductStock, lang: str) -> str:
    return f"/{lang}/product/{stocked.id}"


def _refusal(product: Product, sale: Sale, lang: str) -> Notice | None:
    """Why it can't be bought."""
    if sale is Sale.OPEN:
        return None
    found = notice(messages.SALE[sale], lang)
    if sale is Sale.INACTIVE and (text := product.inactive_text):
        return Notice(found.title, text, found.tone)
    return found


def _facts(page: PageRequest, stocked: ProductStock) -> tuple[Row, ...]:
    _, product, available, found = page._, stocked.product, stocked.available, []
    if available is not None and available <= FEW:
        found.append(Row(_(messages.LEFT), str(available)))
    if product.expires_at is not None:
        ends = date_and_time(product.expires_at, page.spoken)
        until = iso_time(product.expires_at)
        found.append(Row(_(messages.ON_SALE_UNTIL), ends, time=until))
    return tuple(found)


def _fields(
    page: PageRequest, stocked: ProductStock, values: Mapping[str, str], errors: Mapping[str, str]
) -> tuple[Field, ...]:
    _, product, most, found = page._, stocked.product, _most(stocked), []
    if product.free:
        preset = write_amount(product.price, page.spoken) if product.price else ""
        found.append(
            Field(
                name="amount",
                label=f"{_(messages.ROW_AMOUNT)} ({product.currency})",
                value=values.get("amount", preset),
                error=errors.get("amount"),
                hint=_bounds(page, product),
                inputmode="decimal",
                maxlength=40,
            )
        )
    if most > 1 or "quantity" in errors:
        found.append(
            Field(
                name="quantity",
                label=_(messages.QUANTITY),
                value=values.get("quantity", "1"),
                error=errors.get("quantity"),
                options=tuple((str(n), str(n)) for n in range(1, max(most, 1) + 1)),
            )
        )
    return tuple(found)


def _bounds(page: PageRequest, product: Product) -> str | None:
    least, most = (amount(bound, page.spoken) for bound in product.bounds)
    if product.least is not None and product.most is not None:
        return fill(page._(messages.AMOUNT_BETWEEN), least=least, most=most)
    if product.least is not None:
        return fill(page._(messages.AMOUNT_FROM), least=least)
    return fill(page._(messages.AMOUNT_TO), most=most)


def _read_choice(
    page: PageRequest, stocked: ProductStock, fields: Mapping[str, str], form: str
) -> tuple[Choice, dict[str, str]]:
    """The customer's choice, and its errors."""
    _, product, errors = page._, stocked.product, {}
    money, quantity = None, fields.get("quantity", "1")
    if product.free:
        try:
            money = read_amount(fields.get("amount", ""), product.bounds[0], page.spoken)
        except TwoReadings as two:
            first, second = (amount(each, page.spoken) for each in (two.first, two.second))
            errors["amount"] = fill(_(messages.AMOUNT_TWICE), first=first, second=second)
        except ValueError:
            example = write_amount(product.price or product.bounds[0], page.spoken)
            errors["amount"] = fill(_(messages.AMOUNT_MISSING), example=example)
        else:
            errors |= _outside(page, product, money)
    known = quantity.isascii() and quantity.isdigit() and len(quantity) < 5
    count = int(quantity) if known else 0
    if not 1 <= count <= product.most_at_once:
        errors["quantity"] = _(messages.QUANTITY_WRONG)
    elif _sale(page, stocked) is Sale.OPEN and count > _most(stocked):
        errors["quantity"] = _(messages.TOO_FEW)
    return Choice(form=form, quantity=count, money=money), errors


def _outside(page: PageRequest, product: Product, money: Money) -> dict[str, str]:
    least, most = product.bounds
    if money.minor < least.minor:
        least_text = amount(least, page.spoken)
        return {"amount": fill(page._(messages.AMOUNT_LITTLE), least=least_text)}
    if money.minor > most.minor:
        return {"amount": fill(page._(messages.AMOUNT_MUCH), most=amount(most, page.spoken))}
    return {}


HANDLERS: Final[tuple[Any, ...]] = (product_link, product_page, buy_product)
