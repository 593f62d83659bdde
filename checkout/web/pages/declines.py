"""The texts of why a payment was not made and what the customer can do.

They depend on the kind of the method: nobody can "use another card" for a bank transfer, and we
can't say "nothing was charged" where the customer sends the money, which may be on its way. The
advice is always possible: to try again while the form is open, else to go back to the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from checkout.i18n import N_
from checkout.model.order import BANK, CARD, CASH, COINS, WALLET
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status
from checkout.web.pages.messages import ELSE, ByKind, Message, of_kind

NOT_CHARGED: Final = N_("Nothing was charged.")
NOTHING_SENT: Final = N_("Nothing was sent and nothing was charged.")
MAYBE_SENT: Final = N_("If you have already sent money, do not send it again: ask the shop.")
SENT_BY_CUSTOMER: Final = frozenset({BANK, COINS, CASH})


class Cause(NamedTuple):
    """`title` by kind; `advice`: a name in `ADVICE` and `LAST`. `fact`: what happened to the money,
    by kind, where the reason decides that."""

    title: ByKind
    advice: str
    tone: str = "bad"
    fact: ByKind | None = None


def _all(title: str) -> ByKind:
    return {ELSE: title}


def _of_card(title: str) -> ByKind:
    """What only cards have; another way that is refused for it was just declined."""
    return {CARD: title, ELSE: DECLINED}


DECLINED: Final = N_("The payment was declined")
CAUSE: Final[Mapping[DeclineReason, Cause]] = {
    DeclineReason.DO_NOT_HONOUR: Cause(
        {CARD: N_("Your bank declined the payment"), ELSE: DECLINED}, "call"
    ),
    DeclineReason.INSUFFICIENT_FUNDS: Cause(
        {
            CARD: N_("There is not enough money on this card"),
            WALLET: N_("There is not enough money in the wallet"),
            COINS: N_("There is not enough money in the wallet"),
            ELSE: N_("There is not enough money in the account"),
        },
        "more",
    ),
    DeclineReason.CARD_EXPIRED: Cause(_of_card(N_("This card has expired")), "other"),
    DeclineReason.SECURITY_CODE: Cause(_of_card(N_("The security code was incorrect")), "code"),
    DeclineReason.CARD_NUMBER: Cause(_of_card(N_("The card number was not accepted")), "number"),
    DeclineReason.CARD_NOT_ACCEPTED: Cause(_of_card(N_("This card can't be used here")), "other"),
    DeclineReason.SAVED_CARD: Cause(_of_card(N_("The saved card can't be used any more")), "enter"),
    DeclineReason.CURRENCY: Cause(
        {
            CARD: N_("This card can't pay in this currency"),
            ELSE: N_("This way to pay does not accept this currency"),
        },
        "other",
    ),
    DeclineReason.LIMIT: Cause(
        {CARD: N_("The card's limit has been reached"), ELSE: N_("A limit has been reached")},
        "raise",
    ),
    DeclineReason.SUSPECTED_FRAUD: Cause(
        _all(N_("The payment was declined for security reasons")), "call"
    ),
    DeclineReason.AUTHENTICATION: Cause(
        {
            CARD: N_("Your bank could not confirm that it was you"),
            BANK: N_("Your bank could not confirm that it was you"),
            ELSE: N_("The payment service could not confirm that it was you"),
        },
        "again",
    ),
    DeclineReason.CUSTOMER_CANCELLED: Cause(
        {
            CARD: N_("The payment was cancelled at the bank"),
            BANK: N_("The payment was cancelled at the bank"),
            ELSE: N_("The payment was cancelled"),
        },
        "retry",
        "info",
    ),
    DeclineReason.TIMED_OUT: Cause(
        {
            CARD: N_("Time ran out on the bank's page"),
            ELSE: N_("The time to pay has run out"),
        },
        "retry",
        "info",
    ),
    DeclineReason.RETURNED: Cause(
        _all(N_("Your money was sent back")),
        "none",
        "info",
        _all(N_("It goes back to the account or wallet it came from. The order is not paid.")),
    ),
    DeclineReason.DUPLICATE: Cause(
        _all(N_("The same payment has just been made")),
        "wait",
        fact={
            CARD: N_("This one was not charged."),
            WALLET: N_("This one was not charged."),
            ELSE: MAYBE_SENT,
        },
    ),
    DeclineReason.INVALID: Cause(_all(N_("The payment could not be taken")), "check"),
    DeclineReason.PROVIDER: Cause(
        {
            CARD: N_("The bank is having a problem right now"),
            BANK: N_("The bank is having a problem right now"),
            ELSE: N_("The payment service is having a problem right now"),
        },
        "later",
    ),
    DeclineReason.SHOP_REFUSED: Cause(
        _all(N_("The shop did not accept the payment")), "ask", fact=_all(NOT_CHARGED)
    ),
    DeclineReason.UNREACHABLE: Cause(
        {
            CARD: N_("The bank can't be reached right now"),
            BANK: N_("The bank can't be reached right now"),
            ELSE: N_("The payment service can't be reached right now"),
        },
        "retry",
        fact=_all(NOTHING_SENT),
    ),
    DeclineReason.CREDENTIALS: Cause(_all(N_("The shop can't take payments right now")), "later"),
    DeclineReason.UNKNOWN: Cause(
        {CARD: DECLINED, ELSE: N_("The payment did not go through")}, "call"
    ),
}
UNFINISHED: Final = Cause(_all(N_("The payment was not finished")), "retry", "info")

ANOTHER_WAY: Final = N_("Choose another way to pay.")
TRY_AGAIN: Final = N_("You can try again.")
TRY_OR_CHOOSE: Final = N_("You can try again or choose another way to pay.")

# While the form is open: for a card; for another kind, with several methods to choose from; for
# another kind that is the only method.
ADVICE: Final[Mapping[str, tuple[str, str, str]]] = {
    "other": (N_("Use another card."), ANOTHER_WAY, TRY_AGAIN),
    "more": (N_("Use another card, or try again later."), TRY_OR_CHOOSE, TRY_AGAIN),
    "call": (N_("Call your bank, or use another card."), TRY_OR_CHOOSE, TRY_AGAIN),
    "raise": (
        N_("Raise the limit with your bank, or use another card."),
        TRY_OR_CHOOSE,
        TRY_AGAIN,
    ),
    "code": (N_("Check the code on the card and try again."), TRY_OR_CHOOSE, TRY_AGAIN),
    "number": (N_("Check the number, or use another card."), TRY_OR_CHOOSE, TRY_AGAIN),
    "enter": (N_("Enter the details of a card."), TRY_OR_CHOOSE, TRY_AGAIN),
    "again": (N_("Try again, or use another card."), TRY_OR_CHOOSE, TRY_AGAIN),
    "retry": (TRY_AGAIN, TRY_OR_CHOOSE, TRY_AGAIN),
    "check": (
        N_("Check what you entered, or use another card."),
        N_("Check what you entered, or choose another way to pay."),
        N_("Check what you entered and try again."),
    ),
    "later": (
        N_("Please try again in a few minutes."),
        N_("Please try again in a few minutes, or choose another way to pay."),
        N_("Please try again in a few minutes."),
    ),
    "wait": (N_("Wait a minute before you try again."),) * 3,
    "ask": (N_("Ask the shop for the reason."),) * 3,
}
# The same where no further attempt is possible here; by kind.
BACK_TO_SHOP: Final = N_("Go back to the shop to try again.")
BACK_LATER: Final = N_("Go back to the shop and try again in a few minutes.")
LAST: Final[Mapping[str, ByKind]] = {
    "call": {
        CARD: N_("Call your bank, or go back to the shop to pay with another card."),
        ELSE: BACK_TO_SHOP,
    },
    "other": {CARD: N_("Go back to the shop to pay with another card."), ELSE: BACK_TO_SHOP},
    "later": {ELSE: BACK_LATER},
    "wait": {ELSE: BACK_LATER},
    "ask": {ELSE: N_("Ask the shop for the reason.")},
}

# An unpaid end without a known reason: the sentences before and after the fact.
ENDS: Final[Mapping[Status, tuple[str | None, str | None]]] = {
    Status.DECLINED: (None, BACK_TO_SHOP),
    Status.CANCELLED: (N_("This payment was cancelled."), None),
    Status.EXPIRED: (
        N_("This payment was not made in time."),
        N_("Go back to the shop to start again."),
    ),
}


class Action(NamedTuple):
    """The next step as a button, marked; `field`: of the form, where it leads to."""

    text: str
    field: str


ANOTHER_CARD: Final = Action(N_("Use another card"), "number")
AGAIN: Final = Action(N_("Try again"), "code")
CHECK_NUMBER: Final = Action(N_("Check the card number"), "number")
ANOTHER_METHOD: Final = Action(N_("Choose another way to pay"), "method")
# What follows from an advice where a card was declined; others may choose another way.
BY_CARD: Final[Mapping[str, Action]] = {
    "other": ANOTHER_CARD,
    "more": ANOTHER_CARD,
    "call": ANOTHER_CARD,
    "raise": ANOTHER_CARD,
    "enter": ANOTHER_CARD,
    "code": AGAIN,
    "again": AGAIN,
    "retry": AGAIN,
    "number": CHECK_NUMBER,
    "check": CHECK_NUMBER,
}
NO_OTHER: Final = frozenset({"none", "wait", "ask"})  # the advice is not to pay in another way


class Explanation(NamedTuple):
    """English and marked; the sentences stand in one paragraph."""

    title: str
    sentences: tuple[str, ...]
    tone: str
    actions: tuple[Action, ...] = ()


def fact_of(kind: str, *, sent: bool) -> str:
    """What happened to the money. `sent`: the charge was sent to the gateway, or may have been."""
    return MAYBE_SENT if sent and kind in SENT_BY_CUSTOMER else NOT_CHARGED


def explain(cause: Cause, kind: str, *, sent: bool, open_: bool, several: bool) -> Explanation:
    """Why an attempt was not paid. `open_`: the form is there to try again; `several`: there
    is more than one method to choose from."""
    fact = of_kind(cause.fact, kind) if cause.fact else fact_of(kind, sent=sent)
    sentences = (fact, *_advice(cause.advice, kind, open_=open_, several=several))
    actions = _actions(cause.advice, kind, several=several) if open_ else ()
    return Explanation(of_kind(cause.title, kind), sentences, cause.tone, actions)


def _actions(name: str, kind: str, *, several: bool) -> tuple[Action, ...]:
    by_card = BY_CARD.get(name) if kind == CARD else None
    other = ANOTHER_METHOD if several and name not in NO_OTHER else None
    return tuple(each for each in (by_card, other) if each is not None)


def _advice(name: str, kind: str, *, open_: bool, several: bool) -> tuple[str, ...]:
    if name == "none":
        return ()
    if not open_:
        return (of_kind(LAST.get(name, _all(BACK_TO_SHOP)), kind),)
    by_card, several_methods, one_method = ADVICE[name]
    if kind == CARD:
        return (by_card,)
    return (several_methods if several else one_method,)


def explain_end(message: Message, status: Status, kind: str | None) -> Explanation:
    """A payment's unpaid end without a reason. `kind`: of the last attempt that may have been
    sent; None: none was."""
    before, after = ENDS[status]
    fact = None
    if kind is not None and (kind in SENT_BY_CUSTOMER or status is not Status.EXPIRED):
        fact = fact_of(kind, sent=True)
    elif kind is None and status is not Status.EXPIRED:
        fact = NOT_CHARGED
    sentences = tuple(each for each in (before, fact, after) if each is not None)
    return Explanation(message.title, sentences, message.tone)
