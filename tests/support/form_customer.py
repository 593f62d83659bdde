"""A customer without a browser: reads the page's form, sends it, looks how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.support.killable_server import KillableServer
from tests.support.settings import SHOP

FORM: Final = re.compile(r'action="([^"]+/pay)".*?name="form_token" value="([^"]+)"', re.DOTALL)
CARD: Final = {
    "method": "credit_card",
    "number": "4200 0000 0000 0000",
    "expiry": "12/40",
    "code": "123",
    "holder": "ANN LEE",
}


@dataclass(frozen=True)
class Bought:
    """An order at the server's shop. `page` is the address of its payment page."""

    token: str
    page: str
    description: str


class FormCustomer:
    def __init__(self, server: KillableServer, client: httpx.AsyncClient, webhooks: str) -> None:
        self.server = server
        self.client = client
        self.webhooks = webhooks
        self.count = 0

    async def buy(self, **order: Any) -> Bought:
        self.count += 1
        description = f"Order {self.count}"
        body = {
            "checkout": {
                "transaction_type": "payment",
                "attempts": 3,
                "order": {"amount": 1250, "currency": "EUR", "description": description} | order,
                "settings": {"notification_url": self.webhooks},
            }
        }
        answer = await self.client.post(
            f"{self.server.url}/ctp/api/checkouts", json=body, auth=(SHOP, self.server.shop_secret)
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["checkout"]["token"]
        landing = await self.client.get(f"{self.server.url}/widget/hpp.html?token={token}")
        return Bought(token, self.server.url + landing.headers["location"], description)

    async def form(self, bought: Bought) -> tuple[str, str] | None:
        """Where the payment page's form goes, and its token; None where there is no form."""
        page = await self.client.get(bought.page)
        found = FORM.search(page.text) if page.status_code == 200 else None
        return (self.server.url + found[1], found[2]) if found else None

    async def press_pay(self, form: tuple[str, str]) -> httpx.Response:
        address, token = form
        return await self.client.post(
            address,
            data=CARD | {"form_token": token},
            headers={"sec-fetch-site": "same-origin", "accept": "text/html"},
        )

    async def status(self, bought: Bought) -> str | None:
        """As the shop's API says."""
        answer = await self.client.get(
            f"{self.server.url}/ctp/api/checkouts/{bought.token}",
            auth=(SHOP, self.server.shop_secret),
        )
        found: str | None = answer.json()["checkout"]["status"]
        return found
