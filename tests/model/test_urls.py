"""Addresses that others give us."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.urls import (
    is_loopback,
    parse,
    return_origin,
    shop_url,
    web_origin,
    web_url,
)
from checkout.model.validation.reader import Invalid

ORIGINS = ("https://shop.example", "https://shop.example:8443", "myshop://")
APPS = ("javascript://", "data://", "myshop://")

GOOD = [
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example:443/paid?order=7&x=%20#top",
    "https://shop.example?x=1",
    "https://shop.example/a@b",
    "HTTPS://SHOP.example/",
    "https://sub-domain.xn--e1afmkfd.xn--p1ai/",
    "https://a_b.example/",
    "https://203.0.113.7/x",
    "https://[2001:db8::1]:8443/",
    "https://shop/",
    "https://shop.example./",
]
BAD = [
    "",
    "https:",
    "https://",
    "https:///path",
    "https:shop.example",
    "//shop.example",
    "/paid",
    "shop.example",
    "http://shop.example/",
    "ftp://shop.example/",
    "javascript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "JaVaScRiPt:alert(1)",
    " https://shop.example",
    "https://shop.example\n",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "java\tscript:alert(1)",
    "https://sh\top.example",
    "https://shop.example/a b",
    "https://shop.example/\0",
    "https://shop.example/\x7f",
    "https://shop.example/\u00a0",
    "https://shop.example/\u2028",
    "https://магазин.рф/",
    "https://shop。example/",
    "https://user@shop.example/",
    "https://user:password@shop.example/",
    "https://@shop.example/",
    "https://shop.example@evil.example/",
    "https://shop.example\\@evil.example/",
    "https:\\\\shop.example/",
    "https:/\\shop.example/",
    "https://shop.example:0/",
    "https://shop.example:99999/",
    "https://shop.example:/",
    "https://shop.example:80a/",
    "https://shop.example:-1/",
    "https://.example/",
    "https://shop..example/",
    "https://-shop.example/",
    "https://shop-.example/",
    "https://*.example/",
    "https://shop%2eexample/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    "https://1/",
    "https://2130706433/",
    "https://127.1/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://256.1.1.1/",
    "https://1.2.3.4.5/",
    "https://[::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[shop.example]/",
    "https://shop.example/" + "x" * 2048,
    "data:text/html,x",
    "blob:https://shop.example/1",
    "view-source:https://shop.example/",
    "file:///etc/passwd",
    "mailto:a@b",
    "myshop://paid",
]


def wrong(rule: object, *args: object, **kwargs: object) -> bool:
    try:
        rule(*args, **kwargs)  # type: ignore[operator]
    except Invalid as reason:
        return bool(str(reason))
    return False


@pytest.mark.parametrize("url", GOOD)
def test_what_is_taken_is_kept_byte_for_byte(url: str) -> None:
    assert web_url(url) == url
    assert shop_url(url, origins=(parse(url).origin,)) == url
    assert wrong(shop_url, url, origins=())
    assert web_url(url, sandbox=True) == url


@pytest.mark.parametrize("url", BAD, ids=range(len(BAD)))
def test_what_is_refused(url: str) -> None:
    assert wrong(web_url, url)
    assert wrong(web_url, url, sandbox=True)
    assert wrong(shop_url, url, origins=())
    assert wrong(shop_url, url, origins=("https://shop.example",), sandbox=True)


def test_http_is_for_loopback_in_the_sandbox() -> None:
    for url in (
        "http://127.0.0.1:8000/x",
        "http://localhost",
        "http://[::1]:80/",
        "http://127.9.9.9/",
    ):
        assert wrong(web_url, url)
        assert web_url(url, sandbox=True) == url
        assert shop_url(url, origins=(parse(url).origin,), sandbox=True) == url
    for url in ("http://10.0.0.1/", "http://localhost.example/", "http://0.0.0.0/", "http://[::]/"):
        assert wrong(web_url, url, sandbox=True)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.", "a.localhost", "128.0.0.1", "::2", "::ffff:127.0.0.1", "0.0.0.0", "127.1",
     "127.0.0.1.example", "[::1]"],
)  # fmt: skip
def test_what_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


# --- A shop's own origins ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/x", "https://shop.example:443/x", "HTTPS://Shop.Example", "myshop://",
     "https://shop.example:8443/", "myshop://paid?order=7", "MyShop://paid", "myshop:///paid"],
)  # fmt: skip
def test_customers_go_to_the_shops_origins(url: str) -> None:
    assert shop_url(url, origins=ORIGINS) == url


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "https://shop.example.evil.example/", "https://evil.example/shop.example",
     "https://evilshop.example/", "https://www.shop.example/", "https://shop.example:8444/",
     "http://shop.example/", "myshop:paid", "myshop:/paid", "myshopx://paid", "other://paid",
     "myshop://user@paid", "myshop://pa id", "myshop://paid\n", "myshop://a\\b"],
)  # fmt: skip
def test_customers_go_nowhere_else(url: str) -> None:
    assert wrong(shop_url, url, origins=ORIGINS)


def test_no_origin_makes_a_script_an_app() -> None:
    for url in ("javascript://x/%0aalert(1)", "data://x", "JavaScript://x"):
        assert wrong(shop_url, url, origins=APPS)


def test_origins_are_written_as_browsers_do() -> None:
    assert web_origin("https://Shop.Example:443/") == "https://shop.example"
    assert web_origin("https://shop.example:8443") == "https://shop.example:8443"
    assert web_origin("http://[::1]:80", sandbox=True) == "http://[::1]"
    assert web_origin("http://127.0.0.1:8000", sandbox=True) == "http://127.0.0.1:8000"
    assert return_origin("MyShop://") == "myshop://"
    assert return_origin("https://shop.example/") == "https://shop.example"
    assert parse("https://shop.example").port == 443
    for url in (
        "https://a.example/x",
        "https://a.example?",
        "https://a.example/#",
    ):
        assert wrong(web_origin, url)
        assert wrong(return_origin, url)
    for url in (
        "myshop://x",
        "myshop:",
        "myshop",
        "javascript://",
        "file://",
        "ws://",
        "my shop://",
    ):
        assert wrong(return_origin, url)


# --- http, where a shop lists it ----------------------------------------------------------------

PLAIN = ("https://shop.example", "http://old.example", "http://old.example:8080", "myshop://")


@pytest.mark.parametrize(
    "url",
    ["http://old.example/x", "http://old.example:80/x", "HTTP://OLD.example", "https://shop.example/",
     "http://old.example:8080/x?y#z"],
)  # fmt: skip
def test_http_is_taken_on_listed_origins(url: str) -> None:
    assert shop_url(url, origins=PLAIN) == url
    assert web_url(url, plain=PLAIN, ports=(443,)) == url


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/", "http://old.example:8000/", "http://old.example:443/",
     "http://old.example.evil.example/", "http://sub.old.example/", "http://127.0.0.1/",
     "http://old.example./", "http://@old.example/"],
)  # fmt: skip
def test_and_on_no_other(url: str) -> None:
    assert wrong(shop_url, url, origins=PLAIN)
    assert wrong(web_url, url, plain=PLAIN, ports=(80, 443, 8000, 8080))
    assert wrong(web_url, "http://old.example/x"), "of what is shown or framed nothing is listed"


def test_a_listed_http_origin_lists_no_https_one() -> None:
    assert wrong(shop_url, "https://old.example/", origins=PLAIN)
    assert wrong(web_url, "https://old.example:8080/", plain=PLAIN, ports=(443,))
    assert web_url("https://old.example/", plain=PLAIN, ports=(443,))


def test_return_origins_may_be_http_and_no_other_ones() -> None:
    assert return_origin("http://Shop.example:80/") == "http://shop.example"
    assert return_origin("http://shop.example:8080") == "http://shop.example:8080"
    assert wrong(web_origin, "http://shop.example")
    assert wrong(return_origin, "http://shop.example/x")


# --- Any text ----------------------------------------------------------------------------------

pieces = st.lists(
    st.sampled_from(
        ["https", "http", "javascript", "myshop", ":", "//", "/", "\\", "@", "shop.example", "evil",
         ".", "[", "]", "::1", "?", "#", "%", "\t", "\n", " ", "%0d%0a", ":443", "é", "\0", "127.1"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(st.text() | pieces)
def test_any_text_is_taken_or_wrong(url: str) -> None:
    for sandbox in (False, True):
        if not wrong(shop_url, url, origins=ORIGINS, sandbox=sandbox):
            parts = urlsplit(url)
            assert parts.scheme in ("https", "myshop") or sandbox
            assert parts.scheme == "myshop" or parts.hostname == "shop.example"
            assert "@" not in parts.netloc
            assert url.isascii()
            assert url.isprintable()
            assert " " not in url
        if not wrong(web_url, url, sandbox=sandbox):
            own = (parse(url).origin,)
            assert shop_url(url, origins=own, sandbox=sandbox) == url
            assert wrong(shop_url, f"{url}\n", origins=own, sandbox=sandbox)
