"""Shops with an address of their own beside the server's: each payment is at its shop's alone."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from checkout.web.mail import sender_of
from tests.support.settings import secret
from tests.web.page import Page
from tests.web.server import (
    CARD,
    OURS,
    PAID,
    CreatedPayment,
    Customer,
    Server,
    open_server,
    ordered,
)
from tests.web.settings import PUBLIC
from tests.web.test_products import TICKET

OWN: Final = "https://pay.framing.example"  # of the shop `framing`; 361 is at the server's
OTHER: Final = "https://pay.third.example"
TOP: Final = f"""
security_contact = "security@example.com"
[smtp]
url = "smtp://localhost:1"
sender = "pay@example.com"
[shops.third]
name = "Third shop"
secret_key = "{{secret}}"
private_key = "file:shop.pem"
url = "https://third.example"
public_url = "{OTHER}"
[shops.third.methods]
credit_card = "plain"
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def branded(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with open_server(
        tmp_path_factory.mktemp("branded"),
        pem,
        framing=f'public_url = "{OWN}"\nsender = "pay@framing.example"',
        top=TOP.format(secret=secret()),
    ) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def http(branded: Server) -> AsyncIterator[Customer]:
    async with branded.customer() as found:
        yield found


async def framed(server: Server, **changes: Any) -> CreatedPayment:
    return await server.create(shop="framing", settings={"return_url": None}, **changes)


async def test_a_whole_payment(branded: Server, http: Customer) -> None:
    """All that is told of it has the shop's address: to the shop, the customer and the gateway."""
    body = {"checkout": ordered(settings={"return_url": None})}
    answer = await http.post(
        f"{OWN}/ctp/api/checkouts", json=body, headers=branded.basic("framing")
    )
    told = answer.json()["checkout"]["redirect_url"]
    assert told.startswith(f"{OWN}/widget/hpp.html?token=")
    opened = await http.get(told)
    path = opened.headers["location"]
    assert path.startswith("/en/payment/")
    page = Page((await http.get(OWN + path)).text)
    form = page.form("pay")
    sent = await http.post(
        OWN + form.action,
        data=form.fields | CARD | {"number": PAID},
        headers=OURS | {"Origin": OWN},
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}/result")
    charge = branded.line.sent()
    assert charge["return_url"].startswith(f"{OWN}/return/")
    assert charge["notification_url"].startswith(f"{OWN}/notify/plain/")
    result = await http.get(f"{OWN}{path}/result")
    assert result.status_code == 200
    # A ticket works at either address: a charge may be older than the setting.
    ticket = charge["return_url"].removeprefix(OWN)
    for here, leads in ((OWN, ""), (PUBLIC, OWN)):
        back = await http.get(here + ticket)
        assert (back.status_code, back.headers["location"]) == (303, f"{leads}{path}/result")


@pytest.mark.parametrize("here", [PUBLIC, OTHER])
async def test_it_is_shown_nowhere_else(branded: Server, http: Customer, here: str) -> None:
    made = await framed(branded)
    pages = ("", "wait", "status", "result")
    for path in (
        *(made.path(each) for each in pages),
        *(made.path(e, kind="order") for e in ("", "receipt.pdf")),
    ):
        answer = await http.get(f"{here}{path}?a=1%20b")
        assert (answer.status_code, answer.content) == (303, b""), path
        assert answer.headers["location"] == f"{OWN}{path}?a=1%20b"


async def test_nor_is_that_of_a_shop_without_one(branded: Server, http: Customer) -> None:
    made = await branded.create()
    for port in ("", ":443", ":8443"):
        answer = await http.get(f"{OWN}{port}{made.path()}")
        assert answer.headers["location"] == PUBLIC + made.path()


async def test_a_form_sent_elsewhere_charges_nothing(branded: Server, http: Customer) -> None:
    made, charges = await framed(branded), len(branded.line.charges)
    page = Page((await http.get(OWN + made.path())).text)
    form = page.form("pay")
    data, ours = form.fields | CARD, OURS | {"Origin": OTHER}
    plain = await http.post(OTHER + form.action, data=data, headers=ours)
    assert plain.status_code == 403
    assert "Framing shop" not in plain.text
    script = await http.post(OTHER + form.action, data=data, headers=ours | {"X-Behind": "page"})
    assert script.headers["hx-redirect"] == OWN + form.action
    polled = await http.get(OTHER + made.path("status"), headers={"HX-Request": "true"})
    assert polled.headers["hx-redirect"] == OWN + made.path("status")
    assert len(branded.line.charges) == charges


async def test_whose_form_it_is(branded: Server, http: Customer) -> None:
    """Where a browser says only the Origin, it has to be the shop's own."""
    made = await framed(branded)
    form = Page((await http.get(OWN + made.path())).text).form("cancel")
    for origin, status in ((PUBLIC, 403), (OTHER, 403), (OWN, 303)):
        answer = await http.post(OWN + form.action, data=form.fields, headers={"Origin": origin})
        assert answer.status_code == status, origin


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "evil.example", "[", "pay.framing.example.evil.example"]
)
async def test_any_other_name_says_nothing(branded: Server, http: Customer, host: str) -> None:
    """A balancer's, or a proxy's that hands on its own name; nothing is made of it."""
    made = await framed(branded)
    answer = await http.get(made.path(), headers={"Host": host})
    assert answer.status_code == 200
    assert host == "[" or host not in answer.text
    assert "location" not in answer.headers


async def test_a_product(branded: Server, http: Customer) -> None:
    basic = branded.basic("framing")
    made = (await http.post("/products", json=TICKET, headers=basic)).json()
    assert made["pay_url"].startswith(f"{OWN}/product/")
    path = made["pay_url"].removeprefix(OWN)
    assert (await http.get(OWN + path)).status_code == 200
    assert (await http.get(OTHER + path)).headers["location"] == OWN + path
    lists = (await http.get("/products", headers=basic)).json()["products"]
    assert {each["pay_url"] for each in lists} == {made["pay_url"]}


async def test_an_invoice(branded: Server, http: Customer) -> None:
    body = {"amount": 100, "currency": "EUR", "description": "A", "send": False}
    answer = await http.post("/invoices", json=body, headers=branded.basic("framing"))
    assert answer.status_code == 201, answer.text
    url = answer.json()["invoice"]["url"]
    assert url.startswith(f"{OWN}/pay/")
    # Its opening would name the shop on an error's page: it is asked at the shop's address alone.
    elsewhere = await http.get(url.replace(OWN, OTHER))
    assert elsewhere.headers["location"] == url
    opened = await http.get(url)
    assert re.fullmatch(r"/en/payment/[\w-]+/[\w-]+", opened.headers["location"])


async def test_what_is_told_of_the_address(branded: Server, http: Customer) -> None:
    for here in (PUBLIC, OWN):
        told = (await http.get(f"{here}/.well-known/security.txt")).text
        assert f"Canonical: {here}/.well-known/security.txt" in told
        document = (await http.get(f"{here}/schema/openapi.json")).json()
        assert document["servers"] == [{"url": here}]


async def test_reports_of_its_pages_count(branded: Server, http: Customer) -> None:
    report = {"document-uri": f"{OWN}/en/payment/a/b", "violated-directive": "img-src",
              "blocked-uri": f"{OWN}/x.png"}  # fmt: skip
    sent = json.dumps({"csp-report": report}).encode()
    answer = await http.post(
        f"{OWN}/reports/csp", content=sent, headers={"Content-Type": "application/csp-report"}
    )
    assert answer.status_code == 204
    reports = branded.app.state.reports
    assert [each.blocked for each in reports._kinds] == ["self"]


async def test_whom_mails_come_from(branded: Server) -> None:
    found = {shop.id: sender_of(branded.settings, shop) for shop in branded.settings.shops.values()}
    usual = "pay@example.com"
    assert found == {"361": usual, "third": usual, "framing": "pay@framing.example"}
