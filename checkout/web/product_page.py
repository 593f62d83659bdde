"""A product's page: a GET shows it and makes nothing; the buyer's POST makes a payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import post, route

from checkout.errors import NotFound, Unprocessable
from checkout.flow.products import Choice, NotForSale, buy, find, payable
from checkout.i18n import LANGUAGES, choose_language, gettext
from checkout.ledger.products import Stocked
from checkout.model.money import Money
from checkout.model.product import Sale
from checkout.settings import Shop
from checkout.web import present, words
from checkout.web.amounts import read_amount
from checkout.web.answer import Answer
from checkout.web.bodies import posted_form
from checkout.web.present import fill
from checkout.web.security import client_address, guard_form
from checkout.web.views import Field, Frame, Notice, ProductPage, Row, Shell
from checkout.web.visit import READ, Web, Web_Request, see_other, shop_view, web_of

PATH: Final = "/{lang:str}/product/{id:str}"
FEW: Final = 10  # so many and fewer are told: more helps nobody to decide

# What is answered where it can't be bought: to who looks, and to who has sent the form.
LOOKED: Final = {Sale.RESERVED: 200, Sale.SOLD_OUT: 200, Sale.ENDED: 410, Sale.INACTIVE: 410}
SENT: Final = {Sale.RESERVED: 409, Sale.SOLD_OUT: 409, Sale.ENDED: 410, Sale.INACTIVE: 410}


@dataclass(slots=True)
class Look:
    """One request to one product."""

    web: Web
    request: Web_Request
    lang: str
    stocked: Stocked
    shop: Shop

    @property
    def framed(self) -> bool:
        return self.request.headers.get("sec-fetch-dest") in ("iframe", "frame")

    @property
    def sale(self) -> Sale:
        sale, flow = self.stocked.sale(self.web.flow.clock()), self.web.flow
        shut = sale is Sale.OPEN and not payable(flow, self.stocked)
        return Sale.INACTIVE if shut else sale

    @property
    def most(self) -> int:
        """How many can be bought at once."""
        available = self.stocked.available
        most = self.stocked.product.most_at_once
        return most if available is None else min(most, available)

    def url(self, lang: str | None = None) -> str:
        return f"/{lang or self.lang}/product/{self.stocked.id}"

    def show(
        self,
        *,
        values: Mapping[str, str] | None = None,
        errors: Mapping[str, str] | None = None,
        status_code: int = 200,
    ) -> Answer:
        """The page; after an error with what was typed. `errors`: a sentence by field."""
        _, product = gettext(self.lang), self.stocked.product
        notice = self._notice()
        found = errors or {}
        page = ProductPage(
            name=product.name,
            description=product.description,
            price=present.amount(product.price, self.lang)
            if product.price and not product.free
            else None,
            notice=notice,
            action=self.url(),
            form_token=self.web.signer.sign_form("buy", self.stocked.id, 0),
            fields=self._fields(values or {}, found),
            errors=tuple(found.items()),
            facts=self._facts(),
            home=self.shop.url,
            home_label=fill(_(words.BACK), shop=self.shop.name),
        )
        origins = self.shop.frame_origins
        shell = Shell(
            lang=self.lang,
            title=f"{notice.title if notice else product.name} · {self.shop.name}",
            shop=shop_view(self.web, self.shop),
            framed=self.framed,
            test=product.test,
            languages=tuple((code, name, self.url(code)) for code, name in LANGUAGES.items()),
            frame=Frame(origins, "", "") if self.framed and origins else None,
        )
        return self.web.show(
            "pages/product.html", shell, ancestors=origins, status_code=status_code, page=page
        )

    def _notice(self) -> Notice | None:
        sale = self.sale
        if sale is Sale.OPEN:
            return None
        notice = present.notice(words.SALE[sale], self.lang)
        if sale is Sale.INACTIVE and (said := self.stocked.product.inactive_text):
            return Notice(notice.title, said, notice.tone)
        return notice

    def _facts(self) -> tuple[Row, ...]:
        if self.sale is not Sale.OPEN:
            return ()
        _, product, available = gettext(self.lang), self.stocked.product, self.stocked.available
        found = []
        if available is not None and available <= FEW:
            found.append(Row(_(words.LEFT), str(available)))
        if product.expires_at is not None:
            found.append(
                Row(_(words.ON_SALE_UNTIL), present.date_and_time(product.expires_at, self.lang))
            )
        return tuple(found)

    def _fields(self, values: Mapping[str, str], errors: Mapping[str, str]) -> tuple[Field, ...]:
        _, product = gettext(self.lang), self.stocked.product
        found = []
        if product.free:
            preset = str(product.price.major) if product.price else ""
            found.append(
                Field(
                    name="amount",
                    label=f"{_(words.ROW_AMOUNT)} ({product.currency})",
                    value=values.get("amount", preset),
                    error=errors.get("amount"),
                    hint=self._bounds(),
                    inputmode="decimal",
                    maxlength=40,
                )
            )
        if self.most > 1 or "quantity" in errors:
            found.append(
                Field(
                    name="quantity",
                    label=_(words.QUANTITY),
                    value=values.get("quantity", "1"),
                    error=errors.get("quantity"),
                    options=tuple((str(n), str(n)) for n in range(1, max(self.most, 1) + 1)),
                )
            )
        return tuple(found)

    def _bounds(self) -> str | None:
        _, product = gettext(self.lang), self.stocked.product
        least, most = (present.amount(bound, self.lang) for bound in product.bounds)
        if product.least is not None and product.most is not None:
            return fill(_(words.AMOUNT_BETWEEN), least=least, most=most)
        if product.least is not None:
            return fill(_(words.AMOUNT_FROM), least=least)
        return fill(_(words.AMOUNT_TO), most=most)

    def read(self, fields: Mapping[str, str], form: str) -> tuple[Choice, dict[str, str]]:
        """What the buyer chose, and what is wrong with it."""
        _, product, errors = gettext(self.lang), self.stocked.product, {}
        money, quantity = None, fields.get("quantity", "1")
        if product.free:
            try:
                money = read_amount(fields.get("amount", ""), product.bounds[0], self.lang)
            except ValueError:
                example = str((product.price or product.bounds[0]).major)
                errors["amount"] = fill(_(words.AMOUNT_MISSING), example=example)
            else:
                errors |= self._outside(money)
        known = quantity.isascii() and quantity.isdigit() and len(quantity) < 5
        count = int(quantity) if known else 0
        if not 1 <= count <= product.most_at_once:
            errors["quantity"] = _(words.QUANTITY_WRONG)
        elif self.sale is Sale.OPEN and count > self.most:
            errors["quantity"] = _(words.TOO_FEW)
        return Choice(form=form, quantity=count, money=money), errors

    def _outside(self, money: Money) -> dict[str, str]:
        _, (least, most) = gettext(self.lang), self.stocked.product.bounds
        if money.minor < least.minor:
            text = fill(_(words.AMOUNT_LITTLE), least=present.amount(least, self.lang))
            return {"amount": text}
        if money.minor > most.minor:
            return {"amount": fill(_(words.AMOUNT_MUCH), most=present.amount(most, self.lang))}
        return {}


async def enter(request: Web_Request, lang: str | None = None) -> Look:
    """Raises NotFound, also for an unknown language."""
    web = web_of(request)
    stocked = await find(web.flow, request.path_params["id"])
    wish = stocked.product.ways.language
    spoken = lang or choose_language(wish, accept=request.headers.get("accept-language", ""))
    if spoken not in LANGUAGES:
        raise NotFound
    return Look(web, request, spoken, stocked, web.settings.shop(stocked.shop))


@route("/product/{id:str}", http_method=READ, include_in_schema=False)
async def product_link(request: Web_Request) -> Answer:
    """The address that shops give out: the page in the product's or the customer's language."""
    look = await enter(request)
    return look.show(status_code=LOOKED.get(look.sale, 200))


@route(PATH, http_method=READ, include_in_schema=False)
async def product_page(request: Web_Request) -> Answer:
    look = await enter(request, request.path_params["lang"])
    return look.show(status_code=LOOKED.get(look.sale, 200))


@post(PATH, status_code=303, include_in_schema=False)
async def buy_product(request: Web_Request) -> Answer:
    """Reserves and makes a payment; on to its page. The same form sent twice buys once."""
    look = await enter(request, request.path_params["lang"])
    guard_form(request, look.web.settings.public_url)
    fields = await posted_form(request)
    token = fields.get("form_token", "")
    form = look.web.signer.read_form("buy", look.stocked.id, token)
    choice, errors = look.read(fields, form.nonce)
    if errors and look.sale is Sale.OPEN:
        return look.show(values=fields, errors=errors, status_code=422)
    try:
        address = client_address(request, look.web.settings.trusted_proxies)
        payment = await buy(look.web.flow, look.stocked.id, choice, address)
    except NotForSale as refused:
        look.stocked = refused.stocked
        return _refused(look, fields, refused)
    except Unprocessable:  # the product or the settings are not what they were
        look.stocked = await find(look.web.flow, look.stocked.id)
        return look.show(errors=look.read(fields, form.nonce)[1], status_code=422)
    return see_other(f"/{look.lang}/payment/{payment.uid}/{payment.secret}")


def _refused(look: Look, fields: Mapping[str, str], refused: NotForSale) -> Answer:
    if refused.few:
        errors = {"quantity": gettext(look.lang)(words.TOO_FEW)}
        return look.show(values=fields, errors=errors, status_code=409)
    return look.show(status_code=SENT[refused.sale])


HANDLERS: Final[tuple[Any, ...]] = (product_link, product_page, buy_product)
