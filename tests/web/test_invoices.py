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
from checkout.payments.mailer import Mailer
from checkout.settings import ShopDirectory
from checkout.signing import read_link, sign_link
from checkout.web.invoice_mail import invoice_sender
from tests.support.mail_server import MailServer, open_mail_server
from tests.support.samples import changed
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import (
    CHALLENGE,
    DECLINED,
    PAID,
    CreatedPayment,
    Customer,
    Server,
    open_server,
    running,
)
from tests.web.settings import PUBLIC

CHAIRS: dict[str, Any] = {
    "amount": 1250, "currency": "EUR", "description": "Two chairs", "tracking_id": "chair-7",
    "email": "anna@example.com",
}  # fmt: skip
DAY = 24 * 3600.0
LONG = ["https://shop.example.com/" + token_urlsafe(1400) for _ in range(3)]


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with open_mail_server() as found:
        yield found


def smtp(port: int) -> str:
    return f'[smtp]\nurl = "smtp://127.0.0.1:{port}"\nsender = "pay@example.com"\n'


@asynccontextmanager
async def restarted(server: Server, **changes: Any) -> AsyncIterator[Server]:
    """Another process over the same ledger, two minutes later; `changes` are in its settings."""
    settings = changed(server.settings, **changes)
    app = create_app(settings, clock=lambda: time.time() + 120)
    async with running(app):
        yield Server(settings, server.folder, app, server.sandbox, server.line, server.mailbox)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def posting(
    pem: str, tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer
) -> AsyncIterator[Server]:
    """Shared: a test looks at its own invoices alone."""
    folder = tmp_path_factory.mktemp("posting")
    async with open_server(folder, pem, top=smtp(mail_server.port)) as found:
        yield found


async def api(
    server: Server, method: str, path: str = "/invoices", body: Any = None, *, shop: str = "361",
    **headers: str,
) -> tuple[int, Any]:  # fmt: skip
    async with server.customer() as http:
        asked = server.basic(shop) | {
            name.replace("_", "-"): each for name, each in headers.items()
        }
        answer = await http.request(method, path, json=body, headers=asked)
    return answer.status_code, answer.json()


async def make(server: Server, shop: str = "361", **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in (CHAIRS | changes).items() if value is not ...}
    status, answer = await api(server, "POST", body=body, shop=shop)
    assert status == 201, answer
    found: dict[str, Any] = answer["invoice"]
    return found


async def draft(server: Server, **changes: Any) -> dict[str, Any]:
    return await make(server, **({"send": False} | changes))


async def read(server: Server, invoice: dict[str, Any]) -> dict[str, Any]:
    status, answer = await api(server, "GET", f"/invoices/{invoice['id']}")
    assert status == 200
    found: dict[str, Any] = answer["invoice"]
    return found


async def becomes(server: Server, invoice: dict[str, Any], mail_status: str) -> dict[str, Any]:
    """What is told once the mail has got there."""
    found = await read(server, invoice)
    for _ in range(500):
        if found["mail_status"] == mail_status:
            return found
        await asyncio.sleep(0.02)
        found = await read(server, invoice)
    raise AssertionError(found)


async def deliver(server: Server) -> None:
    """Another worker comes by, and sends what is due."""
    context = server.app.state.context.context
    mailer = Mailer(context, invoice_sender(context), {})
    await mailer.deliver()
    await mailer.finish()


def mails(mail_server: MailServer, address: str) -> list[EmailMessage]:
    return [mail for mail in mail_server.mails if mail["To"] == address]


def path_of(invoice: dict[str, Any]) -> str:
    return str(urlsplit(invoice["url"]).path)


async def follow(server: Server, customer: Customer, invoice: dict[str, Any]) -> CreatedPayment:
    answer = await customer.get(path_of(invoice))
    assert answer.status_code == 303, answer.text
    _, _, kind, uid, secret, *_ = answer.headers["location"].split("/")
    assert kind == "payment"
    return CreatedPayment(server, "361", "", uid, secret)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# --- Made and mailed ---------------------------------------------------------------------------


async def test_an_invoice_is_mailed(posting: Server, mail_server: MailServer) -> None:
    begun = time.time()
    to = "mailed@example.com"
    made = await make(posting, email=to, test=True, return_url="https://shop.example.com/thanks")
    assert re.fullmatch(r"inv_[0-9a-f]{16}", made["id"])
    assert made["url"].startswith(f"{PUBLIC}/pay/")
    values = {name: made[name] for name in made if name not in ("id", "url", "created_at",
                                                              "updated_at", "expires",
                                                              "remind_at")}  # fmt: skip
    assert values == {
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
    (mail,) = mails(mail_server, to)
    assert mail["Subject"] == "Invoice from Demo shop: €12.50"
    assert mail["From"] == "Demo shop <pay@example.com>"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert made["url"] in plain.get_content().splitlines()


async def test_its_link_is_paid(posting: Server, customer: Customer) -> None:
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


async def test_a_link_without_a_mail(server: Server) -> None:
    """Also where there is no mail server, and without an address."""
    made = await draft(server, email=...)
    assert (made["mail_status"], made["email"], made["mailed_at"]) == ("draft", None, None)


async def test_as_existing_callers_send_it(server: Server, customer: Customer) -> None:
    """Digit strings, nulls, [] for an object, unknown fields."""
    made = await draft(server, amount="1250", email=None, customer=[], test="1", odd={"x": 1},
                       language=None, expires="2039-01-31T12:00:00+03:00")  # fmt: skip
    assert (made["amount"], made["test"], made["expires"]) == (
        1250, True, "2039-01-31T09:00:00.000Z",
    )  # fmt: skip
    assert "odd" not in made
    assert "Test mode" in (await customer.open((await follow(server, customer, made)).path())).text


@pytest.mark.parametrize(
    ("expires", "told"),
    [(2178522000, "2039-01-13T09:00:00.000Z"), ("2178522001", "2039-01-13T09:00:01.000Z"),
     ("2039-01-31T12:00:00Z", "2039-01-31T12:00:00.000Z"),
     ("2039-01-31 12:00", "2039-01-31T12:00:00.000Z")],
    ids=str,
)  # fmt: skip
async def test_when_it_ends(server: Server, expires: Any, told: str) -> None:
    assert (await draft(server, expires=expires))["expires"] == told


END = 2178522000  # 2039-01-13, 9:00


@pytest.mark.parametrize(
    ("remind", "told"),
    [(..., "2039-01-12T09:00:00.000Z"), (None, "2039-01-12T09:00:00.000Z"),
     (3600, "2039-01-13T08:00:00.000Z"), ("7200", "2039-01-13T07:00:00.000Z"),
     ("2039-01-01T09:00:00Z", "2039-01-01T09:00:00.000Z"), (0, None), ("0", None), (False, None),
     ("false", None)],
    ids=repr,
)  # fmt: skip
async def test_when_it_is_reminded_of(server: Server, remind: Any, told: str | None) -> None:
    assert (await draft(server, expires=END, remind=remind))["remind_at"] == told


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
async def test_refused(posting: Server, changes: dict[str, Any], named: str) -> None:
    body = {name: value for name, value in (CHAIRS | changes).items() if value is not ...}
    status, answer = await api(posting, "POST", body=body)
    assert (status, set(answer["errors"])) == (422, {named})
    assert answer["response"]["errors"] == answer["errors"]


async def test_every_wrong_field_at_once(posting: Server) -> None:
    _, answer = await api(posting, "POST", body={"amount": "1e3", "email": "x", "expires": "x",
                                                 "test": "x"})  # fmt: skip
    assert set(answer["errors"]) == {
        "amount", "currency", "description", "email", "expires", "test",
    }  # fmt: skip


async def test_without_a_mail_server(server: Server) -> None:
    status, answer = await api(server, "POST", body=CHAIRS)
    assert (status, list(answer["errors"])) == (422, ["send"])
    assert "smtp: is needed in the settings" in answer["errors"]["send"][0]
    made = await draft(server)
    status, answer = await api(server, "POST", f"/invoices/{made['id']}/send")
    assert (status, list(answer["errors"])) == (422, ["send"])


async def test_a_shop_that_can_not_sign(server: Server) -> None:
    shop = server.settings.shops["361"]
    async with restarted(
        server, shops=ShopDirectory({"361": changed(shop, link_keys=())})
    ) as keyless:
        status, answer = await api(keyless, "POST", body=CHAIRS | {"send": False})
    assert (status, list(answer["errors"])) == (422, ["base"])
    assert "shops.361.link_keys: is needed in the settings" in answer["errors"]["base"][0]
    assert "checkout keys" in answer["errors"]["base"][0]


async def test_the_newest_key_signs(server: Server) -> None:
    signed = (await draft(server))["url"].rpartition("/")[2]
    data = read_link(signed, server.settings.shops).data
    old, new = server.settings.shops["361"].link_keys
    assert sign_link("361", new, data) == signed
    assert sign_link("361", old, data) != signed


@pytest.mark.parametrize("name", ["Idempotency_Key", "RequestID"])
async def test_once_a_key(posting: Server, mail_server: MailServer, name: str) -> None:
    key, to = {name: f"key-{name}"}, f"{name.lower()}@example.com".replace("_", "-")
    body = CHAIRS | {"email": to}
    answers = await asyncio.gather(*(api(posting, "POST", body=body, **key) for _ in range(5)))
    assert {status for status, _ in answers} == {201}
    assert len({answer["invoice"]["id"] for _, answer in answers}) == 1
    await becomes(posting, answers[0][1]["invoice"], "sent")
    await deliver(posting)
    assert len(mails(mail_server, to)) == 1
    status, answer = await api(posting, "POST", body=body | {"amount": 1}, **key)
    assert (status, list(answer["errors"])) == (422, ["Idempotency-Key"])
    assert (await make(posting, email=to))["id"] != answers[0][1]["invoice"]["id"]


async def test_whose_it_is(server: Server, customer: Customer) -> None:
    made = await draft(server)
    path = f"/invoices/{made['id']}"
    for method, where in (("GET", path), ("POST", f"{path}/cancel")):
        assert (await api(server, method, where, shop="framing"))[0] == 404
    _, listed = await api(server, "GET", shop="framing")
    assert listed == {"invoices": [], "next": None}
    assert (await api(server, "GET", "/invoices/inv_0000000000000000"))[0] == 404
    for method, where in (
        ("POST", "/invoices"),
        ("GET", "/invoices"),
        ("GET", path),
        ("POST", f"{path}/cancel"),
        ("POST", f"{path}/send"),
    ):
        answer = await customer.request(method, where, json={})
        assert (answer.status_code, answer.json()["message"]) == (401, "Access denied")
    assert (await read(server, made))["status"] == "incomplete"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]x", b'"x"', b"1"])
async def test_no_json(server: Server, customer: Customer, body: bytes) -> None:
    answer = await customer.post("/invoices", content=body, headers=server.basic())
    assert answer.status_code in (400, 413, 422)


async def test_a_secret_address_is_in_no_log(server: Server, capfd: Any) -> None:
    made = await draft(server, email="quiet@example.com")
    await read(server, made)
    said = capfd.readouterr()
    for text in ("quiet@example.com", made["url"].rpartition(".")[2]):
        assert text not in said.out + said.err


# --- Listed ------------------------------------------------------------------------------------


async def listed(server: Server, query: str) -> list[str]:
    status, answer = await api(server, "GET", f"/invoices?{query}")
    assert status == 200, answer
    return [each["id"] for each in answer["invoices"]]


async def test_the_list(posting: Server) -> None:
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
async def test_a_list_that_can_not_be(server: Server, query: str) -> None:
    status, answer = await api(server, "GET", f"/invoices?{query}")
    assert (status, list(answer["errors"])) == (422, [query.partition("=")[0]])


# --- Cancelled ---------------------------------------------------------------------------------


async def cancel(server: Server, made: dict[str, Any]) -> tuple[int, Any]:
    return await api(server, "POST", f"/invoices/{made['id']}/cancel")


async def test_a_cancelled_invoice_is_shut(server: Server, customer: Customer) -> None:
    unseen, seen = await draft(server, language="de"), await draft(server)
    payment = await follow(server, customer, seen)
    form = (await customer.open(payment.path())).form("pay")
    for made in (unseen, seen):
        status, answer = await cancel(server, made)
        assert (status, answer["invoice"]["status"]) == (200, "canceled")
        assert answer["invoice"]["cancelled_at"] is not None
        assert (await cancel(server, made)) == (status, answer), "a second time changes nothing"
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
    assert not [form for form in result.forms if form.action.endswith("/resume")]
    assert payment.attempts() == []
    assert (await read(server, unseen))["uid"] is None


async def test_in_the_customers_language(server: Server) -> None:
    made = await draft(server)
    await cancel(server, made)
    for accept, headline in (
        ("ru", "Этот счёт отменён"),
        ("de", "Diese Zahlungsaufforderung wurde storniert"),
    ):
        async with server.customer(**{"Accept-Language": accept}) as customer:
            shut = await customer.get(path_of(made))
        assert Page(shut.text).headline == headline


async def test_what_is_paid_or_being_paid_is_not_cancelled(server: Server) -> None:
    for card, word in ((PAID, "successful"), (CHALLENGE, "incomplete")):
        made = await draft(server)
        async with server.customer() as anna:
            await anna.pay(await follow(server, anna, made), card)
            status, answer = await cancel(server, made)
            assert (status, list(answer["errors"])) == (422, ["status"])
            assert f"is {word}" in answer["errors"]["status"][0]
            assert (await anna.get(path_of(made))).status_code == 303
        assert (await read(server, made))["cancelled_at"] is None


async def test_an_expired_link_names_its_shop(server: Server, customer: Customer) -> None:
    made = await draft(server, expires=int(time.time() + server.offset) + 60)
    server.offset += 61
    try:
        answer = await customer.get(path_of(made))
        assert answer.status_code == 410
        assert Page(answer.text).headline == "This link has expired"
        assert "Demo shop" in answer.text
        assert (await read(server, made))["status"] == "expired"
    finally:
        server.offset -= 61


# --- Again, reminded, in vain ------------------------------------------------------------------


async def test_again(posting: Server, mail_server: MailServer) -> None:
    to = "again@example.com"
    made = await make(posting, email=to)
    await becomes(posting, made, "sent")
    status, answer = await api(posting, "POST", f"/invoices/{made['id']}/send")
    assert (status, answer["invoice"]["mail_status"]) == (200, "queued")
    await becomes(posting, made, "sent")
    first, second = mails(mail_server, to)
    assert first["Message-ID"] != second["Message-ID"], "asked for twice, it is two mails"
    path = f"/invoices/{made['id']}/send"
    status, answer = await api(posting, "POST", path, {"email": "new@example.org"})
    assert (status, answer["invoice"]["email"]) == (200, "new@example.org")
    await becomes(posting, made, "sent")
    assert (len(mails(mail_server, to)), len(mails(mail_server, "new@example.org"))) == (2, 1)
    status, answer = await api(posting, "POST", path, {"email": "nobody"})
    assert (status, list(answer["errors"])) == (422, ["email"])
    await cancel(posting, made)
    status, answer = await api(posting, "POST", path)
    assert (status, list(answer["errors"])) == (422, ["status"])


@pytest.mark.parametrize(
    ("language", "subject", "remark"),
    [(None, "Reminder: invoice from Demo shop, €12.50", "This invoice has not been paid yet."),
     ("de-AT", "Erinnerung: Zahlungsaufforderung von Demo shop, 12,50 €",
      "Dieser Betrag ist noch nicht bezahlt."),
     ("ru", "Напоминание: счёт от Demo shop, 12,50 €", "Этот счёт ещё не оплачен.")],
)  # fmt: skip
async def test_the_reminder(
    opened: Opened, mail_server: MailServer, language: str | None, subject: str, remark: str
) -> None:
    to = f"remind-{language}@example.com"
    async with opened(top=smtp(mail_server.port)) as server:
        made = await make(server, email=to, language=language)
        await becomes(server, made, "sent")
        server.offset += 6 * DAY + 60
        await deliver(server)
        await deliver(server)
        found = await read(server, made)
        assert found["reminded_at"] is not None
        assert (found["mail_status"], found["remind_error"]) == ("sent", None)
    invoice, reminder = mails(mail_server, to)
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
    with open_mail_server() as mail_server:
        port = mail_server.port
    async with opened(top=smtp(port)) as server:
        made = await make(server, email="later@example.com")
        found = await told_why(server, made)
        assert (found["mail_status"], found["mailed_at"]) == ("queued", None)
        assert f"127.0.0.1:{port} can't be used" in found["mail_error"]
    with open_mail_server(port) as mail_server:
        async with restarted(server) as again:
            sent = await becomes(again, made, "sent")
        assert (sent["mail_error"], len(mail_server.mails)) == (None, 1)


async def told_why(server: Server, made: dict[str, Any]) -> dict[str, Any]:
    """What is told once a try has come to nothing."""
    found = await read(server, made)
    for _ in range(500):
        if found["mail_error"]:
            return found
        await asyncio.sleep(0.02)
        found = await read(server, made)
    raise AssertionError(found)


async def test_an_address_that_is_refused(posting: Server, mail_server: MailServer) -> None:
    mail_server.refuses["gone@example.com"] = "550 no such box here"
    found = await becomes(posting, await make(posting, email="gone@example.com"), "failed")
    assert "refused the address: 550 no such box here" in found["mail_error"]
    assert (found["status"], found["mailed_at"]) == ("incomplete", None)


async def test_a_server_that_is_full_is_tried_again(
    posting: Server, mail_server: MailServer
) -> None:
    mail_server.refuses["full@example.com"] = "452 try later"
    made = await make(posting, email="full@example.com")
    assert (await told_why(posting, made))["mail_status"] == "queued"
    del mail_server.refuses["full@example.com"]
    posting.offset += 70
    try:
        await deliver(posting)
    finally:
        posting.offset -= 70
    assert (await read(posting, made))["mail_status"] == "sent"
    assert len(mails(mail_server, "full@example.com")) == 1
