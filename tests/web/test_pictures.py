"""Pictures of what is bought: fetched from the shop, served by us."""

from __future__ import annotations

import re
from typing import Any

import pytest

from checkout.errors import NotFound
from checkout.payments.pictures import AGAIN, LARGEST
from checkout.signing import Signer
from tests.web.conftest import Opened
from tests.web.server import SHOP, Customer, Server

PNG = b"\x89PNG\r\n\x1a\n of socks"


async def shown(server: Server, customer: Customer, *paths: str, **order: Any) -> list[str]:
    """Our addresses on the payment page of an order with a line for each picture."""
    server.mailbox.fetched.clear()
    lines = [{"name": path, "amount": 1000, "picture": SHOP + path} for path in paths]
    order = {"amount": 1000 * len(lines), "lines": lines} | order
    made = await server.create(order=order)
    page = await customer.open(made.path())
    return re.findall(r'<img src="(/picture/[^"]+)"', page.html)


async def test_a_picture_comes_from_us_and_is_fetched_once(
    server: Server, customer: Customer
) -> None:
    server.mailbox.pictures["/socks.png"] = ("image/png; q=1", PNG)
    (address,) = await shown(server, customer, "/socks.png")
    for _ in range(2):
        answer = await customer.get(address)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "public, max-age=86400"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert server.mailbox.fetched == ["/socks.png"]
    # The same picture of another order has the same address.
    assert await shown(server, customer, "/socks.png") == [address]


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<p>"), ("image/svg+xml", b"<svg/>"), ("image/png", b"x" * (LARGEST + 1))],
)
async def test_what_is_no_picture_of_its_size(opened: Opened, kind: str, body: bytes) -> None:
    """It is not asked for again for a while."""
    async with opened() as server, server.customer() as customer:
        server.mailbox.pictures["/a"] = (kind, body)
        (address,) = await shown(server, customer, "/a")
        assert (await customer.get(address)).status_code == 404
        server.mailbox.pictures["/a"] = ("image/png", PNG)
        assert (await customer.get(address)).status_code == 404
        assert server.mailbox.fetched == ["/a"]
        server.offset = AGAIN + 1
        assert (await customer.get(address)).content == PNG


async def test_only_what_a_shop_has_named_is_fetched(server: Server, customer: Customer) -> None:
    (address,) = await shown(server, customer, "/socks.png")
    payload, _, signature = address.rpartition("/")[2].partition(".")
    others = [
        f"/picture/{payload}", f"/picture/{payload}.{'A' * 43}", "/picture/x", "/picture/x.y.z",
        f"/picture/{payload[:-4]}AAAA.{signature}",
    ]  # fmt: skip
    for other in others:
        assert (await customer.get(other)).status_code == 404
    assert not server.mailbox.fetched


def test_a_signature_is_for_one_shop_and_address() -> None:
    signer = Signer(["s" * 32])
    signed = signer.sign_picture("361", "https://shop.example.com/a.png")
    assert signer.read_picture(signed) == ("361", "https://shop.example.com/a.png")
    with pytest.raises(NotFound):
        signer.read_picture(signer.sign_challenge("x", 1, 0, 1))


async def test_names_and_amounts_are_shown_as_they_are_written(
    server: Server, customer: Customer
) -> None:
    """Each payment's own, though the page is kept between payments; markup is text."""
    for name in ("<b>Socks</b>", "Tea & cake"):
        made = await server.create(order={"amount": 500, "lines": [{"name": name, "amount": 500}]})
        page = await customer.open(made.path())
        assert name in page.text
        assert "<b>Socks" not in page.html
    made = await server.create(order={"amount": 500})
    assert "order-lines" not in (await customer.open(made.path())).html
