"""Shops' RSA keys: read in no time, proven before they sign; two of each while a shop rotates."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from checkout.model.validation.reader import Invalid
from checkout.settings.signing_keys import BROKEN, check_whole, private_key, proven, public_half
from tests.settings.conftest import Problems, Settled
from tests.support.samples import broken_pem, pem_of, rsa_key

OLD_SECRET = 'secret_key = "env:SHOP_SECRET"'
OLD_KEY = 'private_key = "file:shop-361.pem"'


def test_reading_a_key_takes_no_time(pem: str) -> None:
    """All that OpenSSL checks takes 70 ms: a thousand shops would start for a minute."""
    begun = time.perf_counter()
    for _ in range(100):
        private_key(pem)
    assert time.perf_counter() - begun < 1


def test_a_broken_key_signs_nothing() -> None:
    key = private_key(broken_pem())
    with pytest.raises(Invalid, match=BROKEN):
        proven(key)
    with pytest.raises(Invalid, match=BROKEN):
        check_whole(key)
    assert proven(rsa_key()) is rsa_key()
    check_whole(rsa_key())


def test_two_of_each_while_a_shop_rotates(
    settled: Settled, environ: dict[str, str], folder: Path, pem: str
) -> None:
    new, key = secrets.token_hex(32), generate_private_key(65537, 2048)
    (folder / "new.pem").write_text(pem_of(key))
    shop = settled(
        (OLD_SECRET, 'secret_key = ["env:SHOP_SECRET", "env:NEW"]'),
        (OLD_KEY, 'private_key = ["file:shop-361.pem", "file:new.pem"]'),
        NEW=new,
    ).shop("361")
    assert shop.secret_keys == (environ["SHOP_SECRET"], new)
    assert shop.public_keys == (public_half(private_key(pem)), public_half(key))
    assert [each.key_size for each in shop.private_keys] == [2048, 2048]
    one = settled((OLD_SECRET, 'secret_key = ["env:NEW"]'), NEW=new).shop("361")
    assert (one.secret_key, one.secret_keys) == (new, (new,))
    assert len(one.private_keys) == len(one.public_keys) == 1


def test_what_is_no_rotation(problems: Problems) -> None:
    for names, reason in (
        ("[]", "1 to 2 items"),
        ('["env:SHOP_SECRET", "env:SHOP_SECRET"]', "two different ones"),
        ('["env:SHOP_SECRET", "aaaa"]', "item 2 is too easy to guess"),
        ('["env:SHOP_SECRET", "env:SECOND", "env:THIRD"]', "1 to 2 items"),
        ('["env:SHOP_SECRET", "env:CHECKOUT_SECRET"]', ""),
    ):
        more = {"SECOND": secrets.token_hex(32), "THIRD": secrets.token_hex(32)}
        found = problems((OLD_SECRET, f"secret_key = {names}"), **more)
        if reason:
            assert reason in found["shops.361.secret_key"]
        else:  # the new one is ours, too: nothing else may be the same
            assert found == {"secrets.1": "must not be the same as shops.361.secret_key"}
    same = 'private_key = ["file:shop-361.pem", "file:shop-361.pem"]'
    assert "two different" in problems((OLD_KEY, same))["shops.361.private_key"]


# --- As editors and Windows write files ----------------------------------------------------------


def test_marks_and_blanks_around_values(
    settled: Settled, problems: Problems, folder: Path, pem: str
) -> None:
    new = secrets.token_hex(32)
    (folder / "shop-361.pem").write_bytes(b"\xef\xbb\xbf" + pem.replace("\n", "\r\n").encode())
    (folder / "key").write_bytes(b"\xef\xbb\xbf" + new.encode() + b" \r\n\r\n")
    changes = ("env:ACQUIRER_KEY", "file:key"), ("env:IPN_SECRET", "env:IPN")
    found = settled(*changes, IPN=f" {new[::-1]}\t\r\n")
    assert found.account("acquirer").options.secure_key == new
    assert found.account("coins").options.ipn_secret == new[::-1]
    assert found.shop("361").public_key == public_half(private_key(pem))
    (folder / "key").write_text(" \n")
    assert problems(*changes, IPN="\t") == {
        "gateways.acquirer.secure_key": "the file key is empty",
        "gateways.coins.ipn_secret": "the environment variable IPN is empty",
    }


def test_a_settings_file_with_a_mark(settled: Settled) -> None:
    assert settled(("# An example", "\ufeff# An example")).shop("361").name == "Demo shop"
