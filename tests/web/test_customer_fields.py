"""What the customer says of themselves: each country's own rules, and no card numbers."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.web.pages.customer_fields import countries
from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Customer, Server
from tests.web.traces import number, on_disk

ADDRESS = ("country", "state", "zip", "first_name", "last_name", "address", "phone", "email")
SAID = {
    "country": "US",
    "state": "NY",
    "zip": "10001",
    "first_name": "Anna",
    "last_name": "Lee",
    "address": "1 Main St",
    "phone": "+1 212 555 0100",
    "email": "anna@example.com",
}


async def asking(
    server: Server, customer: dict[str, str] | None = None, **fields: Any
) -> CreatedPayment:
    fields = fields or {"visible": list(ADDRESS)}
    return await server.create(settings={"customer_fields": fields}, customer=customer or {})


def errors(page: Page) -> dict[str, str]:
    """What stands in the summary, by field."""
    return {
        found["href"].removeprefix("#f-"): found["href"]
        for found in page.all("a")
        if found.get("href", "").startswith("#f-")
    }


async def test_an_address_that_fits_arrives(server: Server, customer: Customer) -> None:
    made = await asking(server)
    typed = SAID | {"state": " new york ", "zip": "10001 1234", "phone": "(212) 555-0100"}
    assert (await customer.pay(made, **typed)).status_code == 303
    sent = server.line.sent()["billing_address"]
    assert (sent["country"], sent["state"], sent["zip"]) == ("US", "NY", "10001-1234")
    assert sent["phone"] == "+12125550100"


@pytest.mark.parametrize(
    ("typed", "wrong", "says"),
    [
        ({"state": "Ontario"}, {"state"}, "Enter the state's name or its letters"),
        ({"country": "CA", "state": "Utah", "zip": "K1A 0B1"}, {"state"}, "its letters"),
        ({"zip": "1000"}, {"zip"}, "Enter the postal code like 95014"),
        ({"country": "GB", "zip": "10001"}, {"zip"}, "Enter the postal code like EC1Y 8SY"),
        ({"phone": "12"}, {"phone"}, "Check the phone number"),
        ({"country": "JP", "state": ""}, {"state", "zip"}, "Check 2 fields"),
        ({"zip": "1000", "state": "N"}, {"zip", "state"}, "Check 2 fields"),
        ({"first_name": "x" * 31}, {"first_name"}, "Shorten the first name"),
        ({"email": "anna@example"}, {"email"}, "Check the e-mail address"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, dict) else "",
)
async def test_what_does_not_fit_is_asked_again(
    server: Server, customer: Customer, typed: dict[str, str], wrong: set[str], says: str
) -> None:
    made = await asking(server)
    before = len(server.line.charges)
    answer = await customer.pay(made, **SAID | typed)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert set(errors(page)) == wrong
    assert says in page.text
    for name in wrong:  # and what was typed is still there
        assert page.form("pay").fields[name] == (SAID | typed)[name]
    assert len(server.line.charges) == before
    assert made.attempts() == []


async def test_elsewhere_a_region_is_free(server: Server, customer: Customer) -> None:
    made = await asking(server)
    typed = SAID | {"country": "LV", "state": "Rīgas rajons", "zip": "LV-1050"}
    assert (await customer.pay(made, **typed)).status_code == 303
    assert server.line.sent()["billing_address"]["state"] == "Rīgas rajons"


@pytest.mark.parametrize(
    ("country", "blank"),
    [
        ("AE", ("zip", "city")),
        ("DE", ("state",)),
        ("HK", ("zip", "city")),
        ("IE", ("state", "zip")),
    ],
)
async def test_what_a_country_does_not_need_may_be_empty(
    server: Server, customer: Customer, country: str, blank: tuple[str, ...]
) -> None:
    made = await asking(server, visible=[*ADDRESS, "city"])
    typed = SAID | {"country": country, "city": "x", "state": "x", "zip": "10115"}
    typed |= {"phone": "+12125550100"} | dict.fromkeys(blank, "")
    answer = await customer.pay(made, **typed)
    assert answer.status_code == 303, errors(Page(answer.text))
    assert not {*blank} & {*server.line.sent()["billing_address"]}


async def test_the_fields_are_those_of_the_country(server: Server, customer: Customer) -> None:
    made = await asking(server, visible=["country", "address", "city", "state", "zip"])
    shown = {}
    for country in ("US", "JP", "DE"):
        answer = await customer.pay(made, country=country, address="")
        page = Page(answer.text)
        names = [name for name in page.form("pay").inputs if name in ("address", *ADDRESS, "city")]
        unused = [each["data-field"] for each in page.all("div") if "data-unused" in each]
        shown[country] = (" ".join(names), unused)
        for label in {"US": ("State", "ZIP code"), "JP": ("Prefecture",), "DE": ()}[country]:
            assert label in page.text
    assert shown == {
        "US": ("country address city state zip", []),
        "JP": ("country zip state address city", ["city"]),
        "DE": ("country address zip city state", ["state"]),
    }


@pytest.mark.parametrize(
    ("accept", "country"),
    [("de-AT,de;q=0.9,en-US;q=0.8", "AT"), ("en-US,en;q=0.9", ""),
     ("en-US,en;q=0.9,lt;q=0.8", "LT"), ("pl", "PL"), ("de", ""), ("sr-Latn-RS", "RS"),
     ("es-419", ""), ("x" * 9000, "")],
    ids=lambda value: value[:20],
)  # fmt: skip
async def test_the_languages_name_the_country(
    server: Server, customer: Customer, accept: str, country: str
) -> None:
    made = await asking(server, visible=["country"])
    page = Page((await customer.get(made.path(), headers={"accept-language": accept})).text)
    assert page.form("pay").fields["country"] == country


async def test_no_country_but_isos(server: Server, customer: Customer) -> None:
    made = await asking(server, visible=["country"])
    page = await customer.open(made.path())
    offered = {each.get("value", "") for each in page.all("option")}
    offered = {value for value in offered if value.isupper()}
    assert len(offered) == 249
    answer = await customer.pay(made, country="XK")
    assert Page(answer.text).errors() == {"country": "Choose your country"}


@pytest.mark.parametrize(
    ("language", "order"),
    [("de", "Ägypten Albanien Norwegen Österreich Polen"), ("pl", "Liban Łotwa Malta"),
     ("sv", "Zambia Åland Österrike"), ("ru", "Австрия Беларусь")],
)  # fmt: skip
def test_countries_stand_in_the_alphabets_order(language: str, order: str) -> None:
    names = [name for _, name in countries(language)]
    wanted = order.split()
    assert sorted(wanted, key=names.index) == wanted


async def test_a_country_that_is_known_stays(server: Server, customer: Customer) -> None:
    made = await asking(server, {"country": "BY"}, visible=["country"])
    headers = {"accept-language": "pl", "sec-fetch-mode": "navigate"}
    page = Page((await customer.get(made.path(), headers=headers)).text)
    assert page.form("pay").fields["country"] == "BY"


async def test_what_the_shop_knows_is_not_held_against_the_customer(
    server: Server, customer: Customer
) -> None:
    known = {"country": "DE", "zip": "none", "phone": "n/a"}
    made = await asking(server, known, visible=["country", "zip", "phone"])
    assert (await customer.pay(made)).status_code == 303
    sent = server.line.sent()["billing_address"]
    assert sent == known


async def test_a_name_of_one_word(server: Server, customer: Customer) -> None:
    made = await asking(server, visible=["first_name", "last_name"])
    answer = await customer.pay(made, first_name="Suharto", last_name="")
    assert "or a dash" in Page(answer.text).errors()["last_name"]
    assert (await customer.pay(made, first_name="Suharto", last_name="–")).status_code == 303
    assert server.line.sent()["billing_address"] == {"first_name": "Suharto"}


@pytest.mark.parametrize(
    ("language", "order"), [("en", "month day year"), ("de", "day month year")]
)
async def test_a_birth_date_in_the_languages_order(
    server: Server, customer: Customer, language: str, order: str
) -> None:
    made = await asking(server, {"birth_date": "1990-02-01"}, visible=["birth_date"])
    page = await customer.open(made.path(lang=language))
    fields = page.form("pay").fields
    born = {name: fields[name] for name in fields if name.startswith("birth_date-")}
    assert [name.removeprefix("birth_date-") for name in born] == order.split()
    assert [born[f"birth_date-{name}"] for name in ("year", "month", "day")] == ["1990", "02", "01"]


@pytest.mark.parametrize(
    ("day", "month", "year", "kept"),
    [("1", "2", "1990", "1990-02-01"), ("٠١", "٠٢", "١٩٩٠", "1990-02-01"),
     ("30", "2", "1990", None), ("1", "", "1990", None), ("1", "2", "90", None),
     ("1", "2", "1890", None), ("x", "2", "1990", None)],
)  # fmt: skip
async def test_a_birth_date_of_three_parts(
    server: Server, customer: Customer, day: str, month: str, year: str, kept: str | None
) -> None:
    made = await asking(server, visible=["birth_date"])
    parts = {"birth_date-day": day, "birth_date-month": month, "birth_date-year": year}
    answer = await customer.pay(made, **parts)
    if kept:
        assert server.line.sent()["customer"]["birth_date"] == kept
    else:
        page = Page(answer.text)
        assert set(errors(page)) == {"birth_date"}
        assert page.html.count("Check the date of birth") == 2  # there and at the field
        assert parts.items() <= page.form("pay").fields.items()


async def test_what_nobody_sees_is_not_kept(server: Server, customer: Customer) -> None:
    made = await asking(server, visible=["first_name", "email"])
    typed = {"first_name": "\u200bE\u0301va\ufeff", "email": "\u2068anna@example.com\u2069"}
    assert (await customer.pay(made, **typed, holder="E\u0301va\u00ad Lee")).status_code == 303
    sent = server.line.sent()
    assert sent["billing_address"]["first_name"] == "Éva"
    assert sent["customer"]["email"] == "anna@example.com"
    assert sent["credit_card"]["holder"] == "Éva Lee"


async def test_a_region_of_another_country_is_left_out(server: Server, customer: Customer) -> None:
    """The shop knew an address; the customer chooses another country and is not asked for more."""
    known = {"country": "DE", "state": "Bayern", "zip": "80331", "city": "München"}
    made = await asking(server, known, visible=["country"])
    assert (await customer.pay(made, country="US")).status_code == 303
    sent = server.line.sent()["billing_address"]
    assert sent == {"country": "US", "zip": "80331", "city": "München"}


@pytest.mark.parametrize("name", ["first_name", "last_name", "address", "zip", "state", "email"])
async def test_a_card_number_in_another_field(
    server: Server, customer: Customer, name: str
) -> None:
    pan = number("52174", 16)
    made = await asking(server)
    before = len(server.line.charges)
    typed = f"{pan}@example.com" if name == "email" else f"{pan[:4]} {pan[4:8]} {pan[8:]}"
    answer = await customer.pay(made, **SAID | {name: typed})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert set(errors(page)) == {name}
    assert "Do not enter the card number here" in page.text
    for writing in (pan, typed, pan[8:]):
        assert writing not in answer.text
        assert writing not in str(answer.headers.raw)
    assert page.form("pay").fields[name] == ""
    assert page.form("pay").fields["country"] == "US"  # the rest stays
    assert len(server.line.charges) == before
    for writing in (pan, typed):
        assert writing.encode() not in on_disk(server.folder)


@pytest.mark.parametrize("name", ["phone", "taxpayer_id"])
async def test_a_number_where_it_belongs_is_taken(
    server: Server, customer: Customer, name: str
) -> None:
    """By chance one in ten passes the check of a card's number. It is shown again beside errors."""
    typed = number("5219", 15)
    made = await asking(server, visible=["email", name])
    answer = await customer.pay(made, email="", **{name: typed})
    assert (answer.status_code, Page(answer.text).form("pay").fields[name]) == (422, typed)
    assert (await customer.pay(made, email="anna@example.com", **{name: typed})).status_code == 303
    sent = server.line.sent()
    assert (sent["customer"] | sent.get("billing_address", {}))[name] == typed


async def test_a_card_number_from_the_shop_is_not_kept(server: Server, customer: Customer) -> None:
    pan = number("52175", 16)
    made = await server.create(customer={"first_name": pan, "last_name": int(pan)})
    await customer.pay(made)
    assert server.line.sent()["billing_address"] == {
        "first_name": f"{pan[:6]}******{pan[-4:]}",
        "last_name": f"{pan[:6]}******{pan[-4:]}",
    }
    order = {"amount": 100, "currency": "EUR", "description": "x"}
    method = {"credit_card": {"number": pan}}
    body = {"transaction_type": "payment", "order": order, "payment_method": method}
    answer = await customer.post(
        "/ctp/api/checkouts", json={"checkout": body}, headers=server.basic()
    )
    assert answer.status_code == 422
    assert pan not in answer.text
    assert pan.encode() not in on_disk(server.folder)


async def test_a_tokenization_charges_nothing_and_says_so(
    server: Server, customer: Customer
) -> None:
    made = await server.create(transaction_type="tokenization")
    page = await customer.open(made.path())
    assert "Save your card" in page.headline
    assert "Save card" in page.text
    assert "19.99" not in page.html
    answer = await customer.pay(made)
    page = await customer.open(answer.headers["location"])
    assert page.headline == "Card saved"
    assert "Nothing was charged" in page.text
    assert "19.99" not in page.html
    assert "19.99" not in (await customer.open(made.path(kind="order"))).html
    checkout = await made.told()
    assert (checkout["status"], checkout["finished"]) == ("successful", True)
    token = checkout["credit_card"]["token"]
    assert len(token) == 64
    refund = {"request": {"parent_uid": made.uid, "reason": "x"}}
    for kind in ("refunds", "voids", "captures"):
        response = await customer.post(f"/transactions/{kind}", json=refund, headers=server.basic())
        assert response.status_code == 422
        assert "no money has moved" in response.text


async def test_an_app_is_told_neither_travellers_nor_findings(
    server: Server, customer: Customer
) -> None:
    """It has the publishable key alone; the server of the shop is told both."""
    travel = {"airline": {"passengers": [{"last_name": "SECRETIVE"}]}}
    made = await server.create(travel=travel)
    assert (await customer.pay(made)).status_code == 303
    checkout = await made.told()
    assert checkout["travel"] == travel
    assert checkout["gateway_response"]["payment"]["avs_cvc_verification"]
    key = server.settings.shops["361"].publishable_key
    answer = await customer.get(
        f"/ctp/api/checkouts/{made.token}", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.text
    assert "SECRETIVE" not in answer.text
    assert "avs_cvc_verification" not in answer.text


async def test_what_nobody_types_is_not_shown_again(server: Server) -> None:
    made = await server.create(settings={"customer_fields": {"visible": ["first_name"]}})
    async with server.customer() as customer:
        for typed, shown in (("A" * 1024, True), ("A" * 1025, False)):
            page = await customer.open(made.path())
            answer = await customer.submit(page.form("pay"), **CARD, first_name=typed)
            assert answer.status_code == 422
            assert "Shorten the first name" in answer.text
            assert (typed in answer.text) is shown
