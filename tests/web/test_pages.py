"""The customer's pages, read: which one, in which language, and that reading changes nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from checkout.i18n import LANGUAGES, translations
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import (
    CHALLENGE,
    DECLINED,
    PAID,
    CreatedPayment,
    Customer,
    Server,
    raw,
)

PAGES = ("", "pay", "redirect", "wait", "status", "result")


def bare(html: str) -> str:
    """A page without what differs at each showing: its nonce."""
    return re.sub(r"nonce=\"[\w-]+\"", "", html)


# --- The way in --------------------------------------------------------------------------------


async def test_the_existing_widgets_address(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.get(f"/widget/hpp.html?token={made.token}")
    assert answer.status_code == 303
    assert answer.headers["location"] == made.path()
    assert answer.content == b""


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", f"?token={'0' * 64}", "?other=1"])
async def test_no_such_token(server: Server, customer: Customer, query: str) -> None:
    answer = await customer.get(f"/widget/hpp.html{query}")
    assert answer.status_code == 404
    assert Page(answer.text).headline == "We can't find this payment"


async def test_the_payment_page(server: Server, customer: Customer) -> None:
    made = await server.create(order={"additional_data": {"receipt_text": ["2 x Stalls", "Fee"]}})
    page = await customer.open(made.path())
    assert page.all("html", lang="en", dir="ltr")
    assert "Demo shop" in page.text
    assert "€19.99" in page.headline
    for words in ("Two tickets", "order-7", "2 x Stalls", "help@shop.example.com", "Pay €19.99"):
        assert words in page.text
    form = page.form("pay")
    assert page.forms[0] is form  # the first form is the main action
    assert (form.method, form.action) == ("post", made.path("pay"))
    assert form.fields["method"] == "credit_card"
    for name in ("number", "expiry", "code", "holder"):
        assert form.inputs[name]["autocomplete"].startswith("cc-")
        assert form.inputs[name]["type"] == "text"
        assert form.inputs[name]["value"] == ""
    assert form.inputs["number"]["inputmode"] == form.inputs["code"]["inputmode"] == "numeric"
    assert page.form("cancel").method == "post"


async def test_a_test_payment_says_so(server: Server, customer: Customer) -> None:
    shown = await customer.open((await server.create(test=True)).path())
    assert "Test mode" in shown.text
    shown = await customer.open((await server.create()).path())
    assert "Test mode" not in shown.text


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(1999, "JPY", "¥1,999"), (1999, "KWD", "KWD 1.999"), (5, "EUR", "€0.05"),
     (100000000, "EUR", "€1,000,000.00"), (1999, "RSD", "RSD 19.99")],
)  # fmt: skip
async def test_amounts(
    server: Server, customer: Customer, minor: int, currency: str, shown: str
) -> None:
    made = await server.create(order={"amount": minor, "currency": currency})
    page = await customer.open(made.path())
    assert shown in page.headline.replace("\xa0", " ")


async def test_what_a_shop_wrote_is_text(server: Server, customer: Customer) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
    made = await server.create(
        order={
            "description": evil,
            "tracking_id": evil,
            "additional_data": {"receipt_text": [evil]},
        },
        settings={"button_text": evil[:60], "button_next_text": evil[:60]},
        customer={"first_name": evil[:30]},
    )
    for path in (made.path(), made.path(kind="order")):
        page = await customer.open(path)
        assert evil in page.text
        assert "<script>" not in page.html
        assert not page.all("img")
    await customer.pay(made)
    page = await customer.open(made.path("result"))
    assert "<script>" not in page.html
    assert not page.all("img")


async def test_a_page_holds_nothing_of_another_payment(server: Server, customer: Customer) -> None:
    """Pages share what they have in common; what is a payment's own stays its own."""
    hole = "\ue000form_token\ue001 \ue000nowhere\ue001"
    orders: list[Any] = [
        {"amount": 100 + n, "description": f"Thing {n} of many {hole}", "tracking_id": f"no-{n}-no"}
        for n in range(4)
    ]
    made = [
        await server.create(order=order, settings={"button_text": f"Take {n} now"})
        for n, order in enumerate(orders)
    ]
    async with server.customer() as other:
        for n in (0, 1, 2, 3, 1, 0):
            answer = await (customer if n % 2 else other).get(made[n].path())
            page, order = Page(answer.text), orders[n]
            assert order["description"] in page.text
            assert f"€1.0{n}" in page.headline
            assert f"Take {n} now" in page.text
            token = page.form("pay").fields["form_token"]
            assert page.html.count(token) == 1
            for m, another in enumerate(made):
                if m != n:
                    for own in (
                        another.uid,
                        another.secret,
                        f"Thing {m} ",
                        f"no-{m}-no",
                        f"€1.0{m}",
                    ):
                        assert own not in page.html
            nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])
            assert nonce
            assert {found["nonce"] for found in page.all("script")} == {nonce[1]}
            answer = await customer.submit(page.form("pay"), number="1")
            assert answer.status_code == 422  # the token is this payment's


# --- Language ----------------------------------------------------------------------------------

ENGLISH, GERMAN, RUSSIAN = "en", "de", "ru"


@pytest.mark.parametrize(
    ("accept", "language"),
    [("de", GERMAN), ("ru-RU,ru;q=0.9,en;q=0.8", RUSSIAN), ("en;q=0.5,de;q=0.9", GERMAN),
     ("cs,tlh;q=0.9,de;q=0.1", GERMAN), ("de;q=0", ENGLISH), ("de;q=0,ru;q=0.001", RUSSIAN),
     ("", ENGLISH), ("*", ENGLISH), ("cs", ENGLISH), ("de-AT", GERMAN), ("DE", GERMAN),
     ("de;q=x,ru", RUSSIAN), ("en-US,en;q=0.9,de;q=0.9", ENGLISH), (",,;;q=1,ru", RUSSIAN),
     ("x" * 4000 + ",de", ENGLISH), ("\xe9,de", GERMAN)],
)  # fmt: skip
async def test_the_browsers_language(server: Server, accept: str, language: str) -> None:
    made = await server.create()
    async with server.customer() as http:
        answer = await http.get(
            f"/widget/hpp.html?token={made.token}",
            headers=[(b"Accept-Language", accept.encode("latin-1"))],
        )
        assert answer.headers["location"] == made.path(lang=language)


@pytest.mark.parametrize(
    ("wish", "language"),
    [("ru", RUSSIAN), ("ru-RU", RUSSIAN), ("cs", GERMAN), ("", GERMAN), (None, GERMAN),
     ("nonsense!", GERMAN)],
)  # fmt: skip
async def test_the_shops_wish_comes_first(server: Server, wish: str | None, language: str) -> None:
    made = await server.create(settings={"language": wish})
    async with server.customer(**{"Accept-Language": "de"}) as http:
        answer = await http.get(f"/widget/hpp.html?token={made.token}")
        assert answer.headers["location"] == made.path(lang=language)


@pytest.mark.parametrize("lang", [ENGLISH, GERMAN, RUSSIAN])
async def test_the_addresss_language_is_shown(
    server: Server, customer: Customer, lang: str
) -> None:
    made = await server.create(settings={"language": "en"})
    page = await customer.open(made.path(lang=lang))
    assert page.all("html", lang=lang)
    words = translations(lang).gettext("Cancel payment")
    assert (words == "Cancel payment") is (lang == ENGLISH)
    assert words in page.text


@pytest.mark.parametrize("of", ["", "pay", "wait", "result"])
async def test_the_picker(server: Server, customer: Customer, of: str) -> None:
    """A form of the page itself, wherever the page is; its answer is the page in that language."""
    made = await server.create()
    closed = await customer.open(made.path(lang=GERMAN))
    assert closed.picker is None
    assert "?languages#language" in closed.links
    page = Page((await customer.get(made.path(lang=GERMAN) + "?languages")).text)
    assert page.picker
    assert (page.picker.action, page.picker.method) == ("", "get")
    assert page.picker.fields == {"language": "Deutsch"}
    assert page.languages == list(LANGUAGES.values())
    answer = await customer.get(made.path(of), params={"language": "Русский"})
    assert answer.status_code == 303
    assert answer.headers["location"] == made.path(of, lang=RUSSIAN)


async def test_the_pickers_of_other_pages(server: Server, customer: Customer) -> None:
    made = await server.create()
    receipt = made.path(kind="order")
    picker = await customer.get(f"{receipt}?languages")
    assert Page(picker.text).languages == list(LANGUAGES.values())
    answer = await customer.get(f"{receipt}?language=Deutsch")
    assert answer.headers["location"] == made.path(kind="order", lang=GERMAN)
    lost = await customer.get("/en/payment/0/0?language=Deutsch")
    assert lost.headers["location"] == "/de/payment/0/0"
    nowhere = await customer.get("/nowhere?language=Deutsch")
    assert nowhere.status_code == 404
    assert Page(nowhere.text).all("html", lang=GERMAN)


@pytest.mark.parametrize("query", ["language=", "language=xx", "language=//x.example", "l=Deutsch"])
async def test_no_other_language(server: Server, customer: Customer, query: str) -> None:
    made = await server.create()
    assert (await customer.get(f"{made.path()}?{query}")).status_code == 200


async def test_what_stands_in_an_address_stays_in_it(customer: Customer) -> None:
    answer = await customer.get("/en/payment/a%0d%0aset-cookie:x/b?language=Deutsch")
    assert answer.headers["location"] == "/de/payment/a%0D%0Aset-cookie%3Ax/b"


@pytest.mark.parametrize("lang", ["cs", "EN", "en-US", "x", "..", "e\xa0n"])
async def test_an_unknown_language(server: Server, customer: Customer, lang: str) -> None:
    made = await server.create()
    for page in PAGES:
        answer = await customer.get(made.path(page, lang=lang))
        assert answer.status_code == 404
        assert Page(answer.text).headline == "We can't find this payment"


async def test_an_error_speaks_the_customers_language(server: Server) -> None:
    async with server.customer(**{"Accept-Language": "de"}) as http:
        answer = await http.get("/nowhere")
        assert Page(answer.text).all("html", lang="de")
        answer = await http.get("/ru/payment/x/y")
        assert Page(answer.text).all("html", lang="ru")


# --- A wrong address ---------------------------------------------------------------------------


async def test_a_wrong_uid_and_a_wrong_secret_look_the_same(
    server: Server, customer: Customer
) -> None:
    made, other = await server.create(), await server.create()
    strangers = [
        (made.uid, "x"),
        (made.uid, other.secret),
        (made.uid, made.secret[:-1] + ("A" if made.secret[-1] != "A" else "B")),
        (made.uid, made.secret.swapcase()),
        ("00000000-0000-4000-8000-000000000000", made.secret),
        (other.uid, made.secret),
        ("x", "y"),
        (made.uid.upper(), made.secret),
    ]
    for kind, page in [("payment", page) for page in PAGES] + [("order", "")]:
        found = set()
        for uid, secret in strangers:
            path = CreatedPayment(server, "", "", uid, secret).path(page, kind=kind)
            answer = await customer.get(path)
            assert answer.status_code == 404
            headers = dict(answer.headers)
            headers["content-security-policy"] = re.sub(
                r"nonce-[\w-]+", "", headers["content-security-policy"]
            )
            found.add((bare(answer.text), tuple(sorted(headers.items()))))
        assert len(found) == 1, page


@pytest.mark.parametrize("odd", ["\x00", "%", "é", "a" * 5000, "'; DROP TABLE payments"])
async def test_odd_addresses(server: Server, odd: str) -> None:
    made = await server.create()
    for path in (
        f"/en/payment/{odd}/{made.secret}",
        f"/en/payment/{made.uid}/{odd}",
        f"/{odd}/payment/{made.uid}/{made.secret}",
        f"/pay/{odd}",
        f"/return/{odd}",
        f"/static/{odd}",
        f"/{odd}",
    ):
        assert (await raw(server.app, "GET", path)).status == 404, path
    assert (await raw(server.app, "POST", f"/notify/cards/{odd}")).status == 404


# --- HEAD answers like GET ---------------------------------------------------------------------


async def test_head(server: Server, customer: Customer) -> None:
    made, paid = await server.create(), await server.create()
    await customer.pay(paid)
    challenged = await server.create()
    await customer.pay(challenged, CHALLENGE)
    ticket = challenged.attempts()[0]["return_ticket"]
    page = await customer.open(made.path())
    style = page.all("link", rel="stylesheet")[0]["href"]
    paths = [
        *(each.path(page) for each in (made, paid, challenged) for page in PAGES),
        *(each.path(kind="order") for each in (made, paid, challenged)),
        f"/widget/hpp.html?token={made.token}",
        f"/return/{ticket}",
        style,
        "/nowhere",
        "/health/live",
        "/health/ready",
        "/en/payment/x/y",
    ]
    differs = ("content-security-policy", "set-cookie", "content-length")
    for path in paths:
        got, head = await customer.get(path), await customer.head(path)
        assert head.status_code == got.status_code, path
        assert head.content == b""
        wanted = {k: v for k, v in got.headers.items() if k not in differs}
        assert {k: v for k, v in head.headers.items() if k not in differs} == wanted, path


# --- Where a payment is ------------------------------------------------------------------------


async def at(customer: Customer, made: CreatedPayment) -> dict[str, Any]:
    """Where each page of a payment sends a customer: "here" or the page's name."""
    found = {}
    for page in PAGES:
        answer = await customer.get(made.path(page))
        if answer.status_code == 303:
            location = answer.headers["location"]
            assert location.startswith(made.path())
            found[page] = location.removeprefix(made.path()).lstrip("/")
        else:
            assert answer.status_code == 200, (page, answer.status_code)
            found[page] = "here"
            if page == "status" and "hx-redirect" in answer.headers:
                target = answer.headers["hx-redirect"]
                found[page] = target.removeprefix(made.path()).lstrip("/")
    return found


async def test_open(server: Server, customer: Customer) -> None:
    made = await server.create()
    assert await at(customer, made) == {
        "": "here", "pay": "", "redirect": "", "wait": "", "status": "", "result": "",
    }  # fmt: skip


async def test_paid(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.pay(made, PAID)
    assert answer.status_code == 303
    assert answer.headers["location"] == made.path("result")
    assert await at(customer, made) == {
        "": "result", "pay": "result", "redirect": "result", "wait": "result",
        "status": "result", "result": "here",
    }  # fmt: skip
    page = await customer.open(made.path("result"))
    assert page.headline == "Paid"
    assert not page.forms
    assert "Visa •••• 0000" in page.text


async def test_declined_and_open_again(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=2)
    answer = await customer.pay(made, DECLINED)
    assert answer.headers["location"] == made.path()
    assert (await at(customer, made))[""] == "here"
    page = await customer.open(made.path())
    assert "Your bank declined the payment" in page.text
    assert page.form("pay").action

    answer = await customer.pay(made, DECLINED)
    assert answer.headers["location"] == made.path("result")
    assert set((await at(customer, made)).values()) == {"result", "here"}
    assert (await customer.open(made.path("result"))).headline == "Your bank declined the payment"


async def test_sent_to_the_bank(server: Server, customer: Customer) -> None:
    made = await server.create()
    answer = await customer.pay(made, CHALLENGE)
    assert answer.headers["location"] == made.path("redirect")
    assert await at(customer, made) == {
        "": "redirect?again", "pay": "redirect?again", "redirect": "here",
        "wait": "redirect?again", "status": "redirect", "result": "redirect?again",
    }  # fmt: skip


async def test_nobody_knows(server: Server, customer: Customer) -> None:
    made = await server.create()
    server.line.broken.append(httpx.ReadTimeout("slow"))
    answer = await customer.pay(made, PAID)
    assert answer.headers["location"] == made.path("wait")
    assert await at(customer, made) == {
        "": "wait", "pay": "wait", "redirect": "wait", "wait": "here", "status": "here",
        "result": "wait",
    }  # fmt: skip
    page = await customer.open(made.path("wait"))
    assert "do not pay again" in page.text
    assert "number" not in {name for form in page.forms for name in form.inputs}


async def test_a_connection_that_never_was(server: Server, customer: Customer) -> None:
    made = await server.create()
    server.line.broken.append(httpx.ConnectError("no"))
    answer = await customer.pay(made, PAID)
    assert answer.headers["location"] == made.path()
    page = await customer.open(made.path())
    assert "Nothing was sent and nothing was charged" in page.text
    assert (await customer.pay(made, PAID)).headers["location"] == made.path("result")


async def test_cancelled(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("cancel"))
    assert answer.headers["location"] == made.path("result")
    assert set((await at(customer, made)).values()) == {"result", "here"}
    assert (await customer.open(made.path("result"))).headline == "Payment cancelled"


async def test_expired(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made = await server.create()
        page = await customer.open(made.path())
        server.offset = 24 * 3600 + 1
        assert set((await at(customer, made)).values()) == {"result", "here"}
        assert (await customer.open(made.path("result"))).headline == "Time is up"
        late = await customer.submit(page.form("pay"), number=PAID, expiry="12/39", code="123")
        assert late.headers["location"] == made.path("result")
        assert not server.line.charges


async def test_instructions(server: Server, customer: Customer) -> None:
    made = await server.create(
        payment_method={"types": ["erip"], "erip": {"account_number": "777"}}
    )
    page = await customer.open(made.path())
    assert "number" not in page.form("pay").inputs
    assert "Continue" in page.text
    answer = await customer.submit(page.form("pay"))
    assert answer.headers["location"] == made.path("wait")
    page = await customer.open(made.path("wait"))
    for words in ("99999999", "777", "How to pay"):  # the shop's settings and the order's own
        assert words in page.text
    assert page.all("svg", class_="qr")
    assert page.all("div", role="img")


async def test_back_to_a_page_without_tls(opened: Opened) -> None:
    """By a link and a refresh, which no policy for forms stops; our address is not told there."""
    listed = 'return_origins = ["http://old.example.com:8080"]'
    async with opened(apps=listed) as server, server.customer() as customer:
        back = "http://old.example.com:8080/back?order=7"
        made = await server.create(settings={"return_url": back, "auto_return": 0})
        await customer.pay(made, PAID)
        answer = await customer.get(made.path("result"))
        page = Page(answer.text)
        (link,) = (each for each in page.links if each.startswith("http://old."))
        assert link.startswith(
            f"{back}&token={made.token}&status=successful&uid={made.uid}&result="
        )
        assert page.refresh == f"0;url={link}"
        assert not page.forms
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert "upgrade-insecure-requests" not in answer.headers["content-security-policy"]


# --- The page that leaves ----------------------------------------------------------------------


async def test_a_link_that_leaves(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, CHALLENGE)
    answer = await customer.get(made.path("redirect"))
    page = Page(answer.text)
    sent = server.world.tracked("overpay_cards", "361", made.attempts()[0]["key"])[0]
    target = f"http://localhost:8002/process/{sent.uid}"
    assert page.refresh == f"0;url={target}"
    assert page.links[target]
    assert not page.forms
    policy = answer.headers["content-security-policy"]
    assert "form-action https:" in policy


async def test_a_form_that_leaves(server: Server, customer: Customer) -> None:
    made = await server.create(payment_method={"types": ["sbp"]})
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("pay"))
    assert answer.headers["location"] == made.path("redirect")
    page = await customer.open(made.path("redirect"))
    form = page.leaving()
    assert page.forms[0] is form
    assert form.method == "post"
    assert form.fields
    assert page.all("form", method="post")
    assert any("data-by-itself" in found for found in page.all("form"))
    assert page.form("cancel").action


async def test_leaving_a_frame_takes_a_click(server: Server, customer: Customer) -> None:
    framed = {"Sec-Fetch-Dest": "iframe"}
    made = await server.create(shop="framing", settings={"return_url": None})
    shown = await customer.open(made.path(), **framed)
    assert shown.all("html", class_="framed")
    assert not shown.all("footer")
    server.world.settings.iframe = False
    try:
        answer = await customer.submit(
            shown.form("pay"), headers=framed, number=CHALLENGE, expiry="12/39", code="123",
            holder="ANNA LEE",
        )  # fmt: skip
    finally:
        server.world.settings.iframe = True
    assert answer.headers["location"] == made.path("redirect")
    page = await customer.open(made.path("redirect"), **framed)
    assert page.refresh is None
    assert [link["target"] for href, link in page.links.items() if "/process/" in href] == ["_top"]
    outside = await customer.open(made.path("redirect"))
    assert outside.refresh is not None


async def test_a_bank_that_may_be_framed(server: Server, customer: Customer) -> None:
    framed = {"Sec-Fetch-Dest": "iframe"}
    made = await server.create(shop="framing", settings={"return_url": None})
    await customer.pay(made, CHALLENGE)
    page = await customer.open(made.path("redirect"), **framed)
    assert page.refresh is not None
    assert [link.get("target") for href, link in page.links.items() if "/process/" in href] == [
        None
    ]


# --- Polling -----------------------------------------------------------------------------------


async def test_status_as_json(server: Server, customer: Customer) -> None:
    as_json = {"Accept": "application/json"}
    made = await server.create()
    path = made.path("status")
    before = (await customer.get(path, headers=as_json)).json()
    assert before == {"uid": made.uid, "status": "incomplete", "message": None, "next_check": None}

    server.line.broken.append(httpx.ReadTimeout("slow"))
    await customer.pay(made, PAID)
    waiting = (await customer.get(path, headers=as_json)).json()
    assert (waiting["status"], waiting["message"]) == ("pending", "Waiting")
    assert 0 < waiting["next_check"] <= 30

    paid = await server.create()
    await customer.pay(paid, PAID)
    answer = await customer.get(paid.path("status"), headers=as_json)
    assert answer.json() == {
        "uid": paid.uid, "status": "successful", "message": "Successfully processed",
        "next_check": None,
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"


async def test_status_as_a_fragment(server: Server, customer: Customer) -> None:
    made = await server.create()
    server.line.broken.append(httpx.ReadTimeout("slow"))
    await customer.pay(made, PAID)
    answer = await customer.get(made.path("status"), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    fragment = Page(answer.text)
    assert not fragment.all("html")
    (status,) = fragment.all("div", id="status")
    assert status["hx-get"] == made.path("status")
    assert re.match(r"load delay:[\d.]+s", status["hx-trigger"])
    nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])
    assert nonce
    assert status["hx-nonce"] == nonce[1]


async def test_many_who_poll_ask_once(server: Server, customer: Customer) -> None:
    made = await server.create()
    server.line.broken.append(httpx.ReadTimeout("slow"))
    await customer.pay(made, PAID)
    before = len(server.line.questions)
    for _ in range(30):
        await customer.get(made.path("status"))
        await customer.get(made.path("wait"))
    assert len(server.line.questions) - before <= 1


# --- Reading changes nothing -------------------------------------------------------------------


async def test_mail_scanners_change_nothing(server: Server, customer: Customer) -> None:
    """Every address that a customer or a scanner may open, by GET and HEAD, many times."""
    made = await server.create()
    answers = []
    before = made.books()
    for _ in range(5):
        for lang in ("en", "de", "ru", "cs"):
            for path in [made.path(page, lang) for page in (*PAGES, "cancel", "confirm")] + [
                made.path(lang=lang, kind="order"),
                f"/widget/hpp.html?token={made.token}",
                made.path("pay") + "?method=credit_card&number=4200000000000000",
                made.path("cancel") + "?what=payment",
            ]:
                answers += [await customer.get(path), await customer.head(path)]
    assert {answer.status_code for answer in answers} <= {200, 303, 404, 405}
    assert made.books() == before
    assert not made.attempts()
    assert (await made.told())["status"] is None
    assert not server.mailbox.about(made.token)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "POST", "PROPFIND"])
async def test_other_verbs(server: Server, customer: Customer, method: str) -> None:
    made = await server.create()
    before = made.books()
    for path in (made.path(), made.path("result"), made.path(kind="order"), "/health/live"):
        answer = await customer.request(method, path)
        assert answer.status_code == 405, path
    assert made.books() == before


# --- The receipt -------------------------------------------------------------------------------


async def test_the_order_page_names_nobody(server: Server, customer: Customer) -> None:
    made = await server.create(
        customer={
            "email": "anna.lee@example.com", "first_name": "Annamaria", "last_name": "Leeuwen",
            "phone": "+375291234567", "address": "Long street 7", "city": "Grodnoburg",
            "birth_date": "1990-12-31", "ip": "198.51.100.77",
        },
        settings={"customer_fields": {"visible": ["email", "first_name"]}},
    )  # fmt: skip
    await customer.pay(made, PAID, holder="ANNAMARIA LEEUWEN", email="anna.lee@example.com",
                       first_name="Annamaria")  # fmt: skip
    for lang in ("en", "de", "ru"):
        page = await customer.open(made.path(lang=lang, kind="order"))
        shown = page.html.lower()
        for private in ("anna.lee", "annamaria", "leeuwen", "375291234567", "long street",
                        "grodnoburg", "1990", "198.51.100.77", "203.0.113.7"):  # fmt: skip
            assert private not in shown
        assert made.uid in page.text
        assert not page.forms
    page = await customer.open(made.path(kind="order"))
    for words in ("Paid", "€19.99", "Demo shop", "Two tickets", "order-7", "Visa •••• 0000"):
        assert words in page.text


async def test_the_order_page_leads_to_what_is_open(server: Server, customer: Customer) -> None:
    made = await server.create()
    page = await customer.open(made.path(kind="order"))
    assert made.path() in page.links
    await customer.pay(made, PAID)
    page = await customer.open(made.path(kind="order"))
    assert not any("/payment/" in href for href in page.links)


# --- The result --------------------------------------------------------------------------------


def unsigned(page: Page) -> list[str]:
    """The page's links without what each signature makes different."""
    return [re.sub(r"(&result=)[\w.-]+", r"\1SIGNED", link) for link in page.links]


async def test_back_to_the_shop(server: Server, customer: Customer) -> None:
    back = "https://shop.example.com/thanks?a=%20b&c[]=1#part"
    made = await server.create(settings={"return_url": back})
    await customer.pay(made, PAID)
    page = await customer.open(made.path("result"))
    wanted = (
        "https://shop.example.com/thanks?a=%20b&c[]=1"
        f"&token={made.token}&status=successful&uid={made.uid}&result=SIGNED#part"
    )
    assert wanted in unsigned(page)
    assert page.refresh is None  # nobody asked for it
    assert "Back to Demo shop" in page.text


@pytest.mark.parametrize(("seconds", "scripted"), [(0, False), (5, True)])
async def test_back_by_itself(
    server: Server, customer: Customer, seconds: int, scripted: bool
) -> None:
    made = await server.create(settings={"auto_return": seconds, "button_next_text": "Onwards"})
    await customer.pay(made, PAID)
    page = await customer.open(made.path("result"))
    assert page.refresh is not None
    assert page.refresh.startswith(f"{seconds};url=https://shop.example.com/thanks?order=7&token=")
    assert bool(page.all("noscript")) is scripted
    assert "Onwards" in page.text


OWN = "https://shop.example.com"


@pytest.mark.parametrize(
    ("number", "settings", "base", "status"),
    [(PAID, {"return_url": None, "success_url": f"{OWN}/ok?x=1",
             "decline_url": f"{OWN}/no"}, f"{OWN}/ok?x=1&", "successful"),
     (DECLINED, {"return_url": None, "success_url": f"{OWN}/ok",
                 "decline_url": f"{OWN}/no"}, f"{OWN}/no?", "failed"),
     (DECLINED, {"return_url": None, "success_url": f"{OWN}/ok",
                 "fail_url": f"{OWN}/bad"}, f"{OWN}/bad?", "failed"),
     (PAID, {"return_url": f"{OWN}/all", "success_url": f"{OWN}/ok"},
      f"{OWN}/all?", "successful")],
    ids=["success", "decline", "fail", "return wins"],
)  # fmt: skip
async def test_which_address(
    server: Server, customer: Customer, number: str, settings: Any, base: str, status: str
) -> None:
    made = await server.create(attempts=1, settings=settings)
    await customer.pay(made, number)
    page = await customer.open(made.path("result"))
    wanted = f"{base}token={made.token}&status={status}&uid={made.uid}&result=SIGNED"
    assert wanted in unsigned(page)


async def test_a_cancelled_payment_goes_back_by_its_own_address(
    server: Server, customer: Customer
) -> None:
    made = await server.create(settings={"cancel_url": "https://shop.example.com/cancelled"})
    page = await customer.open(made.path())
    await customer.submit(page.form("cancel"))
    page = await customer.open(made.path("result"))
    wanted = f"https://shop.example.com/cancelled?token={made.token}&status=canceled&uid={made.uid}"
    assert f"{wanted}&result=SIGNED" in unsigned(page)


@pytest.mark.parametrize(("number", "word"), [(PAID, "success"), (DECLINED, "error")])
async def test_the_exchangers_callback(
    server: Server, customer: Customer, number: str, word: str
) -> None:
    made = await server.create(
        attempts=1, settings={"client_callback_url": "https://shop.example.com/cb?order=7"}
    )
    await customer.pay(made, number)
    page = await customer.open(made.path("result"))
    assert f"https://shop.example.com/cb?order=7&status={word}" in page.links


async def test_the_result_in_a_frame_leaves_by_the_top(server: Server, customer: Customer) -> None:
    made = await server.create(shop="framing", settings={"return_url": None, "auto_return": 0})
    await customer.pay(made, PAID)
    page = await customer.open(made.path("result"), **{"Sec-Fetch-Dest": "iframe"})
    assert page.refresh is None
    assert page.links["https://framing.example.com"]["target"] == "_top"
    (body,) = page.all("body")
    assert body["data-frame"] == "https://framing.example.com https://m.framing.example.com:8443"
    assert (body["data-uid"], body["data-status"]) == (made.uid, "successful")


async def test_the_orders_own_word_on_frames(server: Server, customer: Customer) -> None:
    """Browsers that don't say where they show a page are believed to do what the shop asked."""
    made = await server.create(shop="framing", settings={"return_url": None}, iframe=True)
    assert (await customer.open(made.path())).all("html", class_="framed")
    shown = await customer.open(made.path(), **{"Sec-Fetch-Dest": "document"})
    assert not shown.all("html", class_="framed")
