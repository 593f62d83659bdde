"""What plugins open in an answer or a notification without looking whether it is there, and what
they want to find again of what they sent: over the API, the same for whoever asks."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.web.server import DECLINED, PAID, SHOP, CreatedPayment, Customer, Server
from tests.web.test_app_payments import paid as paid_in_app
from tests.web.test_merchant_initiated import asked, saved
from tests.web.test_transactions import done, webhooks

FRICTIONLESS: Final = "4012000000001006"
NOT_SAID: Final = dict.fromkeys(("status", "message", "ve_status", "pa_status", "eci"))
VERIFIED: Final = NOT_SAID | {"status": "successful", "pa_status": "Y", "eci": "05"}

# What the PHP SDK, the mobile SDKs and others of the family write into additional data.
WRITTEN: Final = {
    "vendor": {"name": "token-vault", "token": "4f1c7d0a"},
    "request_id": "5d1f2c4e-0c5f-4f8c-9a55-1b6b2c3d4e5f",
    "platform_data": "WooCommerce v9.1",
    "integration_data": "BeGateway WooCommerce v2.3",
    "recurring_type": "initial",
    "fiscalization": {"items": [{"name": "Tea", "price": 1999, "vat": None}]},
    "anything": [1, 2.5, True],
}
BACK: Final = WRITTEN | {"fiscalization": {"items": [{"name": "Tea", "price": 1999}]}}


async def paid(
    server: Server, browser: Customer, number: str = PAID, /, **changes: Any
) -> CreatedPayment:
    settings = {"notification_url": f"{SHOP}/notify"} | changes.pop("settings", {})
    made = await server.create(settings=settings, **changes)
    await browser.pay(made, number)
    return made


async def read(server: Server, http: Customer, uid: str) -> dict[str, Any]:
    answer = await http.get(f"/transactions/{uid}", headers=server.basic())
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["transaction"]
    return found


# --- 3-D Secure --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "said"), [(PAID, NOT_SAID), (DECLINED, NOT_SAID), (FRICTIONLESS, VERIFIED)]
)
async def test_three_d_secure_verification(
    server: Server, customer: Customer, number: str, said: dict[str, Any]
) -> None:
    made = await paid(server, customer, number, attempts=1)
    (told,) = await webhooks(server, made, 1)
    assert told["three_d_secure_verification"] == said
    assert (await read(server, customer, made.uid))["three_d_secure_verification"] == said


async def test_three_d_secure_verification_of_operations(
    server: Server, customer: Customer
) -> None:
    made = await paid(server, customer, FRICTIONLESS)
    refund = await done(server, customer, "refund", made.uid, amount=1)
    assert refund["three_d_secure_verification"] == VERIFIED


async def test_three_d_secure_verification_elsewhere(server: Server, customer: Customer) -> None:
    """Of a payment that nobody has tried, by a token, in an app."""
    untried = await server.create()
    said = await read(server, customer, untried.uid)
    assert said["three_d_secure_verification"] == NOT_SAID
    token = await saved(server, customer)
    answer = await asked(server, customer, "payments", token)
    assert answer.json()["transaction"]["three_d_secure_verification"] == NOT_SAID
    said = await paid_in_app(customer, await server.create(), number=FRICTIONLESS)
    assert said["three_d_secure_verification"] == VERIFIED


# --- Additional data ---------------------------------------------------------------------------


async def test_additional_data_is_echoed(server: Server, customer: Customer) -> None:
    made = await paid(
        server,
        customer,
        transaction_type="authorization",
        order={"additional_data": WRITTEN | {"meta": {"a": 1}, "nothing": None, "none": []}},
    )
    wanted = {"receipt_text": [], "contract": [], "meta": {"a": 1}} | BACK
    charge = server.line.sent(-1)
    assert charge["additional_data"]["meta"] == {"a": 1}
    assert not {*WRITTEN} & {*charge["additional_data"]}, "no document of the gateway's names them"
    operation = await done(server, customer, "capture", made.uid)
    said = [
        *await webhooks(server, made, 2),
        await read(server, customer, made.uid),
        await read(server, customer, operation["uid"]),
        operation,
    ]
    assert [each["additional_data"] for each in said] == [wanted] * 5
    told = (await made.told())["order"]["additional_data"]
    assert {name: told[name] for name in WRITTEN} == BACK


async def test_additional_data_by_a_token(server: Server, customer: Customer) -> None:
    token = await saved(server, customer)
    answer = await asked(server, customer, "payments", token, additional_data=WRITTEN)
    assert answer.status_code == 200, answer.text
    made = answer.json()["transaction"]
    assert {name: made["additional_data"][name] for name in WRITTEN} == BACK
    assert not {*WRITTEN} & {*server.line.sent(-1).get("additional_data", {})}
    assert (await read(server, customer, made["uid"]))["additional_data"] == made["additional_data"]


@pytest.mark.parametrize(
    "large",
    [{"platform_data": "x" * 17_000}, {"fiscalization": {"items": [1] * 990, "x": [2] * 20}}],
)
async def test_additional_data_is_bounded(
    server: Server, customer: Customer, large: dict[str, Any]
) -> None:
    body = {
        "checkout": {
            "transaction_type": "payment",
            "order": {
                "amount": 1, "currency": "EUR", "description": "Tea", "additional_data": large,
            },
        }
    }  # fmt: skip
    answer = await customer.post("/ctp/api/checkouts", json=body, headers=server.basic())
    assert answer.status_code == 422
    assert "additional_data" in answer.json()["errors"]["order"]


async def test_additional_data_holds_no_card(server: Server, customer: Customer) -> None:
    sent = {
        "platform_data": f"paid with {PAID}",
        "deep": [{"note": "4200 0000 0000 0000"}],
        "credit_card": {"number": PAID},
        "vendor": {"name": PAID},
    }
    made = await paid(server, customer, order={"additional_data": sent})
    said = await read(server, customer, made.uid)
    assert said["additional_data"] == {
        "receipt_text": [],
        "contract": [],
        "platform_data": "paid with 420000******0000",
        "deep": [{"note": "4200 00** **** 0000"}],
        "vendor": {"name": "420000******0000"},
    }


# --- What an operation says of its payment -----------------------------------------------------


async def test_operations_are_full(server: Server, customer: Customer) -> None:
    made = await paid(
        server, customer, customer={"email": "anna@example.com", "country": "LV", "city": "Riga"}
    )
    payment = await read(server, customer, made.uid)
    refund = await done(server, customer, "refund", made.uid, amount=500)
    _, told = await webhooks(server, made, 2)
    assert told == refund == await read(server, customer, refund["uid"])
    for name in ("credit_card", "customer", "billing_address", "receipt_url", "tracking_id",
                 "payment_method_type", "avs_cvc_verification"):  # fmt: skip
        assert refund[name] == payment[name], name
    assert (refund["credit_card"]["brand"], refund["credit_card"]["last_4"]) == ("visa", "0000")
    assert refund["customer"]["email"] == "anna@example.com"
    assert refund["billing_address"]["city"] == "Riga"
    assert refund["redirect_url"] is None
    assert (refund["parent_uid"], refund["refund"]["status"]) == (made.uid, "successful")


async def test_a_card_payment_always_has_its_card(server: Server, customer: Customer) -> None:
    """Also where the gateway said nothing of the card; another method has none."""
    made = await server.create(payment_method={"types": ["sbp"]})
    said = await paid_in_app(customer, made, request_payment_method="sbp", request_credit_card=...)
    assert (await read(server, customer, said["uid"]))["credit_card"] is None
