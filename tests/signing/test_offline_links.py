"""Offline links: made by a shop in any language, verified by its keys alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import string
import zlib
from typing import Any, cast

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import NotFound, Unprocessable
from checkout.settings import Shop
from checkout.signing import LARGEST_LINK, LinkPayload, read_link, sign_link

KEY, OLD, NEW, OTHERS = (secrets.token_hex(32) for _ in range(4))
ORDER = {"amount": 1250, "currency": "EUR", "description": "Two tickets", "expires": 1893456000}


def shop(shop_id: str, *keys: str) -> Shop:
    return Shop(
        id=shop_id,
        name="A shop",
        secret_key=secrets.token_hex(32),
        private_key=cast(Any, None),
        public_key="",
        url="https://shop.example",
        methods=(),
        link_keys=keys,
    )


SHOPS = {"361": shop("361", KEY), "362": shop("362", OTHERS), "363": shop("363")}


def refused(signed: str, shops: dict[str, Shop] = SHOPS) -> bool:
    try:
        read_link(signed, shops)
    except NotFound:
        return True
    return False


def urlsafe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_by_hand(payload: str, shop_id: str = "361", key: str = KEY) -> str:
    derived = hashlib.sha256(f"link:{shop_id}signer{key}".encode()).digest()
    return f"{payload}.{urlsafe(hmac.new(derived, payload.encode(), hashlib.sha256).digest())}"


# --- What is taken -----------------------------------------------------------------------------


def test_a_link_comes_back() -> None:
    signed = sign_link("361", KEY, ORDER)
    link = read_link(signed, SHOPS)
    assert link == LinkPayload("361", hashlib.sha256(signed.encode()).hexdigest(), link.data)
    assert link.data == {**ORDER, "shop": "361", "id": link.data["id"]}
    assert read_link(signed, SHOPS) == link


def test_two_equal_invoices_are_two_payments() -> None:
    links = [read_link(sign_link("361", KEY, ORDER), SHOPS) for _ in range(2)]
    assert links[0].digest != links[1].digest
    named = [read_link(sign_link("361", KEY, {**ORDER, "id": "7"}), SHOPS) for _ in range(2)]
    assert named[0] == named[1]


values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30)
objects = st.dictionaries(
    st.text(max_size=10), values | st.dictionaries(st.text(max_size=5), values, max_size=4)
)


@given(objects)
def test_any_object_comes_back(data: dict[str, Any]) -> None:
    link = read_link(sign_link("361", KEY, data), SHOPS)
    assert link.data == {"id": link.data["id"], **data, "shop": "361"}


def test_itsdangerous_makes_and_reads_the_same_links() -> None:
    serializer = itsdangerous.URLSafeSerializer(
        KEY, salt="link:361", signer_kwargs={"digest_method": hashlib.sha256}
    )
    signed = sign_link("361", KEY, ORDER)
    assert serializer.loads(signed) == read_link(signed, SHOPS).data
    assert read_link(serializer.dumps({**ORDER, "shop": "361"}), SHOPS).shop == "361"


def test_a_long_order_may_be_compressed() -> None:
    order = {**ORDER, "shop": "361", "description": "very " * 200}
    zipped = "." + urlsafe(zlib.compress(json.dumps(order).encode()))
    assert read_link(signed_by_hand(zipped), SHOPS).data == order
    assert sign_link("361", KEY, order).startswith(".")


def test_a_link_that_would_be_too_long() -> None:
    with pytest.raises(Unprocessable):
        sign_link("361", KEY, {**ORDER, "description": secrets.token_hex(LARGEST_LINK)})


# --- What is not -------------------------------------------------------------------------------

LINK = sign_link("361", KEY, {**ORDER, "id": "1"})
letters = st.sampled_from(string.ascii_letters + string.digits + "-_.=+/!\n \0é")


@given(st.integers(0, len(LINK)), letters, st.sampled_from([0, 1]))
def test_a_tampered_link(place: int, letter: str, dropped: int) -> None:
    other = LINK[:place] + letter + LINK[place + dropped :]
    assert other == LINK or refused(other)
    assert refused(LINK[:place] + LINK[place + 1 :]) or place == len(LINK)


def test_every_letter_counts() -> None:
    for place in range(len(LINK)):
        for letter in string.ascii_letters + string.digits + "-_.":
            assert letter == LINK[place] or refused(LINK[:place] + letter + LINK[place + 1 :])


@given(
    st.text() | st.text(alphabet=letters) | st.from_regex(r"\.?[\w-]+\.[\w-]{43}", fullmatch=True)
)
def test_what_is_no_link(signed: str) -> None:
    assert refused(signed)


def test_a_shop_signs_for_itself_alone() -> None:
    assert refused(sign_link("362", KEY, ORDER))
    assert refused(sign_link("361", OTHERS, ORDER))
    assert refused(sign_link("363", KEY, ORDER)), "it has no key"
    assert refused(sign_link("364", KEY, ORDER)), "there is none"
    # The payload names one shop, the salt another.
    named = urlsafe(json.dumps({**ORDER, "shop": "361"}).encode())
    assert refused(signed_by_hand(named, shop_id="362"))
    assert refused(signed_by_hand(named, shop_id="362", key=OTHERS))
    assert not refused(signed_by_hand(named))


@pytest.mark.parametrize("shop_id", [None, 361, True, ["361"], {"361": 1}, "", "361 "])
def test_a_shops_name_is_text(shop_id: object) -> None:
    payload = urlsafe(json.dumps({**ORDER, "shop": shop_id}).encode())
    assert refused(signed_by_hand(payload))


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b'"361"', b"361", b"null", b"{", b'{"shop": "361", "amount": NaN}', b"\xff\xfe",
     b'{"shop":"361","a":' + b"[" * 900 + b"]" * 900 + b"}"],
)  # fmt: skip
def test_a_payload_that_is_no_object(raw: bytes) -> None:
    assert refused(signed_by_hand(urlsafe(raw)))
    assert refused(signed_by_hand("." + urlsafe(zlib.compress(raw))))
    assert refused(signed_by_hand("." + urlsafe(raw)))


def test_bombs_and_leftovers_are_refused() -> None:
    order = json.dumps({**ORDER, "shop": "361"}).encode()
    bomb = zlib.compress(order[:-1] + b" " * 2_000_000 + b"}", 9)
    assert len(urlsafe(bomb)) < LARGEST_LINK
    assert refused(signed_by_hand("." + urlsafe(bomb)))
    assert refused(signed_by_hand("." + urlsafe(zlib.compress(order) + b"rest")))
    assert refused(signed_by_hand("." + urlsafe(zlib.compress(order)[:-4])))


def test_a_link_over_the_cap() -> None:
    order = {**ORDER, "shop": "361", "description": secrets.token_hex(LARGEST_LINK // 2)}
    assert refused(signed_by_hand(urlsafe(json.dumps(order).encode())))


# --- Rotation ----------------------------------------------------------------------------------


def test_link_keys_rotate() -> None:
    old, new = sign_link("361", OLD, ORDER), sign_link("361", NEW, ORDER)
    stages = {"before": (OLD,), "added": (OLD, NEW), "dropped": (NEW,)}
    taken = {
        stage: [not refused(link, {"361": shop("361", *keys)}) for link in (old, new)]
        for stage, keys in stages.items()
    }
    assert taken == {"before": [True, False], "added": [True, True], "dropped": [False, True]}
