"""How much is too much, where somebody may be testing cards.

A try counts from its claim on, before the gateway is called, and until it is known that it was
paid or never sent: what is under way counts, and so does a card that was sent to its bank's page,
for that alone tells that it lives. A payment that succeeds makes up for one try that did not, so
that an address shared by many customers is not shut by the declines that there always are; who
tests cards fails many times for each success.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import TooMany
from checkout.ledger import attempts, openings
from checkout.ledger.attempts import Try
from checkout.ledger.rows import Attempt, Payment
from checkout.model.status import FINAL, LIVE, SUCCESSFUL, Status
from checkout.settings import Limits

WINDOW: Final = 600.0  # seconds, as the settings' names say
MINUTE: Final = 60.0
WARY: Final = 10  # what an address may try is so many times less while cards are tested at the shop
AGAIN: Final = 2  # but so often at least: who mistyped may correct it
BEGINS: Final = 2  # from its limit divided by this on an address is slowed down and challenged

MOSTLY: Final = 0.75  # of the payments of an address that many share are paid

SUCCEEDED: Final = SUCCESSFUL | {Status.REFUNDED}
ENDED: Final = FINAL - SUCCEEDED  # without success, and sent: NOT_SENT was not


class Tally(Struct, frozen=True):
    """What came of the tries within the window, the newest first."""

    failed: int = 0  # or not yet succeeded
    succeeded: int = 0
    oldest: float = 0.0  # when the first of those that failed was made
    payments: frozenset[str] = frozenset()

    @property
    def excess(self) -> int:
        return self.failed - self.succeeded

    def crowded(self, most: float) -> bool:
        """Whether so many payments were tried, and too few of them paid: the customers of a large
        office or of a mobile carrier pay for most of theirs, who tests good cards among bad ones
        does not."""
        tried = len(self.payments)
        return tried >= most and self.succeeded < tried * MOSTLY


def tally(tries: Iterable[Try], *, under_way: bool = True) -> Tally:
    failed, succeeded, oldest, payments = 0, 0, 0.0, set()
    for each in tries:
        if each.status is Status.NOT_SENT:
            continue  # never sent: nobody has learnt anything
        payments.add(each.payment)
        if each.status in SUCCEEDED:
            succeeded += 1
        elif _counts(each, under_way=under_way):
            failed, oldest = failed + 1, each.at
    return Tally(failed, succeeded, oldest, frozenset(payments))


def _counts(each: Try, *, under_way: bool) -> bool:
    """Of what is paid without a card declines alone: to be under way for long is its nature."""
    if not each.by_card:
        return each.status is Status.DECLINED
    return each.status in ENDED or (under_way and each.status in LIVE)


def check(
    conn: Connection,
    limits: Limits,
    payment: Payment,
    attempt: Attempt,
    now: float,
    *,
    under_attack: bool,
) -> None:
    """Raises TooMany. `wary`: cards are tested at the shop. The caller holds the payment."""
    _check_payment(limits, payment, now)
    failed = _check_address(conn, limits, attempt, now, under_attack=under_attack)
    # A card range is a bank's: its other customers are not to pay for one who tests its cards. So
    # it is shut only to addresses that failed as well; a saved card is one card, shut to all.
    if attempt.bin_mark and (failed or _saved(attempt)):
        attempts.lock_mark(conn, attempt.bin_mark)
        found = tally(attempts.tried(conn, now - WINDOW, bin_mark=attempt.bin_mark))
        if found.excess >= limits.declines_per_bin_10min:
            raise _too_many("declines_per_bin_10min", found.oldest, now)


def _check_payment(limits: Limits, payment: Payment, now: float) -> None:
    made = [each.created_at for each in payment.attempts if each.created_at > now - MINUTE]
    if len(made) >= limits.submits_per_payment:
        raise TooMany(int(made[0] + MINUTE - now) + 1, limit="submits_per_payment")


def _check_address(
    conn: Connection, limits: Limits, attempt: Attempt, now: float, *, under_attack: bool
) -> bool:
    """Whether the address has failed; not by one slip of this payment, which may be corrected."""
    if not attempt.address_mark:
        return False
    attempts.lock_mark(conn, attempt.address_mark)
    tries = attempts.tried(conn, now - WINDOW, address_mark=attempt.address_mark)
    found = tally(tries)
    check_failed(limits, found, now, under_attack=under_attack)
    others = tally(each for each in tries if each.payment != attempt.payment)
    if others.crowded(limits.payments_per_address_10min):
        raise TooMany(int(MINUTE), limit="payments_per_address_10min")
    return others.excess > 0 or found.failed - others.failed >= AGAIN


def check_failed(limits: Limits, found: Tally, now: float, *, under_attack: bool) -> None:
    """Raises TooMany where the address has failed too often."""
    if found.excess >= most_of(limits, under_attack=under_attack):
        raise _too_many("declines_per_address_10min", found.oldest, now)


def of_address(conn: Connection, mark: str, now: float) -> Tally:
    return tally(attempts.tried(conn, now - WINDOW, address_mark=mark))


def most_of(limits: Limits, *, under_attack: bool) -> int:
    """How many tries of an address may fail."""
    most = limits.declines_per_address_10min
    return min(most, max(AGAIN, most // WARY)) if under_attack else most


def tested(conn: Connection, limits: Limits, shop: str, now: float) -> bool:
    """Whether cards are tested at the shop: many of its last tries failed, and most did. Those
    under way say nothing yet."""
    found = tally(attempts.tried(conn, now - WINDOW, shop=shop), under_way=False)
    return found.failed >= limits.declines_per_shop_10min and found.excess > 0


def check_opening(conn: Connection, limits: Limits, mark: str | None, now: float) -> None:
    """Raises TooMany where many payments were opened from the address by nobody known."""
    if mark is None:
        return
    attempts.lock_mark(conn, mark)
    if openings.count(conn, mark, now - WINDOW) >= limits.openings_per_address_10min:
        raise TooMany(int(MINUTE), limit="openings_per_address_10min")


def note_opening(conn: Connection, payment: str, mark: str | None, now: float) -> None:
    if mark is not None:
        openings.add(conn, payment, mark, now)


def _saved(attempt: Attempt) -> bool:
    card = attempt.facts.card
    return card is not None and card.token is not None


def _too_many(limit: str, oldest: float, now: float) -> TooMany:
    """Until the first of what is counted counts no more."""
    return TooMany(max(1, ceil(oldest + WINDOW - now)), limit=limit)
