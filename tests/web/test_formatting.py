"""By which clock times are told: the customer's where their browser names it, else UTC, by name."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from checkout.web.pages.formatting import clock_time, in_a_row, moment, zone_of
from tests.web.server import Customer, Server

SUMMER, WINTER = 1_783_944_245.0, 1_763_756_045.0  # 2026-07-13 12:04:05, 2025-11-21 20:14:05


@pytest.mark.parametrize(
    ("browser", "at", "language", "written"),
    [
        ({}, WINTER, "en", "Nov 21, 2025, 8:14 PM UTC"),
        ({"time_zone_name": "Europe/Berlin"}, WINTER, "en", "Nov 21, 2025, 9:14 PM"),
        ({"time_zone_name": "Europe/Berlin"}, SUMMER, "de", "13.07.2026, 14:04"),
        ({"time_zone_name": "Asia/Kolkata"}, WINTER, "ru", "22 нояб. 2025 г., 01:44"),
        ({"time_zone_name": "UTC"}, WINTER, "en", "Nov 21, 2025, 8:14 PM"),
        # A name that nobody knows, or that is a folder or a file outside: the offset counts.
        ({"time_zone_name": "Moon/Base", "time_zone": "-180"}, WINTER, "en",
         "Nov 21, 2025, 11:14 PM"),
        ({"time_zone_name": "Europe", "time_zone": "300"}, WINTER, "en",
         "Nov 21, 2025, 3:14 PM"),
        ({"time_zone_name": "../../etc/passwd"}, WINTER, "en", "Nov 21, 2025, 8:14 PM UTC"),
        ({"time_zone_name": "Etc/../passwd"}, WINTER, "en", "Nov 21, 2025, 8:14 PM UTC"),
        ({"time_zone": "9999"}, WINTER, "en", "Nov 21, 2025, 8:14 PM UTC"),
        ({"time_zone": "0"}, WINTER, "en", "Nov 21, 2025, 8:14 PM"),
        ({"time_zone_name": "Europe/London"}, SUMMER, "en-GB", "13 Jul 2026, 13:04"),
        ({}, WINTER, "de-AT", "21.11.2025, 20:14 UTC"),
    ],
)  # fmt: skip
def test_moments(browser: dict[str, str], at: float, language: str, written: str) -> None:
    found = moment(at, language, zone_of(browser))
    assert found.replace("\u202f", " ").replace("\xa0", " ") == written


def test_sentences() -> None:
    assert in_a_row(["Nothing was charged.", "Try again."]) == "Nothing was charged. Try again."
    assert in_a_row(["未扣款。", "请使用其他银行卡。"]) == "未扣款。请使用其他银行卡。"


def test_clock() -> None:
    zone = zone_of({"time_zone_name": "America/New_York"})
    assert clock_time(WINTER, "de", zone) == "15:14:05"
    assert clock_time(WINTER, "de") == "20:14:05 UTC"
    assert zone_of({}) is None


async def test_the_browsers_zone(server: Server, customer: Customer) -> None:
    """It comes with the card form and is kept in the cookie; a stranger's browser that opens the
    receipt's link has none, and is told UTC and what a script needs to tell its own."""
    made = await server.create()
    await customer.pay(made, time_zone_name="Asia/Kolkata", time_zone="-330")
    receipt = made.path(kind="order")
    async with server.customer() as stranger:
        shown = await stranger.open(receipt)
    (tag,) = shown.all("time")
    at = datetime.fromisoformat(tag["datetime"]).timestamp()
    assert moment(at, "en-GB") in shown.html
    for path in (made.path("result"), receipt):
        page = await customer.open(path)
        assert moment(at, "en-GB", ZoneInfo("Asia/Kolkata")) in page.html
        assert "UTC" not in page.text
        assert not page.all("time")


async def test_the_browsers_zone_while_waiting(server: Server, customer: Customer) -> None:
    made = await server.create(payment_method={"types": ["erip"], "erip": {"account_number": "7"}})
    page = await customer.open(made.path())
    form = page.form("pay")
    await customer.submit(form, time_zone_name="Asia/Kolkata", time_zone="-330")
    assert "UTC" not in (await customer.open(made.path("wait"))).text
    assert "UTC" not in (await customer.get(made.path("status"))).text
