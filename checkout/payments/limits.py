"""Limits on card testing, counted in the ledger.

A try counts from its submission on, before the gateway is called, until it is known to be paid or
not sent. Tries under way count too, also those at the bank's page: that the card got there shows
already that it is valid. A success makes up for one failed try, so that an address that many
customers share is not blocked by their usual declines; a card tester fails many times for each
success.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection

from checkout.errors import TooMany
from checkout.ledger import attempts, openings
from checkout.ledger.attempts import ENDED, OTHERS, SUCCEEDED, Try
from checkout.ledger.rows import Attempt, Payment
from checkout.model.status import LIVE, Status
from checkout.settings import Limits

WINDOW: Final = 600.0  # seconds, as the settings' names say
MINUTE: Final = 60.0
ATTACK_DIVISOR: Final = 10  # an address's limit is divided by it while the shop is under attack
LEAST: Final = 2  # but an address may fail this often: customers mistype
NEAR_DIVISOR: Final = 2  # an address is close to its limit from the limit divided by this on

MOSTLY: Final = 0.75  # the share of paid payments that an address with many customers has

NOT_SUCCEEDED: Final = ENDED | LIVE


class Tally(Struct, frozen=True):
    """How many tries within the window failed and succeeded."""

    failed: int = 0  # or not yet succeeded
    succeeded: int = 0
    oldest: float = 0.0  # when the oldest failed one was made
    payments: frozenset[str] = frozenset()

    @property
    def excess(self) -> int:
        return self.failed - self.succeeded

    def crowded(self, most: float) -> bool:
        """Whether `most` payments were tried and too few of them paid. Customers behind a shared
        address, as of an office or a mobile carrier, pay for most of theirs; a card tester does
        not."""
        tried = len(self.payments)
        return tried >= most and self.succeeded < tried * MOSTLY


def tally(tries: Iterable[Try]) -> Tally:
    """Count tries, the newest first; those that have not ended count as failed."""
    failed, succeeded, oldest, payments = 0, 0, 0.0, set()
    for each in tries:
        status = each.status
        if status == Status.NOT_SENT:
            continue  # never sent: it says nothing about a card
        payments.add(each.payment)
        if status in SUCCEEDED:
            succeeded += 1
        elif status in (OTHERS if each.bin_mark is None else NOT_SUCCEEDED):
            failed, oldest = failed + 1, each.created_at
    return Tally(failed, succeeded, oldest, frozenset(payments))


def check(
    conn: Connection,
    limits: Limits,
    payment: Payment,
    attempt: Attempt,
    now: float,
    *,
    under_attack: bool,
) -> None:
    """Raises TooMany. `under_attack`: the shop is. The caller has locked the payment."""
    _check_payment(limits, payment, now)
    failed = _check_address(conn, limits, attempt, now, under_attack=under_attack)
    # A card range belongs to many customers of a bank, so its limit applies only to addresses that
    # failed themselves. A saved card is a single card: its limit applies to all.
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
    """Whether the address has failed before; a single failure in this payment does not count."""
    if not attempt.address_mark:
        return False
    attempts.lock_mark(conn, attempt.address_mark)
    tries = attempts.tried(conn, now - WINDOW, address_mark=attempt.address_mark)
    found = tally(tries)
    check_failed(limits, found, now, under_attack=under_attack)
    others = tally(each for each in tries if each.payment != attempt.payment)
    if others.crowded(limits.payments_per_address_10min):
        raise TooMany(int(MINUTE), limit="payments_per_address_10min")
    return others.excess > 0 or found.failed - others.failed >= LEAST


def check_failed(limits: Limits, found: Tally, now: float, *, under_attack: bool) -> None:
    """Raises TooMany where the address has failed too often."""
    if found.excess >= most_of(limits, under_attack=under_attack):
        raise _too_many("declines_per_address_10min", found.oldest, now)


def of_address(conn: Connection, mark: str, now: float) -> Tally:
    return tally(attempts.tried(conn, now - WINDOW, address_mark=mark))


def most_of(limits: Limits, *, under_attack: bool) -> int:
    """How many tries of an address may fail."""
    most = limits.declines_per_address_10min
    return min(most, max(LEAST, most // ATTACK_DIVISOR)) if under_attack else most


def tested(conn: Connection, limits: Limits, shop: str, now: float) -> bool:
    """Whether the shop is under attack: many of its last tries failed, and more than succeeded.
    Tries under way don't count."""
    failed, succeeded = attempts.ends(conn, shop, now - WINDOW)
    return failed >= limits.declines_per_shop_10min and failed > succeeded


def check_opening(conn: Connection, limits: Limits, mark: str | None, now: float) -> None:
    """Raises TooMany where too many payments were opened from the address."""
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
    """The error; its `retry_after` is when the oldest failed try leaves the window."""
    return TooMany(max(1, ceil(oldest + WINDOW - now)), limit=limit)
