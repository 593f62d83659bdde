"""Invoices over HTTP: the shop's API, the customer's link, and the mails by a real mail server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from checkout.app import create_app
from checkout.flow.mailer import Mailer
from checkout.signing import read_link, sign_link
from checkout.web.invoice import postman
from tests.support.post import PostOffice, open_post_office
from tests.support.shops import changed
from tests.web.conftest import Opened
from tests.web.house import (
    CHALLENGE,
    DECLINED,
    PAID,
    PUBLIC,
    Customer,
    House,
    Made,
    open_house,
    running,
)
from tests.web.page import Page

CHAIRS: dict[str, Any] = {
    "amount": 1250, "currency": "EUR", "description": "Two chairs", "tracking_id": "chair-7",
    "email": "anna@example.com",
}  # fmt: skip
DAY = 24 * 3600.0
LONG = ["https://shop.example.com/" + token_urlsafe(1400) for _ in range(3)]


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with open_post_office() as found:
        yield found


def smtp(port: int) -> str:
    return f'[smtp]\nurl = "smtp://127.0.0.1:{port}"\nsender = "pay@example.com"\n'


@asynccontextmanager
async def restarted(house: House, **changes: Any) -> AsyncIterator[House]:
    """Another process over the same ledger, two minutes later; `changes` are in its settings."""
    settings = changed(house.settings, **changes)
    app = create_app(settings, clock=lambda: time.time() + 120)
    async with running(app):
        yield House(settings, house.folder, app, house.sandbox, house.line, house.mailbox)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def posting(
    pem: str, tmp_path_factory: pytest.TempPathFactory, office: PostOffice
) -> AsyncIterator[House]:
    """Shared: a test looks at its own invoices alone."""
    folder = tmp_path_factory.mktemp("posting")
    async with open_house(folder, pem, top=smtp(office.port)) as found:
        yield found


async def api(
    house: House, method: str, path: str = "/invoices", body: Any = None, *, shop: str = "361",
    **headers: str,
) -> tuple[int, Any]:  # fmt: skip
    async with house.customer() as http:
        asked = house.basic(shop) | {name.replace("_", "-"): each for name, each in headers.items()}
        answer = await http.request(method, path, json=body, headers=asked)
    return answer.status_code, answer.json()


async def make(house: House, shop: str = "361", **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in (CHAIRS | changes).items() if value is not ...}
    status, answer = await api(house, "POST", body=body, shop=shop)
    assert status == 201, answer
    found: dict[str, Any] = answer["invoice"]
    return found


async def draft(house: House, **changes: Any) -> dict[str, Any]:
    return await make(house, **({"send": False} | changes))


async def read(house: House, invoice: dict[str, Any]) -> dict[str, Any]:
    status, answer = await api(house, "GET", f"/invoices/{invoice['id']}")
    assert status == 200
    found: dict[str, Any] = answer["invoice"]
    return found


async def becomes(house: House, invoice: dict[str, Any], mail_status: str) -> dict[str, Any]:
    """What is told once the mail has got there."""
    for _ in range(500):
        found = await read(house, invoice)
        if found["mail_status"] == mail_status:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def deliver(house: House) -> None:
    """Another worker comes by, and sends what is due."""
    flow = house.app.state.web.flow
    mailer = Mailer(flow, postman(flow))
    await mailer.deliver()
    await mailer.finish()


def mails(office: PostOffice, address: str) -> list[EmailMessage]:
    return [mail for mail in office.mails if mail["To"] == address]


def path_of(invoice: dict[str, Any]) -> str:
    return urlsplit(invoice["url"]).path


async def follow(house: House, customer: Customer, invoice: dict[str, Any]) -> Made:
    answer = await customer.get(path_of(invoice))
    assert answer.status_code == 303, answer.text
    _, _, kind, uid, secret, *_ = answer.headers["location"].split("/")
    assert kind == "payment"
    return Made(house, "361", "", uid, secret)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# --- Made and mailed ---------------------------------------------------------------------------


async def test_an_invoice_is_mailed(posting: House, office: PostOffice) -> None:
    begun = time.time()
    to = "mailed@example.com"
    made = await make(posting, email=to, test=True, return_url="https://shop.example.com/thanks")
    assert re.fullmatch(r"inv_[0-9a-f]{16}", made["id"])
    assert made["url"].startswith(f"{PUBLIC}/pay/")
    told = {name: made[name] for name in made if name not in ("id", "url", "created_at",
                                                              "updated_at", "expires",
                                                              "remind_at")}  # fmt: skip
    assert told == {
        "status": "incomplete", "amount": 1250, "currency": "EUR", "description": "Two chairs",
        "tracking_id": "chair-7", "email": to, "language": None, "test": True,
        "return_url": "https://shop.example.com/thanks", "mail_status": "queued",
        "mail_error": None, "mailed_at": None, "reminded_at": None, "remind_error": None,
        "uid": None, "paid_at": None, "cancelled_at": None,
    }  # fmt: skip
    assert moment(begun - 1 + 7 * DAY) <= made["expires"] <= moment(begun + 10 + 7 * DAY)
    assert moment(begun - 1 + 6 * DAY) <= made["remind_at"] <= moment(begun + 10 + 6 * DAY)
    sent = await becomes(posting, made, "sent")
    assert sent["mailed_at"] >= made["created_at"]
    same = set(made) - {"mail_status", "mailed_at"}
    assert {name: sent[name] for name in same} == {name: made[name] for name in same}
    (mail,) = mails(office, to)
    assert mail["Subject"] == "Invoice from Demo shop: €12.50"
    assert mail["From"] == "Demo shop <pay@example.com>"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert made["url"] in plain.get_content().splitlines()


async def test_its_link_is_paid(posting: House, customer: Customer) -> None:
    made = await draft(posting)
    async with posting.customer() as anna:
        payment = await follow(posting, anna, made)
        page = await anna.open(payment.path())
        assert "€12.50" in page.headline
        assert "Two chairs" in page.text
        again = await follow(posting, anna, made)
        assert (await read(posting, made))["uid"] == payment.uid == again.uid
        await anna.pay(payment, DECLINED)
        assert (await read(posting, made))["status"] == "incomplete", "it may be tried again"
        await anna.pay(payment, PAID)
    paid = await read(posting, made)
    assert (paid["status"], paid["uid"]) == ("successful", payment.uid)
    assert paid["paid_at"] is not None


async def test_a_link_without_a_mail(house: House) -> None:
    """Also where there is no mail server, and without an address."""
    made = await draft(house, email=...)
    assert (made["mail_status"], made["email"], made["mailed_at"]) == ("draft", None, None)


async def test_as_existing_callers_send_it(house: House, customer: Customer) -> None:
    """Digit strings, nulls, [] for an object, unknown fields."""
    made = await draft(house, amount="1250", email=None, customer=[], test="1", odd={"x": 1},
                       language=None, expires="2039-01-31T12:00:00+03:00")  # fmt: skip
    assert (made["amount"], made["test"], made["expires"]) == (
        1250, True, "2039-01-31T09:00:00.000Z",
    )  # fmt: skip
    assert "odd" not in made
    assert "Test mode" in (await customer.open((await follow(house, customer, made)).path())).text


@pytest.mark.parametrize(
    ("expires", "told"),
    [(2178522000, "2039-01-13T09:00:00.000Z"), ("2178522001", "2039-01-13T09:00:01.000Z"),
     ("2039-01-31T12:00:00Z", "2039-01-31T12:00:00.000Z"),
     ("2039-01-31 12:00", "2039-01-31T12:00:00.000Z")],
    ids=str,
)  # fmt: skip
async def test_when_it_ends(house: House, expires: Any, told: str) -> None:
    assert (await draft(house, expires=expires))["expires"] == told


END = 2178522000  # 2039-01-13, 9:00


@pytest.mark.parametrize(
    ("remind", "told"),
    [(..., "2039-01-12T09:00:00.000Z"), (None, "2039-01-12T09:00:00.000Z"),
     (3600, "2039-01-13T08:00:00.000Z"), ("7200", "2039-01-13T07:00:00.000Z"),
     ("2039-01-01T09:00:00Z", "2039-01-01T09:00:00.000Z"), (0, None), ("0", None), (False, None),
     ("false", None)],
    ids=repr,
)  # fmt: skip
async def test_when_it_is_reminded_of(house: House, remind: Any, told: str | None) -> None:
    assert (await draft(house, expires=END, remind=remind))["remind_at"] == told


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"amount": ...}, "amount"), ({"amount": 0}, "amount"), ({"amount": "1e3"}, "amount"),
     ({"amount": 12.5}, "amount"), ({"currency": ...}, "currency"),
     ({"currency": "XX"}, "currency"),
     ({"description": ...}, "description"), ({"description": " "}, "description"),
     ({"email": ...}, "email"), ({"email": "anna"}, "email"), ({"email": ""}, "email"),
     ({"email": "a@b.de\nBcc: c@d.de"}, "email"), ({"email": f"a@{'x' * 70}.com"}, "email"),
     ({"email": "4200000000000000@example.com"}, "email"),
     ({"expires": "soon"}, "expires"), ({"expires": 1}, "expires"), ({"expires": True}, "expires"),
     ({"expires": "2020-01-01T00:00:00Z"}, "expires"), ({"expires": 1e300}, "expires"),
     ({"expires": 10**15}, "expires"), ({"expires": "9999-12-31T23:59:59-12:00"}, "expires"),
     ({"remind": "soon"}, "remind"), ({"remind": -1}, "remind"), ({"remind": 10**9}, "remind"),
     ({"remind": True}, "remind"), ({"remind": []}, "remind"), ({"remind": 1.5}, "remind"),
     ({"remind": "2039-01-31T12:00:00Z"}, "remind"), ({"remind": "2020-01-31T12:00:00Z"}, "remind"),
     ({"send": "maybe"}, "send"), ({"test": "maybe"}, "test"), ({"attempts": "lots"}, "attempts"),
     ({"customer": {"email": "anna"}}, "customer"), ({"customer": 1}, "customer"),
     ({"return_url": "javascript:alert(1)"}, "return_url"),
     ({"cancel_url": "ftp://x"}, "cancel_url"),
     ({"notification_url": "ftp://x"}, "notification_url"),
     ({"tracking_id": "x" * 300}, "tracking_id"),
     ({"transaction_type": "tokenization"}, "transaction_type"),
     ({"transaction_type": "gift"}, "transaction_type"),
     ({"payment_method": {"types": ["nothing"]}}, "payment_method"),
     (dict(zip(("return_url", "cancel_url", "fail_url"), LONG, strict=True)), "base")],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_refused(posting: House, changes: dict[str, Any], named: str) -> None:
    body = {name: value for name, value in (CHAIRS | changes).items() if value is not ...}
    status, answer = await api(posting, "POST", body=body)
    assert (status, set(answer["errors"])) == (422, {named})
    assert answer["response"]["errors"] == answer["errors"]


async def test_every_wrong_field_at_once(posting: House) -> None:
    _, answer = await api(posting, "POST", body={"amount": "1e3", "email": "x", "expires": "x",
                                                 "customer": {"email": "x"}})  # fmt: skip
    assert set(answer["errors"]) == {
        "amount", "currency", "description", "email", "expires", "customer",
    }  # fmt: skip
    assert set(answer["errors"]["customer"]) == {"email"}


async def test_without_a_mail_server(house: House) -> None:
    status, answer = await api(house, "POST", body=CHAIRS)
    assert (status, list(answer["errors"])) == (422, ["send"])
    assert "smtp: is needed in the settings" in answer["errors"]["send"][0]
    made = await draft(house)
    status, answer = await api(house, "POST", f"/invoices/{made['id']}/send")
    assert (status, list(answer["errors"])) == (422, ["send"])


async def test_a_shop_that_can_not_sign(house: House) -> None:
    shop = house.settings.shops["361"]
    async with restarted(house, shops={"361": changed(shop, link_keys=())}) as keyless:
        status, answer = await api(keyless, "POST", body=CHAIRS | {"send": False})
    assert (status, list(answer["errors"])) == (422, ["base"])
    assert "shops.361.link_keys: is needed in the settings" in answer["errors"]["base"][0]
    assert "checkout keys" in answer["errors"]["base"][0]


async def test_the_newest_key_signs(house: House) -> None:
    signed = (await draft(house))["url"].rpartition("/")[2]
    data = read_link(signed, house.settings.shops).data
    old, new = house.settings.shops["361"].link_keys
    assert sign_link("361", new, data) == signed
    assert sign_link("361", old, data) != signed


@pytest.mark.parametrize("name", ["Idempotency_Key", "RequestID"])
async def test_once_a_key(posting: House, office: PostOffice, name: str) -> None:
    key, to = {name: f"key-{name}"}, f"{name.lower()}@example.com".replace("_", "-")
    body = CHAIRS | {"email": to}
    answers = await asyncio.gather(*(api(posting, "POST", body=body, **key) for _ in range(5)))
    assert {status for status, _ in answers} == {201}
    assert len({answer["invoice"]["id"] for _, answer in answers}) == 1
    await becomes(posting, answers[0][1]["invoice"], "sent")
    await deliver(posting)
    assert len(mails(office, to)) == 1
    status, answer = await api(posting, "POST", body=body | {"amount": 1}, **key)
    assert (status, list(answer["errors"])) == (422, ["Idempotency-Key"])
    assert (await make(posting, email=to))["id"] != answers[0][1]["invoice"]["id"]


async def test_whose_it_is(house: House, customer: Customer) -> None:
    made = await draft(house)
    path = f"/invoices/{made['id']}"
    for method, where in (("GET", path), ("POST", f"{path}/cancel")):
        assert (await api(house, method, where, shop="framing"))[0] == 404
    _, listed = await api(house, "GET", shop="framing")
    assert listed == {"invoices": []}
    assert (await api(house, "GET", "/invoices/inv_0000000000000000"))[0] == 404
    for method, where in (
        ("POST", "/invoices"),
        ("GET", "/invoices"),
        ("GET", path),
        ("POST", f"{path}/cancel"),
        ("POST", f"{path}/send"),
    ):
        answer = await customer.request(method, where, json={})
        assert (answer.status_code, answer.json()["message"]) == (401, "Access denied")
    assert (await read(house, made))["status"] == "incomplete"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]x", b'"x"', b"1"])
async def test_no_json(house: House, customer: Customer, body: bytes) -> None:
    answer = await customer.post("/invoices", content=body, headers=house.basic())
    assert answer.status_code in (400, 413, 422)


async def test_a_secret_address_is_in_no_log(house: House, capfd: Any) -> None:
    made = await draft(house, email="quiet@example.com")
    await read(house, made)
    said = capfd.readouterr()
    for text in ("quiet@example.com", made["url"].rpartition(".")[2]):
        assert text not in said.out + said.err


# --- Listed ------------------------------------------------------------------------------------


async def listed(house: House, query: str) -> list[str]:
    status, answer = await api(house, "GET", f"/invoices?{query}")
    assert status == 200, answer
    return [each["id"] for each in answer["invoices"]]


async def test_the_list(posting: House) -> None:
    reference = f"list-{time.time_ns()}"
    async with posting.customer() as anna:
        made = [await draft(posting, tracking_id=reference) for _ in range(4)]
        await anna.pay(await follow(posting, anna, made[1]), PAID)
        await follow(posting, anna, made[2])
    await api(posting, "POST", f"/invoices/{made[3]['id']}/cancel")
    ids = [each["id"] for each in reversed(made)]
    mine = f"tracking_id={reference}"
    assert await listed(posting, mine) == ids
    assert await listed(posting, f"{mine}&limit=2") == ids[:2]
    assert await listed(posting, f"{mine}&limit=2&offset=2") == ids[2:]
    assert await listed(posting, f"{mine}&status=successful") == [made[1]["id"]]
    assert await listed(posting, f"{mine}&status=incomplete") == [made[2]["id"], made[0]["id"]]
    assert await listed(posting, f"{mine}&status=canceled") == [made[3]["id"]]
    assert await listed(posting, f"{mine}&status=expired") == []
    assert set(ids) <= set(await listed(posting, "limit=100"))
    posting.offset += 8 * DAY
    try:
        over = [made[2]["id"], made[0]["id"]]
        assert await listed(posting, f"{mine}&status=expired") == over
        _, answer = await api(posting, "GET", f"/invoices?{mine}&status=expired")
        assert {each["status"] for each in answer["invoices"]} == {"expired"}
    finally:
        posting.offset -= 8 * DAY


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=1e1", "status=paid"]
)
async def test_a_list_that_can_not_be(house: House, query: str) -> None:
    status, answer = await api(house, "GET", f"/invoices?{query}")
    assert (status, list(answer["errors"])) == (422, [query.partition("=")[0]])


# --- Cancelled ---------------------------------------------------------------------------------


async def cancel(house: House, made: dict[str, Any]) -> tuple[int, Any]:
    return await api(house, "POST", f"/invoices/{made['id']}/cancel")


async def test_a_cancelled_invoice_is_shut(house: House, customer: Customer) -> None:
    unseen, seen = await draft(house, language="de"), await draft(house)
    payment = await follow(house, customer, seen)
    form = (await customer.open(payment.path())).form("pay")
    for made in (unseen, seen):
        status, answer = await cancel(house, made)
        assert (status, answer["invoice"]["status"]) == (200, "canceled")
        assert answer["invoice"]["cancelled_at"] is not None
        assert (await cancel(house, made)) == (status, answer), "a second time changes nothing"
        shut = await customer.get(path_of(made))
        assert shut.status_code == 410
        page = Page(shut.text)
        assert page.headline == "This invoice was cancelled"
        assert "Demo shop" in page.text
        assert (await customer.head(path_of(made))).status_code == 410
    # Who has the form open can't pay either, and reads nothing that isn't so.
    sent = await customer.submit(form, number=PAID, expiry="12/39", code="123", holder="ANNA")
    assert sent.headers["location"] == payment.path("result")
    result = await customer.open(payment.path("result"))
    assert "This payment was cancelled. Nothing was charged." in result.text
    assert payment.attempts() == []
    assert (await read(house, unseen))["uid"] is None


async def test_in_the_customers_language(house: House) -> None:
    made = await draft(house)
    await cancel(house, made)
    for accept, headline in (("ru", "Этот счёт отменён"), ("de", "Diese Rechnung wurde storniert")):
        async with house.customer(**{"Accept-Language": accept}) as customer:
            shut = await customer.get(path_of(made))
        assert Page(shut.text).headline == headline


async def test_what_is_paid_or_being_paid_is_not_cancelled(house: House) -> None:
    for card, word in ((PAID, "successful"), (CHALLENGE, "incomplete")):
        made = await draft(house)
        async with house.customer() as anna:
            await anna.pay(await follow(house, anna, made), card)
            status, answer = await cancel(house, made)
            assert (status, list(answer["errors"])) == (422, ["status"])
            assert f"is {word}" in answer["errors"]["status"][0]
            assert (await anna.get(path_of(made))).status_code == 303
        assert (await read(house, made))["cancelled_at"] is None


async def test_an_expired_link_names_its_shop(house: House, customer: Customer) -> None:
    made = await draft(house, expires=int(time.time() + house.offset) + 60)
    house.offset += 61
    try:
        answer = await customer.get(path_of(made))
        assert answer.status_code == 410
        assert Page(answer.text).headline == "This link has ended"
        assert "Demo shop" in answer.text
        assert (await read(house, made))["status"] == "expired"
    finally:
        house.offset -= 61


# --- Again, reminded, in vain ------------------------------------------------------------------


async def test_again(posting: House, office: PostOffice) -> None:
    to = "again@example.com"
    made = await make(posting, email=to)
    await becomes(posting, made, "sent")
    status, answer = await api(posting, "POST", f"/invoices/{made['id']}/send")
    assert (status, answer["invoice"]["mail_status"]) == (200, "queued")
    await becomes(posting, made, "sent")
    first, second = mails(office, to)
    assert first["Message-ID"] != second["Message-ID"], "asked for twice, it is two mails"
    path = f"/invoices/{made['id']}/send"
    status, answer = await api(posting, "POST", path, {"email": "new@example.org"})
    assert (status, answer["invoice"]["email"]) == (200, "new@example.org")
    await becomes(posting, made, "sent")
    assert (len(mails(office, to)), len(mails(office, "new@example.org"))) == (2, 1)
    for body in ({"email": "nobody"}, {"email": ""}):
        status, answer = await api(posting, "POST", path, body)
        assert (status, list(answer["errors"])) == (422, ["email"])
    await cancel(posting, made)
    status, answer = await api(posting, "POST", path)
    assert (status, list(answer["errors"])) == (422, ["status"])


@pytest.mark.parametrize(
    ("language", "subject", "remark"),
    [(None, "Reminder: invoice from Demo shop, €12.50", "This invoice has not been paid yet."),
     ("de-AT", "Erinnerung: Rechnung von Demo shop, 12,50 €",
      "Diese Rechnung ist noch nicht bezahlt."),
     ("ru", "Напоминание: счёт от Demo shop, 12,50 €", "Этот счёт ещё не оплачен.")],
)  # fmt: skip
async def test_the_reminder(
    opened: Opened, office: PostOffice, language: str | None, subject: str, remark: str
) -> None:
    to = f"remind-{language}@example.com"
    async with opened(top=smtp(office.port)) as house:
        made = await make(house, email=to, language=language)
        await becomes(house, made, "sent")
        house.offset += 6 * DAY + 60
        await deliver(house)
        await deliver(house)
        found = await read(house, made)
        assert found["reminded_at"] is not None
        assert (found["mail_status"], found["remind_error"]) == ("sent", None)
    invoice, reminder = mails(office, to)
    assert reminder["Subject"].replace("\u00a0", " ") == subject
    assert reminder["Content-Language"] == (language or "en")[:2]
    for part in ("plain", "html"):
        first, second = invoice.get_body((part,)), reminder.get_body((part,))
        assert first is not None
        assert second is not None
        assert remark in second.get_content()
        assert remark not in first.get_content()
        assert made["url"] in second.get_content()


async def test_a_mail_server_that_is_away(opened: Opened) -> None:
    """The API answers as ever; the mail comes when the server is back, also after a restart."""
    with open_post_office() as office:
        port = office.port
    async with opened(top=smtp(port)) as house:
        made = await make(house, email="later@example.com")
        found = await told_why(house, made)
        assert (found["mail_status"], found["mailed_at"]) == ("queued", None)
        assert f"127.0.0.1:{port} can't be used" in found["mail_error"]
    with open_post_office(port) as office:
        async with restarted(house) as again:
            sent = await becomes(again, made, "sent")
        assert (sent["mail_error"], len(office.mails)) == (None, 1)


async def told_why(house: House, made: dict[str, Any]) -> dict[str, Any]:
    """What is told once a try has come to nothing."""
    for _ in range(500):
        if (found := await read(house, made))["mail_error"]:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def test_an_address_that_is_refused(posting: House, office: PostOffice) -> None:
    office.refuses["gone@example.com"] = "550 no such box here"
    found = await becomes(posting, await make(posting, email="gone@example.com"), "failed")
    assert "refused the address: 550 no such box here" in found["mail_error"]
    assert (found["status"], found["mailed_at"]) == ("incomplete", None)


async def test_a_server_that_is_full_is_tried_again(posting: House, office: PostOffice) -> None:
    office.refuses["full@example.com"] = "452 try later"
    made = await make(posting, email="full@example.com")
    assert (await told_why(posting, made))["mail_status"] == "queued"
    del office.refuses["full@example.com"]
    posting.offset += 70
    try:
        await deliver(posting)
    finally:
        posting.offset -= 70
    assert (await read(posting, made))["mail_status"] == "sent"
    assert len(mails(office, "full@example.com")) == 1
