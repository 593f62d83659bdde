"""A card number driven through every path leaves no trace: not in an answer, a log, the database,
a cache or any live object."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import product
from typing import Any

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from litestar import _parsers

from checkout.model.card import Card
from tests.web.conftest import Opened
from tests.web.server import OURS, CreatedPayment, Customer, Server, raw
from tests.web.settings import PUBLIC
from tests.web.traces import in_memory, number, on_disk, writings

HEAD = "371449"  # four digits of security code: fewer would be found everywhere
CODE = "9137"
HOLDER = "CANARY HOLDER"


def canary() -> str:
    return number(HEAD, 15)


def card(**changes: str) -> dict[str, str]:
    return {"number": canary(), "expiry": "12/39", "code": CODE, "holder": "C LEE"} | changes


class Witness(logging.Handler):
    """Everything that anybody says, at every level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if not (record.name == "httpx" and PUBLIC in line):  # the tests' own customer
            self.said.append(line)


@contextmanager
def witnessed() -> Iterator[list[str]]:
    witness, root = Witness(), logging.getLogger()
    level = root.level
    root.addHandler(witness)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as lines:
            yield witness.said
            witness.said += [repr(line) for line in lines]
    finally:
        root.removeHandler(witness)
        root.setLevel(level)


def clean(text: str, where: str) -> None:
    """No writing of the number, nor the code by itself."""
    for writing in writings(canary()):
        assert writing not in text, where
    assert not re.search(rf"(?<![\w.-]){CODE}(?![\w.-])", text), where


def clean_answer(answer: httpx.Response) -> None:
    where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    clean(answer.text, where)
    clean(str(answer.headers.raw), where)


async def nowhere(server: Server) -> None:
    """Neither on the disk nor in memory. A failure names the place without the number, which
    would else be found again by the tests after it."""
    found = [where.replace(canary(), "CANARY") for where in await in_memory(canary())]
    assert not found
    kept = canary().encode() in on_disk(server.folder)
    assert not kept


# --- The tests' own eyes -----------------------------------------------------------------------


async def test_what_is_kept_is_found() -> None:
    needle = number("3782", 15)

    @lru_cache
    def cached(_: bytes) -> None: ...

    cached(b"number=" + needle.encode())
    kept: list[Any] = [Card(needle[:3] + needle[3:], 1, 2030, "1", "x")]
    nested = [((1, ("a " + needle,)),)]
    found = await in_memory(needle)
    assert len(found) == 3, found
    cached.cache_clear()
    kept.clear()
    nested.clear()
    del found
    assert not await in_memory(needle)


# --- Every path --------------------------------------------------------------------------------

Drive = Callable[[Server, Customer, CreatedPayment], Any]
DRIVES: dict[str, Drive] = {}


def drive(function: Drive) -> Drive:
    DRIVES[function.__name__] = function
    return function


async def form_of(customer: Customer, made: CreatedPayment) -> Any:
    return (await customer.open(made.path())).form("pay")


@drive
async def paid(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    answers = [await customer.submit(await form_of(customer, made), **card())]
    assert answers[0].headers["location"] == made.path("result")
    paths = (made.path("result"), made.path(kind="order"), made.path("status"))
    answers += [await customer.get(path) for path in paths]
    headers = server.basic()
    answers.append(await customer.get(f"/ctp/api/checkouts/{made.token}", headers=headers))
    return answers


@drive
async def typed_with_blanks(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    digits = canary()
    blanks = f" {digits[:4]} {digits[4:8]}-{digits[8:12]} {digits[12:]} "
    return [await customer.submit(await form_of(customer, made), **card(number=blanks))]


@drive
async def without_a_code(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    answer = await customer.submit(await form_of(customer, made), **card(code=""))
    assert answer.status_code == 422
    return [answer]


@drive
async def a_digit_wrong(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    almost = canary()[:-1] + str((int(canary()[-1]) + 1) % 10)
    answer = await customer.submit(await form_of(customer, made), **card(number=almost))
    assert answer.status_code == 422
    return [answer]


@drive
async def in_the_wrong_fields(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    wrong = card(number="", expiry=canary(), code=canary(), holder=canary(), method=canary())
    wrong |= {"form_method": canary(), "email": canary(), "screen_width": canary()}
    answer = await customer.submit(await form_of(customer, made), **wrong)
    assert answer.status_code == 422
    return [answer]


def broken(answer: Any) -> Drive:
    async def pay(server: Server, customer: Customer, made: CreatedPayment) -> Any:
        # A fresh exception each time: one that is kept keeps the frames that it came through.
        fault = answer() if isinstance(answer, partial) else answer
        server.line.broken.append(fault)
        answers = [await customer.submit(await form_of(customer, made), **card())]
        assert answers[0].status_code == (422 if answer is echo else 303)
        assert not server.line.broken
        answers.append(await customer.get(answers[0].headers.get("location", made.path())))
        return answers

    return pay


def echo(request: httpx.Request) -> httpx.Response:
    """A gateway that repeats what it was sent in its refusal of a field, which comes back."""
    said = request.content.decode()
    body = {"message": f"can't take {canary()} with {said}", "errors": {"number": [said]}}
    return httpx.Response(422, json=body | {"friendly_message": f"card {canary()}"})


def echo_paid(request: httpx.Request) -> httpx.Response:
    """One that repeats the number in words and in the section of the card."""
    sent = json.loads(request.content)["request"]
    texts = dict.fromkeys(("message", "friendly_message", "receipt_url"), f"x {canary()} y")
    return httpx.Response(
        200,
        json={
            "transaction": texts
            | {
                "uid": "1-echo",
                "type": "payment",
                "status": "successful",
                "amount": sent["amount"],
                "currency": sent["currency"],
                "tracking_id": sent["tracking_id"],
                "credit_card": dict.fromkeys(("holder", "last_4", "bin", "token"), canary()),
                "payment": {"message": canary()},
            }
        },
    )


FAULTS: dict[str, Any] = {
    "read_timeout": partial(httpx.ReadTimeout, "slow"),
    "connect_error": partial(httpx.ConnectError, "no"),
    "remote_protocol_error": partial(httpx.RemoteProtocolError, "cut"),
    "a_fault_of_ours": partial(RuntimeError, "in the transport"),
    "502": lambda _: httpx.Response(502, text="<html>"),
    "429": lambda _: httpx.Response(429),
    "401": lambda _: httpx.Response(401, json={"message": "no"}),
    "no_json": lambda _: httpx.Response(200, text="{"),
    "echo": echo,
}
DRIVES |= {f"gateway {name}": broken(answer) for name, answer in FAULTS.items()}


@drive
async def of_another_site(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    form = await form_of(customer, made)
    answer = await customer.post(form.action, data=form.fields | card())
    assert answer.status_code == 403
    forged = await customer.submit(form, **card(form_token="forged"))
    assert forged.status_code == 403
    return [answer, forged]


@drive
async def too_large(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    form = await form_of(customer, made)
    answer = await customer.submit(form, **card(more="x" * 70_000))
    assert answer.status_code == 413
    many = await customer.submit(form, **card(), **{f"f{n}": "" for n in range(200)})
    assert many.status_code == 400
    return [answer, many]


@drive
async def of_other_types(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    path, answers = made.path("pay"), []
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        body = json.dumps(card()).encode()
        answers.append(
            await customer.post(path, content=body, headers=OURS | {"Content-Type": kind})
        )
        assert answers[-1].status_code == 400
    return answers


@drive
async def in_queries(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """Nobody should, and forms without `method=post` do. By bare ASGI: the tests' own HTTP client
    keeps the addresses that it called."""
    query = f"number={canary()}&code={CODE}&token={canary()}"
    headers = [(b"referer", f"https://x.example/?{query}".encode()), (b"x-card", canary().encode())]
    for path in (*(made.path(page) for page in ("pay", "", "status", "result", "wait")), "/nowhere",
                 "/pay/x", "/return/x", "/ctp/api/checkouts/x", "/en/payment/x/y",
                 "/widget/hpp.html"):  # fmt: skip
        answer = await raw(server.app, "GET", path, query=query, headers=headers)
        clean(answer.body.decode() + str(answer.headers), path)
    return []


@drive
async def to_other_addresses(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    form = await form_of(customer, made)
    paths = (made.path(), made.path("cancel"), made.path("result"), "/nowhere", "/notify/cards/x",
             "/return/x", "/ctp/api/checkouts")  # fmt: skip
    return [await customer.post(path, data=form.fields | card(), headers=OURS) for path in paths]


@drive
async def to_the_shops_api(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """A shop that sends a card where none is asked for."""
    body = json.dumps({"checkout": {"credit_card": card(), "order": {"amount": canary()}}})
    headers = server.basic()
    answers = [await customer.post("/ctp/api/checkouts", content=body, headers=headers)]
    answers.append(await customer.post("/ctp/api/checkouts", content=body[:-1], headers=headers))
    return answers


@drive
async def written_by_the_shop(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """Where free text is, and in objects that mean nothing: no order is refused for it."""
    digits = canary()
    texts = ("first_name", "last_name", "address", "city", "state")
    grouped = f"{digits[:4]} {digits[4:10]} {digits[10:]}"
    first = await server.create(
        customer=dict.fromkeys(texts, digits) | {"email": f"{digits}@example.com"},
        order={
            "additional_data": {"receipt_text": grouped},
            "credit_card": {"number": digits, "verification_value": CODE},
        },
        settings={
            "button_text": grouped,
            "credit_card_fields": {"holder": digits},
            "customer_fields": {"visible": [digits]},
        },
        travel={"airline": {"passengers": [dict.fromkeys(texts[:2], digits)]}},
    )
    second = await server.create(customer=dict.fromkeys(texts, int(digits)))
    answers = []
    for each in (first, second):
        answers.append(await customer.submit(await form_of(customer, each), **card()))
        assert answers[-1].status_code == 303
        path = f"/ctp/api/checkouts/{each.token}"
        answers.append(await customer.get(path, headers=server.basic()))
    return answers


def in_app(made: CreatedPayment, **changes: Any) -> bytes:
    card = {
        "number": canary(), "verification_value": CODE, "holder": "C LEE",
        "exp_month": "12", "exp_year": "2039",
    }  # fmt: skip
    return json.dumps({"request": {"token": made.token, "credit_card": card | changes}}).encode()


def bearer(server: Server) -> dict[str, str]:
    key = server.settings.shops["361"].publishable_key
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


async def from_app(
    customer: Customer, server: Server, body: bytes, **headers: str
) -> httpx.Response:
    return await customer.post("/ctp/api/payments", content=body, headers=bearer(server) | headers)


@drive
async def paid_in_an_app(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    answers = [await from_app(customer, server, in_app(made)) for _ in range(2)]
    assert [answer.json()["response"]["status"] for answer in answers] == ["successful"] * 2
    path = f"/ctp/api/checkouts/{made.token}"
    return [
        *answers,
        *[await customer.get(path, headers=h) for h in (server.basic(), bearer(server))],
    ]


@drive
async def encrypted_by_an_app(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """Opened and paid, refused by the card's rules, and a number that nobody has encrypted."""
    key = server.settings.shops["361"].private_key.public_key()

    def sealed(text: str) -> str:
        return "$begatewaycsejs_1_0_0$" + b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()

    async def sent(number: str) -> httpx.Response:
        body = json.loads(in_app(made))
        card = body["request"].pop("credit_card")
        body["request"]["encrypted_credit_card"] = {
            name: sealed(text) for name, text in card.items()
        } | {"number": number}
        return await from_app(customer, server, json.dumps(body).encode())

    almost = canary()[:-1] + str((int(canary()[-1]) + 1) % 10)
    answers = [await sent(each) for each in (sealed(almost), canary(), sealed(canary()))]
    assert [answer.status_code for answer in answers] == [422, 422, 200]
    assert answers[-1].json()["response"]["status"] == "successful"
    return answers


@drive
async def by_a_wallet(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    token = f"$begateway_google_pay_decrypted_1_0_0${canary()}"
    card = dict.fromkeys(("number", "verification_value", "holder", "exp_month", "exp_year"))
    answers = [
        await from_app(customer, server, in_app(made, **card | {"token": each}))
        for each in (f"{token}*", token)
    ]
    assert [answer.status_code for answer in answers] == [422, 200]
    assert answers[-1].json()["response"]["status"] == "successful"
    return answers


@drive
async def by_a_wallet_on_the_page(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """Where something else is missing, where it is too long, and where it is paid."""
    form, given = await form_of(customer, made), {"wallet": "google_pay"}
    sent = [
        given | {"wallet_data": canary(), "method": canary(), "form_token": ""},
        given | {"wallet_data": canary() * 1000},
        {"wallet": canary(), "wallet_data": canary()},
        given | {"wallet_data": f'{{"signedMessage": "{canary()}"}}'},
    ]
    answers = [await customer.submit(form, **each) for each in sent]
    assert [answer.status_code for answer in answers] == [403, 400, 400, 303]
    return answers


@drive
async def in_an_sdks_wallet(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    body = {"token": made.token, "request": {"token": {"paymentData": {"data": canary()}}}}
    answers = []
    for path, status in (("google_pay", 422), ("apple_pay", 200)):
        answers.append(
            await customer.post(f"/ctp/api/{path}/payment", json=body, headers=bearer(server))
        )
        assert answers[-1].status_code == status
    return answers


@drive
async def refused_in_an_app(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    almost = canary()[:-1] + str((int(canary()[-1]) + 1) % 10)
    wrong: list[dict[str, Any]] = [
        {"number": almost},
        {"verification_value": ""},
        {"number": int(canary()), "exp_month": canary()},
        {"holder": canary(), "number": None, "token": canary()},
        {"number": [canary()], "holder": {"name": canary()}},
        {"number": f"{canary()}\u0000"},
        {"number": canary() * 9},
    ]
    answers = [await from_app(customer, server, in_app(made, **changes)) for changes in wrong]
    assert [answer.status_code for answer in answers] == [422] * len(wrong)
    request = {"token": made.token, "payment_method": canary(), "customer": {"email": canary()}}
    bodies = {
        in_app(made)[:-1]: 400,
        in_app(made) + b" " * 70_000: 413,
        in_app(made).replace(made.token.encode(), canary().encode()): 404,
        json.dumps({"request": canary()}).encode(): 422,
        json.dumps({"request": request}).encode(): 422,
        json.dumps({"request": request | {"payment_method": "credit_card"}}).encode(): 422,
    }
    for body, status in bodies.items():
        answers.append(await from_app(customer, server, body))
        assert answers[-1].status_code == status
    for scheme in ("Bearer x", server.basic()["Authorization"], f"Bearer {canary()}", ""):
        answers.append(await from_app(customer, server, in_app(made), Authorization=scheme))
        assert answers[-1].status_code == 401
    return answers


def broken_in_app(answer: Any) -> Drive:
    async def pay(server: Server, customer: Customer, made: CreatedPayment) -> Any:
        server.line.broken.append(answer() if isinstance(answer, partial) else answer)
        answers = [await from_app(customer, server, in_app(made))]
        assert answers[0].status_code == (422 if answer is echo else 200)
        assert not server.line.broken
        answers.append(await customer.get(made.path()))
        return answers

    return pay


DRIVES |= {f"app, gateway {name}": broken_in_app(answer) for name, answer in FAULTS.items()}


@drive
async def with_a_saved_card(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    """Remembered with all of it, then paid with by its code: right, wrong, and never known."""
    oneclick = {"additional_data": {"contract": ["oneclick"]}}
    first = await server.create(order=oneclick)
    answers = [await customer.submit(await form_of(customer, first), **card(remember="1"))]
    known = (await first.told())["credit_card"]["token"]
    for token, code in ((known, CODE), (known, canary()), ("unknown", CODE)):
        methods = {"types": ["credit_card"], "credit_card": {"token": token}}
        again = await server.create(order=oneclick, payment_method=methods)
        answers.append(await customer.submit(await form_of(customer, again), code=code))
        answers.append(await customer.get(again.path()))
        answers.append(await customer.get(again.path("result")))
    assert [answer.status_code for answer in answers[1::3]] == [303, 422, 303]
    return answers


BY_TOKEN = (
    "/services/credit_cards/charges",
    "/transactions/charges",
    "/transactions/payments",
    "/transactions/authorizations",
    "/transactions/credits",
    "/transactions/payouts",
)


@drive
async def by_a_token_from_the_shops_server(
    server: Server, customer: Customer, made: CreatedPayment
) -> Any:
    """With the code, which is the card's: taken, refused, repeated, declined, unclear; and with a
    number where none belongs."""
    contract = {"additional_data": {"contract": ["recurring"]}}
    first = await server.create(order=contract, settings={"save_card_toggle": {"display": False}})
    answers = [await customer.submit(await form_of(customer, first), **card())]
    token = (await first.told())["credit_card"]["token"]
    amounts = iter(range(31_000, 32_000))

    async def ask(address: str, given: Any, section: str = "credit_card", **more: Any) -> Any:
        order = {"amount": next(amounts), "currency": "EUR", "description": "A ride"}
        body = json.dumps({"request": order | {section: given} | more})
        headers = server.basic() | {"RequestID": f"{address}-{order['amount']}"}
        answers.append(await customer.post(address, content=body, headers=headers))
        answers.append(await customer.post(address, content=body, headers=headers))
        return answers[-1]

    coded = {"token": token, "verification_value": CODE}
    values = {"notification_url": "http://127.0.0.1:8009/n"}
    for address in BY_TOKEN[:4]:
        done = await ask(address, coded, **values)
        assert (done.status_code, done.json()["transaction"]["status"]) == (200, "successful")
        uid = done.json()["transaction"]["uid"]
        answers.append(await customer.get(f"/transactions/{uid}", headers=server.basic()))
        for fault in FAULTS.values():
            server.line.broken.append(fault() if isinstance(fault, partial) else fault)
            refused = fault is echo
            assert (await ask(address, coded, **values)).status_code == (422 if refused else 200)
            assert not server.line.broken
    for address in BY_TOKEN:
        section = "recipient_credit_card" if address.endswith("payouts") else "credit_card"
        for wrong in (
            coded | {"number": canary()},
            coded | {"holder": canary(), "exp_month": canary()},
            {"token": canary(), "verification_value": CODE},
            {"token": token, "verification_value": canary()},
            {"token": token, "verification_value": [CODE], "cvv": CODE},
        ):
            assert (await ask(address, wrong, section)).status_code == 422
        assert (
            await ask(
                address,
                coded,
                section,
                encrypted_credit_card={"number": canary()},
                customer={"taxpayer_id": canary()},
            )
        ).status_code == 422
    for address in BY_TOKEN[4:]:
        section = "recipient_credit_card" if address.endswith("payouts") else "credit_card"
        refused = await ask(address, coded, section)
        assert refused.status_code == 422, "no code is sent with money to a card"
    return answers


@drive
async def after_it_was_paid(server: Server, customer: Customer, made: CreatedPayment) -> Any:
    form = await form_of(customer, made)
    first = await customer.submit(form, **card())
    return [first, await customer.submit(form, **card())]


@pytest.mark.parametrize("name", sorted(DRIVES))
async def test_no_trace(canaries: Server, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    parsed = _parsers.parse_url_encoded_form_data
    made = await canaries.create(
        attempts=5, settings={"notification_url": "http://127.0.0.1:8009/n"}
    )
    before = parsed.cache_info()
    async with canaries.customer() as customer:
        with witnessed() as said:
            await _drive(DRIVES[name], canaries, customer, made)
            await canaries.settle_down()
        clean(str(list(customer.cookies.jar)), "cookies")
    clean("\n".join(said), "logs")
    out, err = capfd.readouterr()
    clean(out + err, "output")
    for _, webhook in canaries.mailbox.webhooks:
        clean(webhook.decode(), "letters")
    # Litestar's own form parser keeps the last thousand bodies: it is never used.
    assert parsed.cache_info() == before
    kept = canary().encode() in on_disk(canaries.folder)
    assert not kept
    if name == "paid":
        await nowhere(canaries)


async def _drive(way: Drive, server: Server, customer: Customer, made: CreatedPayment) -> None:
    for answer in await way(server, customer, made):
        clean_answer(answer)


async def test_no_trace_after_all_of_these(canaries: Server) -> None:
    """The ledger has every kind of end by now, and every cache had its chance."""
    await nowhere(canaries)
    raw = on_disk(canaries.folder)
    assert len(raw) > 10_000
    for writing in writings(canary())[:3]:
        assert writing.encode() not in raw
    with sqlite3.connect(canaries.database) as conn:
        dump = "\n".join(conn.iterdump())
    conn.close()
    assert "checkout" in dump or "payments" in dump
    clean(dump, "database")
    assert '"last_4":"' in dump  # what may be kept is


@pytest.mark.parametrize("way", [broken, broken_in_app], ids=["form", "app"])
async def test_a_gateway_that_repeats_the_number(canaries: Server, way: Any) -> None:
    """What it says of the card may be kept only as far as the names promise."""
    made = await canaries.create()
    async with canaries.customer() as customer:
        with witnessed() as said:
            await _drive(way(echo_paid), canaries, customer, made)
            clean_answer(await customer.get(made.path(kind="order")))
            clean(json.dumps(await made.told()), "api")
        clean("\n".join(said), "logs")
    await nowhere(canaries)


async def test_a_fault_in_the_handler(opened: Opened) -> None:
    """With the card read and in a local variable when it strikes."""
    strikes = 0

    def clock() -> float:
        nonlocal strikes
        if strikes and (strikes := strikes - 1) == 0:
            raise RuntimeError("in the middle")
        return time.time()

    async with opened(clock=clock, kept=False) as server, server.customer() as customer:
        seen = {"form": set[int](), "app": set[int]()}
        for place, way in product(range(1, 12), seen):
            made = await server.create()
            form = (await customer.open(made.path())).form("pay")
            with witnessed() as said:
                strikes = place
                if way == "form":
                    answer = await customer.submit(form, **card())
                else:
                    answer = await from_app(customer, server, in_app(made))
                strikes = 0
                clean_answer(answer)
                seen[way].add(answer.status_code)
                del answer
                await server.settle_down()
            clean("\n".join(said), "logs")
        assert all(500 in statuses for statuses in seen.values())
        await nowhere(server)


async def test_too_many_and_away(opened: Opened) -> None:
    async with opened(submits="1", kept=False) as server, server.customer() as customer:
        made = await server.create(attempts=9)
        server.line.broken.append(echo)
        with witnessed() as said:
            for expected in (422, 429):
                form = (await customer.open(made.path())).form("pay")
                answer = await customer.submit(form, **card())
                assert answer.status_code == expected
                clean_answer(answer)
            other = await server.create()
            form = (await customer.open(other.path())).form("pay")
            with sqlite3.connect(server.database) as conn:
                conn.execute("DROP TABLE events")
            conn.close()
            answer = await customer.submit(form, **card())
            assert answer.status_code == 503
            clean_answer(answer)
            del answer
        clean("\n".join(said), "logs")
        await nowhere(server)


async def test_no_secret_is_logged(opened: Opened) -> None:
    """Neither ours nor the shop's, nor what opens a payment, nor who pays it."""
    async with opened(submits="2") as server, server.customer() as customer:
        made = await server.create(
            attempts=5,
            customer={"email": "anna.canary@example.com", "first_name": "Annamaria"},
            settings={
                "notification_url": "http://127.0.0.1:8009/n?key=shops-own-word",
                "return_url": "https://shop.example.com/?session=shops-own-word",
            },
        )
        server.mailbox.answers.extend([500])
        with witnessed() as said:
            forms = []
            for fault in (httpx.ReadTimeout("x"), None):
                if fault:
                    server.line.broken.append(fault)
                answer = await customer.get(made.path())
                if answer.status_code == 200:
                    forms.append((await customer.open(made.path())).form("pay"))
                    await customer.submit(forms[-1], **card())
                await customer.get(made.path("wait"))
            other = await server.create(
                settings={"notification_url": "http://127.0.0.1:8009/n?key=shops-own-word"}
            )
            await customer.pay(other)
            await customer.get(other.path("result"))
            await customer.get(f"/return/{made.attempts()[0]['return_ticket']}")
            await customer.post(f"/notify/cards/{made.attempts()[0]['notify_ticket']}")
            await customer.get("/ctp/api/checkouts/x", headers={"Authorization": "Basic eDp5"})
            await customer.get("/metrics", headers={"Authorization": "Bearer wrong-token-word"})
            await server.settle_down()
        ours = [line for line in said if not line.startswith("HTTP Request")]
        text = "\n".join(ours)
        assert "gateway.unknown" in text  # something is logged
        settings = server.settings
        secrets = [
            *settings.secrets,
            settings.operator_token,
            *(shop.secret_key for shop in settings.shops.values()),
            *(key for shop in settings.shops.values() for key in shop.link_keys),
            *(account.options.secret_key for account in settings.gateways.values()),
            *(server.basic(shop)["Authorization"][6:] for shop in settings.shops),
            (server.folder / "shop.pem").read_text().splitlines()[3],
        ]
        for payment in (made, other):
            secrets += [payment.token, payment.secret]
            for attempt in payment.attempts():
                secrets += [attempt["return_ticket"], attempt["notify_ticket"]]
        secrets += [form.fields["form_token"] for form in forms]
        secrets += ["anna.canary", "Annamaria", "shops-own-word", "wrong-token-word", "203.0.113.7"]
        for secret in secrets:
            assert secret
            assert secret not in text
