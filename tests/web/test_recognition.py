"""A payment's link is forwarded: whoever has it and is not the customer is shown no e-mail address,
name or street, and nothing of a card; and whoever is, gets on with what is known."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from checkout.signing import CustomerCookie, Signer
from tests.web.page import Page
from tests.web.server import CARD, CHALLENGE, DECLINED, PAID, CreatedPayment, Customer, Server
from tests.web.settings import PUBLIC
from tests.web.test_saved_card import again, token_of

KNOWN: Final = {
    "email": "anna.lee@canary-mail.example", "first_name": "Annamaria", "last_name": "Leeuwenhoek",
    "phone": "+375297654321", "address": "Canary street 7", "city": "Grodnoburg", "zip": "C4N4RY",
    "birth_date": "1977-03-13", "taxpayer_id": "CANARYTAX1", "country": "BY",
}  # fmt: skip
HOLDER: Final = "HOLDERINA LEEUWENHOEK"
SECRETS: Final = (*(value for name, value in KNOWN.items() if name != "country"), HOLDER)
NAMES: Final = [name for name in KNOWN if name != "taxpayer_id"]
FIXED: Final = {"customer_fields": {"visible": [], "read_only": NAMES}}
ASKED: Final = {"customer_fields": {"visible": NAMES}}
MIXED: Final = {"customer_fields": {"visible": NAMES, "read_only": ["email", "address"]}}
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "asked": ASKED,
    "fixed": FIXED,
    "mixed": MIXED,
    "holder": {"credit_card_fields": {"holder": HOLDER}},
    "fixed holder": {"credit_card_fields": {"holder": HOLDER, "read_only": ["holder"]}},
}
PAGES: Final = ("", "pay", "wait", "redirect", "result", "status", "who")


def private(shown: str, also: Iterable[str] = ()) -> list[str]:
    """What of the customer's stands in a page."""
    return [each for each in (*SECRETS, *also) if each.casefold() in shown.casefold()]


async def knowing(server: Server, **settings: Any) -> CreatedPayment:
    return await server.create(customer=KNOWN, settings=settings)


# --- Strangers ---------------------------------------------------------------------------------


@asynccontextmanager
async def stranger(server: Server, kind: str, made: CreatedPayment) -> AsyncIterator[Customer]:
    """Somebody who was sent the link; `kind`: with what they come."""
    forged = Signer(["f" * 32]).sign_cookie(CustomerCookie(made.uid, own=True))
    other = Signer(server.settings.secrets).sign_cookie(CustomerCookie("another", own=True))
    headers = {
        "person": {},
        "program": {"Sec-Fetch-Mode": ""},
        "frame": {"Sec-Fetch-Dest": "iframe"},
        "cookie of another payment": {"Cookie": f"__Host-checkout={other}"},
        "forged cookie": {"Cookie": f"__Host-checkout={forged}"},
    }[kind]
    async with server.customer(**headers) as found:
        yield found


KINDS: Final = ("person", "program", "frame", "cookie of another payment", "forged cookie")


async def seen(http: Customer, made: CreatedPayment) -> list[tuple[str, str]]:
    """Every page of the payment in every language, and what it says."""
    found = []
    for lang in ("en", "de", "ru"):
        for page in PAGES:
            for accept in ("text/html", "application/json"):
                answer = await http.get(made.path(page, lang=lang), headers={"Accept": accept})
                found.append((f"{lang} {page}", answer.text + str(answer.headers)))
        receipt = await http.get(made.path(lang=lang, kind="order"))
        found.append((f"{lang} receipt", receipt.text))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS)
async def test_a_stranger_sees_nobody(
    server: Server, customer: Customer, settings: str, kind: str
) -> None:
    made = await knowing(server, **SETTINGS[settings])
    page = await customer.open(made.path())
    assert private(page.html)  # the customer does
    async with stranger(server, kind, made) as other:
        for place, text in await seen(other, made):
            assert not private(text), place
        await customer.submit(page.form("pay"), **{**CARD, "holder": HOLDER, "number": DECLINED})
        for place, text in await seen(other, made):
            assert not private(text), place
        await customer.submit(
            (await customer.open(made.path())).form("pay"),
            **{**CARD, "holder": HOLDER, "number": CHALLENGE},
        )
        for place, text in await seen(other, made):
            assert not private(text), place


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stranger_sees_no_card(server: Server, customer: Customer, kind: str) -> None:
    token = await token_of(server, customer)
    made = await again(server, token)
    assert "Visa •••• 0000 12/39" in (await customer.open(made.path())).text
    async with stranger(server, kind, made) as other:
        page = await other.open(made.path())
        assert "Your saved card" in page.text
        assert not re.search(r"Visa ••••|\b0000\b|12/39", page.text)
        await customer.submit((await customer.open(made.path())).form("pay"), code="123")
        assert "Visa •••• 0000" in (await customer.open(made.path("result"))).text
        for place, text in await seen(other, made):
            assert "•••• 0000" not in text, place
        assert "Visa" in (await other.open(made.path("result"))).text


async def test_what_is_known_is_used_all_the_same(server: Server, customer: Customer) -> None:
    """A friend pays: what they leave empty is the customer's, what they type is theirs."""
    made = await knowing(server, **MIXED, **SETTINGS["holder"])
    await customer.open(made.path())
    async with server.customer() as friend:
        form = (await friend.open(made.path())).form("pay")
        assert form.fields["email"] == "a•••@c•••.example"
        assert form.fields["first_name"] == ""
        assert "required" not in form.inputs["first_name"]
        assert "required" not in form.inputs["holder"]
        answer = await friend.submit(form, **(CARD | {"holder": "", "city": "Minsk"}))
        assert answer.headers["location"] == made.path("result")
    sent = server.line.sent()
    assert sent["credit_card"]["holder"] == HOLDER
    assert sent["customer"]["email"] == KNOWN["email"]
    for name in ("first_name", "last_name", "address", "phone", "country"):
        assert sent["billing_address"][name] == KNOWN[name]
    assert sent["billing_address"]["city"] == "Minsk"


async def test_what_a_stranger_types_comes_back(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer() as friend:
        form = (await friend.open(made.path())).form("pay")
        answer = await friend.submit(form, **(CARD | {"code": "", "first_name": "Friedrich"}))
        page = Page(answer.text)
        assert answer.status_code == 422
        assert page.form("pay").fields["first_name"] == "Friedrich"
        assert list(page.errors()) == ["code"]
        assert not private(page.html)


async def test_what_a_stranger_typed_is_shown_to_nobody(server: Server, customer: Customer) -> None:
    """Nor is it taken for the customer's when somebody else leaves the field empty."""
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    hers = {"first_name": "Friederike", "email": "friederike@friend.example", "zip": "231042"}
    async with server.customer() as friend:
        form = (await friend.open(made.path())).form("pay")
        answer = await friend.submit(form, **CARD | hers | {"number": DECLINED})
        assert answer.status_code == 303
        for http in (friend, customer):
            for place, text in await seen(http, made):
                assert not [each for each in hers.values() if each in text], place
    form = (await customer.open(made.path())).form("pay")
    assert form.fields["first_name"] == "Annamaria"
    async with server.customer() as other:
        form = (await other.open(made.path())).form("pay")
        await other.submit(form, **CARD | {"number": DECLINED})
    assert server.line.sent()["customer"]["email"] == KNOWN["email"]
    assert server.line.sent()["billing_address"]["zip"] == KNOWN["zip"]


async def test_a_card_that_is_saved_is_not_charged_for_a_stranger(
    server: Server, customer: Customer
) -> None:
    """A page that sends itself does so for the customer; anybody else needs the code."""
    made = await again(
        server, await token_of(server, customer), settings={"auto_pay": True}, order={}
    )
    page = await customer.open(made.path())
    assert page.all("form", data_by_itself="")
    before = len(server.line.charges)
    async with server.customer() as other:
        shown = await other.open(made.path())
        assert not shown.all("form", data_by_itself="")
        answer = await other.submit(shown.form("pay"))
        assert answer.status_code == 422
        assert list(Page(answer.text).errors()) == ["code"]
    assert len(server.line.charges) == before
    answer = await customer.submit(page.form("pay"))
    assert answer.headers["location"] == made.path("result")


# --- The first opening -------------------------------------------------------------------------

PROGRAMS: Final[list[dict[str, str]]] = [
    {"User-Agent": "TelegramBot (like TwitterBot)", "Sec-Fetch-Mode": ""},
    {"User-Agent": "Slackbot-LinkExpanding 1.0", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"Sec-Fetch-Mode": "cors"},
]


@pytest.mark.parametrize("headers", PROGRAMS)
async def test_programs_come_first_and_take_nothing(
    server: Server, customer: Customer, headers: dict[str, str]
) -> None:
    made = await knowing(server, **ASKED)
    async with server.customer(**headers) as program:
        assert (await program.head(made.path())).status_code == 200
        assert not private((await program.open(made.path())).html)
    assert (await customer.head(made.path())).status_code == 200
    page = await customer.open(made.path())
    assert page.form("pay").fields["email"] == KNOWN["email"]


async def test_one_is_the_first(server: Server) -> None:
    made = await knowing(server, **ASKED)
    async with server.customer() as one, server.customer() as two:
        pages = await asyncio.gather(*(each.open(made.path()) for each in (one, two)))
        shown = [bool(private(page.html)) for page in pages]
        assert sorted(shown) == [False, True]
        again = [bool(private((await each.open(made.path())).html)) for each in (one, two)]
        assert again == shown


async def test_the_customer_sees_it_again(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    page = await customer.open(made.path())
    for lang in ("en", "de", "ru"):
        page = await customer.open(made.path(lang=lang))
        assert page.form("pay").fields["first_name"] == "Annamaria"
    await customer.submit(page.form("pay"), **CARD | {"number": DECLINED, "city": "Minsk"})
    assert (await customer.open(made.path())).form("pay").fields["city"] == "Minsk"


async def test_who_pays_first_is_the_customer(server: Server) -> None:
    """A browser too old to say what it does is known by its form."""
    made = await server.create(settings={"customer_fields": {"visible": ["email"]}})
    async with server.customer(**{"Sec-Fetch-Mode": ""}) as old, server.customer() as other:
        form = (await old.open(made.path())).form("pay")
        await old.submit(form, **CARD | {"number": DECLINED, "email": KNOWN["email"]})
        assert (await old.open(made.path())).form("pay").fields["email"] == KNOWN["email"]
        assert not private((await other.open(made.path())).html)


async def test_a_frame_without_cookies(server: Server, customer: Customer) -> None:
    """Its first page is the customer's, and so is what comes of its form."""
    made = await again(
        server, await token_of(server, customer), settings={"auto_pay": True}, order={}
    )
    async with server.customer(**{"Sec-Fetch-Dest": "iframe"}) as framed:
        page = await framed.open(made.path())
        framed.cookies.clear()
        assert page.all("form", data_by_itself="")
        answer = await framed.submit(page.form("pay"))
        assert answer.headers["location"] == made.path("result")
    made = await knowing(server, **ASKED)
    async with server.customer(**{"Sec-Fetch-Dest": "iframe"}) as framed:
        form = (await framed.open(made.path())).form("pay")
        framed.cookies.clear()
        answer = await framed.submit(form, **CARD | {"code": ""})
        page = Page(answer.text)
        assert page.form("pay").fields["email"] == KNOWN["email"]
        framed.cookies.clear()
        page = await framed.open(made.path())  # again by its address: nobody knows
        assert not private(page.html)
        answer = await framed.submit(page.form("pay"), **CARD)
        assert answer.headers["location"] == made.path("result")
    assert server.line.sent()["customer"]["email"] == KNOWN["email"]


async def test_a_strangers_form_stays_a_strangers(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    mine = (await customer.open(made.path())).form("pay")
    assert ".own." in mine.fields["form_token"]
    async with server.customer() as other:
        theirs = (await other.open(made.path())).form("pay")
        assert ".own." not in theirs.fields["form_token"]
        head, signature = theirs.fields["form_token"].rsplit(".", 1)
        answer = await other.submit(theirs, **CARD | {"form_token": f"{head}.own.{signature}"})
        assert answer.status_code == 403


# --- "Which e-mail?" ---------------------------------------------------------------------------


async def answer(http: Customer, made: CreatedPayment, email: str) -> Any:
    return await http.submit((await http.open(made.path())).form("who"), known_email=email)


@pytest.mark.parametrize("email", [KNOWN["email"], f" {KNOWN['email'].upper()} "])
async def test_who_knows_the_address_is_the_customer(
    server: Server, customer: Customer, email: str
) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer(address="203.0.113.80") as other:
        response = await answer(other, made, email)
        assert response.headers["location"] == made.path()
        page = await other.open(made.path())
        assert page.form("pay").fields["first_name"] == "Annamaria"
        assert not any(form.action.endswith("/who") for form in page.forms)
    async with server.customer(address="203.0.113.81") as framed:  # keeps no cookie
        form = (await framed.open(made.path())).form("who")
        framed.cookies.clear()
        response = await framed.submit(form, known_email=email)
        assert response.status_code == 200
        assert Page(response.text).form("pay").fields["first_name"] == "Annamaria"


@pytest.mark.parametrize(
    "email", ["", "anna@example.com", KNOWN["email"][:-1], "a•••@c•••.example"]
)
async def test_who_does_not_is_not(server: Server, customer: Customer, email: str) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer(address=f"203.0.114.{len(email)}") as other:
        response = await answer(other, made, email)
        assert response.status_code == 422
        page = Page(response.text)
        assert page.errors() == {
            "known_email": "The shop has a different e-mail address. Check it and try again"
        }
        assert not private(page.html)
        assert not private((await other.open(made.path())).html)


async def test_what_was_typed_proves_nothing(server: Server, customer: Customer) -> None:
    """Else whoever has the link would type an address, be declined, and answer with it."""
    made = await server.create(
        customer={name: KNOWN[name] for name in ("first_name", "address")}, settings=ASKED
    )
    await customer.open(made.path())
    async with server.customer(address="203.0.113.90") as other:
        form = (await other.open(made.path())).form("pay")
        typed = {name: KNOWN[name] for name in NAMES} | {"first_name": "", "address": ""}
        typed["email"] = "evil@example.com"
        await other.submit(form, **CARD | typed | {"number": DECLINED})
        page = await other.open(made.path())
        assert not any(form.action.endswith("/who") for form in page.forms)
        assert "Annamaria" not in page.html
        token = Signer(server.settings.secrets).sign_form("who", made.uid, 2)
        form.action = made.path("who")
        for email in ("evil@example.com", ""):
            fields = {"form_token": token, "known_email": email}
            assert (await other.submit(form, **fields)).status_code == 422
        assert "Annamaria" not in (await other.open(made.path())).html


async def test_tries_are_limited(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer(address="203.0.113.91") as other:
        responses = [await answer(other, made, f"guess{n}@example.com") for n in range(5)]
        assert [each.status_code for each in responses] == [422] * 5
        responses = [await answer(other, made, KNOWN["email"]) for _ in range(2)]
        assert [each.status_code for each in responses] == [429, 429]
        assert responses[0].headers["retry-after"] == "3600"
        server.offset += 3601
        try:
            assert (await answer(other, made, KNOWN["email"])).status_code == 303
        finally:
            server.offset -= 3601


async def test_tries_at_once_are_counted_too(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer(address="203.0.113.92") as other:
        form = (await other.open(made.path())).form("who")
        responses = await asyncio.gather(
            *(other.submit(form, known_email=f"guess{n}@example.com") for n in range(30))
        )
    assert sorted(each.status_code for each in responses) == [422] * 5 + [429] * 25


async def test_many_addresses_of_one_network_are_one(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    statuses = []
    for n in range(8):
        async with server.customer(address=f"2001:db8:1:2::{n:x}") as other:
            statuses.append((await answer(other, made, f"guess{n}@example.com")).status_code)
    assert statuses == [422] * 5 + [429] * 3


async def test_many_networks_guess_so_often_at_one_payment(
    server: Server, customer: Customer
) -> None:
    made = await knowing(server, **ASKED)
    page = await customer.open(made.path())
    statuses = []
    for n in range(25):
        async with server.customer(address=f"192.0.2.{n}") as other:
            statuses.append((await answer(other, made, f"guess{n}@example.com")).status_code)
    assert statuses == [422] * 20 + [429] * 5
    # It locks nobody out who wants to pay, nor the customer who has a cookie.
    assert (await customer.submit(page.form("pay"), **CARD)).status_code == 303


async def test_one_address_guesses_so_often_at_all(server: Server, customer: Customer) -> None:
    statuses = []
    async with server.customer(address="203.0.113.93") as other:
        for _ in range(6):
            made = await knowing(server, **ASKED)
            await customer.open(made.path())
            statuses += [(await answer(other, made, "x@example.com")).status_code for _ in range(3)]
    assert statuses == [422] * 15 + [429] * 3


async def test_another_site_asks_nothing(server: Server, customer: Customer) -> None:
    made = await knowing(server, **ASKED)
    await customer.open(made.path())
    async with server.customer(address="203.0.113.94") as other:
        form = (await other.open(made.path())).form("who")
        crossed = await other.post(
            form.action,
            data=form.fields | {"known_email": KNOWN["email"]},
            headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        )
        assert crossed.status_code == 403
        forged = await other.submit(form, known_email=KNOWN["email"], form_token="x")
        assert forged.status_code == 403


async def test_a_page_that_knows_nobody_asks_nothing_and_writes_nothing(
    server: Server, customer: Customer
) -> None:
    made = await server.create(customer=KNOWN)  # for the gateway; the page shows none of it
    before = made.books()
    page = await customer.open(made.path())
    assert not any(form.action.endswith("/who") for form in page.forms)
    assert made.books() == before
    await customer.submit(page.form("pay"), **CARD | {"number": PAID})
    assert not private((await customer.open(made.path("result"))).html)
    assert server.settings.public_url == PUBLIC
