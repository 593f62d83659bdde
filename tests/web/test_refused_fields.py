"""A field that the gateway refuses comes back on the form, named: no attempt, no decline."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.web.conftest import Opened
from tests.web.page import Page
from tests.web.server import CARD, CreatedPayment, Server


def refusing(**errors: Any) -> Any:
    body = {"message": "Unprocessable entity", "errors": errors}
    return lambda request: httpx.Response(422, json=body)


async def state(server: Server, made: CreatedPayment) -> dict[str, Any]:
    async with server.customer() as http:
        answer = await http.get(f"/ctp/api/checkouts/{made.token}", headers=server.basic())
    found: dict[str, Any] = answer.json()["checkout"]
    return found


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        ("number", "number", "The bank did not accept this card number"),
        ("exp_year", "expiry", "The bank did not accept this date"),
        ("verification_value", "code", "The bank did not accept this security code"),
        ("holder", "holder", "The bank did not accept this name"),
    ],
)
async def test_of_the_card(server: Server, theirs: str, ours: str, words: str) -> None:
    made = await server.create(attempts=1)
    server.line.broken.append(refusing(credit_card={theirs: ["is invalid"]}))
    async with server.customer() as http:
        answer = await http.pay(made)
        assert answer.status_code == 422
        page = Page(answer.text)
        assert words in answer.text
        assert f'href="#f-{ours}"' in answer.text
        assert page.form("pay").fields["holder"] == CARD["holder"]
        for name in ("number", "expiry", "code"):
            assert page.form("pay").fields[name] == ""
        assert CARD["number"] not in answer.text
        found = await state(server, made)
        assert (found["status"], found["finished"]) == (None, False)
        assert found["gateway_response"] is None
        # The only attempt that the shop allows is still there.
        answer = await http.submit(page.form("pay"), **CARD)
        assert answer.headers["location"] == made.path("result")
    assert (await state(server, made))["status"] == "successful"


async def test_of_the_customer(server: Server) -> None:
    made = await server.create(settings={"customer_fields": {"visible": ["email"]}})
    server.line.broken.append(refusing(customer={"email": ["is invalid"]}))
    async with server.customer() as http:
        answer = await http.pay(made, email="ann@example.com")
        assert answer.status_code == 422
        assert "Check the e-mail address" in answer.text
        assert 'value="ann@example.com"' in answer.text


async def test_what_the_page_does_not_ask_is_said_in_general(server: Server) -> None:
    made = await server.create()
    server.line.broken.append(refusing(customer={"email": ["is invalid"]}))
    async with server.customer() as http:
        answer = await http.pay(made)
        assert answer.status_code == 303
        page = await http.get(made.path())
    assert "The payment could not be taken" in page.text
    assert "Nothing was charged." in page.text


async def test_a_card_without_a_code(opened: Opened) -> None:
    async with opened(gateway='code = "optional"') as server, server.customer() as http:
        made = await server.create()
        page = await http.get(made.path())
        assert "(optional)" in page.text
        answer = await http.pay(made, code="")
        assert answer.headers["location"] == made.path("result")
        assert "verification_value" not in server.line.sent()["credit_card"]
        answer = await http.pay(await server.create(), code="12")
        assert answer.status_code == 422


async def test_elsewhere_the_code_is_asked_for(server: Server) -> None:
    async with server.customer() as http:
        answer = await http.pay(await server.create(), code="")
    assert answer.status_code == 422
    assert "Enter the security code" in answer.text
