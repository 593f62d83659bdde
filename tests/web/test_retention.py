"""Personal data driven into every corner are gone after their time, from every file of the
database; money and states stay, and what is under way keeps what it needs."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sqlite3
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from checkout.ledger import invoices as ledger_invoices
from checkout.ledger import mails
from checkout.payments import retention
from checkout.payments.recovery import sweep
from checkout.payments.schedule import Schedule
from tests.web.conftest import Opened
from tests.web.server import CARD, CHALLENGE, DECLINED, PAID, SHOP, CreatedPayment, Customer, Server
from tests.web.traces import on_disk

WORD: Final = "qzxcanary"
ADDRESS: Final = "198.51.100.231"
DAY: Final = 24 * 3600.0
CUSTOMER: Final = {
    "email": f"{WORD}@{WORD}.example", "first_name": f"F{WORD}", "last_name": f"L{WORD}",
    "phone": "+375297770001", "address": f"{WORD} street 7", "city": f"C{WORD}", "zip": "QZ777",
    "country": "BY", "birth_date": "1977-03-13", "external_id": f"x-{WORD}",
    "taxpayer_id": f"t{WORD}", "device_id": f"d-{WORD}", "ip": ADDRESS,
}  # fmt: skip
SEEN: Final = (WORD, ADDRESS, "375297770001", "QZ777", "1977-03-13")
PASSENGER: Final = {"first_name": f"P{WORD}", "last_name": f"Q{WORD}"}
SAID: Final[dict[str, Any]] = {
    "customer": CUSTOMER,
    "order": {
        "description": f"For {WORD}",
        "additional_data": {
            "receipt_text": [f"To {WORD}"],
            "meta": {"who": WORD},
            "contract": ["recurring", "card_on_file"],
            "referer": f"https://shop.example.com/{WORD}",
        },
    },
    "payment_method": {
        "types": ["credit_card", "erip"],
        "erip": {"account_number": WORD, "service_no": "99999999"},
    },
    "settings": {
        "return_url": f"https://shop.example.com/?who={WORD}",
        "notification_url": f"{SHOP}/hook",
        "credit_card_fields": {"holder": f"{WORD.upper()} LEE"},
        "customer_fields": {"visible": ["email", "first_name", "address"]},
    },
}


@asynccontextmanager
async def mailing(opened: Opened) -> AsyncIterator[Server]:
    top = '[smtp]\nurl = "smtp://127.0.0.1:1"\nsender = "pay@example.com"'
    async with opened(top=top) as server:
        yield server


def held(server: Server) -> dict[str, int]:
    """How often each of the canary's words is in the files, whatever the case."""
    found = on_disk(server.folder).lower()
    return {each: found.count(each.lower().encode()) for each in SEEN}


def rows(server: Server) -> dict[str, int]:
    """In how many rows of which table any of them is."""
    found = {}
    with sqlite3.connect(server.database) as conn:
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            said = [str(row).lower() for row in conn.execute(f"SELECT * FROM {table}")]
            if count := sum(any(each.lower() in row for each in SEEN) for row in said):
                found[table] = count
    conn.close()
    return found


async def driven(server: Server) -> dict[str, CreatedPayment]:
    """Payments that ended in every way, each full of personal data."""
    made = {}
    async with server.customer(ADDRESS, **{"User-Agent": f"UA {WORD}"}) as customer:
        for name, number in (("paid", PAID), ("declined", DECLINED), ("refunded", PAID)):
            made[name] = await server.create(**SAID | {"attempts": 2})
            await typed(customer, made[name], DECLINED)
            await typed(customer, made[name], number)
        await refund(server, made["refunded"])
        made["expired"] = await server.create(**SAID)
        await customer.open(made["expired"].path())
        made["left"] = await server.create(**SAID)
        page = await customer.open(made["left"].path())
        await customer.submit(page.form("cancel"))
        async with server.customer(ADDRESS) as other:
            page = await other.open(made["expired"].path())
            await other.submit(page.form("who"), known_email="wrong@example.com")
    await invoices(server)
    await delivered(server)
    return made


async def typed(customer: Customer, made: CreatedPayment, number: str) -> None:
    form = (await customer.open(made.path())).form("pay")
    answer = await customer.submit(
        form,
        **CARD | {"number": number, "holder": f"H{WORD.upper()}", "time_zone_name": "Europe/Minsk"},
    )
    assert answer.status_code == 303, answer.text


async def refund(server: Server, made: CreatedPayment) -> None:
    body = {"request": {"parent_uid": made.uid, "amount": 1999, "reason": f"{WORD} asked"}}
    async with server.customer() as shop:
        answer = await shop.post("/transactions/refunds", json=body, headers=server.basic())
    assert answer.json()["transaction"]["status"] == "successful", answer.text


async def invoices(server: Server) -> list[dict[str, Any]]:
    """One that nobody opens, whose mail is refused by name, and one that is opened and expires."""
    found = []
    async with server.customer() as http:
        for _ in range(2):
            body = {
                "amount": 1999, "currency": "EUR", "description": f"For {WORD}",
                "customer": CUSTOMER, "email": CUSTOMER["email"],
            }  # fmt: skip
            answer = await http.post("/invoices", json=body, headers=server.basic())
            assert answer.status_code == 201, answer.text
            found.append(answer.json()["invoice"])
        await http.get(found[1]["url"])

    context = server.app.state.context.context
    for each in found:
        error = f"550 <{CUSTOMER['email']}> no such box"
        for mail in (await context.ledger.read(ledger_invoices.by_id, each["id"])).mails:
            await context.ledger.write(mails.failed, mail.id, error, again_at=None)
    return found


async def later(server: Server, days: float) -> retention.Report:
    server.offset += days * DAY
    context = server.app.state.context.context
    await sweep(context)
    await context.finish()
    await delivered(server)
    return await retention.turn(context)


async def delivered(server: Server) -> None:
    async with asyncio.timeout(10):
        while waiting(server):  # noqa: ASYNC110 - it is the ledger that tells
            await asyncio.sleep(0.02)


def waiting(server: Server) -> int:
    with sqlite3.connect(server.database) as conn:
        (found,) = conn.execute("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").fetchone()
    conn.close()
    return int(found)


async def test_nothing_is_left_of_anybody(opened: Opened) -> None:
    async with mailing(opened) as server:
        made = await driven(server)
        before = rows(server)
        assert {"payments", "attempts", "outbox", "operations", "invoices", "mails"} <= set(before)
        assert all(held(server).values())
        assert (await later(server, 8)).payments == 0  # what has expired is noted
        done = await later(server, 401)
        assert (done.payments, done.invoices, done.kept) == (6, 1, {})
        assert rows(server) == {}
        await server.app.state.context.context.ledger.tidy(whole=True)
        assert held(server) == dict.fromkeys(SEEN, 0)
        again = await retention.turn(server.app.state.context.context)
        assert (again.payments, again.invoices) == (0, 0)
        # The books stay.
        checkout = {name: await each.told() for name, each in made.items()}
        assert {name: each["status"] for name, each in checkout.items()} == {
            "paid": "successful", "declined": "failed", "refunded": "refunded",
            "expired": "error", "left": "canceled",
        }  # fmt: skip
        assert {each["order"]["amount"] for each in checkout.values()} == {1999}
        assert {each["order"]["tracking_id"] for each in checkout.values()} == {"order-7"}
        async with server.customer() as anybody:
            page = await anybody.open(made["paid"].path("result"))
            assert "€19.99" in page.text


async def test_each_has_its_time(opened: Opened) -> None:
    async with mailing(opened) as server:
        await driven(server)
        told = []
        for days in (8, 29, 31, 39, 399, 401):
            done = await later(server, days - server.offset / DAY)
            told.append((done.payments, done.invoices))
        # Given up and declined at once; expired by the eighth day; paid.
        assert told == [(0, 0), (0, 0), (2, 0), (2, 1), (0, 0), (2, 0)]


async def test_the_server_does_it_by_itself(opened: Opened) -> None:
    async with opened(schedule=Schedule(recovery_interval=3600.0, purge_interval=0.05)) as server:
        made = await server.create(**SAID)
        async with server.customer(ADDRESS) as customer:
            await typed(customer, made, PAID)
        await delivered(server)
        assert rows(server)
        server.offset += 401 * DAY
        async with asyncio.timeout(20):
            while rows(server):  # noqa: ASYNC110 - it is the ledger that tells
                await asyncio.sleep(0.05)
        assert (await made.told())["status"] == "successful"


async def test_a_year_later_the_shop_is_still_told(opened: Opened) -> None:
    """A refund needs the gateway's name of the payment and the shop's address, and no more."""
    async with opened() as server:
        made = await server.create(**SAID)
        async with server.customer() as customer:
            await typed(customer, made, PAID)
        await server.settle_down()
        assert (await later(server, 401)).payments == 1
        await refund(server, made)
        await delivered(server)
        kinds = [each.get("type") for each in server.mailbox.about(made.token)]
        assert kinds == ["payment", "refund"]


async def test_what_is_under_way_keeps_all(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        far = "2099-01-01T00:00:00Z"
        said = SAID | {"order": SAID["order"] | {"expired_at": far}}
        open_, pending = await server.create(**said), await server.create(**said)
        await typed(customer, pending, CHALLENGE)
        done = await later(server, 500)
        assert (done.payments, done.kept) == (0, {})
        checkout = (await open_.told())["customer"]
        assert checkout["email"] == CUSTOMER["email"]
        page = await customer.open(open_.path())
        assert page.form("pay").fields["first_name"] == CUSTOMER["first_name"]
        assert (await pending.told())["customer"]["last_name"] == CUSTOMER["last_name"]


async def test_a_refund_under_way_keeps_it(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        made = await server.create(**SAID)
        await typed(customer, made, PAID)
        await server.settle_down()
        server.line.broken.append(httpx.ReadTimeout("slow"))
        body = {"request": {"parent_uid": made.uid, "amount": 1999, "reason": "-"}}
        server.offset += 400 * DAY
        server.line.broken.append(httpx.ReadTimeout("slow"))
        await customer.post("/transactions/refunds", json=body, headers=server.basic())
        server.offset += DAY
        done = await retention.turn(server.app.state.context.context)
        assert done.payments == 0
        assert done.kept == {"a capture, void or refund is under way": 1}
        assert (await made.told())["customer"]["email"] == CUSTOMER["email"]


async def test_an_invoice_is_paid_by_whom_its_link_does_not_name(opened: Opened) -> None:
    """Anybody can read a link: it is text. The ledger knows whose it is."""
    async with mailing(opened) as server:
        found = await invoices(server)
        payload = found[0]["url"].rpartition("/")[2].rpartition(".")[0]
        packed = base64.urlsafe_b64decode(payload.lstrip(".") + "===")
        said = zlib.decompress(packed) if payload.startswith(".") else packed
        assert json.loads(said)["amount"] == 1999
        for name in ("email", "first_name", "address", "phone"):
            assert CUSTOMER[name] not in said.decode()
        async with server.customer() as customer:
            opened_at = await customer.get(found[0]["url"])
            uid = re.findall(r"/payment/([^/]+)/", opened_at.headers["location"])[0]
        with sqlite3.connect(server.database) as conn:
            (terms,) = conn.execute("SELECT terms FROM payments WHERE uid = ?", (uid,)).fetchone()
        conn.close()
        assert json.loads(terms)["customer"]["email"] == CUSTOMER["email"]
