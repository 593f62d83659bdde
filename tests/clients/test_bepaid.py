"""The package `bepaid`, unchanged and over real HTTP: only its base URLs are ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from bepaid import ApiError, AsyncBepaidClient, BepaidClient
from bepaid.client import (
    parse_checkout_webhook,
    parse_webhook,
    verify_webhook_auth,
    verify_webhook_signature,
)
from bepaid.models import (
    CaptureRequest,
    CheckoutCustomerFields,
    CheckoutOrder,
    CheckoutRequest,
    CheckoutSettings,
    Customer,
    PaymentMethod,
    RefundRequest,
    VoidRequest,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from checkout.local_servers import SHOP, LocalServers
from tests.clients.conftest import pay
from tests.support.http_server import WebhookServer

DECLINED = "4005550000000019"


def bases(local: LocalServers) -> Any:
    names = ("base_gateway_url", "base_checkout_url", "base_api_url")
    return dict.fromkeys(names, local.checkout)


@pytest.fixture(scope="module")
def bepaid(local: LocalServers) -> Iterator[BepaidClient]:
    with BepaidClient(SHOP, local.keys.secret_key, **bases(local)) as client:
        yield client


def wanted(**changes: Any) -> CheckoutRequest:
    """As the package's own examples fill it: settings, customer, methods."""
    order = {
        "currency": "EUR", "amount": 1999, "description": "Two tickets", "tracking_id": "7",
    } | changes.pop("order", {})  # fmt: skip
    settings = {
        "return_url": "https://shop.example.com/thanks",
        "auto_return": "3",
        "language": "de",
        "customer_fields": CheckoutCustomerFields(visible=["first_name"], read_only=["email"]),
        "style": {"widget": {"backgroundColor": "#fff"}},
    } | changes.pop("settings", {})
    return CheckoutRequest(
        order=CheckoutOrder(**order),
        settings=CheckoutSettings(**settings),
        customer=Customer(email="anna@example.com"),
        payment_method=PaymentMethod(types=["credit_card"]),
        **changes,
    )


def pem(local: LocalServers) -> str:
    key = load_der_public_key(base64.b64decode(local.keys.public_key))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


# --- Asking ------------------------------------------------------------------------------------


def test_create_and_status(bepaid: BepaidClient, local: LocalServers, app: httpx.Client) -> None:
    made = bepaid.create_checkout(wanted())
    assert made.redirect_url == f"{local.checkout}/widget/hpp.html?token={made.token}"
    before = bepaid.get_checkout_status(made.token)
    assert (before.token, before.shop_id) == (made.token, int(SHOP))
    assert (before.status, before.finished, before.expired) == (None, False, False)
    assert before.gateway_response is None
    assert before.settings is not None
    assert before.settings.customer_fields == CheckoutCustomerFields(
        visible=["first_name"], read_only=["email"]
    )
    assert (before.settings.auto_return, before.settings.language) == ("3", "de")

    assert pay(app, made.token) == "successful"
    after = bepaid.get_checkout_status(made.token)
    assert (after.status, after.message) == ("successful", "Successfully processed")
    assert (after.finished, after.test, after.transaction_type) == (True, False, "payment")
    assert after.order is not None
    assert (after.order["amount"], after.order["tracking_id"]) == (1999, "7")
    assert after.gateway_response is not None
    assert after.gateway_response["payment"]["auth_code"]

    transaction = bepaid.get_transaction(after.gateway_response["payment"]["uid"])
    assert (transaction.status, transaction.type) == ("successful", "payment")
    assert (transaction.amount, transaction.currency) == (1999, "EUR")
    assert transaction.credit_card is not None
    assert (transaction.credit_card.brand, transaction.credit_card.last_4) == ("visa", "0000")
    assert transaction.paid_at


async def test_create_and_status_async(local: LocalServers, app: httpx.Client) -> None:
    async with AsyncBepaidClient(SHOP, local.keys.secret_key, **bases(local)) as bepaid:
        made = await bepaid.create_checkout(wanted(attempts=1, transaction_type="authorization"))
        assert pay(app, made.token, DECLINED) == "failed"
        status = await bepaid.get_checkout_status(made.token)
        assert (status.status, status.finished) == ("failed", True)
        assert status.gateway_response is not None
        assert set(status.gateway_response) == {"authorization"}
        with pytest.raises(ApiError) as refused:
            await bepaid.get_checkout_status("0" * 64)
        assert (refused.value.status, refused.value.message) == (404, "Record not found")


def test_after_the_payment(bepaid: BepaidClient, app: httpx.Client) -> None:
    uids = []
    for kind in ("authorization", "authorization", "payment"):
        made = bepaid.create_checkout(wanted(transaction_type=kind))
        assert pay(app, made.token) == "successful"
        response = bepaid.get_checkout_status(made.token).gateway_response
        assert response is not None
        uids.append(response[kind]["uid"])
    captured = bepaid.capture(CaptureRequest(parent_uid=uids[0], amount=1500))
    assert (captured.status, captured.type, captured.amount) == ("successful", "capture", 1500)
    assert captured.parent_uid == uids[0]
    voided = bepaid.void(VoidRequest(parent_uid=uids[1], amount=1999))
    assert (voided.status, voided.type) == ("successful", "void")
    asked = RefundRequest(parent_uid=uids[2], amount=500, reason="One ticket too many")
    refunded = bepaid.refund(asked, request_id="refund-1")
    assert (refunded.status, refunded.amount) == ("successful", 500)
    assert refunded.reason == "One ticket too many"
    assert bepaid.refund(asked, request_id="refund-1").uid == refunded.uid
    assert refunded.uid is not None
    read = bepaid.get_transaction(refunded.uid)
    assert (read.type, read.status, read.parent_uid) == ("refund", "successful", uids[2])


# --- What is wrong -----------------------------------------------------------------------------


def test_errors_by_field(bepaid: BepaidClient) -> None:
    with pytest.raises(ApiError) as refused:
        bepaid.create_checkout(wanted(order={"amount": 0, "description": " "}))
    error = refused.value
    assert error.status == 422
    assert error.errors is not None
    assert set(error.errors["order"]) == {"amount", "description"}
    assert "order.amount" in str(error.message)


Call = Callable[[BepaidClient], Any]
CALLS: dict[str, tuple[Call, int]] = {
    "another shop": (lambda client: client.get_checkout_status("0" * 64), 404),
    "no such uid": (lambda client: client.get_transaction("7f3c1a9e"), 404),
    "no such parent": (
        lambda client: client.refund(RefundRequest(parent_uid="x", amount=1, reason="x")),
        404,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_errors_of_what_is_not_there(bepaid: BepaidClient, name: str) -> None:
    call, status = CALLS[name]
    with pytest.raises(ApiError) as refused:
        call(bepaid)
    assert (refused.value.status, refused.value.message) == (status, "Record not found")


@pytest.mark.parametrize("name", CALLS)
def test_errors_of_strangers(local: LocalServers, name: str) -> None:
    with BepaidClient(SHOP, "wrong", **bases(local)) as bepaid:
        with pytest.raises(ApiError) as refused:
            CALLS[name][0](bepaid)
        assert (refused.value.status, refused.value.message) == (401, "Access denied")


# --- Being told --------------------------------------------------------------------------------


@pytest.fixture
def told(
    bepaid: BepaidClient, local: LocalServers, app: httpx.Client, receiver: WebhookServer
) -> Callable[..., tuple[str, bytes]]:
    """(token, body) of the first webhook about a payment that a card was tried on; its proofs are
    checked with the package's own helpers."""

    def webhook(name: str, number: str | None, **changes: Any) -> tuple[str, bytes]:
        settings = {"notification_url": f"{receiver.url}/{name}"}
        made = bepaid.create_checkout(wanted(settings=settings, **changes))
        if number:
            pay(app, made.token, number)
        headers, body = receiver.webhook(name)
        assert verify_webhook_signature(pem(local), headers["content-signature"], body)
        assert not verify_webhook_signature(pem(local), headers["content-signature"], body + b" ")
        assert verify_webhook_auth(headers["authorization"], SHOP, local.keys.secret_key)
        return made.token, body

    return webhook


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        ("4200000000000000", "successful", "Successfully processed"),
        (DECLINED, "failed", "Payment was declined"),
    ],
)
def test_parse_webhook(
    told: Callable[..., tuple[str, bytes]], number: str, status: str, message: str
) -> None:
    token, body = told(status, number, attempts=1)
    said = parse_webhook(body.decode()).transaction
    assert (said.status, said.message) == (status, message)
    assert (said.type, said.amount, said.currency) == ("payment", 1999, "EUR")
    assert (said.tracking_id, said.payment_method_type) == ("7", "credit_card")
    assert said.payment is not None
    assert said.payment.status == status
    assert said.customer is not None
    assert said.customer.email == "anna@example.com"
    assert said.model_extra is not None
    assert said.model_extra["token"] == token
    assert bool(said.paid_at) is (status == "successful")
    assert said.test is False


def test_parse_checkout_webhook(told: Callable[..., tuple[str, bytes]]) -> None:
    """A token that expired unpaid is told flat."""
    ends = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    token, body = told("expired", None, order={"expired_at": ends})
    assert "checkout" not in json.loads(body)
    assert "transaction" not in json.loads(body)
    said = parse_checkout_webhook(body.decode())
    assert (said.token, said.shop_id) == (token, int(SHOP))
    assert (said.status, said.message) == ("error", "Token is expired.")
    assert (said.expired, said.finished) == (True, True)
    assert said.order is not None
    assert (said.order["amount"], said.order["tracking_id"]) == (1999, "7")
    assert said.gateway_response is None
