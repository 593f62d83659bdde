"""Where customers go back to, with which parameters."""

from __future__ import annotations

from typing import Any, Final

import pytest

from checkout.ledger.rows import Story
from checkout.merchant.landing import back
from checkout.model.order import Ways
from checkout.model.status import OUTWARD, Status
from tests.support import rows, shops

SHOP: Final = shops.shop()
NAMES: Final = ("return_url", "success_url", "decline_url", "fail_url", "cancel_url")
STATUSES: Final = [status for status in OUTWARD if status is not Status.CLAIMED]
BASE: Final = "https://shop.example.com"

# Which address each status goes to when only these are set, first one first.
GOES_TO: Final[dict[Status, tuple[str, ...]]] = {
    Status.PAID: ("return_url", "success_url"),
    Status.AUTHORIZED: ("return_url", "success_url"),
    Status.REFUNDED: ("return_url", "success_url"),
    Status.DECLINED: ("return_url", "decline_url", "fail_url"),
    Status.EXPIRED: ("return_url", "fail_url", "decline_url"),
    Status.CANCELLED: ("cancel_url", "return_url", "decline_url"),
    Status.OPEN: ("cancel_url", "return_url"),
    Status.PENDING: ("return_url",),
    Status.ACTION: ("return_url",),
}


def landing(status: Status, **ways: Any) -> tuple[str | None, Story]:
    story = Story(rows.payment(order=shops.order(ways=Ways(**ways))), ())
    return back(story, status, SHOP), story


def parameters(story: Story, status: Status) -> str:
    payment = story.payment
    return f"token={payment.token}&status={OUTWARD[status]}&uid={payment.uid}"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_addresses(status: Status) -> None:
    """Addresses are taken away one by one, the preferred one first."""
    left = {name: f"{BASE}/{name}" for name in NAMES}
    for name in GOES_TO[status]:
        url, story = landing(status, **left)
        assert url == f"{BASE}/{name}?{parameters(story, status)}"
        del left[name]
    url, _ = landing(status, **left)
    assert url == SHOP.url, "the shop's own address, and nothing is told to it"


@pytest.mark.parametrize("status", STATUSES)
def test_the_shops_address_where_none_is_named(status: Status) -> None:
    assert landing(status)[0] == SHOP.url


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
        ("myshop://paid?x=1", "myshop://paid?x=1&{}"),
    ],
)
def test_the_shops_own_query_is_kept_byte_for_byte(given: str, kept: str) -> None:
    url, story = landing(Status.PAID, return_url=given)
    assert url == kept.format(parameters(story, Status.PAID))


@pytest.mark.parametrize("status", STATUSES)
def test_a_client_callback_gets_one_word(status: Status) -> None:
    url, _ = landing(status, client_callback_url=f"{BASE}/c?x=1", return_url=f"{BASE}/r")
    word = "success" if status in (Status.PAID, Status.AUTHORIZED) else "error"
    assert url == f"{BASE}/c?x=1&status={word}"
