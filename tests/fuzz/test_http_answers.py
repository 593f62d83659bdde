"""What a gateway or a shop's server answers, as bytes: reading it is linear, and says the same
however it comes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.linear import Work, check
from tests.fuzz.readers import answered

OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LARGEST: Final = 64 * 1024


def little_pieces(size: int) -> list[bytes]:
    """A head that comes a few bytes at a time."""
    return [OK + b"X: ", *[b"x" * 32] * (size // 32), b"\r\n\r\n"]


def headers(size: int) -> list[bytes]:
    return [OK, b"X: 1\r\n" * (size // 6), b"\r\n"]


def chunks(size: int) -> list[bytes]:
    """Each of a byte, a hundred at a time."""
    return [CHUNKED, *[b"1\r\nx\r\n" * 100] * (size // 600), b"0\r\n\r\n"]


def trailers(size: int) -> list[bytes]:
    return [CHUNKED, b"0\r\n", b"X: 1\r\n" * (size // 6), b"\r\n"]


def promises(size: int) -> list[bytes]:
    """Answers that say that one will come."""
    return [b"HTTP/1.1 103 Early Hints\r\n\r\n" * (size // 28), OK, b"\r\n"]


@pytest.mark.parametrize("made", [little_pieces, headers, chunks, trailers, promises])
def test_reading_is_linear(made: Callable[[int], list[bytes]]) -> None:
    def prepare(size: int) -> Work:
        pieces = made(size)
        assert answered(*pieces) is not None
        return lambda: answered(*pieces)

    check(prepare, LARGEST)


WHOLE: Final = (
    OK + b"Content-Length: 5\r\n\r\nhello",
    OK + b"Content-Length: 9\r\n\r\nhello",
    OK + b"Connection: close\r\n\r\nhello",
    CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\nX: 1\r\n\r\n",
    CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello",
    OK + b"X: 1\r\n",
    b"hello",
)


@given(whole=st.sampled_from(WHOLE), cuts=st.lists(st.integers(0, 80)))
def test_an_answer_says_the_same_in_any_pieces(whole: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    assert answered(*(whole[start:end] for start, end in pairwise(edges))) == answered(whole)


@given(whole=st.sampled_from(WHOLE[:6]), place=st.integers(0, 120), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(whole: bytes, place: int, byte: int) -> None:
    """Nothing else is raised."""
    place %= len(whole)
    answered(whole[:place] + bytes([byte]) + whole[place + 1 :])
