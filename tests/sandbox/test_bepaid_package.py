"""The package `bepaid`, unchanged, asks the simulated gateway what it asks the family's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
import pytest_asyncio
from bepaid import ApiError, AsyncBepaidClient
from bepaid.models import (
    ApmPaymentRequest,
    ApmRefundRequest,
    AuthorizationRequest,
    CaptureRequest,
    CreateTokenRequest,
    CreditCardRaw,
    PaymentRequest,
    RefundRequest,
    TokenizationRequest,
    UpdateTokenRequest,
    VoidRequest,
)

from checkout.sandbox.app import create_sandbox
from tests.sandbox.conftest import in_process
from tests.sandbox.requests import CHALLENGE, DECLINED, PAID

ORIGIN = "http://localhost:8002"
ORDER: dict[str, Any] = {"currency": "EUR", "description": "Tea", "tracking_id": "7", "test": True}
BANK: dict[str, Any] = {"amount": 1999, "currency": "BYN", "description": "Tea", "test": True}


@pytest_asyncio.fixture
async def bepaid() -> AsyncIterator[AsyncBepaidClient]:
    hosts: Any = dict.fromkeys(("base_gateway_url", "base_api_url"), ORIGIN)
    transport = in_process(create_sandbox(ORIGIN))
    async with AsyncBepaidClient("361", "key", transport=transport, **hosts) as client:
        yield client


def card(number: str = PAID) -> CreditCardRaw:
    return CreditCardRaw(
        number=number, verification_value="123", holder="JANE DOE", exp_month=12, exp_year=2040
    )


def payment(number: str = PAID, **more: Any) -> PaymentRequest:
    return PaymentRequest(amount="1999", credit_card=card(number), **ORDER, **more)


async def refused(call: Awaitable[object]) -> ApiError:
    with pytest.raises(ApiError) as found:
        await call
    return found.value


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        (PAID, "successful", "Successfully processed"),
        (DECLINED, "failed", "Payment was declined"),
        (CHALLENGE, "incomplete", None),
    ],
)
async def test_payments(
    bepaid: AsyncBepaidClient, number: str, status: str, message: str | None
) -> None:
    said = await bepaid.create_payment(payment(number))
    assert (said.status, said.message, said.amount, said.type) == (status, message, 1999, "payment")
    found = await bepaid.get_transaction(said.uid)
    assert (found.uid, found.status, found.tracking_id) == (said.uid, status, "7")


async def test_the_same_request_pays_once(bepaid: AsyncBepaidClient) -> None:
    first = await bepaid.create_payment(payment(), request_id="one")
    assert (await bepaid.create_payment(payment(), request_id="one")).uid == first.uid
    error = await refused(bepaid.create_payment(payment(), request_id="two"))
    assert (error.status, error.message, error.code) == (422, "Duplicate transaction", "E.1018")


async def test_operations(bepaid: AsyncBepaidClient) -> None:
    def authorization(amount: int) -> AuthorizationRequest:
        return AuthorizationRequest(amount=amount, credit_card=card(), **ORDER)

    held = (await bepaid.create_authorization(authorization(1999))).uid
    error = await refused(bepaid.capture(CaptureRequest(parent_uid=held, amount=2000)))
    assert error.message == "Amount can't be greater than 1999."
    captured = await bepaid.capture(CaptureRequest(parent_uid=held, amount=1999))
    assert (captured.type, captured.status, captured.parent_uid) == ("capture", "successful", held)
    back = await bepaid.refund(
        RefundRequest(parent_uid=captured.uid, amount=500, reason="broken cup")
    )
    assert (back.type, back.status, back.amount, back.reason) == (
        *("refund", "successful", 500, "broken cup"),
    )
    other = (await bepaid.create_authorization(authorization(5))).uid
    voided = await bepaid.void(VoidRequest(parent_uid=other, amount=5))
    assert (voided.type, voided.status) == ("void", "successful")
    error = await refused(bepaid.void(VoidRequest(parent_uid="1-1", amount=5)))
    assert error.message == "Parent uid Parent transaction is not found."


async def test_saved_cards(bepaid: AsyncBepaidClient) -> None:
    kept = await bepaid.create_token(
        CreateTokenRequest(
            number=PAID, holder="JANE DOE", exp_month="02", exp_year="2040", contract=["recurring"]
        )
    )
    assert kept.token
    assert (kept.brand, kept.first_1, kept.last_4) == ("visa", "4", "0000")
    changed = await bepaid.update_token(
        kept.token, UpdateTokenRequest(holder="JOHN ROE", exp_month="01")
    )
    assert (changed.token, changed.holder, changed.exp_month, changed.exp_year) == (
        *(kept.token, "JOHN ROE", 1, 2040),
    )
    paid = await bepaid.create_payment(
        PaymentRequest(amount="1999", credit_card=CreditCardRaw(token=kept.token), **ORDER)
    )
    assert (paid.status, paid.credit_card and paid.credit_card.holder) == ("successful", "JOHN ROE")
    checked = await bepaid.create_tokenization(
        TokenizationRequest(amount=5, credit_card=card(), **ORDER)
    )
    assert (checked.type, checked.credit_card and checked.credit_card.token) == (
        *("tokenization", kept.token),
    )


async def test_what_is_wrong(bepaid: AsyncBepaidClient) -> None:
    expired = card()
    expired.exp_year = 2010
    wrong = PaymentRequest(amount="0", credit_card=expired, **ORDER | {"currency": "euro"})
    error = await refused(bepaid.create_payment(wrong))
    assert (error.status, error.code) == (422, "E.1005")
    assert error.message == ("Amount must be greater than 0. Currency is invalid. Date is expired.")
    assert error.errors == {
        "amount": ["must be greater than 0"],
        "currency": ["is invalid"],
        "credit_card": {"date": ["is expired"]},
    }
    unknown = await refused(bepaid.get_transaction("3596794-18f91f7c11"))
    assert (unknown.status, unknown.message) == (404, "Record not found")


@pytest.mark.parametrize("order_id", [123456789012 - 1, "100001"])
async def test_erip(bepaid: AsyncBepaidClient, order_id: int | str) -> None:
    """An order is numbered or named."""
    method = {"type": "erip", "account_number": "123", "service_no": "99999999"}
    made = await bepaid.create_erip_payment(
        ApmPaymentRequest(ip="127.0.0.1", order_id=order_id, payment_method=method, **BANK)
    )
    assert (made.status, made.method_type, made.tracking_id) == ("pending", "erip", str(order_id))
    assert made.uid
    assert (await bepaid.get_erip_payment(made.uid)).uid == made.uid
    assert (await bepaid.get_erip_payment_by_order_id(str(order_id))).uid == made.uid


@pytest.mark.parametrize("order_id", [10**12, -1, 1.5, True])
async def test_what_is_no_order(bepaid: AsyncBepaidClient, order_id: object) -> None:
    method = {"type": "erip", "account_number": "123"}
    body = {"request": BANK | {"order_id": order_id, "payment_method": method}}
    answer = await bepaid.http.post(
        f"{ORIGIN}/beyag/payments", json=body, auth=("361", "key"), headers={}
    )
    assert answer.json()["message"] == "Order id must be a string."


async def test_online_payment_systems(bepaid: AsyncBepaidClient) -> None:
    made = await bepaid.create_apm_payment(
        ApmPaymentRequest(tracking_id="8", payment_method={"type": "instant"}, **BANK)
    )
    assert made.uid
    assert (made.status, made.method_type) == ("successful", "instant")
    wanted = ApmRefundRequest(parent_uid=made.uid, reason="late", amount=500)
    back = await bepaid.apm_refund(wanted)
    assert (back.type, back.status, back.parent_uid) == ("refund", "successful", made.uid)
    erip = await bepaid.apm_full_refund(made.uid, "broken cup", 1499)
    assert erip.uid
    assert (await bepaid.get_apm_refund(erip.uid)).amount == 1499
