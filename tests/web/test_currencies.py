"""One sum on every page and to every side, however the account counts the currency."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any, Final

import pytest
import pytest_asyncio
from babel.numbers import get_decimal_symbol
from hypothesis import example, given
from hypothesis import strategies as st

from checkout.i18n import LANGUAGES, locale
from checkout.model.money import EXPONENTS, LARGEST, MOST_DECIMALS, TWO_WAYS, Money
from checkout.signing import sign_link
from checkout.web.api.merchant_initiated import KINDS as BY_TOKEN
from checkout.web.invoice_mail import invoice
from checkout.web.pages.amount_input import read_amount
from checkout.web.pages.components import headline_amount, pay_label
from checkout.web.pages.formatting import amount
from tests.support import samples
from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import SHOP, Customer, Server, open_server, ordered

TWELVE: Final = sorted(TWO_WAYS)
# IDR and MOP as the plugins' SDK counts them, UGX and CLF as ISO does; JPY by a gateway's own way.
COUNTS: Final = "decimals = { IDR = 0, UGX = 0, CLF = 4, MOP = 1, JPY = 2 }"
KEYS: Final = {"secret": token_hex(32), "link_key": token_hex(32)}  # of one server, opened again
PRODUCT: Final[dict[str, Any]] = {
    "name": "Ticket", "description": "Row 5", "amount": 1999, "infinite": True, "language": "en",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def counting(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server whose accounts say how they count."""
    async with open_server(tmp_path_factory.mktemp("counting"), pem, gateway=COUNTS) as found:
        yield found


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


# Refused, where nobody says


async def refused(server: Server, method: str, path: str, body: Any, field: str) -> None:
    async with server.customer() as http:
        answer = await http.request(method, path, json=body, headers=server.basic())
    assert answer.status_code == 422, answer.text
    found = answer.json()["errors"]
    for name in field.split("."):
        found = found[name]
    (reason,) = found
    assert "gateways.cards.decimals" in reason


@pytest.mark.parametrize("currency", TWELVE)
async def test_every_entry_refuses_it(server: Server, customer: Customer, currency: str) -> None:
    before = len(server.books()["payments"])
    order = {"amount": 1999, "currency": currency, "description": "Two tickets"}
    body = {"checkout": ordered(order=order)}
    await refused(server, "POST", "/ctp/api/checkouts", body, "order.currency")
    await refused(server, "POST", "/products", PRODUCT | {"currency": currency}, "currency")
    async with server.customer() as http:
        euros = PRODUCT | {"currency": "EUR"}
        made = await http.post("/products", json=euros, headers=server.basic())
    path = f"/products/{made.json()['id']}"
    await refused(server, "PUT", path, {"currency": currency}, "currency")
    await refused(server, "POST", "/invoices", order | {"send": False}, "currency")
    for path in BY_TOKEN:
        card = "recipient_credit_card" if path.endswith("payouts") else "credit_card"
        request = {"request": order | {card: {"token": "b7e6a1f5-0c4d"}}}
        await refused(server, "POST", path, request, "currency")
    key = server.settings.shops["361"].link_keys[-1]
    opened = await customer.get("/pay/" + sign_link("361", key, order))
    assert opened.status_code == 422
    assert len(server.books()["payments"]) == before


async def test_an_app_is_told_too(server: Server) -> None:
    key = {"Authorization": f"Bearer {server.settings.shops['361'].publishable_key}"}
    body = {"checkout": ordered(order={"currency": "IDR"})}
    async with server.customer() as http:
        answer = await http.post("/ctp/api/checkouts", json=body, headers=key)
    assert answer.status_code == 422
    assert "gateways.cards.decimals" in answer.json()["errors"]["order"]["currency"][0]
    assert "order.currency is counted with 0 decimals" in answer.json()["message"]


# Taken, as the accounts say


@pytest.mark.parametrize(
    ("currency", "shown"),
    [("IDR", "IDR 1,999"), ("UGX", "UGX 1,999"), ("CLF", "CLF 0.1999"), ("MOP", "MOP 199.9"),
     ("JPY", "JP¥19.99"), ("EUR", "€19.99")],
)  # fmt: skip
async def test_all_say_the_same(counting: Server, currency: str, shown: str) -> None:
    server = counting
    made = await server.create(
        order={"currency": currency},
        settings={"notification_url": f"{SHOP}/notify"},
    )
    async with server.customer() as customer:
        page = await customer.open(made.path())
        assert plain(page.headline).endswith(f": {shown}")
        assert f"Pay {shown}" in plain(page.text)
        form = page.form("pay")
        assert "number" in form.inputs
        again = await customer.submit(form)
        assert again.status_code == 422
        assert f"Pay {shown}" in plain(Page(again.text).text)
        await customer.pay(made)
        sent = server.line.sent()
        assert (sent["amount"], sent["currency"]) == (1999, currency)
        for path in (made.path("result"), made.path(kind="order")):
            assert shown in plain((await customer.open(path)).text)
        checkout = (await made.told())["order"]
        assert (checkout["amount"], checkout["currency"]) == (1999, currency)
        request = {"request": {"parent_uid": made.uid, "amount": 500, "reason": "broken"}}
        answer = await customer.post("/transactions/refunds", json=request, headers=server.basic())
        back = answer.json()["transaction"]
        assert (back["status"], back["amount"]) == ("successful", 500)
        assert server.line.sent()["amount"] == 500
    await server.settle_down()
    (attempt,) = made.attempts()
    assert (attempt["status"], attempt["mismatch"]) == ("paid", 0)
    paid = server.mailbox.about(made.token)[0]
    assert (paid["amount"], paid["currency"], paid["status"]) == (1999, currency, "successful")


async def test_a_link_is_counted_when_it_is_opened(counting: Server) -> None:
    key = counting.settings.shops["361"].link_keys[-1]
    order = {"amount": 1999, "currency": "IDR", "description": "Two tickets"}
    async with counting.customer() as customer:
        opened = await customer.get("/pay/" + sign_link("361", key, order))
        page = await customer.open(opened.headers["location"])
    assert plain(page.headline).endswith(": IDR 1,999")


async def product(server: Server, **changes: Any) -> str:
    """The path of its page."""
    async with server.customer() as http:
        answer = await http.post("/products", json=PRODUCT | changes, headers=server.basic())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["pay_url"]).removeprefix(server.settings.public_url)


@pytest.mark.parametrize(
    ("currency", "typed", "bounds", "shown"),
    [("IDR", "1,999", "From IDR 1,000 to IDR 5,000", "IDR 1,999"),
     ("CLF", "0.1999", "From CLF 0.1000 to CLF 0.5000", "CLF 0.1999"),
     ("MOP", "199.9", "From MOP 100.0 to MOP 500.0", "MOP 199.9"),
     ("JPY", "19.99", "From JP¥10.00 to JP¥50.00", "JP¥19.99")],
)  # fmt: skip
async def test_a_product_is_counted_alike(
    counting: Server, currency: str, typed: str, bounds: str, shown: str
) -> None:
    fixed = await product(counting, currency=currency)
    free = await product(counting, currency=currency, min_amount=1000, max_amount=5000)
    async with counting.customer() as customer:
        page = await customer.open(fixed)
        assert shown in plain(page.text)
        bought = await customer.submit(page.forms[0])
        paying = await customer.open(bought.headers["location"])
        assert plain(paying.headline).endswith(f": {shown}")
        page = await customer.open(free)
        assert bounds in plain(page.text)
        assert page.forms[0].fields["amount"] == typed.replace(",", "")
        bought = await customer.submit(page.forms[0], amount=typed)
        paying = await customer.open(bought.headers["location"])
        assert plain(paying.headline).endswith(f": {shown}")
        wrong = await customer.submit(page.forms[0], amount=typed + ".5")
        assert wrong.status_code == 422


async def test_a_product_that_nobody_counts_so_any_more_is_not_on_sale(opened: Opened) -> None:
    async with opened(gateway=COUNTS) as server:
        path = await product(server, currency="IDR")
        async with server.customer() as customer:
            form = (await customer.open(path)).forms[0]
    for gateway in ("", "decimals = { IDR = 2 }"):
        async with opened(gateway=gateway) as server, server.customer() as customer:
            looked = await customer.get(path)
            page = Page(looked.text)
            assert looked.status_code == 410
            assert "Not on sale right now" in page.headline
            assert not page.forms
            signer, name = server.app.state.context.signer, path.rpartition("/")[2]
            form.fields["form_token"] = signer.sign_form("buy", name, 0)
            sent = await customer.submit(form)
            assert sent.status_code == 422
            assert "Not on sale right now" in Page(sent.text).headline
            assert server.books()["payments"] == []


async def test_an_invoice_keeps_the_count_of_its_mail(opened: Opened) -> None:
    order = {"amount": 1999, "currency": "IDR", "description": "Chairs", "send": False}
    async with opened(gateway=COUNTS, **KEYS) as server, server.customer() as http:
        made = [await http.post("/invoices", json=order, headers=server.basic()) for _ in range(2)]
        first, second = (
            each.json()["invoice"]["url"].removeprefix(server.settings.public_url) for each in made
        )
        page = await http.open((await http.get(first)).headers["location"])
        assert plain(page.headline).endswith(": IDR 1,999")
    for gateway, status in (("decimals = { IDR = 2 }", 422), ("", 422), (COUNTS, 303)):
        async with opened(gateway=gateway, **KEYS) as server, server.customer() as http:
            assert (await http.get(first)).status_code == 303, "it is opened already"
            assert (await http.get(second)).status_code == status
    async with (
        opened(gateway="decimals = { IDR = 2 }", **KEYS) as server,
        server.customer() as http,
    ):
        made = [await http.post("/invoices", json=order, headers=server.basic())]
        third = made[0].json()["invoice"]["url"].removeprefix(server.settings.public_url)
    async with opened(gateway=COUNTS, **KEYS) as server, server.customer() as http:
        assert (await http.get(third)).status_code == 422, "ISO's own count is one too"


# In every language


monies = st.builds(
    Money,
    st.integers(0, LARGEST),
    st.sampled_from(sorted(EXPONENTS)),
    st.none() | st.integers(0, MOST_DECIMALS),
)


def digits_of(text: str) -> str:
    """From the first digit to the last, with what parts them."""
    places = [place for place, each in enumerate(text) if unicodedata.category(each) == "Nd"]
    return text[places[0] : places[-1] + 1]


@pytest.mark.parametrize("language", LANGUAGES)
@given(money=monies)
@example(money=Money(1999, "IDR", 0))
@example(money=Money(LARGEST, "UGX", 2))
def test_the_page_shows_exactly_so_many_digits(money: Money, language: str) -> None:
    shown = digits_of(amount(money, language))
    whole, point, part = shown.partition(get_decimal_symbol(locale(language)))
    assert len(part) == money.exponent
    assert bool(point) is bool(money.exponent)
    assert int(re.sub(r"\D", "", whole + part)) == money.minor
    assert read_amount(shown, money, language) == money


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_speaks_of_an_order(language: str) -> None:
    for money in (Money(1999, "IDR", 0), Money(1999, "MOP", 1), Money(1999, "JPY", 2)):
        order, shown = samples.order(money=money), amount(money, language)
        assert headline_amount(order, language) == shown
        assert shown in pay_label(order, language)
        mail = invoice(
            order, samples.shop(), "https://pay.example.com/pay/x",
            sender="pay@example.com", to="ann@example.com", language=language, now=0.0,
        )  # fmt: skip
        assert shown in mail["Subject"]
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            assert shown in part.get_content()
