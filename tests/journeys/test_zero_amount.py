"""A subscription's card is changed: the shop asks for 0, as WooCommerce does, and the next payment
is made by the token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.servers import Servers
from tests.journeys.test_charge_request import made, read
from tests.support.polling import until
from tests.support.settings import SHOP

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def post(servers: Servers, path: str, request: dict[str, Any]) -> tuple[int, Any]:
    auth = (SHOP, servers.shop_secret)
    answer = await servers.client.post(
        f"{servers.checkout}{path}", json={"request": request}, auth=auth
    )
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("kind", "done"), [("tokenization", "Card saved"), ("authorization", "Card checked")]
)
async def test_another_card_for_a_subscription(
    shared_servers: Servers, kind: str, done: str
) -> None:
    name = f"Another card by {kind}"
    order = {"amount": 0, "currency": "EUR", "description": name,
             "additional_data": {"contract": ["recurring"]}}  # fmt: skip
    token, page = await made(shared_servers, {"transaction_type": kind, "order": order})
    shown = (await shared_servers.client.get(page)).text
    assert "No money moves." in shown
    assert "0.00" not in shown
    answer = await shared_servers.post(f"{page}/pay", await shared_servers.form(page))
    result = await shared_servers.client.get(shared_servers.checkout + answer.headers["location"])
    assert done in result.text

    rows = (await shared_servers.ledger())["transactions"]
    (row,) = [row for row in rows if row["facts"].get("description") == name]
    assert (row["type"], row["status"], row["amount"]) == (kind, "successful", 0)
    told = await read(shared_servers, token)
    assert (told["status"], told["order"]["amount"]) == ("successful", 0)
    uid = told["gateway_response"][kind]["uid"]
    await until(lambda: _is_settled(shared_servers, uid))
    for operation in ("captures", "voids", "refunds"):
        parent = {"parent_uid": uid, "reason": "x"}
        status, said = await post(shared_servers, f"/transactions/{operation}", parent)
        assert (status, "no money has moved" in said["message"]) == (422, True)

    month = {"amount": 700 + len(kind), "currency": "EUR", "description": "May",
             "credit_card": {"token": told["credit_card"]["token"]}}  # fmt: skip
    status, said = await post(shared_servers, "/transactions/payments", month)
    assert status == 200, said
    assert said["transaction"]["status"] == "successful"
    await shared_servers.calm()


async def _is_settled(servers: Servers, uid: str) -> bool:
    auth = (SHOP, servers.shop_secret)
    answer = await servers.client.get(f"{servers.checkout}/transactions/{uid}", auth=auth)
    found = answer.json()["transaction"]
    return (found["status"], found["amount"]) == ("successful", 0)
