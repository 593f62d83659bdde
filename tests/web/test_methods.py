"""How the page offers the ways to pay: in which order, how many at once, with which marks."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from checkout.model.pan import BRANDS
from checkout.signing import CustomerCookie, Signer
from checkout.web.pages.payment import FEW, MethodChoice
from tests.gallery import NONCE, STATES, renderer
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import Server


def offered(page: Page) -> list[str]:
    return [each["value"] for each in page.all("input", name="method", type="radio")]


def marks(page: Page) -> list[str]:
    """The cards' marks, each of which must be drawn."""
    found = [each["data-brand"] for each in page.all("svg") if "data-brand" in each]
    assert {f"#{name}" for name in found} <= {each["href"] for each in page.all("use")}
    assert set(found) <= {each["id"] for each in page.all("symbol")}
    return found


def drawn(*methods: MethodChoice, **more: Any) -> Page:
    template, page, layout = STATES["several-methods"]
    page = replace(page, methods=methods, **more)
    return Page(renderer()(template, "en", page=page, layout=layout, nonce=NONCE))


def way(name: str, **more: Any) -> MethodChoice:
    values: dict[str, Any] = {"mark": "bank", "chosen": False, "card": False} | more
    return MethodChoice(name=name, label=name.title(), **values)


async def test_what_was_tried_last_comes_first(server: Server) -> None:
    made = await server.create()
    known = CustomerCookie(made.uid, "en", method="erip", own=True)
    cookie = f"__Host-checkout={Signer(server.settings.secrets).sign_cookie(known)}"
    async with server.customer() as stranger, server.customer(Cookie=cookie) as customer:
        usual = await stranger.open(made.path())
        assert offered(usual) == ["credit_card", "bank_transfer", "sbp", "erip"]
        assert usual.form("pay").fields["method"] == "credit_card"
        again = await customer.open(made.path())
        assert offered(again) == ["erip", "credit_card", "bank_transfer", "sbp"]
        assert again.form("pay").fields["method"] == "erip"


def test_more_than_a_few_are_behind_a_line() -> None:
    """Which is open where the chosen one is there."""
    names = [f"way_{number}" for number in range(FEW + 2)]
    for count, last, wanted in (
        (FEW, False, []),
        (FEW + 2, False, [{"class": "more"}]),
        (FEW + 2, True, [{"class": "more", "open": ""}]),
    ):
        ways = [way(name, chosen=last and name == names[-1]) for name in names[:count]]
        page = drawn(*ways)
        assert page.all("details", class_="more") == wanted
        assert offered(page) == names[:count]


def test_the_cards_fields_are_in_its_row() -> None:
    """Where two take a card, in that of the first: the script moves them."""
    page = drawn(way("bank"), way("card", card=True), way("other", card=True))
    seen = [
        found.get("value", "fields")
        for _, found in page.tags
        if found.get("name") == "method" or "data-card-fields" in found
    ]
    assert seen == ["bank", "card", "fields", "other"]


def test_each_mark_is_drawn_once() -> None:
    brands = tuple(brand.name for brand in BRANDS)
    page = drawn(
        way("card", card=True, brands=brands),
        way("one"),
        way("two"),
        way("three", mark="unheard-of"),
        brands=brands,
    )
    ids = [each["id"] for each in page.all("symbol")]
    assert ids == [*brands, "bank", "unheard-of"]
    assert marks(page) == [*brands, *brands]  # at its row, and in the field


@pytest.mark.parametrize(
    ("named", "excluded", "shown"),
    [
        ("", [], ["visa", "master"]),
        ("", ["visa"], ["master"]),
        ('brands = ["mir", "jcb", "visa"]', [], ["mir", "jcb", "visa"]),
        ('brands = ["mir", "jcb", "visa"]', ["jcb", "maestro"], ["mir", "visa"]),
    ],
)
async def test_the_marks_are_the_shops(
    opened: Opened, named: str, excluded: list[str], shown: list[str]
) -> None:
    ways = {"types": ["credit_card"], "excluded_brands": excluded}
    async with opened(apps=named) as server, server.customer() as customer:
        made = await server.create(payment_method=ways)
        assert marks(await customer.open(made.path())) == shown
