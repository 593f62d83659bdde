"""An amount of 0: WooCommerce's change of a subscription's card. The card is kept or checked, no
money moves, and the page says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.polling import until
from tests.web.conftest import Opened
from tests.web.server import SHOP, Customer, Server, ordered
from tests.web.settings import publishable_key
from tests.web.test_app_payments import bearer
from tests.web.test_offline_links import link, made_of

KINDS = {
    "tokenization": ("Save your card", "Save card", "Card saved"),
    "authorization": ("Card check", "Check card", "Card checked"),
}
NOT_ZERO = "must be more than 0: only an authorization or a tokenization can be of 0"


async def sent(server: Server, path: str, body: Any) -> tuple[int, Any]:
    async with server.customer() as http:
        answer = await http.post(path, json=body, headers=server.basic())
    return answer.status_code, answer.json()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("amount", [0, "0.00"], ids=repr)
async def test_from_the_api_to_the_notification(
    server: Server, customer: Customer, kind: str, amount: Any
) -> None:
    headline, button, done = KINDS[kind]
    notify = {"notification_url": f"{SHOP}/notify"}
    made = await server.create(transaction_type=kind, order={"amount": amount}, settings=notify)
    page = await customer.open(made.path())
    assert headline in page.headline
    assert button in page.text
    assert "No money moves." in page.text
    assert "0.00" not in page.html
    answer = await customer.pay(made)
    assert (server.line.sent()["amount"], server.line.charges[-1].url.path) == (
        0, f"/transactions/{kind}s",
    )  # fmt: skip
    page = await customer.open(answer.headers["location"])
    assert (page.headline, "Nothing was charged" in page.text) == (done, True)
    assert "0.00" not in page.html + (await customer.open(made.path(kind="order"))).html
    told = await made.told()
    assert (told["status"], told["order"]["amount"], told["gateway_response"][kind]["amount"]) == (
        "successful", 0, 0,
    )  # fmt: skip
    await until(lambda: server.mailbox.about(made.token))
    (notified,) = server.mailbox.about(made.token)
    assert (notified["type"], notified["status"], notified["amount"]) == (kind, "successful", 0)


async def test_a_real_authorization_still_says_its_amount(
    server: Server, customer: Customer
) -> None:
    """The page is kept between payments: one of 0 must not lend its own."""
    for amount in (0, 1999, 0, 1):
        made = await server.create(transaction_type="authorization", order={"amount": amount})
        page = await customer.open(made.path())
        assert ("No money moves." in page.text) is (amount == 0)
        assert ("Card check" in page.headline) is (amount == 0)
        assert ("You pay " in page.text) is (amount > 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["captures", "voids", "refunds"])
async def test_nothing_follows(
    server: Server, customer: Customer, kind: str, operation: str
) -> None:
    made = await server.create(transaction_type=kind, order={"amount": 0})
    await customer.pay(made)
    for more in ({}, {"amount": 1}):
        request = {"request": {"parent_uid": made.uid, "reason": "x", **more}}
        status, said = await sent(server, f"/transactions/{operation}", request)
        assert status == 422
        assert "no money has moved" in said["errors"]["parent_uid"][0]
    assert server.line.charges[-1].url.path == f"/transactions/{kind}s", "nothing was sent"


@pytest.mark.parametrize("kind", ["payment", "charge"])
@pytest.mark.parametrize("amount", [0, "0", 0.0], ids=repr)
async def test_what_takes_money_takes_some(server: Server, kind: str, amount: Any) -> None:
    body = {"checkout": ordered(transaction_type=kind, order={"amount": amount})}
    status, said = await sent(server, "/ctp/api/checkouts", body)
    assert (status, said["errors"]) == (422, {"order": {"amount": [NOT_ZERO]}})


async def test_by_a_card_s_token(server: Server) -> None:
    order = {"amount": 0, "currency": "EUR", "description": "x"}
    request = {"request": order | {"credit_card": {"token": "no-such-token"}}}
    status, said = await sent(server, "/transactions/authorizations", request)
    assert (status, said["transaction"]["amount"]) == (200, 0)
    for path in ("payments", "charges", "credits"):
        request = {"request": order | {"credit_card": {"token": "t-1"}}}
        status, said = await sent(server, f"/transactions/{path}", request)
        assert (status, said["errors"]) == (422, {"amount": [NOT_ZERO]})


async def test_nobody_is_billed_for_nothing(server: Server) -> None:
    order = {
        "amount": 0,
        "currency": "EUR",
        "description": "x",
        "transaction_type": "authorization",
    }
    status, said = await sent(server, "/invoices", order | {"send": False})
    assert (status, list(said["errors"])) == (422, ["amount"])
    status, said = await sent(server, "/products", order | {"name": "x", "infinite": True})
    assert (status, list(said["errors"])) == (422, ["amount"])


async def test_only_by_what_can(server: Server) -> None:
    """Online payment systems have no way to do it."""
    body = ordered(transaction_type="authorization", order={"amount": 0})
    body["payment_method"] = {"excluded_types": ["credit_card"]}
    status, said = await sent(server, "/ctp/api/checkouts", {"checkout": body})
    assert (status, said["errors"]["payment_method"]["types"]) == (
        422, ["none of the shop's methods can take an amount of 0"],
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_a_link(server: Server, customer: Customer, kind: str) -> None:
    made = made_of(
        server, await customer.get(link(server, amount=0, transaction_type=kind, language="en"))
    )
    assert KINDS[kind][0] in (await customer.open(made.path())).headline
    assert (await customer.get(link(server, amount=0, language="en"))).status_code == 422


async def test_an_app(opened: Opened) -> None:
    apps = f'apps = true\npublishable_key = "{publishable_key()}"'
    apps += '\napps_transaction_types = ["tokenization", "payment"]'
    async with opened(apps=apps) as server, server.customer() as http:
        for kind, status in (("tokenization", 201), ("payment", 422)):
            order = {"amount": 0, "currency": "EUR", "description": "x"}
            body = {"checkout": {"transaction_type": kind, "order": order}}
            answer = await http.post("/ctp/api/checkouts", json=body, headers=bearer(server))
            assert answer.status_code == status, answer.text
