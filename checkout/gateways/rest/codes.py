"""What the REST gateway's words mean: `transactionStatus`, `status`, result codes, brands.

From its public documents and clients. The long word in `status` decides wherever it is one of
those below; the short one in `transactionStatus` only where the long one is absent: the platform
sends a short Y beside `reversed` and `authcancelled`, and a short N beside every long word that its
own table lacks. A result code tells how the call went and is never a success by itself. What the
words mean for an operation on a payment is in `operations`.
"""

from __future__ import annotations

from typing import Final

from checkout.gateways.parsing import Codes
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status

# All in lower case. An inner table has a word's meaning by what was asked for; None: a
# notification, which doesn't know that. REQUIRES_ACTION is PENDING, unless there is an address to
# go to. A word that isn't here is PENDING: only what says success or failure plainly is final.
SHORT: Final[Codes] = {
    "y": {
        "payment": Status.PAID,
        "authorization": Status.AUTHORIZED,
        "payout": Status.PAID,
        None: Status.PENDING,
    },
    "n": Status.DECLINED,
    "c": Status.CANCELLED,
    "p": Status.REQUIRES_ACTION,
    "3d": Status.REQUIRES_ACTION,  # the customer is at the bank
}
LONG: Final[Codes] = {
    "begun": Status.REQUIRES_ACTION,
    "authstarted": Status.REQUIRES_ACTION,
    "authsuccessful": {
        "payment": Status.PAID,
        "authorization": Status.AUTHORIZED,
        None: Status.PENDING,
    },
    "authfailed": Status.DECLINED,
    "authcancelled": Status.CANCELLED,  # of money that was held: given back
    "cancelstarted": Status.PENDING,
    "cancelled": Status.CANCELLED,
    "capturestarted": Status.PENDING,
    "capturesuccess": Status.PAID,
    "capturefailed": {
        "payment": Status.DECLINED,
        "authorization": Status.AUTHORIZED,  # as before the capture was tried
        None: Status.PENDING,
    },
    "settled": Status.PAID,
    "setteled": Status.PAID,  # so spelled by some deployments
    "failed": Status.DECLINED,
    "markedforreversal": Status.PENDING,
    "reversed": Status.REFUNDED,
    "partialrefund": Status.PENDING,  # PENDING, which leaves a paid payment as it is
    "chargeback": Status.REFUNDED,  # taken back by the cardholder's bank
    # Of payouts only: of other payments they prove nothing.
    "payoutstarted": Status.PENDING,
    "payoutsuccessful": {None: Status.PAID},
    "payoutfailed": {None: Status.DECLINED},
}
# The words beside which an address to go to counts.
WAITING: Final = frozenset(
    word for word, status in (*SHORT.items(), *LONG.items()) if status is Status.REQUIRES_ACTION
)
# The long words of what was asked for as a payout, which has no others.
PAYOUT: Final[Codes] = {
    "begun": Status.REQUIRES_ACTION,
    "payoutstarted": Status.PENDING,
    "payoutsuccessful": Status.PAID,
    "payoutfailed": Status.DECLINED,
    "failed": Status.DECLINED,
}
# The held or taken money has gone back; the status beside it only says that the payment is no
# success.
GIVEN_BACK: Final[dict[str, str]] = {
    "authcancelled": "void",
    "cancelled": "void",
    "chargeback": "chargeback",
}
PARTIAL_REFUND: Final = "partialrefund"
AT_THE_BANK: Final = "3d"

FOUND: Final = "00026"  # a record was found: says nothing of the payment itself
NOT_FOUND: Final = "10009"
NO_RECORD: Final = "record not found"  # the same in words
FAILED: Final = frozenset({"10001", NOT_FOUND})
# How codes begin that refuse nothing: all of success (00001, ...), and the two of waiting.
NO_REFUSAL: Final = ("000", "10004", "90026")

# Most codes only mean "failed": the sentence beside them says why. The first match of
# these in lower case wins; `remark` is the bank's sentence and read before the platform's.
REASON_OF_WORDS: Final[tuple[tuple[str, DeclineReason], ...]] = (
    ("insufficient", DeclineReason.INSUFFICIENT_FUNDS),
    ("not sufficient", DeclineReason.INSUFFICIENT_FUNDS),
    ("not enough", DeclineReason.INSUFFICIENT_FUNDS),
    ("expired card", DeclineReason.CARD_EXPIRED),
    ("card expired", DeclineReason.CARD_EXPIRED),
    ("card has expired", DeclineReason.CARD_EXPIRED),
    ("expiry", DeclineReason.CARD_EXPIRED),
    ("cvv", DeclineReason.SECURITY_CODE),
    ("cvc", DeclineReason.SECURITY_CODE),
    ("security code", DeclineReason.SECURITY_CODE),
    ("do not hono", DeclineReason.DO_NOT_HONOUR),
    ("fraud", DeclineReason.SUSPECTED_FRAUD),
    ("stolen", DeclineReason.SUSPECTED_FRAUD),
    ("pick up card", DeclineReason.SUSPECTED_FRAUD),
    ("limit", DeclineReason.LIMIT),
    ("3d", DeclineReason.AUTHENTICATION),
    ("3-d", DeclineReason.AUTHENTICATION),
    ("not authenticated", DeclineReason.AUTHENTICATION),
    ("cancelled by", DeclineReason.CUSTOMER_CANCELLED),
    ("canceled by", DeclineReason.CUSTOMER_CANCELLED),
    ("duplicate", DeclineReason.DUPLICATE),
    ("currency", DeclineReason.CURRENCY),
    ("card number", DeclineReason.CARD_NUMBER),
    ("card.number", DeclineReason.CARD_NUMBER),
    ("invalid card", DeclineReason.CARD_NUMBER),
    ("card not", DeclineReason.CARD_NOT_ACCEPTED),
    ("not permitted", DeclineReason.CARD_NOT_ACCEPTED),
    ("checksum", DeclineReason.CREDENTIALS),
    ("authtoken", DeclineReason.CREDENTIALS),
    ("auth token", DeclineReason.CREDENTIALS),
    ("timeout", DeclineReason.TIMED_OUT),
    ("time out", DeclineReason.TIMED_OUT),
    ("timed out", DeclineReason.TIMED_OUT),
    ("internal error", DeclineReason.PROVIDER),
    ("system error", DeclineReason.PROVIDER),
    ("technical", DeclineReason.PROVIDER),
    ("unavailable", DeclineReason.PROVIDER),
    ("validation", DeclineReason.INVALID),
    ("mandatory", DeclineReason.INVALID),
    ("invalid", DeclineReason.INVALID),
)
# A field that the platform's validation names -> the form's name for it; the card's fields follow
# from the reason.
FIELDS: Final[tuple[tuple[str, str], ...]] = (
    ("customer.email", "email"),
    ("customer.phone", "phone"),
    ("customer.birthdate", "birth_date"),
    ("customer.givenname", "first_name"),
    ("customer.surname", "last_name"),
    ("billing.country", "country"),
    ("billing.postcode", "zip"),
)
FIELD_OF_REASON: Final[dict[DeclineReason, str]] = {
    DeclineReason.CARD_NUMBER: "number",
    DeclineReason.CARD_EXPIRED: "expiry",
    DeclineReason.SECURITY_CODE: "code",
}
ABOUT_TOKENS: Final = ("registration", "token")
REASON_OF_STATUS: Final[dict[Status, DeclineReason]] = {
    Status.DECLINED: DeclineReason.UNKNOWN,
    Status.CANCELLED: DeclineReason.CUSTOMER_CANCELLED,
}
# A refusal for these reasons may hide a payment that was made all the same.
UNCLEAR: Final = frozenset(
    {DeclineReason.TIMED_OUT, DeclineReason.PROVIDER, DeclineReason.DUPLICATE}
)

CARD_MODES: Final = frozenset({"CC", "DC"})
# Our brands in the gateway's words, as far as its documents name them; others are left out.
BRANDS: Final[dict[str, str]] = {
    "visa": "VISA",
    "master": "MC",
    "amex": "AMEX",
    "jcb": "JCB",
    "unionpay": "CUP",
    "maestro": "MAESTRO",
}
OUR_BRANDS: Final[dict[str, str]] = {theirs: ours for ours, theirs in BRANDS.items()}


def reason_of(*sentences: str | None) -> DeclineReason | None:
    """The reason of the first sentence that has one."""
    for sentence in sentences:
        lowered = (sentence or "").lower()
        for words, reason in REASON_OF_WORDS:
            if words in lowered:
                return reason
    return None


def names_token(*sentences: str | None) -> bool:
    """Whether a refusal is about the card's registration."""
    return any(word in (each or "").lower() for each in sentences for word in ABOUT_TOKENS)


def field_of(reason: DeclineReason | None, *sentences: str | None) -> str | None:
    """The field of our form that a refusal is about."""
    joined = " ".join(sentence or "" for sentence in sentences).lower()
    named = next((ours for theirs, ours in FIELDS if theirs in joined), None)
    return named or (FIELD_OF_REASON.get(reason) if reason else None)
