from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from checkout.errors import Unauthorized
from checkout.gateways.base import Charge, Confirms, PaymentReference, Refunds, Withdraws
from checkout.gateways.exchanger.codes import STATUS
from checkout.gateways.exchanger.gateway import CAPABILITIES, Exchanger
from checkout.gateways.exchanger.html import plain_lines
from checkout.gateways.exchanger.options import Options
from checkout.gateways.exchanger.response import order_in
from checkout.gateways.exchanger.signature import CARRIERS, SIGNED, signature, verified
from checkout.gateways.exchanger.templates import NAMES
from checkout.gateways.parsing import decode_exact
from checkout.model.money import LARGEST, Money
from checkout.model.next_action import Instructions, Redirect
from checkout.model.order import Customer
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status
from tests.gateways import samples
from tests.gateways.exchanger.side import IPN_SECRET, SAMPLE, ExchangerSide, webhook
from tests.gateways.kit import Conformance
from tests.gateways.replay import Script

SECRET = "dGqwF2M2eBPaSN1G5ljMS1cb"
ID = f"1409/{SECRET}"
API = "/service/api/v1/public/exchanger/order"
ROUTE = "/service/api/v1/public/exchanger/route/get/one"
WALLET = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


class TestExchanger(Conformance):
    adapter = "exchanger"
    side = ExchangerSide()

    def test_the_secret_is_in_no_step_and_no_fact(self) -> None:
        for recorded in self.recorded_exchanges():
            shown = json.dumps([recorded.outcome.get("step"), recorded.outcome.get("facts")])
            assert SECRET not in shown

    async def test_nothing_beside_the_id_tells_the_secret(self, asking: Any) -> None:
        with capture_logs() as logged:
            outcome = await self.play(asking, Script(asking))
        assert SECRET not in repr((outcome.next_action, outcome.facts, outcome.reason, logged))


def side(symbol: str, decimals: int, *keys: str, **more: Any) -> dict[str, Any]:
    """One end of a route; `keys`: of the fields that it requires."""
    fields = [{"_id": key, "name": key.title(), "required": True} for key in keys]
    return {"name": symbol, "symbol": symbol, "decimal": decimals, "fields": fields, **more}


def route(
    source: dict[str, Any], target: dict[str, Any], give: str, get: str, **more: Any
) -> dict[str, Any]:
    rate = {"in": give, "out": get, "outFeeAmount": 0, "amount": "1000000", **more}
    return {"from": source, "to": target, "fields": [], "rate": rate}


class Office:
    """An exchanger of one order and its route, in the shapes of its documents."""

    def __init__(self, status: str = "new") -> None:
        self.route: dict[str, Any] | None = route(side("BTC", 8), side("EUR", 2), "0.0002", "12.5")
        self.routes: list[tuple[str, str]] = []  # which were asked for, in which language
        self.order: dict[str, Any] = {
            "uid": 1409,
            "status": status,
            "inAmount": "0.0002",
            "outAmount": "12.5",
            "route": {
                "from": {
                    "name": "BTC",
                    "symbol": "BTC",
                    "paymentDetails": {"account": WALLET},
                },
                "to": {"name": "Euro", "symbol": "EUR"},
            },
        }
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.answers: dict[str, httpx.Response | httpx.TransportError] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == ROUTE:
            return self.tell_route(request)
        name = request.url.path.removeprefix(f"{API}/")
        body = json.loads(request.content) if request.content else {}
        self.calls.append((request.method, name))
        self.bodies.append(body)
        if name in self.answers:
            answer = self.answers[name]
            if isinstance(answer, httpx.TransportError):
                raise answer
            return answer
        if name == "create":
            return self.say({"secret": SECRET, **self.order})
        if name == "update-status":
            assert (body["orderUID"], body["orderSecret"]) == ("1409", SECRET)
            self.order["status"] = body["status"]
            return self.say({})
        assert parse_qs(request.url.query.decode()) == {
            "orderUID": ["1409"],
            "orderSecret": [SECRET],
            "type": ["payment"],
        }
        return self.say({"order": self.order})

    def tell_route(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs(request.url.query.decode())
        self.routes.append((asked["id"][0], asked["lang"][0]))
        answer = self.answers.get("route")
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer or self.say({"route": self.route})

    def say(self, data: Any) -> httpx.Response:
        body = json.dumps({"success": True, "data": data}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    def refuse(self, name: str, status: int = 200) -> None:
        body = json.dumps({"success": False, "error": {"message": "Not now"}}).encode()
        self.answers[name] = httpx.Response(status, stream=httpx.ByteStream(body))


@asynccontextmanager
async def opened(
    office: Office, clock: Callable[[], float] = time.monotonic, **changes: Any
) -> AsyncIterator[Exchanger]:
    options = msgspec.structs.replace(ExchangerSide().options("https://x.example/"), **changes)
    async with httpx.MockTransport(office) as transport:
        yield type("At", (Exchanger,), {"clock": staticmethod(clock)})(options, transport)


def charge(**changes: Any) -> Charge:
    return msgspec.structs.replace(samples.CHARGE, card=None, browser=None, **changes)


def reference(identity: str | None = ID) -> PaymentReference:
    return msgspec.structs.replace(samples.REFERENCE, id=identity)


# The exchanger's own page


@pytest.mark.parametrize(
    ("spoken", "api", "path"),
    [("en", "eng", "en"), ("ru", "rus", "ru"), ("ru-BY", "rus", "ru"), ("de", "eng", "en")],
)
async def test_its_own_page(spoken: str, api: str, path: str) -> None:
    office = Office()
    async with opened(office, page="exchanger") as gateway:
        outcome = await gateway.pay(charge(language=spoken))
    assert outcome.status is Status.REQUIRES_ACTION
    assert outcome.id == ID
    assert outcome.next_action == Redirect(f"https://x.example/{path}/payment/{ID}")
    assert office.bodies[0]["lang"] == api
    assert office.calls == [("POST", "create")]


async def test_its_own_page_later_the_step_of_the_beginning_stays() -> None:
    async with opened(Office("waitPayment"), page="exchanger") as gateway:
        outcome = await gateway.status(reference())
    assert (outcome.status, outcome.next_action) == (Status.REQUIRES_ACTION, None)


async def test_its_own_page_an_order_that_is_over_leads_nowhere() -> None:
    async with opened(Office("deleted"), page="exchanger") as gateway:
        outcome = await gateway.pay(charge())
    assert (outcome.status, outcome.next_action) == (Status.CANCELLED, None)


# What is sent


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(1990, "EUR"), "19.90"),
        (Money(1, "EUR"), "0.01"),
        (Money(1999, "JPY"), "1999"),
        (Money(1001, "KWD"), "1.001"),
        (Money(LARGEST, "EUR"), "1000000000000.00"),
        (Money(19_900, "EUR", 3), "19.900"),  # the account counts otherwise than ISO
    ],
)
async def test_a_price_that_is_given_is_written_digit_by_digit(money: Money, written: str) -> None:
    office, sent = Office(), list[bytes]()
    office.route = route(side(money.currency, money.exponent), side("BTC", 8), "1", "0.0000001")

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return await office(request) if request.url.path == ROUTE else httpx.Response(500)

    async with httpx.MockTransport(answer) as transport:
        gateway = Exchanger(ExchangerSide().options("https://x.example"), transport)
        await gateway.pay(charge(money=money))
    assert f'"amount":{written},'.encode() in sent[1]


async def test_switches() -> None:
    office = Office()
    async with opened(office, hide_out_data=False, partner="p-1", page="exchanger") as gateway:
        await gateway.pay(charge())
    [body] = office.bodies
    assert (body["hideOutData"], body["agreement"], body["partner"]) == (False, True, "p-1")
    assert body["ipnSecret"] == IPN_SECRET
    assert samples.KEY not in json.dumps(body)


async def test_templates_are_filled_once_and_never_read_again() -> None:
    customer = Customer(email="{amount}", first_name="{0.__class__}", last_name="A\u202e\x00B\n")
    values = {"a": "{email}", "b": "{first_name} {last_name}", "c": "{amount} {currency}", "d": "x"}
    office = Office()
    async with opened(office, from_values=values) as gateway:
        await gateway.pay(charge(customer=customer))
    assert office.bodies[0]["fromValues"] == [
        {"key": "a", "value": "{amount}"},
        {"key": "b", "value": "{0.__class__} AB"},
        {"key": "c", "value": "12.50 EUR"},
        {"key": "d", "value": "x"},
    ]


async def test_what_is_too_long_is_cut_between_characters() -> None:
    customer = Customer(address="x" * 254 + "e\u0301")
    office = Office()
    async with opened(office, from_values={"a": "{address}"}) as gateway:
        await gateway.pay(charge(customer=customer))
    assert office.bodies[0]["fromValues"] == [{"key": "a", "value": "x" * 254}]


async def test_every_name_of_the_templates() -> None:
    known = {name: f"the {name}" for name in Customer.__struct_fields__}
    office = Office()
    async with opened(office, route_values={name: f"{{{name}}}" for name in NAMES}) as gateway:
        await gateway.pay(charge(customer=Customer(**known)))
    sent = {one["key"]: one["value"] for one in office.bodies[0]["routeValues"]}
    assert sent == {
        **{name: f"the {name}" for name in NAMES if name in known},
        "amount": "12.50",
        "currency": "EUR",
        "description": "Two tickets",
        "language": "en",
    }


# Settings


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"from_values": {"a": "{emial}"}},
            "from_values: {emial} is unknown (did you mean email?)",
        ),
        ({"to_values": {"a": "{email.x}"}}, "to_values: {email.x} is unknown (did you mean email"),
        ({"to_values": {"a": "{}"}}, "to_values: {} is unknown"),
        ({"route_values": {"a": "{email"}}, "route_values: must write a placeholder like {email}"),
        ({"route_values": {"a": "{{email}}"}}, "route_values: must write a placeholder"),
        ({"route_values": {" ": "x"}}, "route_values: must name a field"),
        ({"ipn_secret": " "}, "ipn_secret: must not be empty"),
        ({"route_id": ""}, "route_id: must not be empty"),
        ({"ipn_secret": "x" * 201}, "ipn_secret: must have at most 200 characters"),
        ({"page": "theirs"}, "page"),
        ({"agreement": None}, "agreement: name the exchanger's terms (terms_url)"),
        ({"agreement": True}, "agreement"),
        ({"agreement": False}, "agreement"),
        ({"terms_url": "https://x.example/rules"}, "one of the two"),
        ({"terms_url": "http://x.example", "agreement": None}, "terms_url: must begin with https"),
        ({"terms_url": "javascript:x()", "agreement": None}, "terms_url: must begin with https"),
        ({"rate_routes": {"EURO": "1"}}, "rate_routes: must be like"),
        ({"rate_routes": {"EUR": " "}}, "rate_routes: must be like"),
        ({"rate_routes": {"EUR": 1.1}}, "rate_routes"),
        ({"pages": "own"}, "pages"),
    ],
)
def test_settings_are_checked(change: Mapping[str, Any], reason: str) -> None:
    good = {
        "base_url": "https://x.example",
        "route_id": "1",
        "ipn_secret": IPN_SECRET,
        "agreement": "shop",
    }
    assert msgspec.convert(good, Options).page == "own"
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({**good, **change}, Options)
    assert reason in str(refused.value)
    assert IPN_SECRET not in str(refused.value)


def test_what_it_can() -> None:
    assert issubclass(Exchanger, Confirms)
    assert issubclass(Exchanger, Withdraws)
    assert not issubclass(Exchanger, Refunds)
    assert not CAPABILITIES.lookup_by_key
    assert CAPABILITIES.query_interval
    assert len(STATUS) == 10


# "I have paid", and giving up


@pytest.mark.parametrize("status", ["new", "waitPayment"])
async def test_confirm(status: str) -> None:
    office = Office(status)
    async with opened(office) as gateway:
        outcome = await gateway.confirm(reference())
    facts = GatewayFacts(code="inProgress", ref_id="1409")
    assert outcome == Outcome(Status.PENDING, ID, facts=facts)
    assert office.calls == [("GET", "get"), ("PUT", "update-status")]
    assert office.order["status"] == "inProgress"


@pytest.mark.parametrize("status", ["new", "waitPayment"])
async def test_withdraw(status: str) -> None:
    office = Office(status)
    async with opened(office) as gateway:
        outcome = await gateway.withdraw(reference())
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, DeclineReason.CUSTOMER_CANCELLED)
    assert outcome.id == ID
    assert office.order["status"] == "deleted"


@pytest.mark.parametrize("status", sorted(set(STATUS) - {"new", "waitPayment"}))
@pytest.mark.parametrize("verb", ["confirm", "withdraw"])
async def test_an_order_that_is_further_is_not_touched(verb: str, status: str) -> None:
    office = Office(status)
    async with opened(office) as gateway:
        outcome = await getattr(gateway, verb)(reference())
    assert (outcome.status, outcome.facts.code) == (STATUS[status], status)
    assert office.calls == [("GET", "get")]


@pytest.mark.parametrize("verb", ["confirm", "withdraw"])
@pytest.mark.parametrize("status", [200, 400])
async def test_told_in_vain(verb: str, status: int) -> None:
    office = Office()
    office.refuse("update-status", status)
    async with opened(office) as gateway:
        assert await getattr(gateway, verb)(reference()) == UNKNOWN
    assert [name for _, name in office.calls] == ["get", "update-status", "get"]


@pytest.mark.parametrize("verb", ["confirm", "withdraw"])
async def test_told_too_late_how_it_stands_counts(verb: str) -> None:
    class Quick(Office):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PUT":
                self.order["status"] = "inProgressPayout"
                return httpx.Response(400, json={"success": False, "error": {"message": "Late"}})
            return await super().__call__(request)

    async with opened(Quick()) as gateway:
        outcome = await getattr(gateway, verb)(reference())
    assert (outcome.status, outcome.facts.code) == (Status.PENDING, "inProgressPayout")


@pytest.mark.parametrize("verb", ["confirm", "withdraw"])
@pytest.mark.parametrize("broken", ["get", "update-status"])
@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("broken"),
        httpx.ReadError("broken"),
        httpx.Response(401),
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(404, json={"success": False, "error": {"message": "Gone"}}),
    ],
    ids=repr,
)
async def test_word_that_may_not_have_arrived_is_no_news(
    verb: str, broken: str, answer: httpx.Response | httpx.TransportError
) -> None:
    office = Office()
    office.answers[broken] = answer
    async with opened(office) as gateway:
        assert await getattr(gateway, verb)(reference()) == UNKNOWN


async def test_an_order_without_a_number_is_nobodys() -> None:
    office = Office()
    async with opened(office) as gateway:
        assert await gateway.status(reference(None)) == Outcome(Status.NOT_SENT)
        assert await gateway.confirm(reference(None)) == UNKNOWN
        assert await gateway.withdraw(reference(None)) == UNKNOWN
    assert office.calls == []


# Notifications

VECTOR = "12b82441c74ed0c6f2d27a0596b741a3110b68c0d4eaa4a58d9a41d943caae04"
SIGNED_VECTOR = dict(
    zip(
        SIGNED,
        "507f1f77bcf86cd799439011:inProgress:100:0.0015:CARDRUB:BTC:1700000000".split(":"),
        strict=True,
    )
)


def test_the_documented_vector() -> None:
    assert signature(SIGNED_VECTOR, "s3cret") == VECTOR
    body = urlencode({**SIGNED_VECTOR, "hash": VECTOR}).encode()
    assert verified({}, body, "s3cret") == {**SIGNED_VECTOR, "hash": VECTOR}
    assert verified({}, body, "S3cret") is None


@pytest.mark.parametrize("name", CARRIERS)
@pytest.mark.parametrize("place", ["body", "header", "x-header", "query"])
def test_wherever_the_signature_is(name: str, place: str) -> None:
    given = {"body": webhook(SIGNED_VECTOR, **{name: VECTOR}).body}
    headers = {"header": {name: VECTOR}, "x-header": {f"x-{name}": VECTOR.upper()}}
    body = given.get(place, webhook(SIGNED_VECTOR).body)
    query = f"a=b&{name}={VECTOR}" if place == "query" else ""
    assert verified(headers.get(place, {}), body, "s3cret", query)
    assert verified({}, webhook(SIGNED_VECTOR).body, "s3cret") is None


@pytest.mark.parametrize(
    "query", ["hash=", f"hash={VECTOR[:-1]}0", f"hash=0&hash={VECTOR}", f"h={VECTOR}", "hash=%ff"]
)
def test_a_forged_signature_in_the_address(query: str) -> None:
    assert verified({}, webhook(SIGNED_VECTOR).body, "s3cret", query) is None


@pytest.mark.parametrize("written", ["100", "100.0", "1e2", "00100"])
async def test_numbers_are_signed_as_they_came(written: str) -> None:
    fields = {**SAMPLE, "inAmount": written}
    async with opened(Office()) as gateway:
        notice = webhook(fields, hash=signature(fields, IPN_SECRET))
        assert gateway.notification(notice.headers, notice.body).status is Status.PAID
        other = webhook({**fields, "inAmount": "100.00"}, hash=signature(fields, IPN_SECRET))
        with pytest.raises(Unauthorized):
            gateway.notification(other.headers, other.body)


def test_too_many_fields_are_not_read() -> None:
    body = webhook(SIGNED_VECTOR, hash=VECTOR).body + b"&a=1" * 1000
    assert verified({}, body, "s3cret") is None


# Reading


def test_numbers_stay_text() -> None:
    data = decode_exact(b'{"uid": 7, "inAmount": 1.10, "outAmount": 0.1000000000000000055}')
    order = order_in(data)
    assert order is not None
    assert (order.uid, order.source.amount) == ("7", "1.10")
    assert order.target.amount == "0.1000000000000000055"


@pytest.mark.parametrize(
    "amount", ["-1", "1,5", "1e999", "NaN", "Infinity", "0x10", "١٢", "1_0", True, None, [1], ""]
)
def test_what_is_no_amount(amount: Any) -> None:
    order = order_in({"uid": "7", "inAmount": amount})
    assert order is not None
    assert order.source.amount is None


@pytest.mark.parametrize("uid", [None, "", "a/b", "../x", True, [], {}, "x" * 65, "a b", 10**40])
def test_what_is_no_order(uid: Any) -> None:
    assert order_in({"success": True, "data": {"uid": uid, "secret": "x"}}) is None


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("one\r\ntwo\n\n three ", ("one", "two", "three")),
        ("one<br>two<br/>three", ("one", "two", "three")),
        ("<p>one\ntwo</p><ul><li>a</li><li>b</ul>", ("one two", "a", "b")),
        ("a &lt;b&gt; &amp;amp; &#x41;", ("a <b> &amp; A",)),
        ("<script>x</script><style>y</style><template>z</template>ok", ("ok",)),
        ('<a href="https://x.example/pay">Pay</a> here', ("Pay https://x.example/pay here",)),
        ('<a href="javascript:x()">Pay</a> here', ("Pay here",)),
        ("<a href='https://x.example/'>https://x.example/</a>", ("https://x.example/",)),
        ("</p></script></a>", ()),
        ("<![bogus[x]]>", ()),
        ("<img src=x onerror=y>text<!-- hidden > -->", ("text",)),
        ("<!-- hidden for ever", ()),
        ("1 < 2 <3 > 0", ("1 < 2 <3 > 0",)),
        ("cut <b", ("cut",)),
        ("<svg><p>x</p></svg><svg/>y", ("y",)),
        ('<a href="https://x.example/a?b=1&amp;c=2">A</a>', ("A https://x.example/a?b=1&c=2",)),
        ("<a href=https://x.example/>A<a href='http://x.example/'>B", ("A https://x.example/ B",)),
        ("\u202ereversed\x07", ("reversed",)),
        ("", ()),
    ],
)
def test_plain_lines(html: str, lines: tuple[str, ...]) -> None:
    assert plain_lines(html) == lines


def test_plain_lines_have_an_end() -> None:
    assert len(plain_lines("x\n" * 1000)) == 50
    assert len(plain_lines("<p>" + "x" * 5000)[0]) == 1000


@pytest.mark.parametrize(
    "part", ["<", "</", "<a ", "<!--", "<a href='", '<b c="d', "&#", "<script>", "<![CDATA[", "<?"]
)
def test_plain_lines_take_no_time(part: str) -> None:
    began = time.monotonic()
    plain_lines((part * 16384)[:16384])
    assert time.monotonic() - began < 5


@given(st.text(alphabet="<>/!-?ab &#;'\"=\n\u202e\x00") | st.text())
def test_plain_lines_are_plain(html: str) -> None:
    assert all(line and line.isprintable() and len(line) <= 1000 for line in plain_lines(html))


async def test_a_placeholder_in_what_is_put_in_stays() -> None:
    office = Office()
    office.order["route"]["from"]["paymentDetails"] = {
        "account": "[[inAmount]] <b>",
        "manualPaymentText": "To [[account]], not [[unknown]]",
        "manualPaymentTextEnabled": True,
    }
    async with opened(office) as gateway:
        outcome = await gateway.pay(charge())
    assert isinstance(outcome.next_action, Instructions)
    assert outcome.next_action.lines == ("To [[inAmount]] <b>, not [[unknown]]",)


async def test_a_person_is_called_for_what_is_stuck() -> None:
    """Once: it is asked about every few minutes, for as long as it takes."""
    for status in ("hold", "errorPayout", "returned"):
        with capture_logs() as logged:
            async with opened(Office(status)) as gateway:
                await gateway.status(reference())
                await gateway.status(msgspec.structs.replace(reference(), code=status))
        [line] = [line for line in logged if line.get("alert")]
        assert (line["order"], line["status"]) == ("1409", status)


async def test_the_secret_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    broken = Office()
    broken.answers["get"] = httpx.ReadError("broken")
    with capture_logs() as logged:
        for office in (Office(), Office("hold"), broken):
            async with opened(office) as gateway:
                for verb in (gateway.status, gateway.confirm, gateway.withdraw):
                    await verb(reference())
                seen = repr(gateway)
                assert SECRET not in seen
    assert SECRET not in repr(logged) + caplog.text
