"""Saved cards: remembered by the customer's choice, paid with by their code; and what the shop puts
onto the page besides: the name on the card, its terms, payment at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import CARD, DECLINED, PAID, CreatedPayment, Customer, Server
from tests.web.settings import acquired_shop

ONECLICK: dict[str, Any] = {"additional_data": {"contract": ["oneclick"]}}
NEW = {"card": "new", "number": "5204240000015003"}
LETTERS = {"notification_url": "http://127.0.0.1:8009/n"}
TERMS = {"url": "https://shop.example.com/terms", "text": "I take the [terms & <b>] as they are"}


async def token_of(server: Server, customer: Customer, number: str = PAID, **card: str) -> str:
    """Pay once and let the card be remembered; its token as the shop gets it."""
    made = await server.create(order=ONECLICK, settings=LETTERS)
    answer = await customer.pay(made, number, remember="1", **card)
    assert answer.headers["location"] == made.path("result")
    checkout = await made.told()
    token: str = checkout["credit_card"]["token"]
    assert token
    return token


async def again(server: Server, token: str, **changes: Any) -> CreatedPayment:
    methods = {"types": ["credit_card"], "credit_card": {"token": token}}
    methods |= changes.pop("payment_method", {})
    return await server.create(
        order=changes.pop("order", ONECLICK), payment_method=methods, **changes
    )


def contract(server: Server) -> Any:
    return server.line.sent()["additional_data"].get("contract")


# --- Remembering -------------------------------------------------------------------------------


async def test_the_customer_decides(server: Server, customer: Customer) -> None:
    for ticked in (True, False):
        made = await server.create(order=ONECLICK, settings=LETTERS)
        page = await customer.open(made.path())
        box = page.form("pay").inputs["remember"]
        assert (box["type"], "checked" in box) == ("checkbox", False)
        answer = await customer.submit(
            page.form("pay"), **CARD, **({"remember": "1"} if ticked else {})
        )
        assert answer.status_code == 303
        assert contract(server) == (["oneclick"] if ticked else None)
        await customer.get(made.path("result"))
        (webhook,) = server.mailbox.about(made.token)
        card, told = webhook["credit_card"], (await made.told())["credit_card"]
        assert (card["brand"], card["last_4"]) == ("visa", "0000")
        assert bool(card["token"]) is ticked
        assert told == card
        # The shop learns that the customer has agreed.
        assert webhook["additional_data"]["contract"] == (
            ["oneclick", "save_card"] if ticked else []
        )


@pytest.mark.parametrize(
    ("order", "toggle", "asked", "sent"),
    [
        ({}, ..., False, None),
        ({"additional_data": {"contract": ["recurring"]}}, ..., False, ["recurring"]),
        (ONECLICK, {"display": False}, False, ["oneclick"]),
        (ONECLICK, {"display": False, "customer_contract": True}, False, None),
        ({}, {"display": True, "customer_contract": True}, True, None),
        ({"additional_data": {"contract": ["recurring"]}}, {"customer_contract": True}, True, None),
    ],
)
async def test_who_is_asked(
    server: Server, customer: Customer, order: Any, toggle: Any, asked: bool, sent: Any
) -> None:
    settings = {} if toggle is ... else {"save_card_toggle": toggle}
    made = await server.create(order=order, settings=settings)
    page = await customer.open(made.path())
    assert ("remember" in page.form("pay").inputs) is asked
    await customer.submit(page.form("pay"), **CARD)
    assert contract(server) == sent


@pytest.mark.parametrize(
    ("contract", "hint"),
    [(["oneclick"], "Next time you will only need its security code."),
     (["recurring"], "The shop may charge this card later, as you agreed.")],
)  # fmt: skip
async def test_what_is_agreed_to_is_said(
    server: Server, customer: Customer, contract: list[str], hint: str
) -> None:
    made = await server.create(
        order={"additional_data": {"contract": contract}},
        settings={"save_card_toggle": {"customer_contract": True}},
    )
    assert hint in (await customer.open(made.path())).text


async def test_nobody_agrees_to_what_was_not_asked(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made, remember="1")
    assert contract(server) is None


async def test_the_shops_own_words(server: Server, customer: Customer) -> None:
    words = {"text": "Keep <i>it</i>", "hint": 'For "next" time'}
    made = await server.create(settings={"save_card_toggle": words | {"customer_contract": True}})
    page = await customer.open(made.path())
    assert "Keep <i>it</i>" in page.text
    assert 'For "next" time' in page.text
    assert "<i>" not in page.html
    answer = await customer.submit(page.form("pay"), **(CARD | {"code": "", "remember": "1"}))
    assert "checked" in Page(answer.text).form("pay").inputs["remember"]  # it stays ticked


# --- Paying with it ----------------------------------------------------------------------------


async def test_its_code_is_all_that_is_asked(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer)
    made = await again(server, token)
    page = await customer.open(made.path())
    before = made.books()
    page = await customer.open(made.path())
    assert made.books() == before  # looking again changes nothing
    assert "Visa •••• 0000 12/39" in page.text
    assert token not in page.html
    form = page.form("pay")
    assert form.fields["card"] == "saved"
    assert "remember" in form.inputs  # for another card
    answer = await customer.submit(form, code="123")
    assert answer.headers["location"] == made.path("result")
    sent = server.line.sent()
    assert sent["credit_card"] == {"token": token, "verification_value": "123"}
    assert sent["additional_data"]["contract"] == ["oneclick"]
    checkout = (await made.told())["credit_card"]
    assert (checkout["brand"], checkout["last_4"], checkout["token"]) == ("visa", "0000", token)


async def test_another_card_beside_it(server: Server, customer: Customer) -> None:
    made = await again(server, await token_of(server, customer))
    page = await customer.open(made.path())
    answer = await customer.submit(page.form("pay"), **(CARD | NEW))
    assert answer.headers["location"] == made.path("result")
    assert server.line.sent()["credit_card"]["number"] == "5204240000015003"
    assert contract(server) is None


@pytest.mark.parametrize("code", ["", "12", "1234", "abc"])
async def test_a_wrong_code(server: Server, customer: Customer, code: str) -> None:
    made = await again(server, await token_of(server, customer))
    page = await customer.open(made.path())
    charges = len(server.line.charges)
    answer = await customer.submit(page.form("pay"), code=code)
    assert answer.status_code == 422
    assert len(server.line.charges) == charges
    wrong = Page(answer.text)
    assert set(wrong.errors()) == {"code"}
    assert wrong.form("pay").fields["card"] == "saved"
    assert wrong.form("pay").fields["code"] == ""


async def test_four_digits_where_the_card_has_them(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer, "378282246310005", code="1234")
    made = await again(server, token)
    page = await customer.open(made.path())
    (choice,) = page.all("input", name="card", value="saved")
    assert choice["data-digits"] == "4"
    assert (await customer.submit(page.form("pay"), code="123")).status_code == 422
    assert (await customer.submit(page.form("pay"), code="1234")).status_code == 303


async def test_a_card_that_was_never_seen(server: Server, customer: Customer) -> None:
    """The gateway may know it all the same; if it doesn't, any other card is taken."""
    made = await again(server, "no-such-token")
    page = await customer.open(made.path())
    assert "Your saved card" in page.text
    answer = await customer.submit(page.form("pay"), code="123")
    assert answer.headers["location"] == made.path()
    page = await customer.open(made.path())
    assert "The saved card can't be used any more" in page.text
    assert "card" not in page.form("pay").inputs
    answer = await customer.submit(page.form("pay"), **CARD)
    assert answer.headers["location"] == made.path("result")


async def test_a_card_of_another_shop_is_not_shown(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer)
    made = await again(server, token, shop="framing", settings={"return_url": None})
    page = await customer.open(made.path())
    assert "0000" not in page.text
    assert "Your saved card" in page.text


async def test_declined_and_tried_again(server: Server, customer: Customer) -> None:
    made = await again(server, await token_of(server, customer))
    page = await customer.open(made.path())
    await customer.submit(page.form("pay"), **(CARD | {"card": "new", "number": DECLINED}))
    page = await customer.open(made.path())
    assert "Visa •••• 0000" in page.text
    answer = await customer.submit(page.form("pay"), code="123")
    assert answer.headers["location"] == made.path("result")


async def test_no_other_card(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer)
    made = await again(server, token, settings={"another_card_toggle": {"display": False}})
    page = await customer.open(made.path())
    form = page.form("pay")
    assert not {"number", "expiry", "holder", "remember"} & set(form.inputs)
    assert form.inputs["card"]["type"] == "hidden"
    forged = await customer.submit(form, **(CARD | NEW))
    assert forged.status_code == 303
    assert server.line.sent()["credit_card"] == {"token": token, "verification_value": "123"}


async def test_what_can_not_be_offered(opened: Opened) -> None:
    """A brand that the shop excludes, a card past its date, a method without cards."""
    async with opened() as server, server.customer() as customer:
        token = await token_of(server, customer)
        for methods in ({"excluded_brands": ["visa"]}, {"types": ["erip"]}):
            made = await again(server, token, payment_method=methods)
            assert "card" not in (await customer.open(made.path())).form("pay").inputs
        server.offset = 15 * 366 * 24 * 3600.0
        made = await again(server, token, settings={"another_card_toggle": {"display": False}})
        form = (await customer.open(made.path())).form("pay")
        assert "card" not in form.inputs
        assert {"number", "expiry", "code", "holder"} <= set(form.inputs)


async def test_tries_on_one_token_are_limited(opened: Opened) -> None:
    async with opened(declines="2") as server:
        async with server.customer() as customer:
            token = await token_of(server, customer)
        statuses = []
        for last in range(4):
            async with server.customer(f"203.0.113.{last}") as guesser:
                made = await again(server, token)
                server.line.broken.append(_declined)
                page = await guesser.open(made.path())
                statuses.append((await guesser.submit(page.form("pay"), code="000")).status_code)
        assert statuses == [303, 303, 429, 429]


def _declined(request: Any) -> Any:
    import httpx

    sent = json.loads(request.content)["request"]
    values = {"uid": f"u-{sent['tracking_id']}", "type": "payment", "status": "failed"}
    values |= {name: sent[name] for name in ("amount", "currency", "tracking_id")}
    return httpx.Response(200, json={"transaction": values | {"code": "F.0112"}})


async def test_a_gateway_that_keeps_cards_and_takes_no_tokens(opened: Opened) -> None:
    """The question is asked and the shop gets the token; a payment by it asks for all of the card,
    not at once either."""
    account = ('partner_id = "195"', 'username = "shop"', "pay_with_token = false")
    async with opened(top=acquired_shop(*account)) as server, server.customer() as customer:
        made = await server.create(shop="acquired", order=ONECLICK)
        form = (await customer.open(made.path())).form("pay")
        answer = await customer.submit(form, **CARD, remember="1")
        assert answer.headers["location"] == made.path("result")
        checkout = (await made.told())["credit_card"]
        assert checkout["last_4"] == "0000"
        assert checkout["token"]
        for settings in ({}, {"auto_pay": True, "another_card_toggle": {"display": False}}):
            made = await again(server, checkout["token"], shop="acquired", settings=settings)
            page = await customer.open(made.path())
            assert not page.all("form", data_by_itself="")
            assert {"number", "expiry", "code", "holder"} <= set(page.form("pay").inputs)
            assert "card" not in page.form("pay").inputs
            answer = await customer.submit(page.form("pay"), **CARD, card="saved")
            assert answer.headers["location"] == made.path("result")


# --- At once -----------------------------------------------------------------------------------


async def test_paid_at_once(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer)
    made = await again(server, token, settings={"auto_pay": True}, order={})
    page = await customer.open(made.path())
    assert not made.attempts()  # a GET never charges
    assert page.all("form", data_by_itself="")
    answer = await customer.submit(page.form("pay"))
    assert answer.headers["location"] == made.path("result")
    assert server.line.sent()["credit_card"] == {"token": token}
    assert contract(server) == ["recurring"]
    result = await customer.open(made.path("result"))
    assert (result.refresh or "").startswith("0;url=https://shop.example.com/thanks?order=7&token=")


async def test_not_at_once_when_something_is_left_to_ask(
    server: Server, customer: Customer
) -> None:
    token = await token_of(server, customer)
    for settings in (
        {"customer_fields": {"visible": ["email"]}},
        {"agreement_toggle": {"value": False, "url": TERMS["url"]}},
    ):
        made = await again(server, token, settings={"auto_pay": True, **settings})
        page = await customer.open(made.path())
        assert not page.all("form", data_by_itself="")
    made = await server.create(settings={"auto_pay": True})  # without a token it means nothing
    page = await customer.open(made.path())
    assert not page.all("form", data_by_itself="")
    assert "number" in page.form("pay").inputs


async def test_at_once_is_tried_once(server: Server, customer: Customer) -> None:
    token = await token_of(server, customer)
    made = await again(server, token, settings={"auto_pay": True})
    server.line.broken.append(_declined)
    page = await customer.open(made.path())
    await customer.submit(page.form("pay"))
    page = await customer.open(made.path())
    assert not page.all("form", data_by_itself="")
    assert (await customer.submit(page.form("pay"))).status_code == 422
    answer = await customer.submit(page.form("pay"), code="123")
    assert answer.headers["location"] == made.path("result")


# --- The shop's terms, the name on the card ----------------------------------------------------


async def test_terms_must_be_accepted(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"agreement_toggle": TERMS | {"value": False}})
    page = await customer.open(made.path())
    assert "I take the terms & <b> (opens in a new tab) as they are" in page.text
    link = page.links[TERMS["url"]]
    assert (link["target"], link["rel"]) == ("_blank", "noopener noreferrer")
    answer = await customer.submit(page.form("pay"), **CARD)
    assert answer.status_code == 422
    wrong = Page(answer.text)
    assert wrong.errors() == {"agreed": "Accept the terms to pay"}
    assert "#f-agreed" in wrong.links
    assert not made.attempts()
    answer = await customer.submit(wrong.form("pay"), **CARD, agreed="1")
    assert answer.headers["location"] == made.path("result")


async def test_terms_of_every_method(server: Server, customer: Customer) -> None:
    made = await server.create(
        settings={"agreement_toggle": {"text": "Yes"}}, payment_method={"types": ["erip"]}
    )
    form = (await customer.open(made.path())).form("pay")
    assert (await customer.submit(form)).status_code == 422
    assert (await customer.submit(form, agreed="1")).status_code == 303


async def test_terms_ticked_beforehand(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"agreement_toggle": TERMS | {"value": True}})
    form = (await customer.open(made.path())).form("pay")
    assert form.fields["agreed"] == "1"
    # Who takes the tick away is not given it back.
    answer = await customer.submit(form, **CARD, agreed="")
    assert "agreed" not in Page(answer.text).form("pay").fields


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({"url": TERMS["url"]}, "I accept the shop's terms (opens in a new tab)"),
        ({"text": "All [rules]"}, "All rules"),
        ({"text": "Rules", "url": TERMS["url"]}, "Rules Read the terms (opens in a new tab)"),
        ({"value": False}, "I accept the shop's terms"),
    ],
)
async def test_the_words_of_the_terms(
    server: Server, customer: Customer, terms: dict[str, Any], text: str
) -> None:
    made = await server.create(settings={"agreement_toggle": terms})
    page = await customer.open(made.path())
    assert text in page.text
    assert (TERMS["url"] in page.links) == ("url" in terms)


async def test_the_name_on_the_card(server: Server, customer: Customer) -> None:
    made = await server.create(settings={"credit_card_fields": {"holder": "ANNA <LEE>"}})
    form = (await customer.open(made.path())).form("pay")
    assert form.fields["holder"] == "ANNA <LEE>"
    assert "readonly" not in form.inputs["holder"]
    await customer.submit(form, **(CARD | {"holder": "OTTO LEE"}))
    assert server.line.sent()["credit_card"]["holder"] == "OTTO LEE"


async def test_a_fixed_name_on_the_card(server: Server, customer: Customer) -> None:
    fields = {"holder": "ANNA LEE", "read_only": ["holder"]}
    made = await server.create(settings={"credit_card_fields": fields})
    form = (await customer.open(made.path())).form("pay")
    assert "readonly" in form.inputs["holder"]
    await customer.submit(form, **(CARD | {"holder": "OTTO LEE"}))
    assert server.line.sent()["credit_card"]["holder"] == "ANNA LEE"
    # Nothing to fix: it is asked for.
    made = await server.create(settings={"credit_card_fields": {"read_only": ["holder"]}})
    form = (await customer.open(made.path())).form("pay")
    assert "readonly" not in form.inputs["holder"]


async def test_the_buttons_words(server: Server, customer: Customer) -> None:
    texts = {"button_text": "Give <b>€</b> & smile", "button_next_text": 'On & "on"'}
    made = await server.create(settings=texts)
    page = await customer.open(made.path())
    assert texts["button_text"] in page.text
    assert "<b>" not in page.html
    await customer.submit(page.form("pay"), **CARD)
    result = await customer.open(made.path("result"))
    assert texts["button_next_text"] in result.text


async def test_a_frame_is_told_of_its_own_address(server: Server, customer: Customer) -> None:
    """For the script, which can see whether the frame may send forms; hidden until then."""
    made = await server.create(shop="framing", settings={"return_url": None})
    page = await customer.open(made.path(), **{"Sec-Fetch-Dest": "iframe"})
    (hint,) = page.all("div", data_blocked="")
    assert "hidden" in hint
    assert page.links[made.path()]["target"] == "_blank"
    page = await customer.open(made.path(), **{"Sec-Fetch-Dest": "document"})
    assert not page.all("div", data_blocked="")
