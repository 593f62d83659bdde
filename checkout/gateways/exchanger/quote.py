"""How much the customer is asked to give, so that the shop's price is paid.

The exchanger's `amount` is what the customer gives, in the route's source currency. The shop's
price is in that currency, or in the target's, or in neither: then the settings name a route whose
rate converts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Final

from msgspec import Struct

from checkout.gateways.exchanger.response import Order
from checkout.gateways.exchanger.route import Currency, Route, in_words, rounded_up
from checkout.model.money import Money
from checkout.model.outcome import DeclineReason

RATE_MOVED: Final = "rate_moved"
MOST_ROUNDING: Final = Fraction(1, 50)  # an order that rounds up by more is refused


class CannotTake(Exception):
    """Why a route can't take a sum just now: the message is for the log."""

    def __init__(self, message: str, reason: DeclineReason = DeclineReason.LIMIT) -> None:
        super().__init__(message)
        self.reason = reason


class Quote(Struct, frozen=True):
    """What an order is asked for. `give`: the digits that are sent; `get`: the least that the shop
    has to get, where the price is in the target currency."""

    give: str
    get: Fraction | None

    def wrong(self, order: Order) -> str | None:
        """Why a new order isn't what was requested, as far as it states its sums. More for the shop
        is fine; less happens where the rate has moved since the route was read."""
        gives, gets = order.source.amount, order.target.amount
        if gives is not None and Fraction(gives) != Fraction(self.give):
            return "another_amount"
        if self.get is not None and gets is not None and Fraction(gets) < self.get:
            return RATE_MOVED
        return None

    def unstated(self, order: Order) -> str | None:
        """A reason where the order doesn't state the sums that have to be compared."""
        lacks = order.source.amount is None or (self.get is not None and not order.target.amount)
        return "sums_unstated" if lacks else None


def make_quote(route: Route, price: Money, rates: Mapping[str, Route]) -> Quote:
    """`rates`: by currency, the routes whose rates the settings name. Raises CannotTake."""
    wanted, currency = Fraction(price.major), price.currency
    if route.source.symbol == currency:
        asked, exact = Quote(rounded_up(wanted, route.source.decimals), None), wanted
        if Fraction(asked.give) != wanted:
            raise CannotTake(f"{currency} has {route.source.decimals} decimals there")
    else:
        side, worth = _worth(route, wanted, currency, rates)
        if side is route.source:
            asked, exact = Quote(rounded_up(worth, side.decimals), None), worth
        else:
            asked, exact = _to_get(route, worth), route.given_for(worth)
    given = Fraction(asked.give)
    if given > exact * (1 + MOST_ROUNDING):
        digits, more = in_words(given, route.source), ceil(given / exact * 100) - 100
        raise CannotTake(f"rounded to {digits} it would cost {more}% more")
    _check_limits(route, given)
    return asked


def _worth(
    route: Route, wanted: Fraction, currency: str, rates: Mapping[str, Route]
) -> tuple[Currency, Fraction]:
    """A price in the currency of one of the route's ends."""
    if route.target.symbol == currency:
        return route.target, wanted
    by = rates.get(currency)
    if by is None:
        raise CannotTake(
            f"the route {_named(route)} has no side in {currency}, and rate_routes names no rate"
            " for it (or that could not be read)",
            DeclineReason.CURRENCY,
        )
    ends = (by.source.symbol, by.target.symbol)
    for side in (route.target, route.source):
        if ends == (side.symbol, currency):  # what has to be exchanged to get it, the fee included
            return side, by.given_for(wanted)
        if ends == (currency, side.symbol):  # what the price would buy
            return side, wanted * by.get / by.give
    raise CannotTake(
        f"the rate of {_named(by)} says nothing about {currency} on the route {_named(route)}",
        DeclineReason.CURRENCY,
    )


def _to_get(route: Route, worth: Fraction) -> Quote:
    """What to give so that the shop gets this much: in the exchanger's decimals, and one unit of
    the last one more where its rounding would leave the shop short."""
    get = Fraction(rounded_up(worth, route.target.decimals))
    give = rounded_up(route.given_for(get), route.source.decimals)
    if route.got_at_least(Fraction(give)) < get:
        unit = Fraction(1, 10 ** len(give.partition(".")[2]))
        give = rounded_up(Fraction(give) + unit, route.source.decimals)
    return Quote(give, get)


def _check_limits(route: Route, given: Fraction) -> None:
    gets = route.got_for(given)
    if gets <= 0:
        raise CannotTake(f"the fee of {in_words(route.fee, route.target)} would be more")
    sums: tuple[tuple[Currency, Fraction], ...] = ((route.source, given), (route.target, gets))
    for side, amount in sums:
        if side.least is not None and amount < side.least:
            raise CannotTake(f"{in_words(amount, side)} is less than {in_words(side.least, side)}")
        if side.most is not None and amount > side.most:
            raise CannotTake(f"{in_words(amount, side)} is more than {in_words(side.most, side)}")
    if route.reserve is not None and gets > route.reserve:
        raise CannotTake(f"the exchanger has only {in_words(route.reserve, route.target)}")


def _named(route: Route) -> str:
    return f"{route.source.symbol} -> {route.target.symbol}"
