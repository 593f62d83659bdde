"""Addresses of a shop: in other scripts, and http:// where `return_origins` lists it."""

from __future__ import annotations

import pytest

from checkout.model.urls import NOT_LISTED
from tests.settings.conftest import Problems, Settled

URL = 'url = "https://shop.example.com"'
LOGO = '"https://shop.example.com/logo.svg"'
FRAMES = 'frame_origins = ["https://shop.example.com"]'
ORIGINS = 'return_origins = ["https://shop.example.com", "myshop://"]'
NOTIFIED = '"https://shop.example.com/notifications"'
ASCII = "https://xn--80aairftm.xn--90ais"
PLAIN = 'return_origins = ["http://shop.example.com", "http://Old.example.com:8080/"]'


def test_http_where_return_origins_list_it(settled: Settled) -> None:
    settings = settled(
        (ORIGINS, PLAIN),
        (URL, 'url = "http://shop.example.com/"'),
        (NOTIFIED, '"http://old.example.com:8080/notify"'),
    )
    shop = settings.shop("361")
    assert shop.return_origins == ("http://shop.example.com", "http://old.example.com:8080")
    assert shop.plain_origins == shop.customer_origins == shop.return_origins
    assert shop.url == "http://shop.example.com/"
    assert shop.notification_url == "http://old.example.com:8080/notify"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ((URL, 'url = "http://other.example.com"'), "shops.361.url"),
        ((NOTIFIED, '"http://shop.example.com:8080/n"'), "shops.361.notification_url"),
    ],
)
def test_and_nowhere_else(problems: Problems, change: tuple[str, str], key: str) -> None:
    assert problems((ORIGINS, PLAIN), change) == {key: NOT_LISTED}
    assert problems(change) == {key: NOT_LISTED}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ((LOGO, '"http://shop.example.com/logo.svg"'), "shops.361.logo"),
        ((FRAMES, 'frame_origins = ["http://shop.example.com"]'), "shops.361.frame_origins"),
    ],
)
def test_what_pages_show_or_are_shown_in_is_https(
    problems: Problems, change: tuple[str, str], key: str
) -> None:
    found = problems((ORIGINS, PLAIN), change)
    assert list(found) == [key]
    assert found[key].endswith("must begin with https://")


def test_the_ports_of_listed_http_addresses(settled: Settled) -> None:
    settings = settled((ORIGINS, PLAIN), ("egress_ports = [443]", "egress_ports = [8443]"))
    usual = {443, 8443}
    for address, ports in (
        ("http://shop.example.com/n", {80}),
        ("http://old.example.com:8080/n", {8080}),
        ("http://old.example.com/n", set()),
        ("http://shop.example.com:8080/n", set()),
        ("http://other.example.com/n", set()),
        ("https://old.example.com:8080/n", set()),
        ("https://shop.example.com/n", set()),
    ):
        assert settings.called_ports(address) == usual | ports


def test_names_in_other_scripts(settled: Settled) -> None:
    shop = settled(
        (URL, 'url = "https://Магазин.бел/"'),
        (LOGO, '"https://магазин.бел/знак.svg"'),
        (FRAMES, 'frame_origins = ["https://магазин.бел"]'),
        (ORIGINS, 'return_origins = ["https://магазин.бел:/"]'),
        (NOTIFIED, '"https://магазин.бел/n"'),
    ).shop("361")
    assert shop.url == f"{ASCII}/"
    assert shop.logo == f"{ASCII}/%D0%B7%D0%BD%D0%B0%D0%BA.svg"
    assert shop.frame_origins == shop.return_origins == (ASCII,)
    assert shop.notification_url == f"{ASCII}/n"


def test_our_own_name_in_another_script(settled: Settled) -> None:
    settings = settled(('"https://pay.example.com"', '"https://оплата.бел"'))
    assert settings.public_url == "https://xn--80aa5alfu.xn--90ais"
