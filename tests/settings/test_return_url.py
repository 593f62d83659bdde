"""How long `public_url` may be: the settings know what follows it in a return address."""

from __future__ import annotations

from checkout.gateways import OPTIONS
from checkout.identifiers import new_ticket
from checkout.settings.own_addresses import RETURN_PATH
from tests.settings.conftest import Problems, Settled
from tests.settings.example import ADAPTERS, Rest

PUBLIC = 'public_url = "https://pay.example.com"'


def of_length(length: int) -> tuple[str, str]:
    """The example with a public_url of so many characters."""
    host = "a.b" * 30
    url = "https://" + host[: length - len("https://.com")].rstrip(".") + ".com"
    url = url.replace("//", "//" + "c" * (length - len(url)))
    assert len(url) == length
    return PUBLIC, f'public_url = "{url}"'


def test_the_longest_that_fits_and_one_more(settled: Settled, problems: Problems) -> None:
    longest = Rest.longest_return_url - RETURN_PATH
    assert settled(of_length(longest)).public_url
    assert "gateways.acquirer" in problems(of_length(longest + 1))["public_url"]


def test_it_is_as_long_as_the_real_ones() -> None:
    assert len(f"/return/{new_ticket()}") == RETURN_PATH


def test_the_limits_are_the_adapters_own() -> None:
    """The stubs of these tests stand for the real ones."""
    assert Rest.longest_return_url == OPTIONS["rest"].longest_return_url
    for name, stub in ADAPTERS.items():
        if stub is not Rest:
            assert OPTIONS[name].longest_return_url >= 200
