"""The signed result: what it says, that nobody else can say it, that it fits into an address."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.model.order import PageSettings
from checkout.model.status import OUTWARD, Status
from checkout.model.urls import LONGEST
from checkout.settings.signing_keys import public_half
from checkout.shop_api.return_url import return_url_of
from checkout.shop_api.signed_result import key_id, signed_result
from tests.shop_api.payment_rows import payment
from tests.support import samples
from tests.support.clock import BEGINNING

SHOP = samples.shop()
NOW = BEGINNING + 600.75
KEY = RSAKey.import_key(base64.b64decode(SHOP.public_key))


def said(signed: str, key: RSAKey = KEY) -> tuple[dict[str, Any], dict[str, Any]]:
    """(header, claims) of a result whose signature is good."""
    found = jws.deserialize_compact(signed, key, algorithms=["RS256"])
    return found.headers(), json.loads(found.payload)


@pytest.mark.parametrize(
    "status", [status for status in OUTWARD if status is not Status.SUBMITTING]
)
def test_what_it_says(status: Status) -> None:
    made = payment()
    header, claims = said(signed_result(made, status, SHOP, NOW))
    assert header == {"alg": "RS256", "kid": key_id(SHOP.public_key), "typ": "checkout-result"}
    assert claims == {
        "token": made.token,
        "uid": made.uid,
        "type": "payment",
        "status": OUTWARD[status],
        "amount": 1250,
        "currency": "EUR",
        "tracking_id": "order-1001",
        "test": False,
        "created_by": "shop",
        "iat": int(NOW),
    }


def test_without_a_tracking_id() -> None:
    _, claims = said(signed_result(payment(tracking_id=None), Status.PAID, SHOP, NOW))
    assert claims["tracking_id"] is None


def test_letters_of_any_script() -> None:
    _, claims = said(signed_result(payment(tracking_id="заказ 7 🍵"), Status.PAID, SHOP, NOW))
    assert claims["tracking_id"] == "заказ 7 🍵"


@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "claims", "signature"])
def test_no_other_words(place: int) -> None:
    parts = signed_result(payment(), Status.DECLINED, SHOP, NOW).split(".")
    other = signed_result(payment(), Status.PAID, SHOP, NOW).split(".")
    parts[place] = other[place] if place else parts[0][:-4] + "AAAA"
    with pytest.raises(Exception):  # noqa: B017, PT011 - of several kinds, all of them refusals
        said(".".join(parts))


def test_no_other_key() -> None:
    stranger = generate_private_key(65537, 2048)
    shop = samples.shop(private_key=stranger, public_key=public_half(stranger))
    signed = signed_result(payment(), Status.PAID, shop, NOW)
    assert said(signed, RSAKey.import_key(stranger.public_key()))
    with pytest.raises(BadSignatureError):
        said(signed)


def test_the_key_s_name() -> None:
    """What a shop finds by its own copy of the public key."""
    stranger = public_half(generate_private_key(65537, 2048))
    assert key_id(SHOP.public_key) != key_id(stranger)
    assert len(key_id(stranger)) == 16
    assert key_id(stranger) == key_id(stranger)


@pytest.mark.parametrize(("bits", "most"), [(2048, 4096), (4096, 4608)])
def test_the_longest_address(bits: int, most: int) -> None:
    """Servers take lines of 8 KiB; half of it is left to the shop's own cookies and headers."""
    key = generate_private_key(65537, bits) if bits != 2048 else SHOP.private_key
    shop = samples.shop(private_key=key, public_key=public_half(key))
    url = "https://shop.example.com/?" + "x" * (LONGEST - 26)
    made = payment(
        tracking_id="ё" * 255,
        money=Money(10**14, "EUR"),
        page_settings=PageSettings(return_url=url),
    )
    found = return_url_of(made, Status.DECLINED, shop, NOW)
    assert found is not None
    assert len(found) < most


def test_a_usual_address_is_short() -> None:
    made: Payment = payment(
        page_settings=PageSettings(return_url="https://shop.example.com/orders/1001")
    )
    found = return_url_of(made, Status.PAID, SHOP, NOW)
    assert found is not None
    assert len(found) < 1100
