"""Where customers go back to, with which parameters."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from checkout.ledger.rows import Payment
from checkout.model.order import PageSettings
from checkout.model.status import OUTWARD, Status
from checkout.shop_api.return_url import return_url_of
from tests.support import ledger_rows, samples
from tests.support.clock import BEGINNING

SHOP: Final = samples.shop()
NAMES: Final = ("return_url", "success_url", "decline_url", "fail_url", "cancel_url")
STATUSES: Final = [status for status in OUTWARD if status is not Status.SUBMITTING]
BASE: Final = "https://shop.example.com"
RESULT: Final = re.compile(r"&result=[\w-]+\.[\w-]+\.[\w-]{342}(?=#|$)", re.ASCII)

# Which address each status goes to when only these are set, first one first.
GOES_TO: Final[dict[Status, tuple[str, ...]]] = {
    Status.PAID: ("return_url", "success_url"),
    Status.AUTHORIZED: ("return_url", "success_url"),
    Status.REFUNDED: ("return_url", "success_url"),
    Status.DECLINED: ("return_url", "decline_url", "fail_url"),
    Status.EXPIRED: ("fail_url", "return_url", "decline_url"),
    Status.CANCELLED: ("cancel_url", "return_url", "decline_url"),
    Status.OPEN: ("cancel_url", "return_url"),
    Status.PENDING: ("return_url",),
    Status.REQUIRES_ACTION: ("return_url",),
}


def return_url(status: Status, **settings: Any) -> tuple[str | None, Payment]:
    """The address without its signed result, which test_signed_result.py looks at."""
    payment = ledger_rows.payment_of(
        ledger_rows.payment_row(order=samples.order(page_settings=PageSettings(**settings)))
    )
    url = return_url_of(payment, status, SHOP, BEGINNING)
    return url and re.sub(RESULT, "&result=SIGNED", url), payment


def parameters(payment: Payment, status: Status) -> str:
    return f"token={payment.token}&status={OUTWARD[status]}&uid={payment.uid}&result=SIGNED"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_addresses(status: Status) -> None:
    """Addresses are taken away one by one, the preferred one first."""
    left = {name: f"{BASE}/{name}" for name in NAMES}
    for name in GOES_TO[status]:
        url, payment = return_url(status, **left)
        assert url == f"{BASE}/{name}?{parameters(payment, status)}"
        del left[name]
    url, _ = return_url(status, **left)
    assert url == SHOP.url, "the shop's own address, and nothing is told to it"


@pytest.mark.parametrize("status", STATUSES)
def test_the_shops_address_where_none_is_named(status: Status) -> None:
    assert return_url(status)[0] == SHOP.url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (f"{BASE}/r", f"{BASE}/r?{{}}"),
        (f"{BASE}", f"{BASE}?{{}}"),
        (f"{BASE}/r?", f"{BASE}/r?{{}}"),
        (f"{BASE}/r?x=1", f"{BASE}/r?x=1&{{}}"),
        (f"{BASE}/r?x=1&", f"{BASE}/r?x=1&{{}}"),
        (f"{BASE}/r?x=%2F+%20&&y&x=1;z=~", f"{BASE}/r?x=%2F+%20&&y&x=1;z=~&{{}}"),
        (f"{BASE}/r?token=mine&status=x", f"{BASE}/r?token=mine&status=x&{{}}"),
        (f"{BASE}/r#top", f"{BASE}/r?{{}}#top"),
        (f"{BASE}/r?x=1#a?b#c", f"{BASE}/r?x=1&{{}}#a?b#c"),
        (f"{BASE}/#/route?x=1", f"{BASE}/?{{}}#/route?x=1"),
        (f"{BASE}/r?#top", f"{BASE}/r?{{}}#top"),
        (f"{BASE}/r?x[]=1&x[]=%5B2%5D", f"{BASE}/r?x[]=1&x[]=%5B2%5D&{{}}"),
        (f"{BASE}/r?u=https://a.example/?b=c%26d", f"{BASE}/r?u=https://a.example/?b=c%26d&{{}}"),
        ("HTTPS://SHOP.example.com:443/R", "HTTPS://SHOP.example.com:443/R?{}"),
        ("http://localhost:8000/?wc-api=WC_Gateway", "http://localhost:8000/?wc-api=WC_Gateway&{}"),
        ("myshop://paid", "myshop://paid?{}"),
        ("myshop://", "myshop://?{}"),
        ("myshop://paid?x=1", "myshop://paid?x=1&{}"),
        ("com.example.shop://pay/done?x=1#end", "com.example.shop://pay/done?x=1&{}#end"),
    ],
)
def test_the_shops_own_query_is_kept_byte_for_byte(given: str, kept: str) -> None:
    url, payment = return_url(Status.PAID, return_url=given)
    assert url == kept.format(parameters(payment, Status.PAID))


@pytest.mark.parametrize(
    ("names", "status", "chosen"),
    [
        ("return_url success_url decline_url", Status.PAID, "return_url"),
        ("return_url success_url decline_url", Status.DECLINED, "return_url"),
        ("return_url cancel_url", Status.CANCELLED, "cancel_url"),
        ("return_url cancel_url", Status.PAID, "return_url"),
        ("return_url fail_url", Status.EXPIRED, "fail_url"),
        ("return_url fail_url", Status.DECLINED, "return_url"),
        ("success_url decline_url fail_url cancel_url", Status.PAID, "success_url"),
        ("success_url decline_url fail_url cancel_url", Status.AUTHORIZED, "success_url"),
        ("success_url decline_url fail_url cancel_url", Status.DECLINED, "decline_url"),
        ("success_url decline_url fail_url cancel_url", Status.EXPIRED, "fail_url"),
        ("success_url decline_url fail_url cancel_url", Status.CANCELLED, "cancel_url"),
        ("success_url decline_url", Status.EXPIRED, "decline_url"),
        ("success_url decline_url", Status.CANCELLED, "decline_url"),
        ("success_url fail_url", Status.DECLINED, "fail_url"),
        ("success_url", Status.DECLINED, None),
        ("success_url", Status.PENDING, None),
    ],
)
def test_the_rules_of_the_addresses(names: str, status: Status, chosen: str | None) -> None:
    """`return_url` takes the place of success_url and decline_url, of no other; success_url is
    never where an unpaid customer goes."""
    url, payment = return_url(status, **{name: f"myshop://{name}" for name in names.split()})
    assert url == (f"myshop://{chosen}?{parameters(payment, status)}" if chosen else SHOP.url)


@pytest.mark.parametrize("status", STATUSES)
def test_a_client_callback_gets_one_word(status: Status) -> None:
    url, _ = return_url(status, client_callback_url=f"{BASE}/c?x=1", return_url=f"{BASE}/r")
    word = "success" if status in (Status.PAID, Status.AUTHORIZED) else "error"
    assert url == f"{BASE}/c?x=1&status={word}"


RESULTS: Final = re.compile(r"[?&](result|signed)=[\w-]+\.[\w-]+\.[\w-]{342}(?=&|#|$)", re.ASCII)


def appended(url: str, **of_shop: Any) -> tuple[str, list[str]]:
    """(the return URL without its results, the names under which these stand)."""
    payment = ledger_rows.payment_of(
        ledger_rows.payment_row(order=samples.order(page_settings=PageSettings(return_url=url)))
    )
    found = return_url_of(payment, Status.PAID, samples.shop(**of_shop), BEGINNING) or ""
    told = f"token={payment.token}&status=successful&uid={payment.uid}"
    names: list[str] = RESULTS.findall(found)
    return RESULTS.sub("", found).replace(told, "{}"), names


@pytest.mark.parametrize(
    "query",
    ["result=ok", "x=1&result=", "result", "x&result=1&y", "result[]=1", "result%5Bx%5D=1",
     "%72esult=1", "r=1;result=2", "+result=1"],
)  # fmt: skip
def test_a_result_of_the_shops_own_is_the_only_one(query: str) -> None:
    assert appended(f"{BASE}/r?{query}#top") == (f"{BASE}/r?{query}&{{}}#top", [])


@pytest.mark.parametrize(
    "rest", ["?results=1", "?Result=1", "?x=result", "?x=1#?result=1", "#result=1", "/result=1"]
)
def test_what_only_looks_like_one_is_none(rest: str) -> None:
    assert appended(f"{BASE}/r{rest}")[1] == ["result"]


def test_the_shop_names_it_or_wants_none() -> None:
    assert appended(f"{BASE}/r", result_parameter="signed") == (f"{BASE}/r?{{}}", ["signed"])
    own = f"{BASE}/r?result=ok"
    assert appended(own, result_parameter="signed") == (f"{own}&{{}}", ["signed"])
    assert appended(f"{BASE}/r?signed=1", result_parameter="signed")[1] == []
    assert appended(f"{BASE}/r", result_parameter="") == (f"{BASE}/r?{{}}", [])


def test_the_others_are_appended_beside_the_shops_own() -> None:
    """As the gateways do that plugins are written for."""
    own = f"{BASE}/r?token=mine&status=x&uid=7"
    assert appended(own) == (f"{own}&{{}}", ["result"])
