"""The receipt has an address of its own: who gets it can't open the payment."""

from __future__ import annotations

import base64
import hmac

import pytest

from tests.web.server import PAID, SHOP, CreatedPayment, Customer, Server


async def receipt_of(customer: Customer, made: CreatedPayment) -> str:
    """Its address, as the result leads to it."""
    page = await customer.open(made.path("result"))
    return next(href for href in page.links if "/order/" in href)


async def test_its_address_is_its_own(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, PAID)
    address = await receipt_of(customer, made)
    assert made.secret not in address
    async with server.customer() as stranger:
        page = await stranger.open(address)
        assert "Paid" in page.text
        assert made.secret not in page.html
        secret = address.rpartition("/")[2]
        for place in ("", "/pay", "/wait", "/status", "/result", "/redirect"):
            answer = await stranger.get(f"/en/payment/{made.uid}/{secret}{place}")
            assert answer.status_code == 404


@pytest.mark.parametrize("place", ["pay", "cancel", "confirm"])
async def test_nothing_is_posted_by_it(server: Server, customer: Customer, place: str) -> None:
    made = await server.create()
    form = (await customer.open(made.path())).form("pay")
    form.action = f"/en/payment/{made.uid}/{own_secret(made)}/{place}"
    assert (await customer.submit(form)).status_code == 404


async def test_a_letter_does_not_open_the_payment(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"notification_url": f"{SHOP}/hook"})
    await customer.pay(made, PAID)
    (webhook,) = made.books()["outbox"]
    assert '"receipt_url":"' in str(webhook)
    assert made.secret not in str(webhook)


async def test_an_unpaid_one_leads_nowhere(server: Server, customer: Customer) -> None:
    """It may be handed on while the payment is open."""
    made = await server.create()
    page = await customer.open(made.path(kind="order"))  # by the payment's secret, as before
    assert made.path() in page.links
    page = await customer.open(f"/en/order/{made.uid}/{own_secret(made)}")
    assert "Ready to pay" in page.text
    assert not page.forms
    assert not any("/payment/" in href for href in page.links)
    assert made.secret not in page.html


def own_secret(made: CreatedPayment) -> str:
    digest = hmac.digest(made.secret.encode(), b"receipt", "sha256")[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def test_any_other_is_not_found(server: Server, customer: Customer) -> None:
    made, other = await server.create(), await server.create()
    for secret in (own_secret(other), other.secret, own_secret(made)[:-1], "-" * 22):
        assert (await customer.get(f"/en/order/{made.uid}/{secret}")).status_code == 404
