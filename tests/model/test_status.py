"""Attempts move forward only; a payment's status is one function of its attempts."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.model.status import (
    FINAL,
    LIVE,
    MOVES,
    OUTWARD,
    SUCCESSFUL,
    UNPAID_ENDS,
    Status,
    move,
    payment_status,
)

S = Status
statuses = st.sampled_from(Status)
NO_ATTEMPTS: Final = {S.OPEN, S.ACCEPTED}  # of payments, of operations
attempt_statuses = st.sampled_from([each for each in Status if each not in NO_ATTEMPTS])
histories = st.lists(attempt_statuses, max_size=6)

# How far along: no move leads to a smaller number.
RANK: Final = {S.OPEN: 0, S.SUBMITTING: 1, S.PENDING: 2, S.REQUIRES_ACTION: 2} | dict.fromkeys(
    UNPAID_ENDS, 3
)
RANK.update({S.AUTHORIZED: 4, S.PAID: 5, S.REFUNDED: 6})


# --- Attempts ----------------------------------------------------------------------------------


@given(statuses, statuses)
def test_move_is_total_and_repeats_change_nothing(current: Status, told: Status) -> None:
    reached = move(current, told)
    assert reached in (current, told)
    assert move(reached, told) is reached


@given(attempt_statuses, st.lists(statuses))
def test_attempts_move_forward_only(current: Status, told: list[Status]) -> None:
    for word in told:
        reached = move(current, word)
        assert RANK[reached] >= RANK[current]
        current = reached


@given(st.lists(statuses))
def test_paid_is_left_by_a_refund_alone(told: list[Status]) -> None:
    current = S.PAID
    for word in told:
        current = move(current, word)
    assert current is (S.REFUNDED if S.REFUNDED in told else S.PAID)


@given(
    attempt_statuses.filter(lambda status: status is not S.REFUNDED),
    st.permutations(
        [S.PENDING, S.REQUIRES_ACTION, S.DECLINED, S.EXPIRED, S.NOT_SENT, S.SUBMITTING, S.PAID]
    ),
)
def test_a_payment_made_is_known_in_every_order(start: Status, told: list[Status]) -> None:
    current = start
    for word in told + told[::-1]:
        current = move(current, word)
    assert current is S.PAID


def test_every_unpaid_end_may_still_be_paid() -> None:
    for end in UNPAID_ENDS:
        assert {won for won in Status if move(end, won) is not end} == SUCCESSFUL


def test_the_table_is_whole() -> None:
    assert set(MOVES) == set(Status)
    assert LIVE | SUCCESSFUL | UNPAID_ENDS | {S.REFUNDED} | NO_ATTEMPTS == set(Status)
    assert all(current not in following for current, following in MOVES.items())
    assert set(OUTWARD) == set(Status) - {S.NOT_SENT, S.ACCEPTED}
    assert {S.OPEN, S.NOT_SENT, S.ACCEPTED} | LIVE == set(Status) - FINAL
    # Nothing of an attempt goes back to where it was never sent, or to the payment's own status.
    assert not {S.OPEN, S.SUBMITTING, S.ACCEPTED} & set().union(*MOVES.values())


# --- Payments ----------------------------------------------------------------------------------


@given(histories, st.integers(1, 10), st.booleans(), st.booleans())
def test_a_payments_status(
    attempts: list[Status], allowed: int, expired: bool, cancelled: bool
) -> None:
    status = payment_status(attempts, allowed=allowed, expired=expired, cancelled=cancelled)

    if S.PAID in attempts:
        assert status is S.PAID
    elif S.AUTHORIZED in attempts:
        assert status is S.AUTHORIZED
    elif S.REFUNDED in attempts:
        assert status is S.REFUNDED
    elif live := [attempt for attempt in attempts if attempt in LIVE]:
        assert status is (S.REQUIRES_ACTION if live[-1] is S.REQUIRES_ACTION else S.PENDING)
    elif cancelled:
        assert status is S.CANCELLED
    elif attempts.count(S.DECLINED) >= allowed:
        assert status is S.DECLINED
    elif not expired:
        assert status is S.OPEN
    else:
        assert status in (S.DECLINED, S.EXPIRED)


@given(histories, st.integers(1, 10), st.booleans(), st.booleans())
def test_the_form_is_open_only_where_nothing_may_be_charged_twice(
    attempts: list[Status], allowed: int, expired: bool, cancelled: bool
) -> None:
    status = payment_status(attempts, allowed=allowed, expired=expired, cancelled=cancelled)
    assert status not in (S.SUBMITTING, S.NOT_SENT)
    if status is S.OPEN:
        assert set(attempts) <= UNPAID_ENDS
        assert not expired
        assert not cancelled
        assert attempts.count(S.DECLINED) < allowed
    if status is S.EXPIRED:
        assert expired


@given(histories, st.integers(0, 6), st.integers(1, 10), st.booleans(), st.booleans())
def test_paid_wins_wherever_it_comes(
    attempts: list[Status], place: int, allowed: int, expired: bool, cancelled: bool
) -> None:
    attempts.insert(place, S.PAID)
    assert payment_status(attempts, allowed=allowed, expired=expired, cancelled=cancelled) is S.PAID


@pytest.mark.parametrize(
    ("attempts", "allowed", "expected"),
    [
        ([], 1, S.OPEN),
        ([S.SUBMITTING], 1, S.PENDING),
        ([S.NOT_SENT], 1, S.OPEN),
        ([S.NOT_SENT, S.CANCELLED, S.EXPIRED], 1, S.OPEN),  # none of them counts
        ([S.DECLINED], 1, S.DECLINED),
        ([S.DECLINED], 2, S.OPEN),
        ([S.DECLINED, S.NOT_SENT], 1, S.DECLINED),
        ([S.DECLINED, S.PENDING], 2, S.PENDING),
        ([S.CANCELLED, S.REQUIRES_ACTION], 1, S.REQUIRES_ACTION),
        ([S.PAID, S.DECLINED], 1, S.PAID),
        ([S.REFUNDED], 1, S.REFUNDED),
    ],
    ids=str,
)
def test_examples(attempts: list[Status], allowed: int, expected: Status) -> None:
    assert payment_status(attempts, allowed=allowed, expired=False, cancelled=False) is expected


def test_what_has_expired() -> None:
    def expired(*attempts: Status, allowed: int = 2) -> Status:
        return payment_status(attempts, allowed=allowed, expired=True, cancelled=False)

    assert expired() is S.EXPIRED
    assert expired(S.DECLINED) is S.DECLINED
    assert expired(S.DECLINED, S.NOT_SENT) is S.EXPIRED
    assert expired(S.PENDING) is S.PENDING  # time alone never ends a pending attempt
