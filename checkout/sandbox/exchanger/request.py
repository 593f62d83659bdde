"""What a new order has to say. The first thing that is wrong is named, in the shape of its script.

Numbers are read digit by digit: an amount that is no exact decimal of the currency is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from checkout.sandbox.exchanger.order import PROTOCOL, Order
from checkout.sandbox.exchanger.routes import EURO, ROUTES, Currency, Route, Side, minor
from checkout.sandbox.exchanger.settings import settings_of
from checkout.sandbox.state import SandboxState
from checkout.sandbox.urls import acceptable

LARGEST = Decimal(10) ** 12
_JSON = msgspec.json.Decoder(float_hook=Decimal)


class Refusal(Exception):
    """An order that is not taken."""

    def __init__(self, message: str, field: str = "", kind: str = "", status: int = 200) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"message": message, "errorType": "api", "apiError": True}
        if field:
            about = {"fieldId": field, "nameField": field, "err": "regexp", "type": kind}
            self.body["object"] = about


def wrong(field: str, kind: str = "order") -> Refusal:
    return Refusal(f"Param {kind} isn't valid: {field}", field, kind)


def decoded(body: bytes) -> Mapping[str, object]:
    try:
        data = _JSON.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal("The body is not valid JSON", status=400) from None
    if not isinstance(data, dict):
        raise Refusal("The body must be an object", status=400)
    return data


def order_of(state: SandboxState, data: Mapping[str, object]) -> Order:
    """The order that was asked for; not yet in the ledger. Raises Refusal."""
    route_id = _text(data, "routeId")
    route = ROUTES.get(route_id)
    if route is None:
        raise wrong("routeId")
    settings = settings_of(state)
    if settings.captcha:
        raise Refusal("Captcha isn't valid")
    given = _amount(data.get("amount"), route.source)
    got = _got(route, given, Decimal(str(settings.slip)))
    own = {side: _filled(data, route, side, settings.refuses) for side in route.fields}
    ipn, secret = _agreed(data)
    callback = _url(data, "clientCallbackUrl")
    now, uid = state.now(), _number(state)
    counted = route.source if route.source.symbol == EURO.symbol else route.target
    return Order(
        protocol=PROTOCOL,
        uid=uid,
        shop_id=str(data.get("partner") or PROTOCOL),
        type="payment",
        method=route.name,
        amount=minor(got if counted is route.target else given, counted.symbol),
        currency=counted.symbol,
        description=f"Order {uid}",
        language="ru" if data["lang"] == "rus" else "en",
        return_url=callback,
        notification_url=ipn,
        created_at=now,
        updated_at=now,
        expires_at=now + settings.lifetime,
        status="pending",
        code=route.start,
        order_status=route.start,
        route_id=route_id,
        given=given,
        got=got,
        fields=own["to"],
        hidden=data.get("hideOutData") is True,
        callback=callback,
        ipn_secret=secret,
        facts={f"{side}Values": values for side, values in own.items()} | {"return_url": callback},
    )


def _agreed(data: Mapping[str, object]) -> tuple[str | None, str]:
    """`ipnUrl` and `ipnSecret`, once language and agreement are right."""
    if data.get("lang") not in ("eng", "rus"):
        raise wrong("lang")
    if data.get("agreement") is not True:
        raise wrong("agreement")
    ipn, secret = _url(data, "ipnUrl"), data.get("ipnSecret")
    if ipn is not None and (not isinstance(secret, str) or not secret):
        raise wrong("ipnSecret")
    return ipn, str(secret or "")


def _number(state: SandboxState) -> str:
    """A number for people, as exchangers give to orders."""
    while (uid := str(secrets.randbelow(900_000) + 100_000)) in state.transactions:
        pass
    return uid


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise wrong(name)
    return value


def _amount(value: object, currency: Currency) -> Decimal:
    """What the customer gives."""
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise wrong("amount")
    amount, most = Decimal(value), Decimal(currency.most) or LARGEST
    if not amount.is_finite() or not 0 < amount <= most or amount < Decimal(currency.least):
        raise wrong("amount")
    if amount != currency.rounded(amount):
        raise wrong("amount")
    return currency.rounded(amount)


def _got(route: Route, given: Decimal, slip: Decimal) -> Decimal:
    """`slip`: in percent."""
    got = route.target.rounded(route.got_for(given) * (100 - slip) / 100)
    most = Decimal(route.target.most) or Decimal(route.reserve)
    if not 0 < got <= min(most, Decimal(route.reserve)) or got < Decimal(route.target.least):
        raise wrong("amount")
    return got


def _filled(
    data: Mapping[str, object], route: Route, side: Side, refused: str
) -> list[dict[str, str]]:
    """The values of a side, with everything that it requires."""
    name = f"{side}Values"
    values = _values(data, name)
    given = {one["key"]: one["value"] for one in values}
    for field in route.fields[side]:
        value = given.get(field.key, "")
        empty = not value and not field.required
        if field.key == refused or not (empty or re.search(field.regexp, value)):
            raise wrong(field.key, name)
    return values


def _values(data: Mapping[str, object], name: str) -> list[dict[str, str]]:
    """A list of {key, value}."""
    values = data.get(name)
    if values is None:
        return []
    try:
        pairs = msgspec.convert(values, list[dict[str, str]])
    except msgspec.ValidationError:
        raise wrong(name, name) from None
    if len(pairs) > 50 or any(set(pair) != {"key", "value"} for pair in pairs):
        raise wrong(name, name)
    return pairs


def _url(data: Mapping[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is None:
        return None
    # The result is written behind it as "?status=...": a query of its own would be spoiled.
    whole = isinstance(value, str) and acceptable(value) and len(value) <= 2048
    if not whole or (name == "clientCallbackUrl" and "?" in str(value)):
        raise wrong(name)
    return str(value)
