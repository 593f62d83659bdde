"""Cards that an app has encrypted with the shop's public key."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.validation.reader import Reader
from checkout.shop_api.encrypted_card import FIELDS, LONGEST_PLAIN, UNREADABLE, opened_card
from tests.support.samples import rsa_key

MARK = "$begatewaycsejs_1_0_0$"
CARD = {
    "number": "4200000000000000", "verification_value": "123", "holder": "ANNA LEE",
    "exp_month": "12", "exp_year": "2039",
}  # fmt: skip


def sealed(text: str, key: RSAPrivateKey | None = None, mark: str = MARK) -> str:
    raw = (key or rsa_key()).public_key().encrypt(text.encode(), PKCS1v15())
    return mark + base64.b64encode(raw).decode()


def opened(
    card: Any = None,
    encrypted: Any = None,
    key: RSAPrivateKey | None = None,
    keys: Sequence[RSAPrivateKey] = (),
) -> tuple[dict[str, Any] | None, dict[str, list[str]]]:
    whole = Reader({"credit_card": card, "encrypted_credit_card": encrypted}, tolerant=True)
    found = opened_card(
        whole.within("credit_card"),
        whole.within("encrypted_credit_card"),
        keys or [key or rsa_key()],
    )
    return found, dict(whole.problems)


@lru_cache
def large_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=3072)


def test_each_field_is_opened_by_itself() -> None:
    assert opened(encrypted={name: sealed(text) for name, text in CARD.items()}) == (CARD, {})
    assert opened({name: sealed(text) for name, text in CARD.items()}) == (CARD, {})
    assert opened({name: sealed(text, mark="") for name, text in CARD.items()}) == (CARD, {})


def test_by_either_key_of_a_shop_that_rotates() -> None:
    keys = [large_key(), rsa_key()]
    for key in keys:
        card = {name: sealed(text, key=key) for name, text in CARD.items()}
        assert opened(encrypted=card, keys=keys) == (CARD, {})
    assert opened(encrypted={"number": sealed("42")}, keys=keys[:1])[1]


def test_what_is_not_encrypted_stays() -> None:
    plain = {"holder": "ANNA LEE", "save_card": True, "more": sealed("x")}
    found, problems = opened(plain, {"number": sealed("42"), "holder": "", "exp_year": None})
    assert (found, problems) == (plain | {"number": "42"}, {})
    assert opened(CARD) == (CARD, {})
    assert opened() == ({}, {})


def test_the_encrypted_field_wins() -> None:
    assert opened(CARD, {"number": sealed("42")}) == (CARD | {"number": "42"}, {})


def test_a_token_may_be_encrypted_and_a_wallets_is_left_alone() -> None:
    wallet = {"token": "$begateway_apple_pay_1_0_0$" + "A" * 4000}
    assert opened(wallet) == (wallet, {})
    long = {"token": "a" * 200}
    assert opened(long) == (long, {})
    assert opened(encrypted={"token": sealed("e8f9")})[0] == {"token": "e8f9"}


def test_as_libraries_write_it() -> None:
    """Wrapped at 76 characters (Android); a text of another script; nothing (iOS)."""
    assert opened({"number": MARK + textwrap.fill(sealed("42", mark=""), 76) + "\n"})[0] == {
        "number": "42"
    }
    assert opened({"holder": sealed("АННА ЛИ")})[0] == {"holder": "АННА ЛИ"}
    assert opened({"holder": sealed("")})[0] == {"holder": ""}
    assert opened({"number": sealed("42", large_key())}, key=large_key())[0] == {"number": "42"}


def test_the_browsers_library_drops_zeros_at_the_beginning() -> None:
    """It writes a number; one of 256 begins with a zero byte."""
    for _ in range(5000):
        raw = base64.b64decode(sealed("42", mark=""))
        if raw[0] == 0:
            break
    else:
        pytest.fail("no number of 5,000 begins with a zero")
    short = MARK + base64.b64encode(raw.lstrip(b"\0")).decode()
    assert opened(encrypted={"number": short})[0] == {"number": "42"}


WRONG: list[Any] = [
    sealed("123")[:-8],
    sealed("123", large_key()),
    sealed("1\n2"),
    sealed("1\u202e2"),
    sealed("1" * (LONGEST_PLAIN + 1)),
    MARK,
    MARK + "AAAAAA",
    MARK + "***",
    MARK + "я" * 344,
    MARK + base64.b64encode(b"\xff" * 256).decode(),
    MARK + base64.b64encode(b"\0" * 256).decode() + "A" * 2048,
    "$begatewaycse_other$AAAA",
    "123",
    123,
    True,
    ["123"],
    {"number": "123"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("name", FIELDS)
def test_one_reason_that_names_no_field(name: str, wrong: Any) -> None:
    card = {each: sealed(text) for each, text in CARD.items()} | {name: wrong}
    assert opened(encrypted=card) == (None, {"encrypted_credit_card": [UNREADABLE]})


def test_of_what_stands_in_the_card_itself() -> None:
    assert opened({"number": MARK + "AAAA"}) == (None, {"credit_card": [UNREADABLE]})
    assert opened({"number": "x" * 344}) == (None, {"credit_card": [UNREADABLE]})


class CountingKey:
    """A key that counts what it decrypts."""

    key_size = 2048

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def decrypt(self, sealed: bytes, padding: Any) -> bytes:
        self.lengths.append(len(sealed))
        return rsa_key().decrypt(sealed, padding)


@pytest.mark.parametrize("wrong", [None, MARK + "***", sealed("1\n2"), "123"])
def test_every_field_is_decrypted_whatever_becomes_of_the_first(wrong: Any) -> None:
    key: Any = CountingKey()
    first = {} if wrong is None else {"number": wrong}
    opened(encrypted={name: sealed(text) for name, text in CARD.items()} | first, key=key)
    assert key.lengths == [256] * len(CARD)


def test_a_wrong_padding_is_no_error_of_its_own() -> None:
    """OpenSSL 3.2 and newer answer it with bytes made of key and message, the same each time."""
    raw = b"\0" + b"\x17" * 255
    assert rsa_key().decrypt(raw, PKCS1v15()) == rsa_key().decrypt(raw, PKCS1v15())


@given(st.dictionaries(st.sampled_from((*FIELDS, "more")), st.text() | st.none() | st.integers()))
def test_whatever_comes_is_opened_or_wrong(fields: dict[str, Any]) -> None:
    for card, encrypted in ((fields, None), (None, fields)):
        found, problems = opened(card, encrypted)
        assert (found is None) == bool(problems)
