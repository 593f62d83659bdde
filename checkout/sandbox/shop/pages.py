"""The sample shop's web pages: basket, order, orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from checkout.sandbox.forms import form
from checkout.sandbox.money import EXPONENTS
from checkout.sandbox.pages import page, see_other
from checkout.sandbox.shop.basket import CURRENCIES, LANGUAGES, PRODUCTS, Basket, basket_of
from checkout.sandbox.shop.checkout_client import CheckoutFailure
from checkout.sandbox.shop.orders import Order
from checkout.sandbox.shop.shop import shop_of
from checkout.sandbox.shop.signed_result import FINAL, read_result
from checkout.sandbox.state import HttpRequest

HINTS = ("status", "uid", "token")
"""What checkout adds to the return address, in the order in which people read it."""

ATTEMPTS = ("1", "3", "5")

CHOICES = {"language": "en", "methods": "all", "attempts": "3"}
"""The other fields of the basket's form, and where they start."""

METHODS = {"all": None, "card": {"types": ["credit_card"]}}


@get("/")
async def basket(request: HttpRequest) -> Response[str]:
    """The basket; the query may hold its fields, for browsers without scripts."""
    given = {name: request.query_params.get(name, "") for name in request.query_params}
    return _basket_page(given)


@post("/orders", status_code=200)
async def pay(request: HttpRequest) -> Response[str]:
    """Open an order and send the customer to checkout."""
    given = await form(request)
    wanted = basket_of(given)
    if wanted.total == 0:
        return _basket_page(given, problem="The basket is empty. Add something first.", status=422)
    try:
        order = await shop_of(request).sell(
            wanted.total,
            wanted.currency,
            wanted.description,
            _choices(given) | {"lines": wanted.lines},
        )
    except CheckoutFailure as failure:
        return _basket_page(given, problem=failure.message, response=failure.body, status=502)
    return see_other(order.redirect_url or "/")


@get("/orders")
async def orders(request: HttpRequest) -> Response[str]:
    return page("shop/orders.html", orders=list(shop_of(request).orders)[:200])


@get("/orders/{number:str}")
async def return_page(
    request: HttpRequest, number: FromPath[str]
) -> Response[str] | Response[dict[str, object]]:
    """Where customers come back to: the address is a hint, but for its signed result; without a
    good one checkout is asked.

    With `.json` behind the number: the order as the shop knows it, without asking.
    """
    shop = shop_of(request)
    order = shop.orders.find(number.removesuffix(".json"))
    if number.endswith(".json"):
        return _as_json(order)
    if order is None:
        return page("shop/not_found.html", status=404)
    signed = read_result(shop.config, order, request.query_params.get("result"))
    if signed is not None:
        order.update(signed.status)
    asked = signed is None or signed.status not in FINAL
    answer = await shop.refresh(order) if asked else {}
    failure = answer if isinstance(answer, CheckoutFailure) else None
    hints = {name: request.query_params[name] for name in HINTS if request.query_params.get(name)}
    return page(
        "shop/order.html",
        order=order,
        hints=hints,
        failure=failure.message if failure else None,
        signed=signed,
        asked=asked,
        facts={} if isinstance(answer, CheckoutFailure) else _facts(answer),
    )


HANDLERS = (basket, pay, orders, return_page)


def _as_json(order: Order | None) -> Response[dict[str, object]]:
    if order is None:
        return Response({"message": "No such order"}, status_code=404)
    return Response(order.to_json())


def _choices(given: Mapping[str, str]) -> dict[str, Any]:
    language = given.get("language", "")
    attempts = given.get("attempts", "")
    return {
        "language": language if language in LANGUAGES else "en",
        "attempts": int(attempts) if attempts in ATTEMPTS else 3,
        "payment_method": METHODS.get(given.get("methods", "all")),
    }


def _facts(answer: Mapping[str, Any]) -> dict[str, object]:
    """The parts of checkout's answer that a shop would act on."""
    response = answer.get("gateway_response")
    sections = response.values() if isinstance(response, dict) else ()
    payment = next((section for section in sections if isinstance(section, dict)), {})
    facts = {
        "status": answer.get("status"),
        "message": answer.get("message"),
        "finished": answer.get("finished"),
        "uid": payment.get("uid"),
        "approval": payment.get("auth_code"),
        "reference": payment.get("rrn"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _basket_page(
    given: Mapping[str, str], problem: str = "", response: object = None, status: int = 200
) -> Response[str]:
    wanted: Basket = basket_of(given)
    return page(
        "shop/basket.html",
        status=status,
        basket=wanted,
        products=PRODUCTS,
        currencies=CURRENCIES,
        exponents={currency: EXPONENTS.get(currency, 2) for currency in CURRENCIES},
        languages=LANGUAGES,
        attempts=ATTEMPTS,
        chosen={name: given.get(name, start) for name, start in CHOICES.items()},
        problem=problem,
        response=response,
    )
