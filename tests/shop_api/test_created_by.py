"""Who asked for a payment: told in everything that is signed, also of older payments."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment, order_of, text
from checkout.model.order import MAKERS
from checkout.model.status import OUTWARD, Status
from checkout.shop_api.signed_result import signed_result
from checkout.shop_api.webhooks import operation_webhook, payment_webhook
from tests.shop_api.payment_rows import payment
from tests.support import ledger_rows, samples

SHOP = samples.shop()
LINK = "f" * 64


def told(found: Payment, status: Status) -> dict[str, Any]:
    body = json.loads(payment_webhook(found, status, SHOP, samples.PUBLIC_URL, ledger_rows.NOW))
    transaction: dict[str, Any] = body.get("transaction", body)
    return transaction


def claims(found: Payment, status: Status) -> dict[str, Any]:
    part = signed_result(found, status, SHOP, ledger_rows.NOW).split(".")[1]
    claimed: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return claimed


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("status", [Status.PAID, Status.DECLINED, Status.EXPIRED])
@pytest.mark.parametrize("test", [True, False])
def test_all_that_is_signed_says_it(maker: str, status: Status, test: bool) -> None:
    kind = "authorization" if test else "payment"
    found = payment(status, created_by=maker, test=test, transaction_type=kind)
    for said in (told(found, status), claims(found, status)):
        assert (said["type"], said["test"], said["created_by"]) == (kind, test, maker)


def test_operations_say_it_too() -> None:
    found = payment(Status.PAID, created_by="app")
    done = Operation(
        uid="r-1", payment=found.uid, attempt=1, kind="refund", key="r", amount=5,
        status=Status.REFUNDED, sweep_at=None,
        created_at=ledger_rows.NOW, updated_at=ledger_rows.NOW,
    )  # fmt: skip
    body = json.loads(operation_webhook(done, found, "https://pay.example.com"))["transaction"]
    assert (body["type"], body["test"], body["created_by"]) == ("refund", False, "app")


@pytest.mark.parametrize(
    ("older", "link", "maker"),
    [
        ({}, None, "shop"),
        ({"public": True}, None, "app"),
        ({}, LINK, "link"),
        ({"product": "prd_1"}, LINK, "product"),
    ],
)
def test_orders_of_before(older: dict[str, Any], link: str | None, maker: str) -> None:
    """What the ledger holds of payments that were made before they said it."""
    terms = json.loads(text(samples.order()))
    assert "created_by" not in terms
    order = order_of(json.dumps(terms | older))
    payment = ledger_rows.payment_row(order=order, link=link)
    assert payment.created_by == maker
    assert told(ledger_rows.payment_of(payment), Status.CANCELLED)["created_by"] == maker
    assert order_of(text(order)) == order


def test_an_invoice_is_the_shops() -> None:
    order = msgspec.structs.replace(samples.order(), created_by="shop")
    assert ledger_rows.payment_row(order=order, link=LINK).created_by == "shop"


@pytest.mark.parametrize(
    "status", [status for status in OUTWARD if status is not Status.SUBMITTING]
)
def test_a_signed_result_is_no_notification(status: Status) -> None:
    """The same key signs both. What it has signed of a result begins with no brace and is no JSON,
    so that its signature proves no body."""
    signed, _, signature = signed_result(payment(), status, SHOP, ledger_rows.NOW).rpartition(".")
    key = load_der_public_key(base64.b64decode(SHOP.public_key))
    assert isinstance(key, RSAPublicKey)
    key.verify(
        base64.urlsafe_b64decode(signature + "=="),
        signed.encode(),
        PKCS1v15(),
        SHA256(),
    )
    with pytest.raises(json.JSONDecodeError):
        json.loads(signed)


def test_what_a_verification_call_signs_says_no_end() -> None:
    """It goes to another address than notifications do, signed alike."""
    assert told(payment(Status.SUBMITTING), Status.REQUIRES_ACTION)["status"] == "incomplete"
