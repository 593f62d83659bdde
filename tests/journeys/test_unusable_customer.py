"""A shop whose plugin sends garbage about the customer, over real HTTP: it is paid all the same,
the gateway gets nothing that is wrong, and the log names the fields and no value."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from checkout.shop_api.customer import LONGEST, TYPED
from tests.journeys.servers import Servers
from tests.journeys.test_charge_request import asked, kept_card, made, read
from tests.support.polling import until
from tests.support.settings import SHOP

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANARY: Final = "Canary"
LONG: Final = f"{CANARY} \u0301" + "\U0001f468\U0001f3fd" * 300
GARBAGE: Final[dict[str, Any]] = {
    "email": f"{CANARY} at example",
    "first_name": LONG,
    "last_name": [CANARY],
    "address": LONG,
    "city": {"name": CANARY},
    "state": f"{CANARY}shire",
    "zip": f"{CANARY}-1",
    "country": "United States",
    "phone": True,
    "birth_date": "0000-00-00",
    "external_id": LONG,
    "taxpayer_id": ["7701"],
    "device_id": False,
    "ip": f"{CANARY}.1.2.3",
}
DECORATION: Final[dict[str, Any]] = {
    "dynamic_billing_descriptor": LONG,
    "settings": {
        "button_text": LONG,
        "button_next_text": [CANARY],
        "save_card_toggle": {"text": LONG, "hint": {}},
        "credit_card_fields": {"holder": 7, "read_only": "holder"},
        "style": {"button": CANARY, "widget": [CANARY]},
        "customer_fields": {"visible": [CANARY], "read_only": {}, "hidden": 7},
    },
}
EXTRA: Final = {"receipt_text": [LONG, *[7, {}] * 30], "referer": CANARY}
CUT_OR_DROPPED: Final = {*GARBAGE} - {"country"}
IN_ORDER: Final = {
    *(f"customer.{name}" for name in CUT_OR_DROPPED),
    "dynamic_billing_descriptor", "order.additional_data.receipt_text",
    "order.additional_data.referer", "settings.button_text", "settings.button_next_text",
    "settings.save_card_toggle.text", "settings.save_card_toggle.hint",
    "settings.credit_card_fields.holder", "settings.customer_fields.visible",
    "settings.customer_fields.read_only", "settings.customer_fields.hidden",
}  # fmt: skip


def ordered(name: str, amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR", "description": name, "additional_data": EXTRA}


async def charged(servers: Servers, name: str) -> dict[str, Any]:
    """The one charge of this name, as the gateway was asked for it."""
    rows = (await servers.ledger())["transactions"]
    (row,) = [row for row in rows if row["facts"].get("description") == name]
    assert row["status"] == "successful"
    found: dict[str, Any] = row["facts"]["request"]
    return found


def noted(servers: Servers, log_before: int) -> list[dict[str, Any]]:
    lines = servers.log()[log_before:].splitlines()
    assert CANARY not in "".join(lines)
    return [json.loads(line) for line in lines if '"data.dropped"' in line]


def is_valid(sent: dict[str, Any]) -> None:
    """By the rules that a customer is held to."""
    person = sent.get("customer", {}) | sent.get("billing_address", {})
    for name, value in person.items():
        assert TYPED.rule(name)(value) == value
    assert person["country"] == "US"
    assert not {"state", "zip", "email", "birth_date", "city", "phone"} & {*person}
    assert 0 < len(person["first_name"]) <= LONGEST["first_name"]
    extra = sent["additional_data"]
    assert "referer" not in extra
    assert all(0 < len(line) <= 255 for line in extra["receipt_text"])
    assert len(sent["dynamic_billing_descriptor"]) <= 255


async def test_it_is_paid_on_the_page(servers: Servers) -> None:
    before, name = len(servers.log()), "Garbage on the page"
    order = ordered(name, 7101)
    body = {"transaction_type": "payment", "order": order, "customer": GARBAGE, **DECORATION}
    token, page = await made(servers, body)
    shown = await servers.client.get(page)
    assert shown.status_code == 200
    assert 'name="email"' not in shown.text, "what is not visible is not asked"
    answer = await servers.post(f"{page}/pay", await servers.form(page))
    assert answer.headers["location"].endswith("/result"), answer.text
    assert (await read(servers, token))["status"] == "successful"
    is_valid(await charged(servers, name))
    (line,) = noted(servers, before)
    assert set(line["fields"]) == IN_ORDER
    assert (line["shop"], line["payment"]) == (SHOP, page.split("/")[-2])


async def test_it_is_paid_from_an_app(servers: Servers) -> None:
    """Made by the app's key and paid from the app: what is asked for by nobody may be anything."""
    before, name = len(servers.log()), "Garbage from an app"
    order = {"amount": 7102, "currency": "EUR", "description": name}
    key = {"Authorization": f"Bearer {servers.shop_public_key}"}
    answer = await servers.client.post(
        f"{servers.checkout}/ctp/api/checkouts",
        json={"checkout": {"transaction_type": "payment", "order": order, "customer": GARBAGE}},
        headers=key,
    )
    assert answer.status_code == 201, answer.text
    card = {
        "number": "4200000000000000", "verification_value": "123", "holder": "ANNA LEE",
        "exp_month": "12", "exp_year": "2034",
    }  # fmt: skip
    request = {"token": answer.json()["checkout"]["token"], "credit_card": card}
    answer = await servers.client.post(
        f"{servers.checkout}/ctp/api/payments",
        json={"request": request | {"customer": GARBAGE | {"email": "anna@example.com"}}},
        headers=key,
    )
    assert answer.json()["response"]["status"] == "successful", answer.text
    sent = await charged(servers, name)
    assert sent["customer"]["email"] == "anna@example.com", "what the shop's order lacked"
    assert sent["billing_address"]["country"] == "US"
    created, paid = noted(servers, before)
    without_ip = CUT_OR_DROPPED - {"ip"}
    assert set(created["fields"]) == {f"customer.{name}" for name in without_ip}
    assert set(paid["fields"]) <= {f"customer.{name}" for name in without_ip - {"email"}}
    assert created["payment"] == paid["payment"]


async def test_it_is_paid_by_a_token(servers: Servers) -> None:
    token = await kept_card(servers, "Kept for garbage")
    before, name = len(servers.log()), "Garbage by a token"
    parts = {key: value for key, value in GARBAGE.items() if key in ("email", "ip", "birth_date")}
    address = {key: value for key, value in GARBAGE.items() if key not in parts}
    request = ordered(name, 7103) | {
        "credit_card": {"token": token},
        "dynamic_billing_descriptor": LONG,
        "customer": parts,
        "billing_address": address,
    }
    answer = await asked(servers, "/transactions/payments", request)
    assert answer.json()["transaction"]["status"] == "successful", answer.text
    is_valid(await charged(servers, name))
    (line,) = noted(servers, before)
    assert {*line["fields"]} == {
        *(f"customer.{key}" for key in parts),
        *(f"billing_address.{key}" for key in address if key != "country"),
        "dynamic_billing_descriptor", "additional_data.receipt_text", "additional_data.referer",
    }  # fmt: skip


async def test_it_is_paid_at_the_other_acquirer(servers: Servers) -> None:
    name = "Garbage at the acquirer"
    body = {
        "transaction_type": "payment",
        "order": ordered(name, 7104),
        "customer": GARBAGE,
        "payment_method": {"types": ["acquirer_card"]},
    }
    token, page = await made(servers, body)
    form = await servers.form(page) | {"method": "acquirer_card"}
    answer = await servers.post(f"{page}/pay", form)
    assert answer.status_code == 303, answer.text

    async def is_paid() -> bool:
        return bool((await read(servers, token))["status"] == "successful")

    await until(is_paid)


@pytest.mark.parametrize("how", ["visible", "read_only"])
async def test_what_the_shop_made_visible_is_asked(servers: Servers, how: str) -> None:
    """Empty, also where the shop had fixed it; what the customer types is held to the rules."""
    fields = {how: ["email", "zip"]}
    body = {
        "transaction_type": "payment",
        "order": {"amount": 7105 + len(how), "currency": "EUR", "description": f"Asked, {how}"},
        "customer": GARBAGE,
        "settings": {"customer_fields": fields},
    }
    token, page = await made(servers, body)
    shown = (await servers.client.get(page)).text
    assert 'name="email"' in shown
    assert 'name="zip"' in shown
    assert 'name="city"' not in shown
    assert "readonly" not in shown
    assert CANARY not in shown
    for email, zip_, status in (
        ("", "10001", 422),
        ("anna@example.com", "1000", 422),
        ("anna@example.com", "10001", 303),
    ):
        form = await servers.form(page) | {"email": email, "zip": zip_}
        answer = await servers.post(f"{page}/pay", form)
        assert answer.status_code == status, answer.text
    sent = await charged(servers, f"Asked, {how}")
    assert sent["customer"]["email"] == "anna@example.com"
    assert sent["billing_address"]["zip"] == "10001"
    assert (await read(servers, token))["status"] == "successful"
