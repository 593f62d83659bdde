"""What the REST gateway's words mean: `transactionStatus`, `status`, result codes, brands.

From its public documents and clients. `transactionStatus` is a short word and decides; the long
word in `status` counts where the short one is absent. A result code tells how the call went: no
payment is won by one.
"""

from __future__ import annotations

from typing import Final

from checkout.model.outcome import Reason
from checkout.model.status import Status

# In lower case. A word that isn't here is PENDING: only what says success or failure plainly is
# final.
STATUS: Final[dict[str, Status]] = {
    "y": Status.PAID,  # or AUTHORIZED: the adapter decides by what was asked for
    "n": Status.DECLINED,
    "c": Status.CANCELLED,
    "p": Status.PENDING,
    "3d": Status.PENDING,  # or ACTION: the customer is at the bank
    "begun": Status.PENDING,
    "authstarted": Status.PENDING,
    "authsuccessful": Status.PAID,  # or AUTHORIZED
    "authfailed": Status.DECLINED,
    "authcancelled": Status.CANCELLED,
    "capturestarted": Status.PENDING,
    "capturesuccess": Status.PAID,
    "settled": Status.PAID,
    "capturefailed": Status.DECLINED,  # of an authorization: still held, so PENDING
    "failed": Status.DECLINED,
    "cancelled": Status.CANCELLED,
    "markedforreversal": Status.PENDING,
    "reversed": Status.REFUNDED,
    "chargeback": Status.REFUNDED,  # taken back by the cardholder's bank
}
COLLECTED: Final = frozenset({"capturesuccess", "settled"})  # an authorization that was captured
CAPTURE_FAILED: Final = "capturefailed"
CHARGEBACK: Final = "chargeback"

# With an address to go to, these and no word at all send the customer there.
WAITING: Final = frozenset({"", "p", "3d", "begun", "authstarted"})
AT_THE_BANK: Final = "3d"

FOUND: Final = "00026"  # a record was found: says nothing of the payment itself
NOT_FOUND: Final = "10009"
FAILED: Final = frozenset({"10001", NOT_FOUND})
# How codes begin that refuse nothing: all of success (00001, ...), and the two of waiting.
NO_REFUSAL: Final = ("000", "10004", "90026")

PAID_NOW: Final = "00001"
DONE: Final[dict[str, frozenset[str]]] = {  # operation -> the codes and words of its success
    "CP": frozenset({PAID_NOW, "00004", "capturesuccess", "settled"}),
    "RF": frozenset({PAID_NOW, "00005", "reversed"}),
    "RV": frozenset({PAID_NOW, "00006", "cancelled", "authcancelled", "reversed"}),
}
# What a payment's long word tells of an operation on it. Where it was paid and is still said to be,
# a refund of a part may have been made all the same: that is not told.
STANDS: Final[dict[str, dict[str, Status]]] = {
    "capture": {
        "capturesuccess": Status.PAID,
        "settled": Status.PAID,
        "capturefailed": Status.DECLINED,
        "authsuccessful": Status.LOST,
    },
    "void": {
        "cancelled": Status.REFUNDED,
        "authcancelled": Status.REFUNDED,
        "reversed": Status.REFUNDED,
        "authsuccessful": Status.LOST,
    },
    "refund": {"reversed": Status.REFUNDED},
}
DONE_IS: Final[dict[str, Status]] = {
    "CP": Status.PAID,
    "RF": Status.REFUNDED,
    "RV": Status.REFUNDED,  # what was held is given back
}

REASON: Final[dict[str, Reason]] = {NOT_FOUND: Reason.INVALID}

# Most codes are one and the same "failed": the sentence beside it says why. The first match of
# these in lower case wins; `remark` is the bank's sentence and read before the platform's.
REASON_OF_WORDS: Final[tuple[tuple[str, Reason], ...]] = (
    ("insufficient", Reason.INSUFFICIENT_FUNDS),
    ("not sufficient", Reason.INSUFFICIENT_FUNDS),
    ("not enough", Reason.INSUFFICIENT_FUNDS),
    ("expired card", Reason.CARD_EXPIRED),
    ("card expired", Reason.CARD_EXPIRED),
    ("card has expired", Reason.CARD_EXPIRED),
    ("expiry", Reason.CARD_EXPIRED),
    ("cvv", Reason.SECURITY_CODE),
    ("cvc", Reason.SECURITY_CODE),
    ("security code", Reason.SECURITY_CODE),
    ("do not hono", Reason.DO_NOT_HONOUR),
    ("fraud", Reason.SUSPECTED_FRAUD),
    ("stolen", Reason.SUSPECTED_FRAUD),
    ("pick up card", Reason.SUSPECTED_FRAUD),
    ("limit", Reason.LIMIT),
    ("3d", Reason.AUTHENTICATION),
    ("3-d", Reason.AUTHENTICATION),
    ("not authenticated", Reason.AUTHENTICATION),
    ("cancelled by", Reason.CUSTOMER_CANCELLED),
    ("canceled by", Reason.CUSTOMER_CANCELLED),
    ("duplicate", Reason.DUPLICATE),
    ("currency", Reason.CURRENCY),
    ("card number", Reason.CARD_NUMBER),
    ("invalid card", Reason.CARD_NUMBER),
    ("card not", Reason.CARD_NOT_ACCEPTED),
    ("not permitted", Reason.CARD_NOT_ACCEPTED),
    ("checksum", Reason.CREDENTIALS),
    ("authtoken", Reason.CREDENTIALS),
    ("auth token", Reason.CREDENTIALS),
    ("timeout", Reason.TIMED_OUT),
    ("time out", Reason.TIMED_OUT),
    ("timed out", Reason.TIMED_OUT),
    ("internal error", Reason.PROVIDER),
    ("system error", Reason.PROVIDER),
    ("technical", Reason.PROVIDER),
    ("unavailable", Reason.PROVIDER),
    ("validation", Reason.INVALID),
    ("mandatory", Reason.INVALID),
    ("invalid", Reason.INVALID),
)
REASON_OF_STATUS: Final[dict[Status, Reason]] = {
    Status.DECLINED: Reason.UNKNOWN,
    Status.CANCELLED: Reason.CUSTOMER_CANCELLED,
}
# A refusal for these reasons may hide a payment that was made all the same.
UNCLEAR: Final = frozenset({Reason.TIMED_OUT, Reason.PROVIDER, Reason.DUPLICATE})

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


def reason_of(*sentences: str | None) -> Reason | None:
    """What the first sentence that says something says."""
    for sentence in sentences:
        said = (sentence or "").lower()
        for words, reason in REASON_OF_WORDS:
            if words in said:
                return reason
    return None
