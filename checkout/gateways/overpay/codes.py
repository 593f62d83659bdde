"""What Overpay's words mean: `status`, `code` and the field names of its errors.

From the public list of result codes; the letter of a code is the outcome: `S` successful, `F`
failed, `P` pending or incomplete, `E` not accepted. Codes F.01xx are of cards, F.02xx of online
payment systems, E.1xxx of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkout.gateways.parsing import Codes
from checkout.model.outcome import Reason
from checkout.model.status import Status

_ENDED: Final = {
    "failed": Status.DECLINED,
    "error": Status.DECLINED,  # not accepted
    "expired": Status.EXPIRED,
    "deleted": Status.CANCELLED,
}
# Cards: what a successful transaction is, by its type.
CARDS_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "payment": Status.PAID,
    "charge": Status.PAID,
    "tokenization": Status.PAID,  # the card is kept and checked; its token is in the answer
    "authorization": Status.AUTHORIZED,
    "credit": Status.PAID,
    "payout": Status.PAID,
    None: Status.PENDING,  # successful, but as what? The status query tells
}
# REQUIRES_ACTION here is PENDING where the transaction doesn't say what the customer has to do.
CARDS: Final[Codes] = {
    "successful": CARDS_SUCCESSFUL,
    "incomplete": Status.REQUIRES_ACTION,
    "pending": Status.PENDING,
    **_ENDED,
}
# Online payment systems.
APM_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "payment": Status.PAID,
    None: Status.PAID,
}
APM: Final[Codes] = {
    "successful": APM_SUCCESSFUL,
    "pending": Status.REQUIRES_ACTION,  # the customer is still on the payment system's site
    "incomplete": Status.PENDING,
    **_ENDED,
}
# What the payment is when an operation on it is done, by the operation.
OPERATION_SUCCESSFUL: Final[Mapping[str | None, Status]] = {
    "capture": Status.PAID,
    "void": Status.REFUNDED,
    "refund": Status.REFUNDED,
    "chargeback": Status.REFUNDED,
}
OPERATION: Final[Codes] = {
    "successful": OPERATION_SUCCESSFUL,
    "incomplete": Status.ACCEPTED,  # the gateway has it, and settles later
    "pending": Status.ACCEPTED,
    **dict.fromkeys(_ENDED, Status.DECLINED),
}

REASON: Final[Mapping[str, Reason]] = {
    "F.0104": Reason.CARD_NOT_ACCEPTED,
    "F.0105": Reason.DO_NOT_HONOUR,
    "F.0108": Reason.DUPLICATE,
    "F.0109": Reason.TIMED_OUT,
    "F.0111": Reason.CARD_EXPIRED,
    "F.0112": Reason.SECURITY_CODE,
    "F.0113": Reason.CURRENCY,
    "F.0114": Reason.INSUFFICIENT_FUNDS,
    "F.0115": Reason.SUSPECTED_FRAUD,
    "F.0116": Reason.SUSPECTED_FRAUD,
    "F.0117": Reason.PROVIDER,
    "F.0118": Reason.PROVIDER,
    "F.0119": Reason.PROVIDER,
    "F.0120": Reason.PROVIDER,
    "F.0121": Reason.PROVIDER,
    "F.0122": Reason.PROVIDER,
    "F.0123": Reason.LIMIT,
    "F.0124": Reason.LIMIT,
    "F.0125": Reason.LIMIT,
    "F.0127": Reason.CARD_NUMBER,
    "F.0128": Reason.INVALID,
    "F.0129": Reason.AUTHENTICATION,
    "F.0130": Reason.AUTHENTICATION,
    "F.0131": Reason.AUTHENTICATION,
    "F.0132": Reason.CUSTOMER_CANCELLED,
    "F.0134": Reason.AUTHENTICATION,
    "F.0205": Reason.TIMED_OUT,
    "F.0207": Reason.INSUFFICIENT_FUNDS,
    "F.0210": Reason.PROVIDER,
    "F.0211": Reason.PROVIDER,
    "F.0212": Reason.PROVIDER,
    "F.0214": Reason.CURRENCY,
    "F.0215": Reason.DUPLICATE,
    "F.0217": Reason.SUSPECTED_FRAUD,
    "F.0218": Reason.INVALID,
    "F.0222": Reason.PROVIDER,
    "F.0998": Reason.TIMED_OUT,  # the customer left: closed by the gateway itself
    "F.0999": Reason.UNKNOWN,
    "E.1005": Reason.INVALID,
    "E.1007": Reason.CURRENCY,
    "E.1008": Reason.CARD_NOT_ACCEPTED,
    "E.1011": Reason.CREDENTIALS,  # this account may not send card numbers
    "E.1018": Reason.DUPLICATE,
    "E.1021": Reason.CREDENTIALS,
    "E.1022": Reason.CREDENTIALS,
    "E.1025": Reason.INVALID,
    "E.1028": Reason.PROVIDER,
    "E.1035": Reason.PROVIDER,
    "E.1065": Reason.CREDENTIALS,  # as E.1011
}

# A request's field -> the field of our form that it comes from, in the form's order.
FORM: Final[Mapping[str, str]] = {
    "number": "number",
    "exp_month": "expiry",
    "exp_year": "expiry",
    "verification_value": "code",
    "holder": "holder",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "country": "country",
    "phone": "phone",
    "birth_date": "birth_date",
    "taxpayer_id": "taxpayer_id",
}
REASON_OF_FORM: Final[Mapping[str, Reason]] = {
    "number": Reason.CARD_NUMBER,
    "expiry": Reason.CARD_EXPIRED,
    "code": Reason.SECURITY_CODE,
}

# Of a refusal without a code: which field beside the form's it complains about; the first wins.
REASON_OF_FIELD: Final[Mapping[str, Reason]] = {
    "token": Reason.SAVED_CARD,
    "currency": Reason.CURRENCY,
}

REASON_OF_STATUS: Final[Mapping[Status, Reason]] = {
    Status.DECLINED: Reason.UNKNOWN,
    Status.EXPIRED: Reason.TIMED_OUT,
}
