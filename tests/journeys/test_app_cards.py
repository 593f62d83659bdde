"""Cards from an app, over the wire: encrypted with the shop's public key, and from a wallet."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.journeys.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD = {
    "number": "4200000000000000", "verification_value": "123", "holder": "ANNA LEE",
    "exp_month": "12", "exp_year": "2039",
}  # fmt: skip


def encrypted(servers: Servers) -> dict[str, Any]:
    key = load_der_public_key(base64.b64decode(servers.shop_public_key))
    assert isinstance(key, RSAPublicKey)
    sealed = {
        name: base64.b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()
        for name, text in CARD.items()
    }
    return {
        "encrypted_credit_card": {
            name: f"$begatewaycsejs_1_0_0${text}" for name, text in sealed.items()
        }
    }


def from_a_wallet(_: Servers) -> dict[str, Any]:
    data = base64.b64encode(b'{"paymentData": {"version": "EC_v1"}}' * 200).decode()
    return {"credit_card": {"token": f"$begateway_apple_pay_1_0_0${data}"}}


@pytest.mark.parametrize("card", [encrypted, from_a_wallet])
async def test_the_app_pays_and_the_shop_is_told(servers: Servers, card: Any) -> None:
    order = await servers.order()
    answer = await servers.client.post(
        f"{servers.checkout}/ctp/api/payments",
        json={"request": {"token": order.token, "payment_method": "credit_card", **card(servers)}},
        headers={"Authorization": f"Bearer {servers.shop_public_key}"},
    )
    assert answer.status_code == 200, answer.text
    said = answer.json()["response"]
    assert (said["status"], said["credit_card"]["last_4"]) == ("successful", "0000")
    (paid,) = await servers.transactions(order)
    assert (paid["amount"], paid["status"]) == (order.amount, "successful")
    assert (await servers.state(order))["status"] == "successful"
