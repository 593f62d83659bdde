"""What is said of a payment that was not made fits the method that it was to be paid by."""

from __future__ import annotations

from itertools import product

import pytest

from checkout.i18n import LANGUAGES, translations
from checkout.model.order import BANK, CARD, CASH, COINS, KINDS
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status
from checkout.web.pages import declines, messages

# Said where the gateway was never asked.
NEVER_SENT = (declines.NOTHING_SENT, declines.NOT_CHARGED)
CAUSES = (*declines.CAUSE.values(), declines.UNFINISHED)
EVERY = list(product(CAUSES, (True, False), (True, False)))


def text_of(
    cause: declines.Cause, kind: str, open_: bool, several: bool, *, sent: bool = True
) -> str:
    found = declines.explain(cause, kind, sent=sent, open_=open_, several=several)
    return " ".join((found.title, *found.sentences)).lower()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {CARD}))
def test_no_other_kind_hears_of_cards(kind: str) -> None:
    for cause, open_, several in EVERY:
        text = text_of(cause, kind, open_, several)
        assert "card" not in text
        assert "security code" not in text


@pytest.mark.parametrize("kind", [BANK, COINS, CASH])
def test_money_that_may_be_under_way_is_never_called_not_charged(kind: str) -> None:
    for cause, open_, several in EVERY:
        text = text_of(cause, kind, open_, several)
        if messages.of_kind(cause.fact or {"": ""}, kind) not in NEVER_SENT:
            assert "nothing was charged" not in text
            assert "not charged" not in text
    for status in declines.ENDS:
        end = declines.explain_end(messages.STATUS[status], status, kind)
        assert declines.MAYBE_SENT in end.sentences
        assert declines.NOT_CHARGED not in end.sentences


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_never_sent_says_so(kind: str) -> None:
    text = text_of(declines.CAUSE[DeclineReason.INVALID], kind, True, True, sent=False)
    assert declines.NOT_CHARGED.lower() in text
    assert declines.MAYBE_SENT.lower() not in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_attempt_is_never_told_to_try_again_here(kind: str) -> None:
    here = {each for row in declines.ADVICE.values() for each in row}
    here -= {of for table in declines.LAST.values() for of in table.values()}
    for cause, _, several in EVERY:
        found = declines.explain(cause, kind, sent=True, open_=False, several=several)
        assert not here & set(found.sentences)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {CARD}))
def test_another_way_is_advised_only_where_there_is_one(kind: str) -> None:
    for cause, open_, _ in EVERY:
        assert "another way" not in text_of(cause, kind, open_, several=False)


def test_a_card_keeps_its_advice() -> None:
    found = declines.explain(
        declines.CAUSE[DeclineReason.INSUFFICIENT_FUNDS], CARD, sent=True, open_=True, several=True
    )
    assert found.title == "There is not enough money on this card"
    assert found.sentences == ("Nothing was charged.", "Use another card, or try again later.")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_sentence_is_one_in_every_language(language: str) -> None:
    say = translations(language).gettext
    for cause, open_, several in EVERY:
        for kind in KINDS:
            found = declines.explain(cause, kind, sent=True, open_=open_, several=several)
            assert all(say(sentence)[-1] in ".。।۔" for sentence in found.sentences)
            assert say(found.title)


def test_an_expiry_without_a_try_is_about_time_alone() -> None:
    end = declines.explain_end(messages.STATUS[Status.EXPIRED], Status.EXPIRED, None)
    assert end.sentences == declines.ENDS[Status.EXPIRED]


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_step_is_a_button(kind: str) -> None:
    """One that the advice speaks of, and that is possible here."""
    for cause, open_, several in EVERY:
        found = declines.explain(cause, kind, sent=True, open_=open_, several=several)
        fields = [each.field for each in found.actions]
        assert len(set(fields)) == len(fields)
        assert set(fields) <= {"number", "code", "method"} if kind == CARD else {"method"}
        assert "method" not in fields or several
        assert open_ or not fields
    for advice in declines.ADVICE:
        none = advice in {"later", "wait", "ask"}
        assert (advice in declines.BY_CARD) is not none
