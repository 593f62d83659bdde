"""What letters to shops say, and what proves that we say it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from checkout.identifiers import receipt_secret
from checkout.ledger.outbox import Webhook
from checkout.model.status import Status
from checkout.settings.signing_keys import public_half
from checkout.shop_api import answers
from checkout.shop_api.webhooks import (
    headers,
    payment_webhook,
    shape,
    signed_shape,
    standard_secret,
)
from tests.shop_api.payment_rows import payment
from tests.support import samples
from tests.support.clock import BEGINNING
from tests.support.samples import rsa_key

SHOP = samples.shop()
NOW = BEGINNING + 600
BODY = b'{"transaction":{}}'


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.PAID, "successful"),
        (Status.AUTHORIZED, "successful"),
        (Status.DECLINED, "failed"),
        (Status.CANCELLED, "canceled"),
        (Status.REFUNDED, "refunded"),
    ],
)
def test_a_transaction(status: Status, word: str) -> None:
    made = payment(status)
    body = json.loads(payment_webhook(made, status, SHOP, samples.PUBLIC_URL, NOW))
    assert list(body) == ["transaction"]
    assert body["transaction"]["status"] == word
    assert body["transaction"]["payment"]["status"] == word
    place = f"en/order/{made.uid}/{receipt_secret(made.secret)}"
    assert body["transaction"]["receipt_url"] == f"{samples.PUBLIC_URL}/{place}"
    assert made.secret not in json.dumps(body)  # shops hand the receipt on


def test_an_expiry_is_the_flat_checkout() -> None:
    made = payment()
    at = made.expires_at
    body = json.loads(payment_webhook(made, Status.EXPIRED, SHOP, samples.PUBLIC_URL, at))
    assert "checkout" not in body
    assert "transaction" not in body
    assert (body["status"], body["message"]) == ("error", "Token is expired.")
    assert (body["expired"], body["finished"]) == (True, True)
    assert body["token"] == made.token
    assert body["order"]["tracking_id"] == "order-1001"


def test_a_payment_given_up_before_any_attempt() -> None:
    body = json.loads(payment_webhook(payment(), Status.CANCELLED, SHOP, samples.PUBLIC_URL, NOW))
    told = body["transaction"]
    assert (told["status"], told["payment_method_type"]) == ("canceled", None)
    assert told["payment"] is None


def test_the_signature_is_the_one_that_plugins_check() -> None:
    """With the public key as plugins have it: base64 of the DER, no PEM header."""
    sent = headers(SHOP, "id-1", BODY, NOW, public=False)
    key = load_der_public_key(base64.b64decode(SHOP.public_key, validate=True))
    assert isinstance(key, RSAPublicKey)
    signature = base64.b64decode(sent["Content-Signature"], validate=True)
    key.verify(signature, BODY, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(signature, BODY + b" ", PKCS1v15(), SHA256())


def test_standard_webhooks() -> None:
    sent = headers(SHOP, "id-1", BODY, NOW + 0.9, public=False)
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("id-1", str(int(NOW)))
    signed = b"id-1." + sent["webhook-timestamp"].encode() + b"." + BODY
    mac = hmac.new(SHOP.secret_key.encode(), signed, hashlib.sha256).digest()
    version, _, signature = sent["webhook-signature"].partition(",")
    assert (version, base64.b64decode(signature)) == ("v1", mac)


def test_nothing_made_of_the_secret_goes_to_an_address_that_the_public_key_named() -> None:
    usual = headers(SHOP, "id-1", BODY, NOW, public=False)
    sent = headers(SHOP, "id-1", BODY, NOW, public=True)
    assert set(usual) - set(sent) == {"Authorization", "webhook-signature"}
    assert sent == {name: usual[name] for name in sent}


def test_basic() -> None:
    sent = headers(SHOP, "id-1", BODY, NOW, public=False)
    plain = base64.b64decode(sent["Authorization"].removeprefix("Basic ")).decode()
    assert plain == f"{SHOP.id}:{SHOP.secret_key}"
    assert sent["Content-Type"] == "application/json"


def test_a_shop_that_rotates_has_both_in_turn() -> None:
    """Whichever of the two its plugin knows, this try or the next one fits."""
    new_key, new_secret = generate_private_key(65537, 2048), "a new secret"
    shop = samples.shop(
        next_private_key=new_key, next_public_key=public_half(new_key), next_secret_key=new_secret
    )
    for tries, (key, secret) in enumerate(
        [(rsa_key(), SHOP.secret_key), (new_key, new_secret)] * 2
    ):
        sent = headers(shop, "id-1", BODY, time.time(), public=False, tries=tries)
        other = rsa_key() if key is new_key else new_key
        for name, signer in (("Content-Signature", key), ("Content-Signature-Next", other)):
            signature = base64.b64decode(sent[name])
            signer.public_key().verify(signature, BODY, PKCS1v15(), SHA256())
        plain = base64.b64decode(sent["Authorization"].removeprefix("Basic ")).decode()
        assert plain == f"{shop.id}:{secret}"
        for each in shop.secret_keys:  # the libraries look at all signatures
            assert StandardWebhook(standard_secret(each)).verify(BODY, sent)
    assert "Content-Signature-Next" not in headers(SHOP, "id-1", BODY, NOW, public=False)


def test_a_secret_of_any_letters() -> None:
    shop = samples.shop(secret_key="пароль:🍵")
    sent = headers(shop, "id-1", BODY, NOW, public=False)
    plain = base64.b64decode(sent["Authorization"].removeprefix("Basic ")).decode()
    assert plain == "361:пароль:🍵"


# --- By the libraries of Standard Webhooks -------------------------------------------------------


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80),
    body=st.text(max_size=50).map(lambda text: json.dumps({"text": text})),
)
def test_their_library_verifies_with_the_secret_as_it_wants_it(secret: str, body: str) -> None:
    shop = samples.shop(secret_key=secret)
    found = headers(shop, "an-id", body.encode(), time.time(), public=False)
    library = StandardWebhook(standard_secret(secret))
    assert library.verify(body.encode(), found) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        library.verify(body.encode() + b" ", found)


def test_the_secret_is_base64_of_the_keys_bytes() -> None:
    assert standard_secret("5f") == "whsec_NWY="


# --- As the API shows them -----------------------------------------------------------------------


def webhook(**changes: Any) -> Webhook:
    made = payment(Status.PAID)
    usual = Webhook(
        id="an-id",
        payment=made.uid,
        shop="361",
        host="shop.example.com",
        url="https://shop.example.com/n",
        body=payment_webhook(made, Status.PAID, SHOP, samples.PUBLIC_URL, NOW),
        tries=1,
        due_at=None,
        delivered_at=NOW,
        answer="200",
        created_at=NOW,
    )
    return msgspec.structs.replace(usual, **changes)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "delivered"),
        ({"due_at": NOW, "delivered_at": None}, "waiting"),
        ({"due_at": NOW}, "waiting"),  # once more
        ({"delivered_at": None, "answer": "410"}, "failed"),
        ({"url": "", "delivered_at": None, "answer": None}, "unaddressed"),
    ],
)
def test_states(changes: dict[str, Any], state: str) -> None:
    assert shape(webhook(**changes))["state"] == state
    assert state in answers.STATES


def test_what_it_tells_of() -> None:
    found = shape(webhook())
    assert (found["type"], found["status"]) == ("payment", "successful")
    assert found["uid"] == found["payment"]
    made = payment()
    expired = payment_webhook(made, Status.EXPIRED, SHOP, samples.PUBLIC_URL, made.expires_at)
    found = shape(webhook(body=expired))
    assert (found["type"], found["status"]) == ("payment", "error")
    assert found["uid"] == found["payment"]


def test_once_its_content_was_removed() -> None:
    found = signed_shape(webhook(body=""), SHOP, NOW, public=False)
    assert {name for name, value in found.items() if value is None} == {
        "uid", "type", "status", "due_at", "body", "headers",
    }  # fmt: skip


@pytest.mark.parametrize("public", [True, False])
def test_no_password_is_among_the_headers(public: bool) -> None:
    found = signed_shape(webhook(), SHOP, NOW, public=public)
    said = found["headers"]
    assert said is not None
    assert "Authorization" not in said
    assert ("webhook-signature" in said) is not public
    assert SHOP.secret_key not in repr(found)
