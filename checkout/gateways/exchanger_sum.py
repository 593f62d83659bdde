"""How much the customer is asked to give, so that the shop's price is paid.

The exchanger's `amount` is what the customer gives, in the currency of the route's beginning. The
shop's currency is that one, or the one at its end, or neither: then the settings name a route by
whose rate the price is reckoned.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Final

from msgspec import Struct

from checkout.gateways.exchanger_order import Order
from checkout.gateways.exchanger_route import Currency, Route, in_words, rounded_up
from checkout.model.money import Money
from checkout.model.outcome import Reason

RATE_MOVED: Final = "rate_moved"
MOST_ROUNDING: Final = Fraction(1, 50)  # more than that on top of a price isn't rounding


class CannotTake(Exception):
    """Why a route can't take a sum just now: the message is for the log."""

    def __init__(self, message: str, reason: Reason = Reason.LIMIT) -> None:
        super().__init__(message)
        self.reason = reason


class Sum(Struct, frozen=True):
    """What an order is asked for. `give`: the digits that are sent; `get`: the least that the shop
    has to get, where it is that that the price says."""

    give: str
    get: Fraction | None

    def wrong(self, order: Order) -> str | None:
        """Why a new order isn't what was asked for, as far as it states that. More for the shop
        is no fault; less happens where the rate has moved since the route was read."""
        gives, gets = order.source.amount, order.target.amount
        if gives is not None and Fraction(gives) != Fraction(self.give):
            return "another_amount"
        if self.get is not None and gets is not None and Fraction(gets) < self.get:
            return RATE_MOVED
        return None

    def unstated(self, order: Order) -> str | None:
        """Where an order doesn't state what there is to compare."""
        lacks = order.source.amount is None or (self.get is not None and not order.target.amount)
        return "sums_unstated" if lacks else None


def reckon(route: Route, price: Money, rates: Mapping[str, Route]) -> Sum:
    """`rates`: by currency, the routes whose rates the settings name. Raises CannotTake."""
    wanted, currency = Fraction(price.major), price.currency
    if route.source.symbol == currency:
        get, exact = None, wanted
        give = rounded_up(exact, route.source.decimals)
        if Fraction(give) != exact:
            raise CannotTake(f"{currency} has {route.source.decimals} decimals there")
    else:
        get, exact = _needed(route, wanted, currency, rates)
        give = rounded_up(exact, route.source.decimals)
        if get is not None and route.got_at_least(Fraction(give)) < get:
            unit = Fraction(1, 10 ** len(give.partition(".")[2]))
            give = rounded_up(Fraction(give) + unit, route.source.decimals)
    given = Fraction(give)
    if given > exact * (1 + MOST_ROUNDING):
        digits = in_words(given, route.source)
        raise CannotTake(
            f"rounded to {digits} it would cost {ceil(given / exact * 100) - 100}% more"
        )
    _check_limits(route, given)
    return Sum(give, get)


def _needed(
    route: Route, wanted: Fraction, currency: str, rates: Mapping[str, Route]
) -> tuple[Fraction | None, Fraction]:
    """The least that the shop has to get, where that is how the price is known, and what has to be
    given for the price."""
    if route.target.symbol == currency:
        return _at_target(route, wanted)
    by = rates.get(currency)
    if by is None:
        raise CannotTake(
            f"the route {_named(route)} has no side in {currency}, and rate_routes names no rate"
            " for it (or that could not be read)",
            Reason.CURRENCY,
        )
    ends = (by.source.symbol, by.target.symbol)
    for side in (route.target, route.source):
        if ends == (side.symbol, currency):  # what would become of it, its fee included
            worth = by.given_for(wanted)
        elif ends == (currency, side.symbol):  # what the price would buy
            worth = wanted * by.get / by.give
        else:
            continue
        return _at_target(route, worth) if side is route.target else (None, worth)
    raise CannotTake(
        f"the rate of {_named(by)} says nothing about {currency} on the route {_named(route)}",
        Reason.CURRENCY,
    )


def _at_target(route: Route, least: Fraction) -> tuple[Fraction, Fraction]:
    """What is got is rounded by the exchanger: nobody says how, so that it is reckoned to come out
    even."""
    least = Fraction(rounded_up(least, route.target.decimals))
    return least, route.given_for(least)


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
