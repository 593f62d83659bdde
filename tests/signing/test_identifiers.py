"""Random names: their shapes are promised to shops and gateways."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.identifiers import (
    attempt_names,
    fitting,
    new_attempt_key,
    new_payment_secret,
    new_ticket,
    new_token,
    new_uid,
)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (new_uid, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        (new_token, r"[0-9a-f]{64}"),
        (new_payment_secret, r"[A-Za-z0-9_-]{22}"),
        (new_ticket, r"[A-Za-z0-9_-]{22}"),
        (lambda: new_attempt_key(3), r"[0-9a-f]{32}-3"),
    ],
    ids=["uid", "token", "secret", "ticket", "key"],
)
def test_names(make: Callable[[], str], shape: str) -> None:
    names = {make() for _ in range(500)}
    assert len(names) == 500
    assert all(re.fullmatch(shape, name) for name in names)


def test_an_attempts_names() -> None:
    """Derived, so that a restored ledger finds it; by nobody who lacks the secret."""
    names = attempt_names("s" * 32, "uid", 3)
    assert names == attempt_names("s" * 32, "uid", 3)
    assert re.fullmatch(r"[0-9a-f]{32}-3", names.key)
    for ticket in (names.return_ticket, names.notify_ticket):
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ticket)
    others = (("t" * 32, "uid", 3), ("s" * 32, "uie", 3), ("s" * 32, "uid", 2))
    assert len({*names, *(name for each in others for name in attempt_names(*each))}) == 12


@given(st.text(), st.text(), st.integers(0, 20))
def test_a_long_name_is_not_cut_into_another(one: str, other: str, longest: int) -> None:
    assert (fitting(one, longest) == fitting(other, longest)) is (one == other)
    if len(one) <= longest:
        assert fitting(one, longest) == one
    else:
        assert re.fullmatch("sha256:[0-9a-f]{64}", fitting(one, longest))
