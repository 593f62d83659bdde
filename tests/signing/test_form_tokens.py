"""Form tokens and the cookie's content: bound to purpose and payment, rotated with the keys."""

from __future__ import annotations

import hashlib
import secrets
import string

import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import Forbidden
from checkout.identifiers import new_uid
from checkout.model.browser import FIELDS
from checkout.signing import (
    LARGEST_COOKIE,
    CustomerCookie,
    FormToken,
    Sha256Signer,
    Signer,
    set_cookie,
)

OLD, NEW, NEXT = (secrets.token_hex(32) for _ in range(3))
UID, OTHER = new_uid(), new_uid()
signer = Signer([OLD])

# A letter that base64 may have, one it may not, and one beyond ASCII.
letters = st.sampled_from(string.ascii_letters + string.digits + "-_.=+/!\n \0é")
purposes = st.sampled_from(["pay", "cancel", "confirm"])


def changed(text: str, place: int, letter: str, kind: str) -> str:
    """`text` with one letter replaced, dropped or put in."""
    place %= len(text)
    after = {"replace": 1, "drop": 1, "insert": 0}[kind]
    return text[:place] + ("" if kind == "drop" else letter) + text[place + after :]


changes = st.tuples(st.integers(0, 5000), letters, st.sampled_from(["replace", "drop", "insert"]))


# --- Form tokens -------------------------------------------------------------------------------


@given(purposes, st.integers(0, 9999))
def test_a_token_comes_back(purpose: str, attempt: int) -> None:
    token = signer.sign_form(purpose, UID, attempt)
    read = signer.read_form(purpose, UID, token)
    assert read == FormToken(attempt, read.nonce)
    assert len(token) < 64


@given(purposes, st.integers(0, 9999), st.booleans())
def test_it_is_signed_as_itsdangerous_signs(purpose: str, attempt: int, own: bool) -> None:
    keys = [OLD, NEW]
    token = Signer(keys).sign_form(purpose, UID, attempt, own=own)
    theirs = itsdangerous.Signer(NEW, salt=f"form:{purpose}:{UID}", digest_method=hashlib.sha256)
    assert theirs.sign(token.rpartition(".")[0]).decode() == token
    assert Signer([NEW]).read_form(purpose, UID, token) == Signer(keys).read_form(
        purpose, UID, token
    )


def test_each_page_has_its_own_token() -> None:
    tokens = {signer.sign_form("pay", UID, 1) for _ in range(50)}
    assert len(tokens) == len({signer.read_form("pay", UID, token).nonce for token in tokens}) == 50


@pytest.mark.parametrize(
    ("purpose", "uid"),
    [("cancel", UID), ("pay", OTHER), ("", UID)],
    ids=["another purpose", "another payment", "no purpose"],
)
def test_a_token_of_another_purpose_or_payment(purpose: str, uid: str) -> None:
    with pytest.raises(Forbidden):
        signer.read_form(purpose, uid, signer.sign_form("pay", UID, 1))


@given(changes)
def test_a_tampered_token(change: tuple[int, str, str]) -> None:
    token = signer.sign_form("pay", UID, 1)
    other = changed(token, *change)
    if other != token:
        with pytest.raises(Forbidden):
            signer.read_form("pay", UID, other)


@given(st.text() | st.text(alphabet=letters))
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(Forbidden):
        signer.read_form("pay", UID, token)


def test_every_letter_of_a_signature_counts() -> None:
    """base64 spells 256 bits in four ways; one is taken."""
    token = signer.sign_form("pay", UID, 1)
    for place in range(len(token)):
        for letter in string.ascii_letters + string.digits + "-_":
            if letter != token[place]:
                with pytest.raises(Forbidden):
                    signer.read_form("pay", UID, changed(token, place, letter, "replace"))


# --- The cookie --------------------------------------------------------------------------------

BROWSER = dict(
    zip(
        FIELDS,
        ["1920", "1080", "24", "1200", "800", "zh-Hant-TW", "false", "-180", "Europe/Minsk"],
        strict=True,
    )
)
kept = st.text(alphabet=string.ascii_letters + string.digits + "_+/.-", min_size=1, max_size=40)
cookies = st.builds(
    CustomerCookie,
    uid=st.just(UID),
    lang=kept,
    method=kept,
    attempt=st.integers(0, 10),
    browser=st.dictionaries(st.sampled_from(FIELDS), kept),
    own=st.booleans(),
)


@given(cookies)
def test_a_cookie_comes_back(cookie: CustomerCookie) -> None:
    value = signer.sign_cookie(cookie)
    assert signer.read_cookie(UID, value) == cookie
    assert len(set_cookie(value)) < 1024


@given(
    st.builds(
        CustomerCookie,
        uid=st.just(UID),
        lang=st.text(),
        method=st.text(),
        attempt=st.integers(0, 2**62),
        browser=st.dictionaries(st.sampled_from(FIELDS) | st.text(), st.text(max_size=3000)),
        own=st.booleans(),
    )
)
def test_a_cookie_is_small_whatever_is_in_it(cookie: CustomerCookie) -> None:
    value = signer.sign_cookie(cookie)
    assert len(set_cookie(value).encode()) < 1024
    read = signer.read_cookie(UID, value)
    assert read is not None
    assert read.attempt == cookie.attempt
    assert read.own == cookie.own
    assert read.browser.items() <= cookie.browser.items()


def test_the_largest_cookie_fits() -> None:
    largest = CustomerCookie(UID, "x" * 40, "y" * 40, 10, dict.fromkeys(FIELDS, "z" * 40), own=True)
    value = signer.sign_cookie(largest)
    assert signer.read_cookie(UID, value) == largest
    assert len(set_cookie(value)) <= LARGEST_COOKIE


@pytest.mark.parametrize("odd", ['"', "\\", "\n", ";", ",", "é", "x" * 41, "<script>"])
def test_what_is_odd_is_left_out(odd: str) -> None:
    cookie = CustomerCookie(UID, "de", odd, 2, BROWSER | {"time_zone_name": odd, "unknown": "1"})
    read = signer.read_cookie(UID, signer.sign_cookie(cookie))
    expected = {name: value for name, value in BROWSER.items() if name != "time_zone_name"}
    assert read == CustomerCookie(UID, "de", "", 2, expected)


def test_another_payments_cookie_is_none() -> None:
    value = signer.sign_cookie(CustomerCookie(UID, "de", "credit_card", 1, BROWSER))
    assert signer.read_cookie(OTHER, value) is None
    assert signer.read_cookie(UID, signer.sign_form("pay", UID, 1)) is None
    with pytest.raises(Forbidden):
        signer.read_form("pay", UID, value)


@given(changes)
def test_a_tampered_cookie_is_none(change: tuple[int, str, str]) -> None:
    value = signer.sign_cookie(CustomerCookie(UID, "de", "credit_card", 1, BROWSER))
    other = changed(value, *change)
    assert other == value or signer.read_cookie(UID, other) is None


@given(st.text())
def test_what_is_no_cookie_is_none(value: str) -> None:
    assert signer.read_cookie(UID, value) is None


def test_the_header() -> None:
    assert set_cookie("v") == (
        "__Host-checkout=v; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    )
    value = signer.sign_cookie(CustomerCookie(UID, "de", "credit_card", 1, BROWSER))
    assert not set(value) - set(string.ascii_letters + string.digits + "-_.")


# --- Rotation ----------------------------------------------------------------------------------


def test_keys_rotate_without_a_session_lost() -> None:
    cookie = CustomerCookie(UID, "de")
    old = signer.sign_form("pay", UID, 1), signer.sign_cookie(cookie)

    added = Signer([NEW, OLD])  # known everywhere before it signs anywhere
    assert added.read_form("pay", UID, old[0]).attempt == 1
    assert signer.read_cookie(UID, added.sign_cookie(cookie)) == cookie  # the last one signs

    promoted = Signer([OLD, NEW])
    new = promoted.sign_form("pay", UID, 1), promoted.sign_cookie(cookie)
    for token, value in (old, new):
        for each in (added, promoted):
            assert each.read_form("pay", UID, token).attempt == 1
            assert each.read_cookie(UID, value) == cookie
    with pytest.raises(Forbidden):
        signer.read_form("pay", UID, new[0])

    dropped = Signer([NEW])
    assert dropped.read_form("pay", UID, new[0]).attempt == 1
    assert dropped.read_cookie(UID, new[1]) == cookie
    assert dropped.read_cookie(UID, old[1]) is None
    with pytest.raises(Forbidden):
        dropped.read_form("pay", UID, old[0])
    assert Signer([NEXT]).read_cookie(UID, new[1]) is None


@given(st.text(max_size=40), st.text(max_size=40), st.binary(max_size=60))
def test_signed_as_itsdangerous_does(secret: str, salt: str, value: bytes) -> None:
    theirs = itsdangerous.Signer(secret, salt=salt, digest_method=hashlib.sha256)
    assert Sha256Signer(secret, salt).sign(value) == theirs.sign(value)
