"""The place in a list: what is written is read, and nothing else."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.identifiers import new_uid
from checkout.model.cursor import LATEST, LONGEST, Cursor, cursor
from checkout.model.validation.reader import Invalid

IDS = st.from_regex(r"[0-9A-Za-z_-]{1,36}", fullmatch=True)


@given(st.floats(0, LATEST, exclude_max=True), IDS)
def test_what_is_written_is_read(at: float, id: str) -> None:
    made = Cursor(at, id)
    assert cursor(str(made)) == made
    assert len(str(made)) <= LONGEST
    assert str(made).isascii()
    assert not set(str(made)) & set("+/=&%")


@given(st.text(max_size=80))
def test_anything_else_is_refused(written: str) -> None:
    try:
        found = cursor(written)
    except Invalid:
        return
    assert str(found) == written


def packed(at: float, id: bytes) -> str:
    return base64.urlsafe_b64encode(struct.pack(">d", at) + id).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "x",
        "!" * 20,
        packed(1.0, b""),
        packed(float("nan"), b"a"),
        packed(float("inf"), b"a"),
        packed(-1.0, b"a"),
        packed(1e300, b"a"),
        packed(1.0, b"a b"),
        packed(1.0, b"\0"),
        packed(1.0, b"\xff"),
        packed(1.0, b"a" * 37),
        packed(1.0, b"a") + "=",
        f"{Cursor(1.0, 'ab')} ",
        str(Cursor(1.0, "ab"))[:-1] + "B",  # other bits behind the end
        "A" * 100_000,
    ],
)
def test_garbage(value: Any) -> None:
    with pytest.raises(Invalid, match=r"must be the `next` of the page before"):
        cursor(value)


def test_a_uid_fits() -> None:
    assert len(str(Cursor(1_790_000_000.123456, new_uid()))) < LONGEST
