"""Every way to take a payment, side by side; the page shows the very code that runs.

Each way below is what a shop's own server does for it: `till.sell` opens an order of the shop's
and asks checkout for its payment.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from inspect import getsource
from io import BytesIO
from textwrap import dedent
from typing import Any, Final, NamedTuple

import segno
from itsdangerous import URLSafeSerializer
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from checkout.sandbox.pages import FOLDER, page, see_other
from checkout.sandbox.shop import news
from checkout.sandbox.shop.api import Checkout, Failure
from checkout.sandbox.shop.orders import LINK
from checkout.sandbox.shop.till import Till, till_of
from checkout.sandbox.world import HttpRequest

TEA: Final = (1250, "EUR", "1 × Green tea")
"""What is sold here, whatever the way: minor units, currency, description."""

DAY: Final = 24 * 3600


# --- What the shop's server does -----------------------------------------------------------------


async def by_redirect(till: Till) -> str:
    """The customer goes to the payment page, and comes back."""
    order = await till.sell(*TEA, {})
    return order.redirect_url or "/"


async def by_token(till: Till) -> dict[str, object]:
    """The page's script shows the payment by its token or its address."""
    order = await till.sell(*TEA, {})
    return {"token": order.token, "redirect_url": order.redirect_url, "number": order.number}


def by_link(till: Till) -> tuple[str, str]:
    """Signed here: checkout learns of it when the customer opens it. To print, mail or scan."""
    config, order = till.config, till.orders.open(*TEA)
    order.maker, order.test = LINK, False
    terms = {
        "shop": config.shop_id,
        "id": order.number,
        "amount": order.amount,
        "currency": order.currency,
        "description": order.description,
        "tracking_id": order.number,
        "expires": int(time.time()) + 7 * DAY,
        "return_url": f"{config.public_url}/orders/{order.number}",
        "notification_url": f"{config.public_url}/notifications/{order.number}",
    }
    signer = URLSafeSerializer(
        config.link_key,
        salt=f"link:{config.shop_id}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
    order.redirect_url = f"{config.checkout_url}/pay/{signer.dumps(terms)}"
    return order.number, order.redirect_url


async def by_product(till: Till) -> str:
    """Made once; everybody who opens its address can buy, until it is sold out."""
    if till.product_url is None:
        amount, currency, _ = TEA
        made = await till.checkout.call(
            "POST",
            "/products",
            {
                "name": "Green tea",
                "description": "100 g, spring harvest",
                "amount": amount,
                "currency": currency,
                "quantity": 100,
                "immortal": True,
                "test": True,
                "tracking_id": "tea",
                "return_url": f"{till.config.public_url}/ways?bought=tea",
                "notification_url": f"{till.config.public_url}/sales",
            },
        )
        till.product_url = str(made["pay_url"])
    return till.product_url


async def by_saved_card(till: Till) -> str:
    """The first time the card's token comes with the notification; then the code is enough."""
    cards: dict[str, Any] = {"types": ["credit_card"]}
    more: dict[str, Any] = {"payment_method": cards}
    if till.card is None:
        more["additional_data"] = {"contract": ["oneclick"]}
    else:
        cards["credit_card"] = {"token": till.card.token}
    order = await till.sell(*TEA, more)
    return order.redirect_url or "/"


# --- The page ------------------------------------------------------------------------------------


class Way(NamedTuple):
    """`server` is the code above; `page` are files of templates/shop/ways that the page runs."""

    key: str
    name: str
    says: str
    button: str
    server: Callable[..., Any]
    page: tuple[str, ...] = ()


WAYS: Final = (
    Way(
        "redirect",
        "Redirect",
        "The customer goes to the payment page and comes back. Works everywhere.",
        "Go to the payment page",
        by_redirect,
    ),
    Way(
        "modal",
        "Modal",
        "The payment page opens over the shop's page.",
        "Pay over this page",
        by_token,
        ("modal.js",),
    ),
    Way(
        "inline",
        "Inline",
        "The payment page stands in the shop's page.",
        "Pay here",
        by_token,
        ("inline.js",),
    ),
    Way(
        "link",
        "Link with a QR code",
        "Signed by the shop without asking anybody: on an invoice, in a mail, at the till.",
        "Make a link",
        by_link,
    ),
    Way(
        "product",
        "Product",
        "One address for all buyers, with its own stock.",
        "Open the product",
        by_product,
    ),
    Way(
        "saved",
        "Saved card",
        "The customer agrees once; then the card's security code is enough.",
        "Pay and save the card",
        by_saved_card,
    ),
)

GOES: Final = {"redirect": by_redirect, "product": by_product, "saved": by_saved_card}
"""Ways that send the customer somewhere. Those in the page do so where there are no scripts."""

SCRIPTS: Final = {
    name: (FOLDER / "shop" / "ways" / name).read_text() for way in WAYS for name in way.page
}


@get("/ways")
async def ways(request: HttpRequest) -> Response[str]:
    return _page(till_of(request))


@post("/ways/{key:str}", status_code=200)
async def take(
    request: HttpRequest, key: FromPath[str]
) -> Response[str] | Response[dict[str, object]]:
    """The way's button: a redirect, the link's page, or JSON for the page's own script."""
    till = till_of(request)
    scripted = "application/json" in request.headers.get("accept", "")
    try:
        if key == "link" and till.config.link_key:
            return _link_page(*by_link(till))
        if scripted:
            return Response(await by_token(till))
        return see_other(await GOES.get(key, by_redirect)(till))
    except Failure as failure:
        if scripted:
            said: dict[str, object] = {"message": failure.message}
            return Response(said, status_code=502)
        return _page(till, problem=failure.message, status=502)


@post("/card/forget", status_code=303)
async def forget(request: HttpRequest) -> Response[str]:
    """The buyer wants the shop to keep the card no longer."""
    till_of(request).card = None
    return see_other("/ways")


@post("/sales", status_code=200)
async def sale(request: HttpRequest) -> Response[dict[str, object]]:
    """A product's notification: every buyer's payment has a uid of its own, and counts once."""
    till, body = till_of(request), await request.body()
    told = news.read(till.config, "tea", request.headers, body)
    if not told.accepted:
        return Response({"message": f"Refused: {told.reason}"}, status_code=401)
    sold = (told.status, told.kind, told.maker) == ("successful", "payment", "product")
    if sold and told.uid is not None:
        till.sales.add(told.uid)
    return Response({"message": "Received"})


def _script(name: str) -> HTTPRouteHandler:
    @get(f"/ways/{name}", name=f"way {name}", sync_to_thread=False)
    def serve() -> Response[str]:
        return Response(SCRIPTS[name], media_type="text/javascript")

    return serve


HANDLERS = (ways, take, forget, sale, *(_script(name) for name in SCRIPTS))


def _page(till: Till, problem: str = "", status: int = 200) -> Response[str]:
    return page(
        "shop/ways.html",
        status=status,
        embeds=till.config.checkout_url,
        checkout=till.config.checkout_url,
        ways=[way for way in WAYS if way.key != "link" or till.config.link_key],
        tea=TEA,
        code={way.key: _code(way) for way in WAYS},
        card=till.card,
        asked=dedent(getsource(Checkout.request)),
        sold=len(till.sales),
        problem=problem,
    )


def _code(way: Way) -> list[tuple[str, str]]:
    """(where it runs, its text), the very text that runs."""
    shown = [("On the shop's server", getsource(way.server))]
    return shown + [("In the page", SCRIPTS[name]) for name in way.page]


def _link_page(number: str, url: str) -> Response[str]:
    image = BytesIO()
    code = segno.make(url, error="l", boost_error=False)
    code.save(image, kind="svg", border=4, xmldecl=False, omitsize=True)
    return page("shop/link.html", number=number, url=url, qr=image.getvalue().decode())
