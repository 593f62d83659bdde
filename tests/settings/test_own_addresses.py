"""`public_url` and `sender` of a shop."""

from __future__ import annotations

import pytest

from checkout.settings.own_addresses import RETURN_PATH
from tests.settings.conftest import Problems, Settled
from tests.settings.example import Rest

OWN = 'public_url = "https://pay.shop.example.com"'


def test_an_address_of_its_own(settled: Settled) -> None:
    settings = settled()
    shop = settings.shop("361")
    assert shop.sender == "pay@shop.example.com"
    assert settings.url("/x") == settings.url("/x", "gone") == "https://pay.example.com/x"
    assert settings.url("/x", shop) == settings.url("/x", "361")
    assert settings.url("/x", shop) == "https://pay.shop.example.com/x"
    assert settings.origin_at("PAY.shop.example.com.:443") == shop.public_url
    assert settings.origin_at("pay.example.com") == "https://pay.example.com"
    assert settings.origin_at("a.pay.example.com") is settings.origin_at(None) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://pay.shop.example.com", "https"),
        ("https://pay.shop.example.com/a", "path"),
        ("https://pay.example.com", "public_url's"),
        ("https://PAY.example.com:8443", "public_url's"),
        (f"https://{'a' * 60}.{'b' * 60}.com", f"at most {Rest.longest_return_url - RETURN_PATH}"),
    ],
)
def test_what_is_refused(problems: Problems, url: str, why: str) -> None:
    found = problems((OWN, f'public_url = "{url}"'))
    assert list(found) == ["shops.361.public_url"]
    assert why in found["shops.361.public_url"]
