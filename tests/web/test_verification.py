"""`verification_url`: the shop has the last word on every attempt before anything is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.web.page import Page
from tests.web.server import CARD, PAID, SHOP, CreatedPayment, Customer, Server

ASKING = {"verification_url": f"{SHOP}/verify"}


@pytest.fixture(autouse=True)
def forgotten(server: Server) -> Iterator[None]:
    """Each test's own verdict, and nothing asked before."""
    before = server.mailbox.verdict
    server.mailbox.asked.clear()
    yield
    server.mailbox.verdict = before


def answering(server: Server, status: int = 200, **changes: Any) -> None:
    def verdict(told: dict[str, Any]) -> tuple[int, bytes]:
        usual = {"code": 0, "uid": told["uid"], "amount": told["amount"]}
        values = {name: value for name, value in (usual | changes).items() if value is not ...}
        return status, json.dumps(values).encode()

    server.mailbox.verdict = verdict


async def tried(
    server: Server, customer: Customer, **changes: Any
) -> tuple[CreatedPayment, Page, int]:
    """A payment, where its customer is afterwards, and how many charges were sent."""
    made = await server.create(settings=ASKING, **changes)
    before = len(server.line.charges)
    answer = await customer.pay(made, PAID)
    assert answer.status_code == 303
    page = await customer.open(answer.headers["location"])
    return made, page, len(server.line.charges) - before


async def test_the_shop_says_yes(server: Server, customer: Customer) -> None:
    answering(server)
    made, page, sent = await tried(server, customer)
    assert (page.headline, sent) == ("Paid", 1)
    ((headers, body),) = server.mailbox.asked
    told = json.loads(body)["transaction"]
    assert (told["uid"], told["token"], told["status"]) == (made.uid, made.token, "incomplete")
    assert (told["amount"], told["currency"], told["tracking_id"]) == (1999, "EUR", "order-7")
    assert headers["authorization"] == server.basic()["Authorization"]
    key = server.settings.shops["361"].private_key.public_key()
    key.verify(base64.b64decode(headers["content-signature"]), body, PKCS1v15(), SHA256())
    assert PAID not in body.decode()
    assert CARD["code"] not in told["credit_card"].values()
    # What the shop is asked at, the gateway is not told.
    assert "verification_url" not in server.line.sent()


async def test_digits_are_an_amount(server: Server, customer: Customer) -> None:
    answering(server, amount="1999")
    assert (await tried(server, customer))[2] == 1


async def test_the_shop_says_no(server: Server, customer: Customer) -> None:
    answering(server, code=7, message="IP validation failed", friendly_message="Call us")
    made, page, sent = await tried(server, customer, attempts=1)
    assert sent == 0
    assert page.headline == "The shop did not accept the payment"
    assert "Nothing was charged" in page.text
    checkout = await made.told()
    assert (checkout["status"], checkout["message"]) == ("failed", "IP validation failed")
    assert made.attempts()[0]["reason"] == "shop_refused"


async def test_after_a_no_the_form_is_open_for_the_attempts_left(
    server: Server, customer: Customer
) -> None:
    answering(server, code=1)
    made, _, sent = await tried(server, customer, attempts=2)
    assert (sent, [row["status"] for row in made.attempts()]) == (0, ["declined"])
    answering(server)
    answer = await customer.pay(made, PAID)
    assert answer.headers["location"] == made.path("result")
    assert len(server.mailbox.asked) == 2


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (500, {}),
        (302, {}),
        (204, {}),
        (200, {"code": ...}),
        (200, {"code": "0"}),
        (200, {"code": None}),
        (200, {"code": False}),
        (200, {"code": 0.0}),
        (200, {"uid": ...}),
        (200, {"uid": "another"}),
        (200, {"amount": ...}),
        (200, {"amount": 1998}),
    ],
    ids=repr,
)
async def test_without_a_clear_word_nothing_is_sent(
    server: Server, customer: Customer, status: int, changes: dict[str, Any]
) -> None:
    answering(server, status, **changes)
    made, page, sent = await tried(server, customer)
    assert sent == 0
    assert [row["status"] for row in made.attempts()] == ["lost"]
    assert "Nothing was charged" in page.text
    answering(server)  # the form is open, and no attempt was used up
    assert (await customer.pay(made, PAID)).headers["location"] == made.path("result")


@pytest.mark.parametrize("said", [b"", b"{", b"[0]", b"0", b'"yes"', b"\xff", b" " * 70_000])
async def test_garbage_is_no_word(server: Server, customer: Customer, said: bytes) -> None:
    server.mailbox.verdict = lambda _: (200, said)
    made, _, sent = await tried(server, customer)
    assert (sent, [row["status"] for row in made.attempts()]) == (0, ["lost"])


async def test_a_shop_that_is_away(server: Server, customer: Customer) -> None:
    """No such host, within the loopback that the sandbox may call."""
    made = await server.create(settings={"verification_url": "http://127.0.0.1:1/verify"})
    before = len(server.line.charges)
    assert (await customer.pay(made, PAID)).status_code == 303
    assert len(server.line.charges) == before
    assert [row["status"] for row in made.attempts()] == ["lost"]


async def test_who_does_not_ask_is_not_asked(server: Server, customer: Customer) -> None:
    made = await server.create()
    assert (await customer.pay(made, PAID)).status_code == 303
    assert server.mailbox.asked == []
