"""The payment form, sent: what is taken, what is refused and how that is told, what the gateway
gets of it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Any

import httpx
import pytest

from checkout.payments.schedule import Schedule
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import (
    ADDRESS,
    BROWSER,
    CARD,
    DECLINED,
    OURS,
    PAID,
    CreatedPayment,
    Customer,
    Server,
)

SCREEN = {
    "screen_width": "1920",
    "screen_height": "1080",
    "screen_color_depth": "30",
    "window_width": "1200",
    "window_height": "800",
    "language": "de-AT",
    "java_enabled": "false",
    "time_zone": "-180",
    "time_zone_name": "Europe/Minsk",
}


async def sent(
    server: Server, customer: Customer, made: CreatedPayment, **values: str
) -> dict[str, Any]:
    """Pay; what the gateway got."""
    before = len(server.line.charges)
    answer = await customer.pay(made, **values)
    assert answer.status_code == 303, Page(answer.text).errors()
    assert len(server.line.charges) == before + 1
    return server.line.sent()


async def refused(customer: Customer, made: CreatedPayment, **values: str) -> Page:
    """Pay with something wrong; the page that says so. Nothing went to the gateway."""
    before = len(customer.server.line.charges)
    answer = await customer.pay(made, **values)
    assert answer.status_code == 422
    assert len(customer.server.line.charges) == before
    assert not made.attempts()
    page = Page(answer.text)
    # Each error beside its field and on top, with a link to it.
    for name, text in page.errors().items():
        assert text
        assert page.links[f"#f-{name}"]
        assert page.html.count(f'id="e-{name}"') == 1
    return page


# --- What is wrong -----------------------------------------------------------------------------


async def test_what_was_typed_stays_but_of_the_card_only_the_name(
    server: Server, customer: Customer
) -> None:
    made = await server.create(
        settings={"customer_fields": {"visible": ["email", "first_name", "country", "zip"]}}
    )
    page = await refused(
        customer, made, number="4111 1111 1111 1112", code="98765", expiry="1/27",
        holder="CANARY HOLDER", email="anna@", first_name="Änna <b>", country="DE", zip="",
        method="credit_card",
    )  # fmt: skip
    form = page.form("pay")
    assert form.fields["email"] == "anna@"
    assert form.fields["first_name"] == "Änna <b>"
    assert form.fields["country"] == "DE"
    assert form.fields["zip"] == ""
    assert form.fields["method"] == "credit_card"
    assert form.fields["holder"] == "CANARY HOLDER"
    for name in ("number", "expiry", "code"):
        assert form.fields[name] == ""
    for secret in ("4111111111111112", "4111 1111", "1111 1112", "98765", "1/27"):
        assert secret not in page.html
    errors = page.errors()
    assert set(errors) == {"number", "code", "email", "zip"}
    assert errors["number"] == "Check the card number: one of its digits is wrong"
    assert "Check 4 fields" in page.text
    # The next try with the token of this page works.
    answer = await customer.submit(form, **(CARD | {"email": "anna@example.com", "zip": "10115"}))
    assert answer.headers["location"] == made.path("result")


async def test_nothing_at_all(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"customer_fields": {"visible": ["email"]}})
    page = await refused(customer, made, number="", expiry="", code="", holder="", email=" ")
    assert set(page.errors()) == {"number", "expiry", "code", "holder", "email"}
    (told,) = [found for _, found in page.tags if "data-focus" in found]
    assert told["tabindex"] == "-1"  # the focus goes there and it is read out


@pytest.mark.parametrize(
    ("values", "wrong"),
    [({"number": "4200000000000001"}, "number"), ({"number": "42"}, "number"),
     ({"number": "4200x0000y0000000"}, "number"), ({"number": "4" * 200}, "number"),
     ({"code": "12"}, "code"), ({"code": "1234"}, "code"), ({"code": "abc"}, "code"),
     ({"number": "378282246310005", "code": "123"}, "code"), ({"expiry": "01/20"}, "expiry"),
     ({"expiry": "13/39"}, "expiry"), ({"expiry": "x"}, "expiry"), ({"expiry": "12/99"}, "expiry"),
     ({"holder": "A" * 33}, "holder"), ({"holder": "4111111111111111"}, "holder")],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value,
)  # fmt: skip
async def test_one_thing_wrong(
    server: Server, customer: Customer, values: dict[str, str], wrong: str
) -> None:
    page = await refused(customer, await server.create(), **values)
    assert set(page.errors()) == {wrong}
    assert "Check 1 field" in page.text or "Check one field" in page.text


async def test_no_method_chosen(server: Server, customer: Customer) -> None:
    made = await server.create()
    for method in ("", "nonsense", "crypto"):
        page = await refused(customer, made, method=method)
        assert "Choose how to pay" in page.text


async def test_a_brand_that_the_shop_excludes(server: Server, customer: Customer) -> None:
    made = await server.create(payment_method={"excluded_brands": ["visa", "amex"]})
    shown = await customer.open(made.path())
    marks = {found["data-brand"] for found in shown.all("svg") if "data-brand" in found}
    assert marks.isdisjoint({"visa", "amex"})
    assert "master" in marks
    page = await refused(customer, made, number=PAID)
    assert "does not accept this kind of card" in page.errors()["number"]
    assert await sent(server, customer, made, number="5204240000015003")


# --- What people type --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expiry",
    ["12/39", "12/2039", "1239", "122039", "2039-12", "12 / 39", "12-39", "12.39", "12/39 ",
     "2039-12-31", "203912", "١٢/٣٩", "\u200e12/39"],
    ids=ascii,
)  # fmt: skip
async def test_every_writing_of_a_date(server: Server, customer: Customer, expiry: str) -> None:
    card = (await sent(server, customer, await server.create(), expiry=expiry))["credit_card"]
    assert (card["exp_month"], card["exp_year"]) == (12, 2039)


async def test_the_date_in_two_fields(server: Server, customer: Customer) -> None:
    values = {"expiry": "", "exp_month": "7", "exp_year": "2039"}
    card = (await sent(server, customer, await server.create(), **values))["credit_card"]
    assert (card["exp_month"], card["exp_year"]) == (7, 2039)


@pytest.mark.parametrize(
    "number",
    ["4200 0000 0000 0000", "4200-0000-0000-0000", "٤٢٠٠٠٠٠٠٠٠٠٠٠٠٠٠",
     "４２００００００００００００００",
     "४२००००००००००००००", " 4200\u00a00000\u20130000\u202f0000 ", "\u202a4200000000000000\u202c"],
    ids=ascii,
)  # fmt: skip
async def test_every_writing_of_a_number(server: Server, customer: Customer, number: str) -> None:
    card = (await sent(server, customer, await server.create(), number=number, code="١٢٣"))[
        "credit_card"
    ]
    assert card == {
        "number": "4200000000000000", "verification_value": "123", "holder": "ANNA LEE",
        "exp_month": 12, "exp_year": 2039,
    }  # fmt: skip


async def test_the_holder(server: Server, customer: Customer) -> None:
    request = await sent(server, customer, await server.create(), holder="  Ánna\tLÉE  ")
    assert request["credit_card"]["holder"] == "Ánna LÉE"


async def test_the_shops_own_words_on_the_button(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"button_text": "Order & pay"})
    assert "Order & pay" in (await customer.open(made.path())).text


# --- The customer's own fields -----------------------------------------------------------------


async def test_visible_fields(server: Server, customer: Customer) -> None:
    asked = ["email", "first_name", "last_name", "phone", "country", "address", "city", "state",
             "zip", "birth_date", "taxpayer_id"]  # fmt: skip
    made = await server.create(
        customer={"email": "known@example.com"},
        settings={"customer_fields": {"visible": [*asked, "unknown_field"]}},
    )
    form = (await customer.open(made.path())).form("pay")
    born = {"birth_date-day": "31", "birth_date-month": "12", "birth_date-year": "1990"}
    assert {*asked, *born} - {"birth_date"} <= set(form.inputs)
    assert "unknown_field" not in form.inputs
    assert form.fields["email"] == "known@example.com"
    typed = {
        "email": "anna@example.com", "first_name": "Anna", "last_name": "Lee",
        "phone": "+375291234567", "country": "DE", "address": "Street 1", "city": "Berlin",
        "state": "BE", "zip": "10115", "taxpayer_id": "77",
    }  # fmt: skip
    request = await sent(server, customer, made, **typed, **born)
    assert request["customer"] == {
        "email": "anna@example.com", "birth_date": "1990-12-31", "taxpayer_id": "77", "ip": ADDRESS,
    }  # fmt: skip
    assert request["billing_address"] == {
        name: typed[name]
        for name in ("first_name", "last_name", "phone", "country", "address", "city", "state",
                     "zip")
    }  # fmt: skip
    checkout = await made.told()
    assert checkout["customer"] | typed == checkout["customer"]


async def test_read_only_fields_stay_as_the_shop_set_them(
    server: Server, customer: Customer
) -> None:
    made = await server.create(
        customer={"email": "fixed@example.com", "device_id": "d-1", "external_id": "x-1"},
        settings={
            "customer_fields": {"visible": ["email", "zip"], "read_only": ["email", "phone"]}
        },
    )
    form = (await customer.open(made.path())).form("pay")
    assert "readonly" in form.inputs["email"]
    assert "readonly" not in form.inputs["phone"]  # the shop left it to the customer after all
    page = await refused(customer, made, email="other@example.com", zip="", phone="12345")
    assert page.form("pay").fields["email"] == "fixed@example.com"
    request = await sent(
        server, customer, made, email="other@example.com", zip="1", phone="12345",
        device_id="forged", external_id="forged", ip="198.51.100.1", first_name="Forged",
    )  # fmt: skip
    assert request["customer"] == {
        "email": "fixed@example.com", "device_id": "d-1", "external_id": "x-1", "ip": ADDRESS,
    }  # fmt: skip
    assert request["billing_address"] == {"zip": "1", "phone": "12345"}


async def test_hidden_fields(server: Server, customer: Customer) -> None:
    made = await server.create(
        customer={"email": "known@example.com"},
        settings={"customer_fields": {"visible": ["email", "zip"], "hidden": ["email"]}},
    )
    page = await customer.open(made.path())
    assert "email" not in page.form("pay").inputs
    assert "known@example.com" not in page.html
    request = await sent(server, customer, made, zip="1", email="forged@example.com")
    assert request["customer"]["email"] == "known@example.com"


async def test_nobody_asked(server: Server, customer: Customer) -> None:
    made = await server.create(customer={"email": "known@example.com"})
    page = await customer.open(made.path())
    assert "email" not in page.form("pay").inputs
    assert "known@example.com" not in page.html


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", "anna"), ("email", "a@b@c"), ("email", "anna@exa mple.com"), ("country", "Germany"),
     ("phone", "1234"), ("zip", "1" * 21),
     ("first_name", "x" * 101), ("city", "x\x00y")],
    ids=ascii,
)  # fmt: skip
async def test_a_customers_slip(server: Server, customer: Customer, name: str, value: str) -> None:
    made = await server.create(settings={"customer_fields": {"visible": [name]}})
    page = await refused(customer, made, **{name: value})
    assert set(page.errors()) == {name}


async def test_what_was_typed_is_there_after_a_decline(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"customer_fields": {"visible": ["email"]}})
    await customer.pay(made, DECLINED, email="anna@example.com")
    form = (await customer.open(made.path())).form("pay")
    assert form.fields["email"] == "anna@example.com"
    assert form.fields["number"] == form.fields["holder"] == ""


# --- The browser -------------------------------------------------------------------------------


async def test_the_browsers_data_reaches_the_gateway(server: Server, customer: Customer) -> None:
    """Every field of the charge request's section `browser`."""
    request = await sent(server, customer, await server.create(), **SCREEN)
    assert request["additional_data"]["browser"] == {
        "accept_header": BROWSER["Accept"],
        "user_agent": BROWSER["User-Agent"],
        "screen_width": 1920,
        "screen_height": 1080,
        "screen_color_depth": 24,
        "window_width": 1200,
        "window_height": 800,
        "language": "de-AT",
        "java_enabled": False,
        "time_zone": -180,
        "time_zone_name": "Europe/Minsk",
    }


async def test_without_scripts_the_headers_tell(server: Server, customer: Customer) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    assert not form.fields.keys() & SCREEN.keys()  # a script adds them
    request = await sent(server, customer, made)
    assert request["additional_data"]["browser"] == {
        "accept_header": BROWSER["Accept"],
        "user_agent": BROWSER["User-Agent"],
        "language": "en-GB",
        "screen_color_depth": 24,
        "java_enabled": False,
    }


async def test_a_browsers_nonsense_is_left_out(server: Server, customer: Customer) -> None:
    nonsense = {
        "screen_width": "-1", "screen_height": "1e3", "screen_color_depth": "nine",
        "window_width": "9" * 40, "window_height": "<b>", "language": "'; --",
        "java_enabled": "maybe", "time_zone": "99999", "time_zone_name": "../../etc/passwd\n",
    }  # fmt: skip
    request = await sent(server, customer, await server.create(), **nonsense)
    assert set(request["additional_data"]["browser"]) == {
        "accept_header", "user_agent", "language", "screen_color_depth", "java_enabled",
    }  # fmt: skip
    assert request["additional_data"]["browser"]["language"] == "en-GB"


async def test_a_long_header_is_cut(server: Server) -> None:
    async with server.customer(**{"User-Agent": "A" * 5000, "Accept": "b" * 5000}) as customer:
        browser = (await sent(server, customer, await server.create()))["additional_data"][
            "browser"
        ]
    assert browser["user_agent"] == "A" * 2048
    assert browser["accept_header"] == "b" * 2048


async def test_the_cookie_remembers_the_screen(server: Server, customer: Customer) -> None:
    """A second try without scripts (or before they ran) still tells the screen."""
    made = await server.create()
    await sent(server, customer, made, number=DECLINED, **SCREEN)
    request = await sent(server, customer, made)
    assert request["additional_data"]["browser"]["screen_width"] == 1920
    assert request["additional_data"]["browser"]["time_zone_name"] == "Europe/Minsk"


async def test_the_cookie_remembers_the_method(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path())
    # A refused method, to be at the open form again.
    server.line.broken.append(httpx.ConnectError("no"))
    await customer.submit(page.form("pay"), method="sbp")
    page = await customer.open(made.path())
    chosen = [found["value"] for found in page.all("input", type="radio") if "checked" in found]
    assert chosen == ["sbp"]


async def test_the_cookie(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.get(made.path())
    (cookie,) = answer.headers.get_list("set-cookie")
    name, _, attributes = cookie.partition("; ")
    assert name.startswith("__Host-checkout=")
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    paid = await customer.pay(made, **SCREEN)
    (cookie,) = paid.headers.get_list("set-cookie")
    assert len(cookie) < 1024
    for page in ("result", "status"):
        assert "set-cookie" not in (await customer.get(made.path(page))).headers


async def test_no_cookie_is_needed(server: Server) -> None:
    made = await server.create()
    async with server.customer() as first:
        page = await first.open(made.path())
    async with server.customer() as second:
        assert not second.cookies
        answer = await second.submit(page.form("pay"), **CARD)
    assert answer.headers["location"] == made.path("result")


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "%00", "x" * 4000, "\"'<>"], ids=ascii)
async def test_a_broken_cookie_is_nothing(server: Server, value: str) -> None:
    made = await server.create()
    async with server.customer(Cookie=f"__Host-checkout={value}; other=1") as customer:
        page = await customer.open(made.path())
        answer = await customer.submit(page.form("pay"), **CARD)
    assert answer.headers["location"] == made.path("result")


async def test_another_payments_cookie_is_nothing(server: Server, customer: Customer) -> None:
    first, second = await server.create(), await server.create()
    await sent(server, customer, first, **SCREEN)
    request = await sent(server, customer, second)
    assert "screen_width" not in request["additional_data"]["browser"]


# --- The address -------------------------------------------------------------------------------

FORGED = "198.51.100.9"


async def test_the_address_is_the_peers(server: Server) -> None:
    made = await server.create(customer={"ip": "198.51.100.1"})
    async with server.customer(
        "203.0.113.200",
        **{"X-Forwarded-For": FORGED, "X-Real-IP": FORGED, "Forwarded": f"for={FORGED}"},
    ) as customer:
        request = await sent(server, customer, made)
    assert request["customer"]["ip"] == "203.0.113.200"


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("10.0.0.1", [FORGED], FORGED),
        ("10.0.0.1", [f"{FORGED}, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [f"{FORGED}, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        ("10.0.0.1", [FORGED, "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [FORGED, "203.0.113.9", "10.0.0.7"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("203.0.113.50", ["198.51.100.9"], "203.0.113.50"),
    ],
    ids=ascii,
)
async def test_behind_a_trusted_proxy(
    proxied: Server, peer: str, headers: list[str], address: str
) -> None:
    made = await proxied.create()
    async with proxied.customer(peer) as customer:
        form = (await customer.open(made.path())).form("pay")
        said = [("X-Forwarded-For", line) for line in headers]
        answer = await customer.post(
            form.action, data=form.fields | CARD, headers=[*OURS.items(), *said]
        )
        assert answer.status_code == 303
    assert proxied.line.sent()["customer"]["ip"] == address


# --- Twice -------------------------------------------------------------------------------------


async def test_a_form_sent_twice_at_once_charges_once(server: Server, customer: Customer) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    before = len(server.line.charges)
    answers = await asyncio.gather(*(customer.submit(form, **CARD) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(server.line.charges) == before + 1
    assert len(made.attempts()) == 1
    again = await customer.submit(form, **CARD)
    assert again.headers["location"] == made.path("result")
    assert len(server.line.charges) == before + 1


async def test_two_tabs(server: Server, customer: Customer) -> None:
    made = await server.create()
    one, two = [(await customer.open(made.path())).form("pay") for _ in range(2)]
    assert one.fields["form_token"] != two.fields["form_token"]
    await customer.submit(one, **CARD | {"number": DECLINED})
    before = len(server.line.charges)
    stale = await customer.submit(two, **CARD)  # made for the first attempt
    assert stale.headers["location"] == made.path()
    assert len(server.line.charges) == before


async def test_a_customer_who_leaves_while_the_gateway_thinks(
    server: Server, customer: Customer
) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    server.world.settings.latency_ms = 150
    try:
        leaving = asyncio.create_task(customer.submit(form, **CARD))
        await asyncio.sleep(0.08)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await server.settle_down()
    finally:
        server.world.settings.latency_ms = 0
    assert [attempt["status"] for attempt in made.attempts()] == ["paid"]


# --- Too much ----------------------------------------------------------------------------------


async def test_too_many_tries_of_one_payment(opened: Opened) -> None:
    async with opened(submits="2") as server, server.customer() as customer:
        made = await server.create(attempts=10)
        for _ in range(2):
            assert (await customer.pay(made, DECLINED)).status_code == 303
        answer = await customer.pay(made, DECLINED)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 61
        page = Page(answer.text)
        assert page.headline == "Too many attempts"
        assert "Demo shop" in page.text
        assert made.path() in page.links
        assert len(server.line.charges) == 2
        server.offset = 61
        assert (await customer.pay(made, PAID)).status_code == 303


async def test_too_many_declines_from_one_address(opened: Opened) -> None:
    async with opened(declines="2") as server:
        async with server.customer("203.0.113.66") as customer:
            for _ in range(2):
                await customer.pay(await server.create(), DECLINED)
            # A forged address helps nobody.
            form = await customer.open((await server.create()).path())
            answer = await customer.submit(
                form.form("pay"), headers={"X-Forwarded-For": "192.0.2.1"}, **CARD
            )
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) == 600
        # The card's range is counted beside, for who was declined as well.
        async with server.customer("203.0.113.67") as other:
            assert (await other.pay(await server.create(), DECLINED)).status_code == 303
            assert (await other.pay(await server.create(), DECLINED)).status_code == 429
            assert (await other.pay(await server.create(), PAID)).status_code == 303
        assert [path.url.path for path in server.line.charges] == ["/transactions/payments"] * 4


async def test_a_body_that_is_too_large(server: Server, customer: Customer) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    answer = await customer.submit(form, **CARD, more="x" * 70_000)
    assert answer.status_code == 413
    page = Page(answer.text)
    assert page.headline == "That was too long"
    assert made.path() in page.links
    answer = await customer.submit(form, **CARD | {f"f{n}": "" for n in range(200)})
    assert answer.status_code == 400
    assert not made.attempts()


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", b"{}"), ("text/plain", b"number=1"), ("", b"number=1"),
     ("multipart/form-data; boundary=x", b"--x--"),
     ("application/x-www-form-urlencoded", b"number=%ff"),
     ("application/x-www-form-urlencoded", b"number=\xff")],
    ids=["json", "plain", "none", "multipart", "escaped", "bytes"],
)  # fmt: skip
async def test_what_is_no_form(server: Server, customer: Customer, kind: str, body: bytes) -> None:
    made = await server.create()
    answer = await customer.post(
        made.path("pay"), content=body, headers=OURS | {"Content-Type": kind}
    )
    assert answer.status_code == 400
    assert Page(answer.text).headline == "We could not read that"


# --- The ledger is away ------------------------------------------------------------------------


async def test_nothing_is_charged_without_the_ledger(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made, other = await server.create(), await server.create()
        form = (await customer.open(made.path())).form("pay")
        with sqlite3.connect(server.database) as conn:
            conn.execute("DROP TABLE events")
        conn.close()
        answer = await customer.submit(form, **CARD)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert Page(answer.text).headline == "We are very busy right now"
        assert not server.line.charges
        assert not made.attempts()  # rolled back whole

        with sqlite3.connect(server.database) as conn:
            conn.execute("ALTER TABLE payments RENAME TO away")
        conn.close()
        for path in (made.path(), other.path("status"), "/health/ready"):
            answer = await customer.get(path)
            if path != "/health/ready":
                assert answer.status_code == 503, path
                assert "retry-after" in answer.headers
        answer = await customer.get(f"/ctp/api/checkouts/{made.token}", headers=server.basic())
        assert answer.status_code == 503
        assert answer.json()["response"]["status"] == "error"
        assert "sqlite" not in answer.text.lower()
        assert (await customer.get("/health/live")).status_code == 200


# --- The shop is told first --------------------------------------------------------------------


async def test_the_result_waits_for_the_shops_letter(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"notification_url": "http://127.0.0.1:8009/n"})
    server.mailbox.slow = asyncio.Event()
    try:
        await customer.pay(made)
        arriving = asyncio.create_task(customer.get(made.path("result")))
        await asyncio.sleep(0.15)
        assert not arriving.done()
        assert not server.mailbox.about(made.token)
        server.mailbox.slow.set()
        answer = await asyncio.wait_for(arriving, 3)
    finally:
        server.mailbox.slow.set()
        server.mailbox.slow = None
    assert answer.status_code == 200
    (webhook,) = server.mailbox.about(made.token)
    assert webhook["status"] == "successful"


async def test_the_result_does_not_wait_for_ever(opened: Opened) -> None:
    async with (
        opened(schedule=Schedule(recovery_interval=3600.0, notify_wait=0.2)) as server,
        server.customer() as customer,
    ):
        made = await server.create(settings={"notification_url": "http://127.0.0.1:8009/n"})
        server.mailbox.slow = asyncio.Event()
        await customer.pay(made)
        async with asyncio.timeout(2):
            assert (await customer.get(made.path("result"))).status_code == 200
        assert not server.mailbox.webhooks
        server.mailbox.slow.set()


async def test_the_letter(server: Server, customer: Customer) -> None:
    made = await server.create(
        settings={"notification_url": "http://127.0.0.1:8009/n?order=7"}, attempts=2
    )
    await customer.pay(made, DECLINED)
    assert not server.mailbox.about(made.token)  # not per decline
    await customer.pay(made)
    await customer.get(made.path("result"))
    (webhook,) = server.mailbox.about(made.token)
    assert (webhook["uid"], webhook["tracking_id"]) == (made.uid, "order-7")
    headers, body = server.mailbox.webhooks[-1]
    assert headers["authorization"] == server.basic()["Authorization"]
    assert headers["content-signature"]
    assert headers["webhook-id"]
    assert PAID.encode() not in body
    assert json.loads(body)["transaction"]["credit_card"]["last_4"] == "0000"


# --- Behind the page in sight ------------------------------------------------------------------

BEHIND: dict[str, Any] = {"headers": {"X-Behind": "page"}}


async def test_behind_the_page_the_next_one_is_named(server: Server, customer: Customer) -> None:
    """The script of the page in sight goes there; what it takes has no looks of its own."""
    made = await server.create(attempts=2)
    form = (await customer.open(made.path())).form("pay")
    slip = await customer.submit(form, **BEHIND, **CARD | {"number": "4111111111111112"})
    assert slip.status_code == 422
    assert "<style" not in slip.text
    assert set(Page(slip.text).errors()) == {"number"}
    declined = await customer.submit(form, **BEHIND, **CARD | {"number": DECLINED})
    assert (declined.status_code, declined.headers["location"]) == (303, made.path())
    again = await customer.get(made.path(), **BEHIND)
    assert "<style" not in again.text
    assert "Your bank declined the payment" in again.text
    paid = await customer.submit(Page(again.text).form("pay"), **BEHIND, **CARD)
    assert (paid.status_code, paid.headers["hx-redirect"]) == (200, made.path("result"))
    assert paid.headers["set-cookie"]
    # The same form once more: one payment.
    twice = await customer.submit(form, **BEHIND, **CARD)
    assert twice.headers["hx-redirect"] == made.path("result")
    # Another page's style is where it was.
    assert "<style" in (await customer.get((await server.create()).path())).text
