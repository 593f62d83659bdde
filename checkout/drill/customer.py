"""A customer without a browser: opens the payment page, fills in its form, comes back."""

from __future__ import annotations

import random
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import httpx

EXPIRY: Final = "12/34"
CHALLENGE: Final = "4012000000001097"
DECLINED: Final = (
    "4005550000000019",
    "4000000000000119",
    "4000000000000127",
    "4000000000000341",
    "4000000000000390",
    "4100000000000019",
)
"""Cards that the sandbox declines; the same card and amount twice in a row is a duplicate there."""

TYPED: Final = {
    "method": "credit_card",
    "expiry": EXPIRY,
    "code": "123",
    "holder": "DANA DRILL",
    "email": "dana@shop.example.com",
    "first_name": "Dana",
    "last_name": "Drill",
    "phone": "+49 30 1234567",
    "country": "DE",
    "address": "Example street 1",
    "city": "Berlin",
    "state": "Berlin",
    "zip": "10115",
    "birth_date": "1990-12-31",
    "taxpayer_id": "1234567890",
}
"""What the customer types in the form's fields."""


Mark = tuple[str, str | None]  # an attribute of a form, and its value where it has one
PAY: Final[Mark] = ("data-pay", None)
CANCEL: Final[Mark] = ("class", "leave")


class Refused(Exception):
    """A page of checkout did not answer as expected."""


def good_card() -> str:
    """A random card number that the sandbox accepts: no two orders look like a duplicate."""
    digits = [4, 3, *(random.randrange(10) for _ in range(13))]
    doubled = (d * 2 - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(digits))
    return "".join(map(str, digits)) + str(-sum(doubled) % 10)


class Customer:
    """One customer at one payment. `browser` keeps the shop's cookies; checkout needs none."""

    def __init__(self, browser: httpx.AsyncClient, checkout: str) -> None:
        self.browser = browser
        self._checkout = checkout
        self.page = ""

    @property
    def uid(self) -> str:
        """The payment's, from its address `/{lang}/payment/{uid}/{secret}`."""
        return self.page.removeprefix(self._checkout).split("/")[3]

    async def open_payment(self, url: str) -> None:
        """Open the payment's address and follow its redirects."""
        answer = await self._get(url)
        while answer.is_redirect:
            url = urljoin(url, answer.headers["location"])
            answer = await self._get(url)
        if not answer.is_success or "/payment/" not in url:
            raise Refused(f"{url} answered {answer.status_code}, it is no payment page")
        self.page = "/".join(url.split("/")[:7])

    async def pay(self, number: str) -> None:
        """Fill in the form and press Pay. Raises Refused when the form comes back."""
        await self._submit(PAY, TYPED | {"number": number})

    async def cancel(self) -> None:
        """Press Cancel on the payment page. Raises Refused."""
        await self._submit(CANCEL, {})

    async def _submit(self, mark: Mark, typed: dict[str, str]) -> None:
        form = _Form((await self._get(self.page)).text, mark)
        if form.action is None:
            raise Refused("the payment page has no such form")
        answer = await self.browser.post(
            urljoin(self.page, form.action),
            data=form.filled(typed),
            headers={"Origin": self._checkout},
        )
        if answer.status_code != 303:
            raise Refused(f"the payment page answered {answer.status_code} to its form")

    async def bank_address(self) -> str:
        """Where the redirect page sends the customer. Raises Refused."""
        found = _Address((await self._get(f"{self.page}/redirect")).text, "data-leave").found
        if found is None:
            raise Refused("the customer is not sent to a bank")
        return found

    async def return_address(self) -> str:
        """Where the result page's button leads: the shop's address with its parameters."""
        found = _Address((await self._get(f"{self.page}/result")).text, "data-back").found
        if found is None:
            raise Refused("the result page has no way back to the shop")
        return found

    async def visit(self, url: str) -> str:
        """Open an address of the shop; its status, or the error's name."""
        try:
            answer = await self.browser.get(url, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        return str(answer.status_code)

    async def _get(self, url: str) -> httpx.Response:
        return await self.browser.get(url, headers={"Accept": "text/html"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer has ordered at the shop, and the payment of it."""

    customer: Customer
    uid: str
    token: str
    tracking_id: str
    notification_url: str
    return_url: str

    @property
    def names(self) -> dict[str, str]:
        return {"tracking_id": self.tracking_id, "token": self.token, "uid": self.uid}

    def return_with(self, status: str, token: str, uid: str) -> str:
        """The address to which the customer would come back with these parameters."""
        head, mark, fragment = self.return_url.partition("#")
        joint = "&" if "?" in head else "?"
        return f"{head}{joint}token={token}&status={status}&uid={uid}{mark}{fragment}"


class _Form(HTMLParser):
    """The fields of the form with this mark, as a browser without scripts would send them."""

    def __init__(self, page: str, mark: Mark) -> None:
        super().__init__()
        self._mark = mark
        self.action: str | None = None
        self._inside = False
        self._fields: dict[str, str] = {}
        self._typed: list[str] = []
        self.feed(page)

    def filled(self, typed: dict[str, str]) -> dict[str, str]:
        """The fields, with `typed` in those that are empty."""
        return self._fields | {
            name: typed[name]
            for name in self._typed
            if name in typed and (name == "method" or not self._fields.get(name))
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            attribute, value = self._mark
            self._inside = attribute in given and value in (None, given[attribute])
            self.action = given.get("action") if self._inside else self.action
        name = given.get("name")
        if not self._inside or not name:
            return
        if tag in ("input", "select"):
            self._field(name, given)

    def _field(self, name: str, given: dict[str, str | None]) -> None:
        kind = given.get("type") or "text"
        if kind in ("radio", "checkbox"):
            if "checked" in given or "required" in given:
                self._fields[name] = given.get("value") or "on"
            if kind == "radio":
                self._typed.append(name)
            return
        self._fields.setdefault(name, given.get("value") or "")
        if kind != "hidden":
            self._typed.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class _Address(HTMLParser):
    """Where the link or form with this attribute leads."""

    def __init__(self, page: str, mark: str) -> None:
        super().__init__()
        self.found: str | None = None
        self._mark = mark
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._mark in given:
            self.found = given.get("href") or given.get("action")
