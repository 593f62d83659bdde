"""Every way to pay in the sample shop, against a checkout that answers as told."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html import unescape
from inspect import getsource

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from itsdangerous import URLSafeSerializer

from checkout.sandbox.shop.config import ShopConfig
from checkout.sandbox.shop.integrations import INTEGRATIONS
from tests.sandbox.test_shop import Client, FakeCheckout, order, state, tell
from tests.sandbox.test_shop import checkout as checkout  # fixtures
from tests.sandbox.test_shop import shop as shop
from tests.sandbox.test_shop import signer as signer

JSON = {"Accept": "application/json"}


def test_the_page_shows_the_code_that_runs(shop: Client) -> None:
    running = shop.app.state.shop
    running.config = with_links(running.config)
    page = shop.get("/ways")
    assert page.status_code == 200
    text = unescape(page.text)
    for way in INTEGRATIONS:
        assert getsource(way.server) in text
        for name in way.page:
            served = shop.get(f"/ways/{name}")
            assert served.headers["content-type"].startswith("text/javascript")
            assert served.text in text
    assert " style=" not in page.text
    assert not re.search(r"<script(?![^>]* src=)", page.text)


def test_its_policy_allows_checkout_alone(shop: Client, checkout: FakeCheckout) -> None:
    policy = shop.get("/ways").headers["content-security-policy"]
    assert f"script-src 'self' {checkout.url};" in policy
    assert "unsafe" not in policy
    assert "frame-src 'none'" in shop.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("way", ["redirect", "modal", "inline", "popup", "saved", "no-such-way"])
def test_without_scripts_every_button_leads_to_the_payment(shop: Client, way: str) -> None:
    answer = shop.post(f"/ways/{way}")
    assert answer.status_code == 303
    assert "/widget/hpp.html?token=" in answer.headers["location"]


def test_scripts_get_the_token(shop: Client) -> None:
    said = shop.post("/ways/modal", headers=JSON).json()
    assert len(said["token"]) == 64
    assert said["redirect_url"].endswith(said["token"])
    assert state(shop, said["number"])["state"] == "unpaid"


def test_a_refusal_is_shown(shop: Client, checkout: FakeCheckout) -> None:
    checkout.refusal = (422, b'{"message": "amount <b> is wrong"}')
    page = shop.post("/ways/redirect")
    assert page.status_code == 502
    assert "amount &lt;b&gt; is wrong" in page.text
    said = shop.post("/ways/modal", headers=JSON)
    assert said.status_code == 502
    assert "amount <b> is wrong" in said.json()["message"]


def test_a_link_is_signed_offline(shop: Client, checkout: FakeCheckout) -> None:
    assert "Make a link" not in shop.get("/ways").text  # without a key there are none
    running = shop.app.state.shop
    running.config = with_links(running.config)
    page = shop.post("/ways/link").text
    assert "<svg" in page
    (link,) = re.findall(r"<pre[^>]*>([^<]+)</pre>", page)
    assert link.startswith(f"{checkout.url}/pay/")
    signer = URLSafeSerializer(
        "link-key", salt="link:361", signer_kwargs={"digest_method": hashlib.sha256}
    )
    terms = signer.loads(link.removeprefix(f"{checkout.url}/pay/"))
    assert (terms["amount"], terms["currency"], terms["shop"]) == (1250, "EUR", "361")
    assert not checkout.created  # checkout was not asked
    # Its order is there, and says so before anybody has opened the link.
    assert "not paid yet" in shop.get(f"/orders/{terms['tracking_id']}").text


def with_links(config: ShopConfig) -> ShopConfig:
    return msgspec.structs.replace(config, link_key="link-key")


def test_a_link_learns_its_token_from_the_notification(
    shop: Client, signer: rsa.RSAPrivateKey
) -> None:
    running = shop.app.state.shop
    running.config = with_links(running.config)
    page = shop.post("/ways/link").text
    (number,) = re.findall(r"/orders/([\w-]+)", page)
    token = "ab" * 32
    told = tell(shop, signer, number, amount=1250, token=token, created_by="link", test=False)
    assert told[1]["state"] == "paid"
    assert state(shop, number)["token"] == token


def test_a_card_is_saved_by_a_verified_notification_alone(
    shop: Client, checkout: FakeCheckout, signer: rsa.RSAPrivateKey
) -> None:
    number = order(shop)
    card = {"token": "card-token", "brand": "visa", "last_4": "0000"}
    forged = {"Content-Signature": "AAAA"}
    tell(shop, signer, number, credit_card=card, headers=forged)
    assert "•••• 0000" not in shop.get("/ways").text
    shop.post("/ways/saved")
    assert checkout.created[-1]["order"]["additional_data"] == {"contract": ["oneclick"]}
    tell(shop, signer, number, credit_card=card)
    page = shop.get("/ways").text
    assert "•••• 0000" in page
    assert "card-token" not in page
    shop.post("/ways/saved")
    asked = checkout.created[-1]["payment_method"]
    assert asked == {"types": ["credit_card"], "credit_card": {"token": "card-token"}}


# A product: the fake checkout answers /products as told


def sold(shop: Client, signer: rsa.RSAPrivateKey, **given: object) -> int:
    transaction = {
        "uid": "u1", "status": "successful", "type": "payment", "created_by": "product",
        "tracking_id": "tea", **given,
    }  # fmt: skip
    body = json.dumps({"transaction": transaction}).encode()
    signature = b64encode(signer.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    headers = {"Content-Signature": signature}
    return shop.post("/sales", content=body, headers=headers).status_code


def test_each_sale_counts_once(shop: Client, signer: rsa.RSAPrivateKey) -> None:
    assert sold(shop, signer) == 200
    assert sold(shop, signer) == 200  # the same again
    assert sold(shop, signer, uid="u2") == 200
    assert sold(shop, signer, uid="u3", status="failed") == 200
    assert sold(shop, signer, uid="u5", type="refund") == 200  # of a sale: no sale
    assert sold(shop, signer, uid="u4", tracking_id="coffee") == 401
    assert shop.post("/sales", content=b"{}").status_code == 401
    assert "Sold so far: 2" in shop.get("/ways").text
