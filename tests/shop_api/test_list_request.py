"""The query of a list: what is taken, what is refused by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.errors import Unprocessable
from checkout.ledger.lists import ListFilter
from checkout.model.validation.reader import Invalid, Reader
from checkout.shop_api.list_request import CHECKOUTS, TRANSACTIONS, read_wanted, zoned_moment


def read(table: Any = TRANSACTIONS, **given: str) -> ListFilter:
    fields = Reader(given)
    wanted = read_wanted(fields, table, "361")
    fields.no_others()
    fields.done()
    return wanted


def test_everything() -> None:
    assert read() == ListFilter(shop="361")
    assert read(
        status="successful",
        created_from="2026-11-01T00:00:00Z",
        created_to="2026-12-01T00:00:00+00:00",
        tracking_id="order-7",
        amount="1999",
        currency="EUR",
        type="refund",
    ) == ListFilter(
        shop="361",
        status="successful",
        created_from=datetime(2026, 11, 1, tzinfo=UTC).timestamp(),
        created_to=datetime(2026, 12, 1, tzinfo=UTC).timestamp(),
        tracking_id="order-7",
        amount=1999,
        currency="EUR",
        type="refund",
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"status": "paid"}, "must be one of"),
        ({"status": "sucessful"}, "did you mean successful?"),
        ({"created_from": "2026-11-01"}, "with its zone"),
        ({"created_from": "2026-11-01T00:00:00"}, "with its zone"),
        ({"created_to": "yesterday"}, "with its zone"),
        ({"amount": "-1"}, "must be an integer"),
        ({"amount": "19.99"}, "must be an integer"),
        ({"currency": "EURO"}, "did you mean"),
        ({"currency": "eur"}, "is unknown"),
        ({"type": "refunds"}, "did you mean refund?"),
        ({"tracking_id": "x" * 256}, "255 characters"),
        ({"tracking-id": "x"}, "did you mean tracking_id?"),
    ],
)
def test_refused(query: dict[str, str], reason: str) -> None:
    with pytest.raises(Unprocessable) as raised:
        read(**query)
    ((name, (found,)),) = raised.value.fields.items()
    assert name in query
    assert reason in found


def test_a_checkout_is_no_refund() -> None:
    assert read(CHECKOUTS, type="authorization").type == "authorization"
    with pytest.raises(Unprocessable):
        read(CHECKOUTS, type="refund")


@pytest.mark.parametrize("until", ["2026-11-01T00:00:00Z", "2026-10-31T00:00:00Z"])
def test_no_time_at_all(until: str) -> None:
    with pytest.raises(Unprocessable) as raised:
        read(created_from="2026-11-01T00:00:00Z", created_to=until)
    assert raised.value.fields == {"created_to": ["must be later than created_from"]}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T03:00:10+03:00", 10),
        ("1970-01-01T03:00:10 03:00", 10),  # a plus that was not escaped
        ("1970-01-01T03:00:10+0300", 10),
        ("1969-12-31T19:00-05:00", 0),
        ("1970-01-01T00:00:00.250Z", 0.25),
    ],
)
def test_times(written: str, seconds: float) -> None:
    assert zoned_moment(written) == seconds


@given(st.text(max_size=50) | st.from_regex(r"[0-9T:+. Z-]{10,40}", fullmatch=True))
def test_a_time_or_a_refusal(written: str) -> None:
    try:
        zoned_moment(written)
    except Invalid:
        pass
