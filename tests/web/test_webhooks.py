"""`/webhooks` of the shop's API: what a shop was told, told again, listened to."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from standardwebhooks import Webhook

from checkout.ledger import audit
from checkout.payments import webhooks as payments_webhooks
from checkout.shop_api.webhooks import standard_secret
from tests.web.conftest import Opened
from tests.web.server import DECLINED, PAID, SHOP, CreatedPayment, Customer, Server

NOTIFIED = {"notification_url": f"{SHOP}/notify"}


async def paid(server: Server, http: Customer, **changes: Any) -> CreatedPayment:
    made = await server.create(**({"settings": NOTIFIED} | changes))
    await http.pay(made, PAID)
    return made


async def listed(server: Server, http: Customer, query: str = "", shop: str = "361") -> Any:
    answer = await http.get(f"/webhooks{query}", headers=server.basic(shop))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def delivered(server: Server, http: Customer, made: CreatedPayment, tries: int = 1) -> Any:
    """The payment's only webhook, once it has been tried so often."""
    for _ in range(300):
        (found,) = (await listed(server, http, f"?payment={made.uid}"))["webhooks"]
        if found["tries"] == tries and found["answer"] and found["state"] != "waiting":
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(made.uid)


async def test_a_shop_that_rotates_calls_with_either_password(opened: Opened) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    async with (
        opened(framing=f'secret_key = ["{old}", "{new}"]') as server,
        server.customer() as http,
    ):
        for password, status in ((old, 200), (new, 200), (new[::-1], 401)):
            answer = await http.get("/webhooks", auth=("framing", password))
            assert answer.status_code == status


# --- Lists ---------------------------------------------------------------------------------------


async def test_what_became_of_a_payments_notification(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    found = await delivered(server, customer, made)
    (sent,) = [headers for headers, body in server.mailbox.webhooks if made.token in body.decode()]
    assert found.pop("delivered_at") >= found.pop("created_at")
    assert found == {
        "id": sent["webhook-id"],
        "payment": made.uid,
        "uid": made.uid,
        "type": "payment",
        "status": "successful",
        "url": f"{SHOP}/notify",
        "tries": 1,
        "state": "delivered",
        "answer": "200",
        "due_at": None,
    }


async def test_what_follows_a_payment_is_listed_with_it(server: Server, customer: Customer) -> None:
    made = await paid(server, customer, transaction_type="authorization")
    body = {"request": {"parent_uid": made.uid, "amount": 500}}
    answer = await customer.post("/transactions/captures", json=body, headers=server.basic())
    uid = answer.json()["transaction"]["uid"]
    for named in (made.uid, uid):
        found = (await listed(server, customer, f"?payment={named}"))["webhooks"]
        assert [(each["type"], each["uid"]) for each in found] == [
            ("capture", uid),
            ("authorization", made.uid),
        ]


async def test_pages_of_the_newest_first(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        made = [await paid(server, http) for _ in range(5)]
        seen, query, pages = [], "?limit=2", 0
        while True:
            page = await listed(server, http, query)
            seen += [each["payment"] for each in page["webhooks"]]
            pages += 1
            if page["next"] is None:
                break
            query = f"?limit=2&after={page['next']}"
            if pages == 1:
                await paid(server, http)  # what is made meanwhile moves no page
        assert (seen, pages) == ([each.uid for each in reversed(made)], 3)
        assert len((await listed(server, http))["webhooks"]) == 6


async def test_a_payment_that_was_declined(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        made = await server.create(settings=NOTIFIED, attempts=1)
        await http.pay(made, DECLINED)
        found = await delivered(server, http, made)
        assert (found["status"], found["type"]) == ("failed", "payment")


async def test_a_shop_sees_its_own(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    name = (await delivered(server, customer, made))["id"]
    other = server.basic("framing")
    assert (await customer.get("/webhooks", headers=other)).json()["webhooks"] == []
    for method, path in (
        ("GET", f"/webhooks?payment={made.uid}"),
        ("GET", f"/webhooks/{name}"),
        ("POST", f"/webhooks/{name}/resend"),
        ("GET", "/webhooks/nonsense"),
        ("GET", "/webhooks/%00"),
        ("GET", "/webhooks?payment=nonsense"),
    ):
        answer = await customer.request(method, path, headers=other)
        assert answer.status_code == 404, path
        bare = await customer.request(method, path)
        assert bare.status_code == 401, path


async def test_wrong_queries_are_named(server: Server, customer: Customer) -> None:
    for query, field in (
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=nonsense", "after"),
        ("listen=perhaps", "listen"),
        ("since=yesterday", "since"),
        (f"payment={'x' * 37}", "payment"),
        ("payment=%00", "payment"),
    ):
        answer = await customer.get(f"/webhooks?{query}", headers=server.basic())
        assert answer.status_code == 422, query
        assert list(answer.json()["errors"]) == [field]


# --- One -----------------------------------------------------------------------------------------


async def test_one_with_its_body_and_headers_that_verify(
    server: Server, customer: Customer
) -> None:
    made = await paid(server, customer)
    name = (await delivered(server, customer, made))["id"]
    found = (await customer.get(f"/webhooks/{name}", headers=server.basic())).json()["webhook"]
    (sent,) = [body for _, body in server.mailbox.webhooks if made.token in body.decode()]
    assert found["body"].encode() == sent
    secret = standard_secret(server.settings.shops["361"].secret_key)
    said = Webhook(secret).verify(found["body"], found["headers"])
    assert said["transaction"]["uid"] == made.uid
    assert base64.b64decode(found["headers"]["Content-Signature"])
    assert "authorization" not in {each.lower() for each in found["headers"]}
    assert server.settings.shops["361"].secret_key not in json.dumps(found)


async def test_of_an_apps_payment_nothing_is_made_of_the_secret(opened: Opened) -> None:
    key = "pk_" + "k9Jt2mXv8QzR4wLp6NbY1cHd3FsG7aUe5oTi0rEjWlKqMxZ"
    apps = f'apps = true\npublishable_key = "{key}"'
    async with opened(apps=apps) as server, server.customer() as http:
        order = {"amount": 1999, "currency": "EUR", "description": "Tea"}
        asked = {"checkout": {"transaction_type": "payment", "order": order}}
        bearer = {"Authorization": f"Bearer {key}"}
        answer = await http.post("/ctp/api/checkouts", json=asked, headers=bearer)
        assert answer.status_code == 201, answer.text
        await listed(server, http, "?listen=true")
        token = answer.json()["checkout"]["token"]
        opening = await http.get(f"/widget/hpp.html?token={token}")
        _, _, _, uid, secret, *_ = opening.headers["location"].split("/")
        await http.pay(CreatedPayment(server, "361", token, uid, secret), PAID)
        (found,) = (await listed(server, http))["webhooks"]
        one = await http.get(f"/webhooks/{found['id']}", headers=server.basic())
        headers = one.json()["webhook"]["headers"]
        assert "Content-Signature" in headers
        assert "webhook-signature" not in headers


# --- Again ---------------------------------------------------------------------------------------


async def test_a_delivered_one_is_sent_again_under_its_id(
    server: Server, customer: Customer
) -> None:
    made = await paid(server, customer)
    first = await delivered(server, customer, made)
    answer = await customer.post(f"/webhooks/{first['id']}/resend", headers=server.basic())
    assert answer.status_code == 202
    again = answer.json()["webhook"]
    assert (again["id"], again["state"], again["tries"]) == (first["id"], "waiting", 0)
    about: list[dict[str, str]] = []
    for _ in range(300):
        about = [h for h, body in server.mailbox.webhooks if made.token in body.decode()]
        if len(about) == 2:
            break
        await asyncio.sleep(0.02)
    assert [headers["webhook-id"] for headers in about] == [first["id"]] * 2
    assert (await delivered(server, customer, made))["answer"] == "200"
    ledger = server.app.state.context.context.ledger
    entries = await ledger.read(audit.listed, subject=first["id"])
    assert [(each.act, each.who, each.via) for each in entries] == [
        ("webhook.resend", "361", "api")
    ]


async def test_one_that_failed_starts_anew(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        server.mailbox.answers.append(410)
        made = await paid(server, http)
        failed = await delivered(server, http, made)
        assert (failed["state"], failed["answer"]) == ("failed", "410")
        await http.post(f"/webhooks/{failed['id']}/resend", headers=server.basic())
        assert (await delivered(server, http, made))["state"] == "delivered"


async def test_too_often(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    path = f"/webhooks/{(await delivered(server, customer, made))['id']}/resend"
    answers = [
        await customer.post(path, headers=server.basic())
        for _ in range(payments_webhooks.RESENDS_OF_WEBHOOK + 1)
    ]
    assert [each.status_code for each in answers] == [202] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 601
    other = await paid(server, customer)
    path = f"/webhooks/{(await delivered(server, customer, other))['id']}/resend"
    assert (await customer.post(path, headers=server.basic())).status_code == 202


async def test_one_without_an_address(opened: Opened) -> None:
    async with opened() as server, server.customer() as http:
        await listed(server, http, "?listen=true")
        await paid(server, http, settings={})
        (found,) = (await listed(server, http))["webhooks"]
        assert (found["url"], found["state"]) == (None, "unaddressed")
        answer = await http.post(f"/webhooks/{found['id']}/resend", headers=server.basic())
        assert answer.status_code == 422
        assert "notification_url" in answer.json()["errors"]
        assert server.mailbox.webhooks == []


# --- Listening -----------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def own(opened: Opened) -> AsyncIterator[Server]:
    async with opened() as server:
        yield server


async def test_a_listener_hears_what_comes_and_once_it_is_told_where_to_go_on(own: Server) -> None:
    async with own.customer() as http:
        await paid(own, http)
        own.offset += 30
        page = await listed(own, http, "?listen=true")
        assert page["webhooks"] == [], "nothing that was there before"
        heard: dict[str, str] = {}
        made = []
        for _ in range(5):
            made.append(await paid(own, http))
            page = await listed(own, http, f"?listen=true&limit=2&after={page['next']}")
            heard |= {each["id"]: each["payment"] for each in page["webhooks"]}
            own.offset += 7
        page = await listed(own, http, f"?listen=true&after={page['next']}")
        heard |= {each["id"]: each["payment"] for each in page["webhooks"]}
        assert list(heard.values()) == [each.uid for each in made], "the oldest first"
        own.offset += 30
        page = await listed(own, http, f"?listen=true&after={page['next']}")
        page = await listed(own, http, f"?listen=true&after={page['next']}")
        assert page["webhooks"] == [], "and not for ever again"


async def test_a_listener_may_begin_earlier(own: Server) -> None:
    async with own.customer() as http:
        made = await paid(own, http)
        own.offset += 300
        page = await listed(own, http, "?listen=true&since=2020-01-01T00:00:00Z")
        assert [each["payment"] for each in page["webhooks"]] == [made.uid]


async def test_without_an_address_while_somebody_listens(own: Server) -> None:
    """Payments and what follows them; nothing is sent; a minute later it is as before."""
    async with own.customer() as http:
        await paid(own, http, settings={})
        assert (await listed(own, http))["webhooks"] == []
        page = await listed(own, http, "?listen=true")
        own.offset += 59
        made = await paid(own, http, settings={})
        body = {"request": {"parent_uid": made.uid, "reason": "returned"}}
        await http.post("/transactions/refunds", json=body, headers=own.basic())
        page = await listed(own, http, f"?listen=true&after={page['next']}")
        assert [(e["type"], e["payment"]) for e in page["webhooks"]] == [
            ("payment", made.uid),
            ("refund", made.uid),
        ]
        home = {"return_url": "https://framing.example.com/"}
        await paid(own, http, settings=home, shop="framing")
        assert (await listed(own, http, shop="framing"))["webhooks"] == []
        own.offset += 61
        last = await paid(own, http, settings={})
        assert own.mailbox.webhooks == []
        found = (await listed(own, http, f"?payment={last.uid}"))["webhooks"]
        assert found == []


async def test_a_customer_does_not_wait_for_what_is_never_sent(own: Server) -> None:
    async with own.customer() as http:
        await listed(own, http, "?listen=true")
        made = await own.create(settings={})
        async with asyncio.timeout(2):
            answer = await http.pay(made, PAID)
            assert (await http.get(answer.headers["location"])).status_code in (200, 303)


# --- Those of a payment --------------------------------------------------------------------------


async def test_a_payments_own_again(server: Server, customer: Customer) -> None:
    made = await paid(server, customer)
    first = await delivered(server, customer, made)
    address = f"/ctp/api/payments/{made.uid}/resend"
    answer = await customer.post(address, headers=server.basic())
    assert answer.status_code == 202, answer.text
    assert [each["id"] for each in answer.json()["webhooks"]] == [first["id"]]
    await delivered(server, customer, made)
    for wrong, status in ((f"{address}?al=1", 422), (address.replace(made.uid, "x"), 404)):
        assert (await customer.post(wrong, headers=server.basic())).status_code == status
    assert (await customer.post(address, headers=server.basic("framing"))).status_code == 404
    assert (await customer.post(address)).status_code == 401
    for _ in range(payments_webhooks.RESENDS_OF_WEBHOOK):
        answer = await customer.post(address, headers=server.basic())
    assert answer.status_code == 429
