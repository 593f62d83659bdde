"""What a route can take, described to the operator: for the log, and for `checkout check
--online`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Final

from msgspec import structs

from checkout.gateways.base import Description
from checkout.gateways.exchanger.request import asked, never_asked, unknown
from checkout.gateways.exchanger.route import Currency, Route, in_words, written
from checkout.gateways.exchanger.templates import Templates
from checkout.model.money import EXPONENTS

DIGITS: Final = 20  # of a rate
UNREAD: Final = "its route could not be read"
UNSEEN: Final = "whether orders need a captcha or a check by hand can't be seen from here"


def trouble(route: Route | None, templates: Templates) -> str | None:
    """Why nothing can be paid by the route, whatever the sum."""
    if route is None:
        return UNREAD
    if left := never_asked(route, templates):
        names = ", ".join(f"{field.key} ({field.label})" for field in left)
        return f"to_values leaves out where the shop is paid out to: {names}"
    return None


def describe(
    route: Route | None, rates: Mapping[str, str], known: Mapping[str, Route], templates: Templates
) -> Description:
    """`rates`: the routes that the settings name, by currency; `known`: those that were read."""
    found = trouble(route, templates)
    if route is None or found:
        return Description((found or UNREAD,), ok=False)
    lines = [_rate(route), *_taken(route, rates, known)]
    if questions := asked(route, templates, {}):
        lines.append("asks the customer for: " + ", ".join(each.label for each in questions))
    lines += [f"{name} is no field of the route" for name in unknown(route, templates)]
    lines.append(UNSEEN)
    takes_any = any(side.symbol in EXPONENTS for side in (route.source, route.target)) or known
    return Description(tuple(lines), ok=bool(takes_any))


def _rate(route: Route) -> str:
    ends = ((route.give, route.source), (route.get, route.target))
    gives, gets = (in_words(each, structs.replace(end, decimals=DIGITS)) for each, end in ends)
    fee = f", less {in_words(route.fee, route.target)}" if route.fee else ""
    moves = "; the rate may move until the money has come" if route.floating else ""
    return f"{route.source.name} -> {route.target.name}: {gives} for {gets}{fee}{moves}"


def _taken(route: Route, rates: Mapping[str, str], known: Mapping[str, Route]) -> Iterator[str]:
    """Which currencies it takes: prices are in the first of its sides that is a currency of
    ours."""
    for side in (route.source, route.target):
        if side.symbol in EXPONENTS:
            yield f"takes {side.symbol}{_limits(route, side)}"
            break
    for currency, route_id in rates.items():
        by = known.get(currency)
        if by is None:
            yield f"{currency}: the route {route_id} could not be read"
        else:
            yield f"takes {currency}, by the rate of {by.source.name} -> {by.target.name}"
    if not rates and not {route.source.symbol, route.target.symbol} & EXPONENTS.keys():
        yield "takes no currency: no side of it is one, and rate_routes names no rate"


def _limits(route: Route, side: Currency) -> str:
    """The smallest and the largest price within the route's limits on both sides."""
    least, most = _least(route), _most(route)
    if side is route.target:
        least = route.got_for(least) if least else None
        most = route.got_for(most) if most else None
    unit = 10**side.decimals
    words = ""
    if least and least > 0:
        words += f" from {written(ceil(least * unit), side.decimals)}"
    if most is not None:
        words += f" to {written(max(0, floor(most * unit)), side.decimals)}"
    return words


def _least(route: Route) -> Fraction | None:
    """The least that has to be given."""
    found = [route.source.least] if route.source.least else []
    if route.target.least:
        found.append(route.given_for(route.target.least))
    return max(found, default=None)


def _most(route: Route) -> Fraction | None:
    found = [route.source.most] if route.source.most else []
    limits = (route.target.most, route.reserve)
    found += [route.given_for(most) for most in limits if most is not None]
    return min(found, default=None)
