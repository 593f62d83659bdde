"""What the route means for a price: who gives what, within which limits, and what is asked."""

from __future__ import annotations

import asyncio
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from checkout.gateways.base import InputField
from checkout.gateways.exchanger.quote import CannotTake, Quote, make_quote
from checkout.gateways.exchanger.route import Currency, Route, rounded_up, route_in
from checkout.model.money import EXPONENTS, LARGEST, Money
from checkout.model.order import Customer
from checkout.model.outcome import DeclineReason, Exchanged, Outcome
from checkout.model.status import Status
from tests.gateways.exchanger.side import ExchangerSide
from tests.gateways.exchanger.test_gateway import ID, SECRET, Office, charge, opened, route, side
from tests.gateways.kit.words import JUNK
from tests.gateways.replay import nodes, replaced
from tests.support.clock import Clock

EUR = Money(1250, "EUR")
EMAIL = "507f191e810c19729de860ea"


def currency(symbol: str, decimals: int) -> Currency:
    return Currency(symbol, symbol, decimals, None, None)


def made(
    source: Currency, target: Currency, give: str, get: str, fee: str = "0", **more: Any
) -> Route:
    rates = (Fraction(give), Fraction(get), Fraction(fee))
    whole: dict[str, Any] = {"reserve": None, "floating": False, "fields": ()}
    return Route(source, target, *rates, **(whole | more))


def reckoned(at: Route, price: Money) -> Quote | str:
    """Or why not."""
    try:
        return make_quote(at, price, {})
    except CannotTake as why:
        return str(why)


# Reckoning

MONEY = st.builds(
    Money, st.integers(1, LARGEST), st.sampled_from(sorted(EXPONENTS)), st.none() | st.just(3)
)
RATE = st.decimals("0.000000000001", 10**9, places=12)
DECIMALS = st.integers(0, 18)


def exchange(at: Route, given: str, rounding: str) -> Fraction:
    """What the exchanger's script makes of it: the rate divided to 20 decimals, the rest exact, and
    rounded as its owner likes."""
    with localcontext(prec=60):
        numbers = (Decimal(each.numerator) / each.denominator for each in (at.give, at.get, at.fee))
        give, get, fee = numbers
        rate = (get / give).quantize(Decimal("1e-20"), ROUND_HALF_UP)
        got = Decimal(repr(float(given))) * rate - fee  # it reads our amount as a float
        return Fraction(got.quantize(Decimal(1).scaleb(-at.target.decimals), rounding))


@given(MONEY, RATE, RATE, st.decimals(0, 100, places=6), DECIMALS, DECIMALS)
def test_the_shop_never_gets_less(
    price: Money, give: Decimal, get: Decimal, fee: Decimal, gives: int, gets: int
) -> None:
    """In exact figures, whatever the exchanger does with the last digit."""
    at = made(currency("XXX-", gives), currency(price.currency, gets), *map(str, (give, get, fee)))
    asked = reckoned(at, price)
    assume(not isinstance(asked, str) or "more" not in asked)  # rounding would cost too much
    assert isinstance(asked, Quote)
    got = at.got_for(Fraction(asked.give))
    assert asked.get is not None
    assert asked.get >= Fraction(price.major)
    assert got >= asked.get
    # Rounded down at the exchanger's decimals it is still enough.
    unit = Fraction(1, 10**gets)
    assert got // unit * unit >= Fraction(price.major)


@given(MONEY, DECIMALS)
def test_a_price_that_is_given_is_sent_as_it_is(price: Money, decimals: int) -> None:
    at = made(currency(price.currency, decimals), currency("BTC", 8), "1", "1")
    asked = reckoned(at, price)
    if Fraction(price.major) * 10**decimals % 1:
        assert asked == f"{price.currency} has {decimals} decimals there"
        return
    assert isinstance(asked, Quote)
    assert Decimal(asked.give) == price.major
    assert asked.get is None


@given(st.fractions(0, 10**14), DECIMALS)
def test_rounded_up(amount: Fraction, decimals: int) -> None:
    digits = rounded_up(amount, decimals)
    assert Fraction(digits) >= amount
    behind = len(digits.partition(".")[2])
    assert behind <= decimals
    assert Fraction(digits) - amount < Fraction(1, 10**behind)
    # A float, which the exchanger reads it as, is still this number.
    assert Decimal(digits) == Decimal(repr(float(digits)))


@pytest.mark.parametrize("rounding", [ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_EVEN])
@given(st.integers(100, 10**9), st.sampled_from([("0.00001612", 8), ("1.0931", 6), ("98.65", 2)]))
def test_however_the_exchanger_rounds(rounding: str, minor: int, rate: tuple[str, int]) -> None:
    at = made(currency("X", rate[1]), currency("EUR", 2), rate[0], "1", "0.15")
    price = Money(minor, "EUR")
    asked = make_quote(at, price, {})
    got = exchange(at, asked.give, rounding)
    assert Fraction(price.major) <= got < Fraction(price.major) * Fraction(103, 100)


BTC, USDT, EURO = currency("BTC", 8), currency("USDT", 6), currency("EUR", 2)
OWN = made(BTC, USDT, "0.0000147", "1", "1")


@pytest.mark.parametrize(
    ("by", "give", "get"),
    [
        # What dollars are exchanged for, its fee included: (12.50 + 0.50) * 1.1 = 14.30 USDT.
        (made(USDT, EURO, "1.1", "1", "0.50"), "0.00022491", "14.300000"),
        # What the price would buy, its fee not taken off: 12.50 * 1.08 = 13.50 USDT.
        (made(EURO, USDT, "1", "1.08", "5"), "0.00021315", "13.500000"),
        # By what is given: 12.50 * 0.00001612 BTC, whatever the shop gets for it.
        (made(BTC, EURO, "0.00001612", "1"), "0.00020150", None),
        (made(EURO, BTC, "1", "0.00001612"), "0.00020150", None),
    ],
)
def test_a_rate_of_another_route(by: Route, give: str, get: str | None) -> None:
    asked = make_quote(OWN, EUR, {"EUR": by})
    assert asked.give == give
    assert asked.get == (None if get is None else Fraction(get))


@pytest.mark.parametrize(
    "by", [made(currency("LTC", 8), EURO, "0.01", "1"), made(BTC, USDT, "1", "1")]
)
def test_a_rate_that_says_nothing(by: Route) -> None:
    with pytest.raises(CannotTake) as why:
        make_quote(OWN, EUR, {"EUR": by})
    assert why.value.reason is DeclineReason.CURRENCY


def test_a_side_in_the_currency_counts_before_a_rate() -> None:
    at = made(BTC, EURO, "0.0000161193", "1")
    assert make_quote(at, EUR, {"EUR": made(USDT, EURO, "9", "1")}).give == "0.00020150"
    both = made(EURO, EURO, "1", "0.98")
    assert (make_quote(both, EUR, {}).give, make_quote(both, EUR, {}).get) == ("12.50", None)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (made(currency("BTC", 2), EURO, "0.00001612", "1"), "rounded to 0.01 BTC it would cost"),
        (
            made(BTC, currency("EUR", 0), "0.00001612", "1"),
            "it would cost 5% more",
        ),  # 13 EUR and a satoshi
        (made(BTC, EURO, "0.00001612", "1", reserve=Fraction(12)), "the exchanger has only 12 EUR"),
        (made(EURO, BTC, "1", "0.00001", "0.001"), "the fee of 0.001 BTC would be more"),
        (made(currency("EUR", 0), BTC, "1", "0.00001"), "EUR has 0 decimals there"),
    ],
)
def test_what_can_not_be_taken(at: Route, why: str) -> None:
    with pytest.raises(CannotTake) as said:
        make_quote(at, EUR, {})
    assert why in str(said.value)


@pytest.mark.parametrize(
    ("rate", "give"),
    [
        ("1.25", "15.625000"),
        ("1", "12.500000"),
        ("1.0931", "13.663750"),
        ("1.1", "13.750000"),
        ("0.9", "11.250001"),  # with 20 decimals of the rate, 11.25 would be a cent too little
    ],
)
def test_a_rate_that_the_exchanger_rounds(rate: str, give: str) -> None:
    assert make_quote(made(USDT, EURO, rate, "1"), EUR, {}).give == give


def test_limits_of_both_sides() -> None:
    for gives, gets, words in [
        (("0.0003", None), (None, None), "0.0002015 BTC is less than 0.0003 BTC"),
        ((None, "0.0001"), (None, None), "0.0002015 BTC is more than 0.0001 BTC"),
        ((None, None), ("20", None), "12.5 EUR is less than 20 EUR"),
        ((None, None), (None, "10"), "12.5 EUR is more than 10 EUR"),
    ]:
        source, target = (
            Currency(
                name, name, decimals, *(None if each is None else Fraction(each) for each in of)
            )
            for name, decimals, of in (("BTC", 8, gives), ("EUR", 2, gets))
        )
        with pytest.raises(CannotTake) as said:
            make_quote(made(source, target, "0.0000161193", "1"), EUR, {})
        assert str(said.value) == words


# Reading

WHOLE = route(
    side("BTC", 8, EMAIL, min="0.00001", max="0"),
    side("EUR", 2, "wallet", min=0, max=5000),
    "1.612e-5",
    "1",
    outFeeAmount="0.5",
    typeCalculate="float",
)


def test_a_route_is_read() -> None:
    found = route_in({"success": True, "data": {"route": WHOLE}})
    assert found is not None
    rate = (Fraction("0.00001612"), Fraction(1), Fraction(1, 2))
    assert (found.give, found.get, found.fee) == rate
    assert (found.source.least, found.source.most) == (Fraction("0.00001"), None)
    assert (found.target.least, found.target.most) == (None, Fraction(5000))
    assert (found.reserve, found.floating) == (Fraction(1_000_000), True)
    assert [(each.side, each.key) for each in found.fields] == [("from", EMAIL), ("to", "wallet")]


NEEDED = {("from", "symbol"), ("to", "symbol"), ("from", "decimal"), ("to", "decimal")}


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_in_a_route_is_no_route_or_a_careful_one(junk: Any) -> None:
    for path in nodes(WHOLE):
        found = route_in({"success": True, "data": {"route": replaced(WHOLE, path, junk)}})
        if path in NEEDED or path in {
            ("from",),
            ("to",),
            ("rate",),
            ("rate", "in"),
            ("rate", "out"),
        }:
            sound = found is None or junk in ("junk", 1) or isinstance(junk, float | bool)
            assert sound or path[-1] == "symbol", path
        if found is not None:
            msgspec.json.encode([each.label for each in found.fields])


@pytest.mark.parametrize("decimals", [None, "", -1, 19, 2.5, "2.0", True, [2]])
def test_without_its_decimals_nothing_is_reckoned(decimals: Any) -> None:
    """Two, as the exchanger's own page takes for granted, are 600 EUR too much for bitcoins."""
    broken = replaced(WHOLE, ("from", "decimal"), decimals)
    assert route_in({"success": True, "data": {"route": broken}}) is None


@pytest.mark.parametrize("fee", ["junk", -1, [], True])
def test_a_fee_that_can_not_be_read_is_no_missing_one(fee: Any) -> None:
    assert route_in({"data": {"route": replaced(WHOLE, ("rate", "outFeeAmount"), fee)}}) is None
    free = route_in({"data": {"route": replaced(WHOLE, ("rate", "outFeeAmount"), None)}})
    assert free is not None
    assert free.fee == 0


@pytest.mark.parametrize(
    ("name", "label", "kind"),
    [
        ("E-mail", "E-mail", "email"),
        ("Электронная почта", "Электронная почта", "email"),
        ("<b onclick='x()'>Name</b> of <script>alert(1)</script>bank", "Name of bank", "text"),
        ("\u202eevil\x07", "evil", "text"),
        ("x" * 500, "x" * 100, "text"),
        ("", "nick", "text"),
        (None, "nick", "text"),
        ({}, "nick", "text"),
    ],
)
async def test_labels_are_plain(name: Any, label: str, kind: str) -> None:
    office = Office()
    fields = [{"_id": "nick", "name": name, "required": True}]
    office.route = route(side("BTC", 8), side("EUR", 2), "1", "1") | {"fields": fields}
    async with opened(office) as gateway:
        await gateway.prepare()
        assert [(each.name, each.label, each.kind) for each in gateway.input_fields("en")] == [
            ("route.nick", label, kind)
        ]


@pytest.mark.parametrize("key", ["a b", "", "x" * 65, "<b>", None, 1.5, {}])
async def test_a_field_with_a_strange_key_is_left_out(key: Any) -> None:
    office = Office()
    fields = [{"_id": key, "name": "Nick", "required": True}, "junk", None]
    office.route = route(side("BTC", 8), side("EUR", 2), "1", "1") | {"fields": fields}
    async with opened(office) as gateway:
        await gateway.prepare()
        assert gateway.input_fields("en") == ()


# What is asked


async def test_what_the_settings_fill_is_not_asked() -> None:
    office = Office()
    assert office.route is not None
    office.route["from"] = side("BTC", 8, EMAIL, "nick", "card")
    office.route["from"]["fields"][2]["required"] = False
    values = {EMAIL: "{email}", "nick": "shop {description}"}
    async with opened(office, from_values=values) as gateway:
        await gateway.prepare()
        # Only what a customer's own field fills may turn out empty.
        assert gateway.input_fields("de") == (
            InputField(name=f"from.{EMAIL}", label=EMAIL.title(), kind="email", unless="email"),
        )


async def test_values_go_to_their_side() -> None:
    office = Office()
    office.route = route(side("BTC", 8, "a"), side("EUR", 2, "wallet"), "0.0002", "12.5")
    office.route["fields"] = side("", 0, "a", "b")["fields"]
    inputs = {"from.a": " one ", "route.a": "two", "route.b": "x" * 300, "to.wallet": "theirs"}
    async with opened(office, from_values={}) as gateway:
        await gateway.pay(charge(inputs=inputs | {"from.other": "3"}))
    body = office.bodies[0]
    assert body["fromValues"] == [{"key": "a", "value": "one"}]
    assert body["routeValues"] == [{"key": "a", "value": "two"}, {"key": "b", "value": "x" * 255}]
    assert body["toValues"] == [{"key": "wallet", "value": "DE02120300000000202051"}]


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"fieldId": "a", "type": "routeValues"}, "route.a"),
        ({"fieldId": "a", "type": "fromValues"}, "from.a"),
        ({"fieldId": "a", "type": "toValues"}, "from.a"),  # known to be told wrongly
        ({"fieldId": "b", "type": "toValues"}, "route.b"),
        ({"fieldId": EMAIL}, "email"),
        ({"fieldId": "wallet", "type": "toValues"}, None),
        ({"fieldId": "nobody"}, None),
        ({"fieldId": None}, None),
        ({}, None),
    ],
)
async def test_the_refused_field(about: dict[str, Any], field: str | None) -> None:
    office = Office()
    office.route = route(side("BTC", 8, "a", EMAIL), side("EUR", 2, "wallet"), "0.0002", "12.5")
    office.route["fields"] = side("", 0, "a", "b")["fields"]
    said = {"success": False, "error": {"message": "No", "object": about}}
    office.answers["create"] = httpx.Response(200, json=said)
    async with opened(office) as gateway:
        refused = await gateway.pay(
            charge(inputs=dict.fromkeys(("from.a", "route.a", "route.b"), "1"))
        )
    assert (refused.status, refused.field) == (Status.NOT_SENT, field)


async def test_an_address_that_was_typed_is_named_as_that() -> None:
    office = Office()
    office.route = route(side("BTC", 8, EMAIL), side("EUR", 2), "0.0002", "12.5")
    said = {"success": False, "error": {"message": "No", "object": {"fieldId": EMAIL}}}
    office.answers["create"] = httpx.Response(400, json=said)
    async with opened(office) as gateway:
        typed = charge(customer=Customer(), inputs={f"from.{EMAIL}": "a@b"})
        assert (await gateway.pay(typed)).field == f"from.{EMAIL}"
        assert (await gateway.pay(charge(customer=Customer()))).field == "email"


# How fresh a rate is


async def test_the_route_is_read_once_a_minute_for_many() -> None:
    clock, office = Clock(), Office()
    async with opened(office, clock) as gateway:
        assert gateway.refusal_of_amount(EUR) == "its route could not be read"
        await asyncio.gather(*(gateway.prepare() for _ in range(20)))
        assert gateway.refusal_of_amount(EUR) is None
        clock.move(59)
        await gateway.prepare()
        assert len(office.routes) == 1
        clock.move(1)
        await asyncio.gather(*(gateway.prepare() for _ in range(20)))
        assert len(office.routes) == 2


async def test_a_payment_wants_a_fresh_one() -> None:
    clock, office = Clock(), Office()
    async with opened(office, clock, page="exchanger") as gateway:
        await gateway.prepare()
        clock.move(9)
        await gateway.pay(charge())
        assert len(office.routes) == 1
        clock.move(1)
        office.order |= {"inAmount": "0.00040000"}
        assert office.route is not None
        office.route["rate"]["in"] = "0.0004"  # the coins have lost half of their worth
        assert (await gateway.pay(charge())).status is Status.REQUIRES_ACTION
        assert len(office.routes) == 2
        assert office.bodies[-1]["amount"] == 0.0004


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("broken"),
        httpx.ReadTimeout("broken"),
        httpx.Response(500),
        httpx.Response(429),
        httpx.Response(403),
    ],
    ids=repr,
)
async def test_an_old_rate_serves_for_a_while(answer: Any) -> None:
    clock, office = Clock(), Office()
    async with opened(office, clock) as gateway:
        await gateway.prepare()
        office.answers["route"] = answer
        for _ in range(9):
            clock.move(60)
            await gateway.prepare()
            assert gateway.refusal_of_amount(EUR) is None
        assert (await gateway.pay(charge())).status is Status.REQUIRES_ACTION
        clock.move(60)
        await gateway.prepare()
        assert gateway.refusal_of_amount(EUR) == "its route could not be read"
        refused = await gateway.pay(charge())
        assert refused == Outcome(Status.NOT_SENT, reason=DeclineReason.UNREACHABLE)


async def test_a_gateway_that_is_away_is_not_asked_at_each_look() -> None:
    clock, office = Clock(), Office()
    office.answers["route"] = httpx.ConnectError("broken")
    async with opened(office, clock) as gateway:
        for _ in range(5):
            await gateway.prepare()
            clock.move(3)
        assert len(office.routes) == 1
        await gateway.prepare()
        assert len(office.routes) == 2


async def test_a_route_that_is_closed_is_not_offered_any_more() -> None:
    clock, office = Clock(), Office()
    async with opened(office, clock) as gateway:
        await gateway.prepare()
        office.answers["route"] = httpx.Response(200, json={"success": False, "error": {}})
        clock.move(60)
        await gateway.prepare()
        assert gateway.refusal_of_amount(EUR) == "its route could not be read"


async def test_labels_are_read_where_something_is_asked() -> None:
    office = Office()
    async with opened(office) as gateway:
        await gateway.prepare()
        assert [language for _, language in office.routes] == ["en"]
    office = Office()
    assert office.route is not None
    office.route["from"] = side("BTC", 8, "nick")
    async with opened(office, rate_routes={"JPY": "r-2"}) as gateway:
        await gateway.prepare()
        own = ExchangerSide().options("https://x.example").route_id
        assert sorted(office.routes) == sorted([(own, "en"), (own, "ru"), ("r-2", "en")])


# A new order that isn't what was asked for


@pytest.mark.parametrize("answer", [httpx.ReadError("broken"), httpx.Response(500), None], ids=repr)
@pytest.mark.parametrize("page", ["own", "exchanger"])
async def test_it_is_withdrawn_and_nothing_was_made(answer: Any, page: str) -> None:
    """Whether or not the exchanger hears of it: nobody was shown the order."""
    office = Office()
    office.order["outAmount"] = "12.49"
    if answer is not None:
        office.answers["update-status"] = answer
    async with opened(office, page=page) as gateway:
        with capture_logs() as logged:
            outcome = await gateway.pay(charge())
    assert (outcome.status, outcome.reason, outcome.next_action) == (
        Status.NOT_SENT,
        DeclineReason.PROVIDER,
        None,
    )
    assert outcome.id == ID
    assert office.calls[:2] == [("POST", "create"), ("PUT", "update-status")]
    assert not [line for line in logged if line.get("alert")]  # rates move
    assert SECRET not in repr(logged)


async def test_more_for_the_shop_is_no_fault() -> None:
    office = Office()
    office.order["outAmount"] = "12.60"
    async with opened(office) as gateway:
        outcome = await gateway.pay(charge())
    assert outcome.status is Status.REQUIRES_ACTION
    assert outcome.facts.money == EUR
    assert outcome.facts.agreed == Exchanged("0.0002 BTC", "12.60 EUR")


@pytest.mark.parametrize("later", [{"inAmount": "0.0001"}, {"outAmount": "12.49"}])
async def test_other_sums_when_it_is_asked_how_to_pay(later: dict[str, str]) -> None:
    """What the customer would see isn't what was made a moment ago."""
    office = Office()
    new: dict[str, Any] = {"secret": SECRET, "uid": 1409, "inAmount": "0.0002"}
    new |= {"outAmount": "12.5", "route": {"from": {"symbol": "BTC"}}}
    office.answers["create"] = httpx.Response(200, json={"success": True, "data": new})
    office.order |= later
    async with opened(office) as gateway:
        outcome = await gateway.pay(charge())
    assert (outcome.status, outcome.next_action, outcome.facts.agreed) == (
        Status.NOT_SENT,
        None,
        None,
    )
    assert [name for _, name in office.calls] == ["create", "get", "update-status"]
