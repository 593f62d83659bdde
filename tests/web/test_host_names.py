"""One server under the names that plugins have a field for, or derive: `checkout.`, `gateway.`,
`api.` and `js.<domain>`. Each answers what is asked of any, and tells the one of the settings."""

from __future__ import annotations

from typing import Any, Final

import pytest

from checkout.web.widget import BUILD_FORM_PATHS, LATEST_PATHS
from tests.web.server import Customer, Server
from tests.web.settings import PUBLIC
from tests.web.test_products import TICKET
from tests.web.test_transactions import paid

NAMES: Final = ("checkout", "gateway", "api", "js")
ORDER: Final = {"amount": 1999, "currency": "EUR", "description": "Order 7", "tracking_id": "7"}


def at(name: str) -> str:
    return f"https://{name}.example.com"


@pytest.mark.parametrize("name", NAMES)
async def test_a_shop_with_three_hosts(server: Server, customer: Customer, name: str) -> None:
    """Made, paid, taken, sent back and read, all at one name; a product besides."""
    basic, host = server.basic(), at(name)
    body = {"checkout": {"transaction_type": "authorization", "order": ORDER}}
    made = await customer.post(f"{host}/ctp/api/checkouts", json=body, headers=basic)
    assert made.status_code == 201
    assert made.json()["checkout"]["redirect_url"].startswith(f"{PUBLIC}/widget/hpp.html?token=")

    reserved = await paid(server, customer, "authorization")
    parent = reserved.uid
    for kind in ("capture", "refund"):
        request: dict[str, Any] = {"parent_uid": parent, "amount": 1999, "reason": "returned"}
        answer = await customer.post(
            f"{host}/transactions/{kind}s", json={"request": request}, headers=basic
        )
        assert answer.status_code == 200, answer.text
        operation = answer.json()["transaction"]
        assert (operation["type"], operation["status"]) == (kind, "successful")
        parent = operation["uid"]
    answer = await customer.get(f"{host}/transactions/{reserved.uid}", headers=basic)
    assert answer.json()["transaction"]["uid"] == reserved.uid

    answer = await customer.post(f"{host}/products", json=TICKET, headers=basic)
    assert answer.status_code == 201
    assert answer.json()["pay_url"].startswith(f"{PUBLIC}/")


@pytest.mark.parametrize("name", NAMES)
async def test_the_scripts(customer: Customer, name: str) -> None:
    here = [(await customer.get(path)).content for path in (*LATEST_PATHS, *BUILD_FORM_PATHS)]
    there = [
        (await customer.get(f"{at(name)}{path}")).content
        for path in (*LATEST_PATHS, *BUILD_FORM_PATHS)
    ]
    assert here == there
    assert b"js." not in here[0]


@pytest.mark.parametrize("name", NAMES)
async def test_who_may_frame_a_page(server: Server, customer: Customer, name: str) -> None:
    """The shop's sites, by each name of ours; none of ours is among them."""
    made = await server.create(shop="framing", settings={"return_url": None})
    answer = await customer.get(f"{at(name)}{made.path()}", headers={"Sec-Fetch-Dest": "iframe"})
    policy = answer.headers["content-security-policy"]
    assert (
        "frame-ancestors https://framing.example.com https://m.framing.example.com:8443;" in policy
    )
    assert at(name) not in policy
