"""Addresses as browsers take them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.browser_urls import browser_url
from checkout.model.urls import parse, shop_url
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import shop_address, web_address

THANKS = "%D1%81%D0%BF%D0%B0%D1%81%D0%B8%D0%B1%D0%BE?%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7=7#%D0%B4%D0%B0"
# What is sent, what we make of it, and the `href` of `new URL(...)` of what is sent, as Node 20
# says it; that of what we make of it is the same.
TABLE = [
    ("https://shop.example.com:/x", "https://shop.example.com/x", "https://shop.example.com/x"),
    ("https://Shop.Example.COM/A", "https://shop.example.com/A", "https://shop.example.com/A"),
    ("HTTPS://shop.example.com:8443/", "https://shop.example.com:8443/",
     "https://shop.example.com:8443/"),
    ("https://shop.example.com:443/x", "https://shop.example.com:443/x",
     "https://shop.example.com/x"),
    ("https://shop.example.com./x", "https://shop.example.com./x", "https://shop.example.com./x"),
    ("  https://shop.example.com/x\n", "https://shop.example.com/x", "https://shop.example.com/x"),
    ("https://магазин.бел/ok", "https://xn--80aairftm.xn--90ais/ok",
     "https://xn--80aairftm.xn--90ais/ok"),
    ("https://МАГАЗИН.бел:8443", "https://xn--80aairftm.xn--90ais:8443",
     "https://xn--80aairftm.xn--90ais:8443/"),
    ("https://магазин.бел./", "https://xn--80aairftm.xn--90ais./",
     "https://xn--80aairftm.xn--90ais./"),
    ("https://faß.de/", "https://xn--fa-hia.de/", "https://xn--fa-hia.de/"),
    ("https://日本語。jp/", "https://xn--wgv71a119e.jp/", "https://xn--wgv71a119e.jp/"),
    ("https://ｓｈｏｐ.example/", "https://shop.example/", "https://shop.example/"),
    ("https://１２７.0.0.1/", "https://127.0.0.1/", "https://127.0.0.1/"),
    ("https://shop.example/спасибо?заказ=7#да",
     f"https://shop.example/{THANKS}", f"https://shop.example/{THANKS}"),
    ("https://shop.example/a b?c d#e f", "https://shop.example/a%20b?c%20d#e%20f",
     "https://shop.example/a%20b?c%20d#e%20f"),
    ("https://shop.example/%D1%8F?я=%D1%8F&%&100%", "https://shop.example/%D1%8F?%D1%8F=%D1%8F&%&100%",
     "https://shop.example/%D1%8F?%D1%8F=%D1%8F&%&100%"),
    ("https://shop.example/?u=https://a.example/?b=c%26d",
     "https://shop.example/?u=https://a.example/?b=c%26d",
     "https://shop.example/?u=https://a.example/?b=c%26d"),
    ("https://shop.example/\u00a0😀", "https://shop.example/%C2%A0%F0%9F%98%80",
     "https://shop.example/%C2%A0%F0%9F%98%80"),
    ("https://shop.example/?x=<\"'>`{}|^", "https://shop.example/?x=<\"'>`{}|^",
     "https://shop.example/?x=%3C%22%27%3E`{}|^"),
]  # fmt: skip

REFUSED = [
    ("https:\\\\shop.example", "backslash"),
    ("https://shop.example\\@evil.example/", "backslash"),
    ("https://shop.example/\r\nSet-Cookie: a=b", "control"),
    ("https://shop.example/a\tb", "control"),
    ("https://shop.example/\x85", "control"),
    ("https://shop.example/\ud800", "control"),
    ("https://я@shop.example/", "user name"),
    ("https://shop.example@магазин.бел/", "user name"),
    ("https://@shop.example/", "user name"),
    ("https:shop.example", "https://"),
    ("https:/shop.example", "https://"),
    ("https:///shop.example", "valid host"),
    ("\u00a0https://shop.example/", "ASCII"),
    ("https://shop .example/", "ASCII"),
    ("https://shop.example／evil/", "valid host"),
    ("https://shop.example？@evil/", "user name"),
    ("https://магазин..бел/", "valid host"),
    ("https://магазин.бел:0/", "valid host"),
    ("https://магазин.бел:８０/", "valid host"),
    ("https://магазин.бел:80a/", "valid host"),
    ("https://" + "я" * 64 + ".бел/", "valid host"),
    ("https://" + "я." * 200 + "бел/", "valid host"),
    ("https://shop.example/" + "x" * 2048, "at most 2048"),
    ("https://shop.example/" + "я" * 400, "percent-encoded"),
    ("http://магазин.бел/", "https://"),
]


def reason(text: str) -> str:
    try:
        web_address()(text)
    except Invalid as why:
        return str(why)
    return ""


@pytest.mark.parametrize(("sent", "ours", "href"), TABLE)
def test_addresses_are_made_as_browsers_make_them(sent: str, ours: str, href: str) -> None:
    assert web_address()(sent) == browser_url(sent) == ours
    assert parse(ours).origin == parse(href).origin
    assert browser_url(href) == href
    assert shop_address(origins=(parse(href).origin,))(sent) == ours


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_browsers_would_guess_is_refused_with_its_reason(text: str, why: str) -> None:
    assert why in reason(text)


def test_a_dot_at_the_end_is_another_site_and_nothing_that_is_called() -> None:
    """As browsers have it; certificates have no such names, so a call would fail."""
    dotted = "https://shop.example./n"
    assert web_address()(dotted) == dotted
    assert parse(dotted).origin == "https://shop.example."
    with pytest.raises(Invalid, match="dot"):
        web_address(ports=(443,))(dotted)


def test_ascii_stays_byte_for_byte() -> None:
    own = "?x=%2F+%20&&y&x[]=1;z=~&u='\"<>`{|}^#a?b#c/../."
    assert browser_url(f"https://shop.example/a/../b{own}") == f"https://shop.example/a/../b{own}"


def test_an_apps_address_is_encoded_too_and_its_host_is_its_own() -> None:
    rule = shop_address(origins=("myshop://",))
    assert rule(" MyShop://Оплата/ок? я=1 ") == (
        "MyShop://%D0%9E%D0%BF%D0%BB%D0%B0%D1%82%D0%B0/%D0%BE%D0%BA?%20%D1%8F=1"
    )
    for wrong in ("myshop://a b", "myshop://я@a", "myshop://a\\b", "myshop://a\nb"):
        with pytest.raises(Invalid):
            rule(wrong)


def test_origins_are_compared_as_browsers_write_them() -> None:
    rule = shop_address(origins=("https://xn--80aairftm.xn--90ais",))
    for host in (
        "магазин.бел",
        "МАГАЗИН.БЕЛ",
        "xn--80aairftm.xn--90ais",
        "XN--80AAIRFTM.xn--90ais:",
    ):
        assert rule(f"https://{host}/ok") == "https://xn--80aairftm.xn--90ais/ok"
    for host in ("магазин.бел.", "магазин.бел:8443", "мaгазин.бел", "www.магазин.бел"):
        with pytest.raises(Invalid):
            rule(f"https://{host}/ok")


pieces = st.lists(
    st.sampled_from(
        ["https", "http", "myshop", ":", "//", "/", "\\", "@", "shop.example", "магазин", ".бел",
         "。", "．", "／", "？", "＃", "＠", "：", "%", "%D1%8F", "\t", " ", "я", "ß", "\u00ad",
         "\u200d", "[::1]", "?", "#", ":443", "\u202e", "\ud800", "１", "xn--"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(st.text() | pieces | pieces.map("https://shop.example".__add__))
def test_any_text_is_the_same_the_second_time_or_refused(text: str) -> None:
    try:
        url = web_address()(text)
    except Invalid:
        return
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert browser_url(url) == url
    assert web_address()(url) == url
    assert url.count("%25") == text.count("%25"), "nothing is encoded twice"


@given(st.text() | pieces)
def test_nothing_after_a_host_leads_to_another(rest: str) -> None:
    try:
        url = shop_url(
            browser_url(f"https://shop.example{rest}"), origins=("https://shop.example",)
        )
    except Invalid:
        return
    assert urlsplit(url).hostname == "shop.example"
    after = url.removeprefix("https://shop.example")
    assert after != url
    assert after[:1] in ("", "/", "?", "#", ":")
