"""An amount as PHP computes it, `19.99 * 100`, means the same to everybody who reads one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Opened
from tests.web.server import Customer, Server
from tests.web.settings import publishable_key
from tests.web.test_app_payments import bearer
from tests.web.test_offline_links import link, made_of

ORDER: dict[str, Any] = {"currency": "EUR", "description": "Two tickets"}
SENT: list[Any] = [19.99 * 100, 1999.0, "1999.00", " 1999 "]
FRACTION = "must be an integer: minor units have no fractions"


async def api(server: Server, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    async with server.customer() as http:
        answer = await http.post(path, json=body, headers=server.basic() | headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("amount", SENT, ids=repr)
async def test_every_reader(server: Server, customer: Customer, amount: Any) -> None:
    made = await server.create(order={"amount": amount})
    assert (await made.told())["order"]["amount"] == 1999
    await customer.pay(made)
    assert server.line.sent()["amount"] == 1999
    _, said = await api(
        server, "/transactions/refunds",
        {"request": {"parent_uid": made.uid, "amount": amount, "reason": "x"}},
    )  # fmt: skip
    assert (said["transaction"]["amount"], said["transaction"]["status"]) == (1999, "successful")
    assert server.line.sent()["amount"] == 1999
    order = ORDER | {"amount": amount}
    _, said = await api(server, "/invoices", order | {"send": False})
    assert said["invoice"]["amount"] == 1999
    status, said = await api(server, "/products", order | {"name": "x", "infinite": True})
    assert (status, said["amount"]) == (201, 1999)
    opened = made_of(server, await customer.get(link(server, amount=amount, language="en")))
    assert "€19.99" in (await customer.open(opened.path())).headline
    by_token = {"request": order | {"credit_card": {"token": "no-such-token"}}}
    by_token["request"]["duplicate_check"] = False
    _, said = await api(server, "/transactions/payments", by_token)
    assert json.dumps(said).count('"amount": 1999') == 2


async def test_an_app(opened: Opened) -> None:
    apps = f'apps = true\npublishable_key = "{publishable_key()}"'
    async with opened(apps=apps) as server:
        for amount in SENT:
            body = {
                "checkout": {"transaction_type": "payment", "order": ORDER | {"amount": amount}}
            }
            status, _ = await api(server, "/ctp/api/checkouts", body, **bearer(server))
            assert status == 201


@pytest.mark.parametrize("amount", [1999.5, "1999.50", 1998.999], ids=repr)
async def test_nobody_rounds(server: Server, amount: Any) -> None:
    order = ORDER | {"amount": amount}
    for path, body in (
        ("/ctp/api/checkouts", {"checkout": {"transaction_type": "payment", "order": order}}),
        ("/invoices", order | {"send": False}),
        ("/products", order | {"name": "x", "infinite": True}),
        ("/transactions/charges", {"request": order | {"credit_card": {"token": "t"}}}),
        ("/transactions/refunds", {"request": {"parent_uid": "u", "amount": amount}}),
    ):
        status, said = await api(server, path, body)
        errors = said["errors"].get("order", said["errors"])
        assert (status, errors) == (422, {"amount": [FRACTION]}), path
