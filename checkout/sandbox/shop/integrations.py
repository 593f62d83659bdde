"""Every way to integrate checkout, side by side; the page shows the very code that runs.

Each function below is what a shop's own server does for one: `shop.sell` opens an order of the
shop's and asks checkout for its payment.
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
from checkout.sandbox.shop.checkout_client import CheckoutClient, CheckoutFailure
from checkout.sandbox.shop.notification import verified
from checkout.sandbox.shop.orders import BY_LINK
from checkout.sandbox.shop.shop import Shop, shop_of
from checkout.sandbox.state import HttpRequest

GREEN_TEA: Final = (1250, "EUR", "1 × Green tea")
"""What is sold here, whatever the way: minor units, currency, description."""

DAY: Final = 24 * 3600


# --- What the shop's server does -----------------------------------------------------------------


async def by_redirect(shop: Shop) -> str:
    """The customer goes to the payment page, and comes back."""
    order = await shop.sell(*GREEN_TEA, {})
    return order.redirect_url or "/"


async def by_token(shop: Shop) -> dict[str, object]:
    """The page's script shows the payment by its token or its address."""
    order = await shop.sell(*GREEN_TEA, {})
    return {"token": order.token, "redirect_url": order.redirect_url, "number": order.number}


def by_link(shop: Shop) -> tuple[str, str]:
    """Signed here: checkout learns of it when the customer opens it. To print, mail or scan."""
    config, order = shop.config, shop.orders.open(*GREEN_TEA)
    order.created_by, order.test = BY_LINK, False
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


async def by_product(shop: Shop) -> str:
    """Made once; everybody who opens its address can buy, until it is sold out."""
    if shop.product_url is None:
        amount, currency, _ = GREEN_TEA
        made = await shop.checkout.call(
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
                "return_url": f"{shop.config.public_url}/ways?bought=tea",
                "notification_url": f"{shop.config.public_url}/sales",
            },
        )
        shop.product_url = str(made["pay_url"])
    return shop.product_url


async def by_saved_card(shop: Shop) -> str:
    """The first time the card's token comes with the notification; then the code is enough."""
    cards: dict[str, Any] = {"types": ["credit_card"]}
    more: dict[str, Any] = {"payment_method": cards}
    if shop.card is None:
        more["additional_data"] = {"contract": ["oneclick"]}
    else:
        cards["credit_card"] = {"token": shop.card.token}
    order = await shop.sell(*GREEN_TEA, more)
    return order.redirect_url or "/"


# --- The page ------------------------------------------------------------------------------------


class Integration(NamedTuple):
    """`server` is the code above; `page` are files of `templates/shop/integrations/` that run
    there."""

    key: str
    name: str
    description: str
    button: str
    server: Callable[..., Any]
    page: tuple[str, ...] = ()


INTEGRATIONS: Final = (
    Integration(
        "redirect",
        "Redirect",
        "The customer goes to the payment page and comes back. Works everywhere.",
        "Go to the payment page",
        by_redirect,
    ),
    Integration(
        "modal",
        "Modal",
        "The payment page opens over the shop's page.",
        "Pay over this page",
        by_token,
        ("modal.js",),
    ),
    Integration(
        "inline",
        "Inline",
        "The payment page stands in the shop's page.",
        "Pay here",
        by_token,
        ("inline.js",),
    ),
    Integration(
        "popup",
        "Window",
        "The payment page opens in a window of its own, and the shop's page goes on.",
        "Pay in a window",
        by_token,
        ("popup.js",),
    ),
    Integration(
        "link",
        "Link with a QR code",
        "Signed by the shop without asking anybody: on an invoice, in a mail, at the till.",
        "Make a link",
        by_link,
    ),
    Integration(
        "product",
        "Product",
        "One address for all buyers, with its own stock.",
        "Open the product",
        by_product,
    ),
    Integration(
        "saved",
        "Saved card",
        "The customer agrees once; then the card's security code is enough.",
        "Pay and save the card",
        by_saved_card,
    ),
)

REDIRECTS: Final = {"redirect": by_redirect, "product": by_product, "saved": by_saved_card}
"""Those that send the customer somewhere. Those in the page do so where there are no scripts."""

SCRIPTS: Final = {
    name: (FOLDER / "shop" / "integrations" / name).read_text()
    for each in INTEGRATIONS
    for name in each.page
}


@get("/ways")
async def overview(request: HttpRequest) -> Response[str]:
    return _page(shop_of(request))


@post("/ways/{key:str}", status_code=200)
async def start(
    request: HttpRequest, key: FromPath[str]
) -> Response[str] | Response[dict[str, object]]:
    """Its button: a redirect, the link's page, or JSON for the page's own script."""
    shop = shop_of(request)
    scripted = "application/json" in request.headers.get("accept", "")
    try:
        if key == "link" and shop.config.link_key:
            return _link_page(*by_link(shop))
        if scripted:
            return Response(await by_token(shop))
        return see_other(await REDIRECTS.get(key, by_redirect)(shop))
    except CheckoutFailure as failure:
        if scripted:
            body: dict[str, object] = {"message": failure.message}
            return Response(body, status_code=502)
        return _page(shop, problem=failure.message, status=502)


@post("/card/forget", status_code=303)
async def forget(request: HttpRequest) -> Response[str]:
    """The buyer wants the shop to keep the card no longer."""
    shop_of(request).card = None
    return see_other("/ways")


@post("/sales", status_code=200)
async def sale(request: HttpRequest) -> Response[dict[str, object]]:
    """A product's notification: every buyer's payment has a uid of its own, and counts once."""
    shop, body = shop_of(request), await request.body()
    notification = verified(shop.config, "tea", request.headers, body)
    if not notification.accepted:
        return Response({"message": f"Refused: {notification.reason}"}, status_code=401)
    sold = (notification.status, notification.kind, notification.created_by) == (
        "successful",
        "payment",
        "product",
    )
    if sold and notification.uid is not None:
        shop.sales.add(notification.uid)
    return Response({"message": "Received"})


def _script(name: str) -> HTTPRouteHandler:
    @get(f"/ways/{name}", name=f"integration {name}", sync_to_thread=False)
    def serve() -> Response[str]:
        return Response(SCRIPTS[name], media_type="text/javascript")

    return serve


HANDLERS = (overview, start, forget, sale, *(_script(name) for name in SCRIPTS))


def _page(shop: Shop, problem: str = "", status: int = 200) -> Response[str]:
    return page(
        "shop/integrations.html",
        status=status,
        embeds=shop.config.checkout_url,
        checkout=shop.config.checkout_url,
        integrations=[each for each in INTEGRATIONS if each.key != "link" or shop.config.link_key],
        tea=GREEN_TEA,
        code={each.key: _code(each) for each in INTEGRATIONS},
        card=shop.card,
        request=dedent(getsource(CheckoutClient.request)),
        sold=len(shop.sales),
        problem=problem,
    )


def _code(integration: Integration) -> list[tuple[str, str]]:
    """(where it runs, its text), the very text that runs."""
    shown = [("On the shop's server", getsource(integration.server))]
    return shown + [("In the page", SCRIPTS[name]) for name in integration.page]


def _link_page(number: str, url: str) -> Response[str]:
    image = BytesIO()
    code = segno.make(url, error="l", boost_error=False)
    code.save(image, kind="svg", border=4, xmldecl=False, omitsize=True)
    return page("shop/link.html", number=number, url=url, qr=image.getvalue().decode())
