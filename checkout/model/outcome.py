"""The result of a gateway call, the same for every gateway: one `Outcome`."""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

import msgspec
from msgspec import Struct

from checkout.model.money import Money
from checkout.model.next_action import NextAction
from checkout.model.pan import mask_card_numbers
from checkout.model.status import Status


class DeclineReason(StrEnum):
    """Why a payment was not made; the pages have texts for each."""

    DO_NOT_HONOUR = "do_not_honour"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    CARD_EXPIRED = "card_expired"
    SECURITY_CODE = "security_code"
    CARD_NUMBER = "card_number"
    CARD_NOT_ACCEPTED = "card_not_accepted"
    SAVED_CARD = "saved_card"  # the gateway does not know the token (any more)
    CURRENCY = "currency"
    LIMIT = "limit"
    SUSPECTED_FRAUD = "suspected_fraud"
    AUTHENTICATION = "authentication"  # 3-D Secure failed or was abandoned
    CUSTOMER_CANCELLED = "customer_cancelled"
    TIMED_OUT = "timed_out"
    RETURNED = "returned"  # the money was received and sent back before the shop was paid
    DUPLICATE = "duplicate"
    INVALID = "invalid"  # the gateway refused the request's fields
    PROVIDER = "provider"  # an error of the bank or provider
    SHOP_REFUSED = "shop_refused"  # the shop refused when it was queried before the charge
    UNREACHABLE = "unreachable"  # never sent: nothing was charged
    CREDENTIALS = "credentials"  # the gateway refused our account
    UNKNOWN = "unknown"


class PaidCard(Struct, frozen=True, omit_defaults=True):
    """The parts of a card that may be stored."""

    brand: str | None = None
    last_4: str | None = None
    first_1: str | None = None
    bin: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    holder: str | None = None
    token: str | None = None


class Exchanged(Struct, frozen=True, omit_defaults=True):
    """The sum that the customer sends and the sum that the shop gets for it, where these differ:
    decimals as the gateway wrote them, never through a float, each with its unit after a blank
    where the gateway names it (`0.00020150 BTC`)."""

    gives: str | None = None
    gets: str | None = None

    def short_of(self, agreed: Exchanged) -> bool:
        """Whether a sum is less than agreed, or in another unit. More isn't short."""
        return _short(self.gives, agreed.gives) or _short(self.gets, agreed.gets)


def _short(stated: str | None, agreed: str | None) -> bool:
    if stated is None or agreed is None:
        return False
    amount, _, unit = stated.partition(" ")
    wanted, _, wanted_unit = agreed.partition(" ")
    other = bool(unit and wanted_unit) and unit != wanted_unit
    return other or Fraction(amount) < Fraction(wanted)


class ThreeDSecure(Struct, frozen=True, omit_defaults=True):
    """What became of the cardholder's authentication, in the gateway's words."""

    status: str | None = None  # successful, failed, ...
    message: str | None = None
    ve_status: str | None = None  # whether the card takes part: Y, N, U
    pa_status: str | None = None  # the bank's result: Y, N, A, U, C, R
    eci: str | None = None


class GatewayFacts(Struct, frozen=True, omit_defaults=True):
    """What the gateway stated; None: not stated, which is no mismatch."""

    money: Money | None = None
    amount: int | None = None  # minor units, where the currency is not stated beside it
    agreed: Exchanged | None = None  # at the start; later sums are compared with it
    exchanged: Exchanged | None = None  # the sums in the gateway's last answer
    key: str | None = None
    card: PaidCard | None = None
    receipt_url: str | None = None
    auth_code: str | None = None
    rrn: str | None = None
    ref_id: str | None = None
    bank_code: str | None = None
    avs: str | None = None  # result codes of the address and security code checks
    cvc: str | None = None
    parent: str | None = None  # the transaction that took the money, where it isn't this one
    three_d_secure: ThreeDSecure | None = None
    descriptor: str | None = None
    code: str | None = None
    message: str | None = None  # for the shop
    friendly: str | None = None  # for the customer, in the gateway's words
    paid_at: str | None = None
    refused: str | None = None  # the field of the form that the gateway did not accept
    another_type: str | None = None  # the transaction type, where it isn't the requested one
    taken_back: str | None = None  # refund, void or chargeback, by the payment's state


class OperationNotice(Struct, frozen=True):
    """An operation that a gateway's notification reports: what it is, and its id there."""

    kind: str  # capture, void, refund, chargeback
    id: str
    key: str | None  # ours, where we requested it
    money: Money | None


class Outcome(Struct, frozen=True):
    """`status` NOT_SENT: proved not charged (from `pay`), or not found (from `status`). `field`:
    the form's field that the gateway refused, by our own name (`number`, `code`, `email`, the name
    of an input); nothing was charged then. `unsigned`: a notification without a signature, which
    proves nothing and is always followed by a query. `left`: abandoned by us while the gateway
    still has it open: it is queried until it is final there, like an attempt that the customer
    abandoned.

    A card's number is masked in all that a gateway states, whichever field it echoes it in."""

    status: Status
    id: str | None = None
    next_action: NextAction | None = None
    reason: DeclineReason | None = None
    facts: GatewayFacts = GatewayFacts()
    notice: OperationNotice | None = None
    field: str | None = None
    unsigned: bool = False
    abandoned: bool = False

    def __post_init__(self) -> None:
        facts = _masked(self.facts, self.facts.card)
        if facts is not self.facts:
            msgspec.structs.force_setattr(self, "facts", facts)


# Texts of `GatewayFacts` and `PaidCard`. `parent` finds a transaction again, like an outcome's
# `id`, and may be any number.
TEXTS: Final = (
    "key", "auth_code", "rrn", "ref_id", "bank_code", "avs", "cvc", "descriptor", "code", "message",
    "friendly", "refused", "another_type", "taken_back", "paid_at", "receipt_url",
)  # fmt: skip
OF_CARDS: Final = ("brand", "last_4", "first_1", "bin", "holder")
# The digits of our own keys and of times (20261127150109) are not masked.
_NONE: Final = {
    "key": re.compile(r"[0-9a-f]{32}-[0-9]+"),
    "paid_at": re.compile(r"20[0-9]{12}(?:[0-9]{3})?"),
}
_DIGITS: Final = re.compile(r"[\d\s.\-]+")


def _masked(facts: GatewayFacts, card: PaidCard | None) -> GatewayFacts:
    changes: dict[str, Any] = _changes(facts, TEXTS)
    if "receipt_url" in changes:
        changes["receipt_url"] = None
    if (money := facts.money) is not None and _hides(money.currency):
        # As a currency it is a mismatch, and must stay one.
        changes["money"] = msgspec.structs.replace(
            money, currency=mask_card_numbers(money.currency)
        )
    for name in ("agreed", "exchanged"):
        if (sums := getattr(facts, name)) is not None and (short := _sums(sums)) is not sums:
            changes[name] = short
    if (secure := facts.three_d_secure) is not None:
        if said := _changes(secure, secure.__struct_fields__):
            changes["three_d_secure"] = msgspec.structs.replace(secure, **said)
    if card is not None and (of_card := _of_card(card)):
        changes["card"] = msgspec.structs.replace(card, **of_card)
    return msgspec.structs.replace(facts, **changes) if changes else facts


def _sums(sums: Exchanged) -> Exchanged:
    """A sum of as many units as a card's number is none; one with so many decimals may be."""
    lost = [name for name in sums.__struct_fields__ if _hides_in_sum(getattr(sums, name) or "")]
    return msgspec.structs.replace(sums, **dict.fromkeys(lost)) if lost else sums


def _hides_in_sum(sum_: str) -> bool:
    number, _, unit = sum_.partition(" ")
    return _hides(number.partition(".")[0]) or _hides(unit)


def _of_card(card: PaidCard) -> dict[str, Any]:
    changes: dict[str, Any] = _changes(card, OF_CARDS)
    token = card.token
    if token and (" " in token or _DIGITS.fullmatch(token)) and _hides(token):
        changes["token"] = None  # a token must not contain the number
    return changes


def _hides(text: str) -> bool:
    return mask_card_numbers(text) is not text


def _changes(struct: Struct, names: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = getattr(struct, name)
        if value and (masked := mask_card_numbers(value)) is not value:
            if name not in _NONE or not _NONE[name].fullmatch(value):
                found[name] = masked
    return found


UNKNOWN = Outcome(Status.PENDING)
UNSIGNED = Outcome(Status.PENDING, unsigned=True)
