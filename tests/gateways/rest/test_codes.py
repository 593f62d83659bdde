"""What the REST gateway's words mean: each entry of each table, written down once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout.gateways.rest.codes import LONG, PAYOUT, REASON_OF_WORDS, SHORT
from checkout.gateways.rest.interpretation import outcome
from checkout.gateways.rest.response import payment
from checkout.gateways.rest.signature import WORDS
from checkout.model.status import Status
from tests.gateways.replay import recorded_exchanges
from tests.gateways.rest.side import EUR, PAID, Answers, signed


@pytest.mark.parametrize("word", ["", "success", "paid", "successful", "Yes", "1", "true", "OK"])
@pytest.mark.parametrize("short", ["Y", "N", "P", "C", "3D", "yes", None])
@pytest.mark.parametrize("kind", ["payment", "authorization", "payout", None])
def test_only_the_documented_words_decide(word: str, short: str | None, kind: str | None) -> None:
    said = payment({**PAID, "transactionStatus": short, "status": word or "heldforreview"}, EUR)
    assert said is not None
    assert outcome(said, kind).status is Status.PENDING


# What each long word means, whatever short word stands beside it: asked for as a payment, as an
# authorization, as a payout, and told by a notification that doesn't know.
P, A, W, D, C, R = (
    Status.PAID,
    Status.AUTHORIZED,
    Status.PENDING,
    Status.DECLINED,
    Status.CANCELLED,
    Status.REFUNDED,
)
MEANINGS = {
    "begun": (W, W, W, W),
    "authstarted": (W, W, W, W),
    "authsuccessful": (P, A, W, W),
    "authfailed": (D, D, W, D),
    "authcancelled": (C, C, W, C),
    "cancelled": (C, C, W, C),
    "cancelstarted": (W, W, W, W),
    "capturestarted": (W, W, W, W),
    "capturesuccess": (P, P, W, P),
    "capturefailed": (D, A, W, W),
    "settled": (P, P, W, P),
    "setteled": (P, P, W, P),
    "failed": (D, D, D, D),
    "markedforreversal": (W, W, W, W),
    "reversed": (R, R, W, R),
    "partialrefund": (W, W, W, W),
    "chargeback": (R, R, W, R),
    "payoutstarted": (W, W, W, W),
    "payoutsuccessful": (W, W, P, P),
    "payoutfailed": (W, W, D, D),
}
SHORT_MEANINGS = {"y": (P, A, P, W), "n": (D,) * 4, "c": (C,) * 4, "p": (W,) * 4, "3d": (W,) * 4}
KINDS = ("payment", "authorization", "payout", None)
NOT_THERE = {"code": "10009", "description": "Record not found"}


@pytest.mark.parametrize("short", [None, "Y", "N", "C", "P", "3D"])
@pytest.mark.parametrize("word", MEANINGS)
def test_the_long_word_decides(word: str, short: str | None) -> None:
    for result in (PAID["result"], NOT_THERE):
        said = payment(
            {**PAID, "transactionStatus": short, "status": word.title(), "result": result}, EUR
        )
        assert said is not None
        assert tuple(outcome(said, kind).status for kind in KINDS) == MEANINGS[word]


@pytest.mark.parametrize("word", SHORT_MEANINGS)
@pytest.mark.parametrize("field", ["transactionStatus", "status"])
def test_the_short_word_decides_alone(word: str, field: str) -> None:
    """Also where it stands in the long one's place, as in some deployments."""
    told = {name: value for name, value in PAID.items() if name not in WORDS}
    said = payment({**told, field: word.upper()}, EUR)
    assert said is not None
    assert tuple(outcome(said, kind).status for kind in KINDS) == SHORT_MEANINGS[word]


def test_two_short_words_are_none() -> None:
    said = payment({**PAID, "transactionStatus": "Y", "status": "N"}, EUR)
    assert said is not None
    assert outcome(said, "payment").status is Status.PENDING


@pytest.mark.parametrize("word", MEANINGS)
def test_money_that_has_gone_back(word: str) -> None:
    """Where it was held or taken, it no longer is."""
    said = payment({**PAID, "status": word}, EUR)
    assert said is not None
    back = {"authcancelled": "void", "cancelled": "void", "chargeback": "chargeback"}
    assert outcome(said, "authorization").facts.taken_back == back.get(word)
    assert outcome(said, "payout").facts.taken_back is None


def test_tables() -> None:
    assert set(LONG) == set(MEANINGS)
    assert set(SHORT) == set(SHORT_MEANINGS)
    assert set(PAYOUT) == {
        "begun", "payoutstarted", "payoutsuccessful", "payoutfailed", "failed"
    }  # fmt: skip
    for words in (LONG, SHORT, PAYOUT):
        assert all(word == word.lower() for word in words)
    assert all(words == words.lower() for words, _ in REASON_OF_WORDS)


def test_every_word_is_recorded() -> None:
    said = {
        str(value).strip().lower()
        for payment in recorded_exchanges(Path(__file__).parent / "recorded" / "rest")
        for told in (
            *(one["answer"].get("body") for one in payment.exchanges),
            payment.notification,
        )
        if isinstance(told, dict)
        for name, value in told.items()
        if name.strip() in WORDS
    }
    assert said >= {*SHORT, *LONG}


ADDRESS = {"redirect": {"url": "https://bank.example/go"}}


@pytest.mark.parametrize(
    ("short", "word", "goes"),
    [
        ("3D", None, True),
        ("P", None, True),
        (None, None, True),
        ("3D", "authstarted", True),
        ("P", "begun", True),
        (None, "begun", True),
        (None, "authstarted", True),
        ("3D", "heldforreview", True),
        ("P", "heldforreview", True),
        ("Y", "heldforreview", False),
        (None, "heldforreview", False),
        ("P", "markedforreversal", False),
        ("3D", "authfailed", False),
        ("Q", None, False),
    ],
)
def test_who_is_sent_to_the_bank(short: str | None, word: str | None, goes: bool) -> None:
    said = payment({**PAID, "transactionStatus": short, "status": word, **ADDRESS}, EUR)
    assert said is not None
    found = outcome(said, "payment")
    assert (found.status is Status.REQUIRES_ACTION, found.next_action is not None) == (goes, goes)


# Notifications: the checksum covers one of the two words

SAME = {"y": {"authsuccessful", "capturesuccess", "settled", "setteled", "payoutsuccessful"}}
SAME["n"] = {"authfailed", "capturefailed", "failed", "payoutfailed"}
SAME["c"] = {"authcancelled", "cancelled"}
WAITING = {
    "begun", "authstarted", "cancelstarted", "capturestarted", "markedforreversal",
    "partialrefund", "payoutstarted",
}  # fmt: skip


@pytest.mark.parametrize("short", list(SHORT_MEANINGS))
@pytest.mark.parametrize("word", MEANINGS)
def test_the_word_that_is_not_signed_wins_nothing(word: str, short: str) -> None:
    """A customer carries a checksum over the short word back from the bank."""
    gateway = Answers().account()
    message = {**PAID, "transactionStatus": short.upper(), "status": word}
    by_long = gateway.notification({}, signed(message, "status"))
    assert by_long.status is MEANINGS[word][3]
    by_short = gateway.notification({}, signed(message, "transactionStatus"))
    agree = word in SAME.get(short, WAITING)
    assert by_short.status is (by_long.status if agree else Status.PENDING)
    assert by_short.id == "21565"


def test_a_reversal_in_the_back_office_is_never_taken_for_paid() -> None:
    """Where the short Y is all that is signed, it is asked for; else it is told at once."""
    message = {**PAID, "transactionStatus": "Y", "status": "reversed"}
    gateway = Answers().account()
    assert gateway.notification({}, signed(message, "status")).status is Status.REFUNDED
    assert gateway.notification({}, signed(message, "transactionStatus")).status is Status.PENDING
