"""A storm's customers: impatient, in several tabs, on whichever server answers; what each was shown
and when is kept."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.storm.plans import PaymentPlan
from tests.storm.world import World
from tests.support.form_customer import CARD, FORM
from tests.support.honest_gateway import UNFINISHED
from tests.support.polling import until
from tests.support.settings import SHOP

PATIENCE: Final = 40.0  # seconds; who has waited so long comes back at the end
UNHEARD: Final = 120.0  # seconds in which one of the servers must have time for a request
PAUSE: Final = 0.3
BUSY: Final = (429, 503)
PAID: Final = re.compile(r'href="/[a-z]{2}/order/')  # the receipt, which is of what is paid alone
PAGE: Final = re.compile(r"/payment/[^/]+/[^/]+(?:/([a-z]+))?$")
HTML: Final = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@dataclass
class Shown:
    at: float
    status: str
    where: str


@dataclass
class Customer:
    """One payment. `token` names it at the shop's API, `page` is the path of its payment page."""

    number: int
    plan: PaymentPlan
    token: str = ""
    page: str = ""
    shown: list[Shown] = field(default_factory=list)

    def saw(self, status: str, where: str) -> None:
        self.shown.append(Shown(time.time(), status, where))


class Crowd:
    """`server`: where to ask now."""

    def __init__(
        self, world: World, server: Callable[[], str], secret: str, client: httpx.AsyncClient
    ) -> None:
        self._world = world
        self._server = server
        self._auth = (SHOP, secret)
        self._client = client

    async def visit(self, customer: Customer) -> None:
        """Buy, press Pay, wait; and pay once more where the form is open again."""
        await self.order(customer)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            place = await self._look(customer)
            if place == "result":
                return
            if not customer.plan.stays and self._sent(customer):
                return
            await asyncio.sleep(PAUSE)

    def _sent(self, customer: Customer) -> bool:
        return customer.number in self._world.number_of.values()

    async def order(self, customer: Customer) -> None:
        number = customer.number
        body = {
            "checkout": {
                "transaction_type": "payment",
                "attempts": customer.plan.attempts,
                "order": {"amount": 1250, "currency": "EUR", "description": f"Storm {number}"},
                "settings": {"notification_url": f"{self._world.url}/webhooks/{number}"},
            }
        }
        headers = {"idempotency-key": f"storm-{number}"}
        answer = await self._ask(
            "POST", "/ctp/api/checkouts", json=body, auth=self._auth, headers=headers
        )
        assert answer.status_code in (200, 201), answer.text
        customer.token = answer.json()["checkout"]["token"]
        landing = await self._ask("GET", f"/widget/hpp.html?token={customer.token}")
        customer.page = landing.headers["location"]

    async def status(self, customer: Customer) -> str:
        """As the shop's API says."""
        answer = await self._ask("GET", f"/ctp/api/checkouts/{customer.token}", auth=self._auth)
        status = str(answer.json()["checkout"]["status"])
        customer.saw(status, "the API")
        return status

    async def _look(self, customer: Customer) -> str:
        """Do what the page asks for; its name."""
        answer = await self._ask("GET", customer.page, headers=HTML)
        form = FORM.search(answer.text) if answer.status_code == 200 else None
        if form:
            patience = PAUSE if customer.plan.hurried else PATIENCE
            pressed = (self._press(form[1], form[2], patience) for _ in range(customer.plan.tabs))
            await asyncio.gather(*pressed)
            return "payment"
        place = self._place(answer)
        if place == "redirect":
            await self._go_to_the_bank(customer)
        elif place == "wait":
            await self._poll(customer)
        elif place == "result":
            await self._read_result(customer)
        return place

    def _place(self, answer: httpx.Response) -> str:
        found = PAGE.search(answer.headers.get("location", ""))
        return found[1] or "" if found else ""

    async def _press(self, address: str, token: str, patience: float) -> None:
        """Pressed once; whether it was heard, the page shows."""
        data = CARD | {"form_token": token}
        with suppress(httpx.TransportError):
            await self._client.post(
                self._server() + address, data=data, headers=HTML, timeout=patience
            )

    async def _go_to_the_bank(self, customer: Customer) -> None:
        """And come back when it has decided, or before."""
        keys = [k for k, n in self._world.number_of.items() if n == customer.number]
        asked = [t for key in keys for t in self._world.bank.by_key(key)]
        if not customer.plan.lands_early:
            await until(lambda: all(each.state not in UNFINISHED for each in asked))
        address = self._world.addresses[keys[-1]][1]
        await self._ask("GET", httpx.URL(address).path, headers=HTML)

    async def _poll(self, customer: Customer) -> None:
        headers = {"accept": "application/json"}
        answer = await self._ask("GET", f"{customer.page}/status", headers=headers)
        said = answer.json()
        customer.saw(said["status"], "the waiting page")
        await asyncio.sleep(min(said["next_check"] or 0, 2.0))

    async def _read_result(self, customer: Customer) -> None:
        answer = await self._ask("GET", f"{customer.page}/result", headers=HTML)
        if answer.status_code == 200:
            status = "successful" if PAID.search(answer.text) else "failed"
            customer.saw(status, "the result page")

    async def _ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Again and again, until one of the servers has time for it."""
        end, said = time.monotonic() + UNHEARD, ""
        while time.monotonic() < end:
            try:
                answer = await self._client.request(method, self._server() + path, **how)
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                if answer.status_code not in BUSY:
                    assert answer.status_code < 500, f"{path}: {answer.status_code}"
                    return answer
                said = str(answer.status_code)
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"{path}: at last {said}")
